// SPDX-License-Identifier: Apache-2.0
// Reads of what is durable, for the API: jobs, attempts and events, from the tables that the
// journal keeps. A connection of its own (SQLite WAL: readers never wait for the writer, nor it for
// them). One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

struct JobRow {
  JobId id;
  std::string name;
  std::string team;
  std::string project;
  std::string by;
  JobState state = JobState::Waiting;
  std::int64_t priority = 0;
  GpuCount gpus;
  Instant submitted;
  std::optional<Instant> started;  // first attempt
  std::optional<Instant> ended;
  std::int64_t attempts = 0;
  std::string site;  // of the latest attempt
  std::optional<std::int64_t> exit_code;
  std::string why;  // how it ended, or why it was requeued or is held
  Usage usage;      // of the attempts that ended
};
BOOST_DESCRIBE_STRUCT(JobRow, (),
                      (id, name, team, project, by, state, priority, gpus, submitted, started,
                       ended, attempts, site, exit_code, why, usage))

struct AttemptRow {
  AttemptId attempt;
  std::string site;
  std::string provider;
  std::string lease;
  std::string state;  // Placed, Running, Stopping or the AttemptResult
  std::string why;    // why there
  Instant placed;
  std::optional<Instant> started;
  std::optional<Instant> ended;
  std::optional<Ending> ending;
  Usage usage;
  std::vector<NodeShare> nodes;
};
BOOST_DESCRIBE_STRUCT(AttemptRow, (),
                      (attempt, site, provider, lease, state, why, placed, started, ended, ending,
                       usage, nodes))

struct EventRow {
  std::int64_t id = 0;
  std::string json;  // {"kind": …} with at added by the API
  Instant at;
};

// What an attempt that ended used, and of which lease: what invoices are made of.
struct UseRow {
  AttemptId attempt;
  std::string lease;
  std::string site;
  std::string team;
  std::string project;
  Instant placed;
  std::optional<Instant> started;
  Instant ended;
  Usage usage;  // GPU time and IT energy only
};

// An attempt that was slowed or raised: its pace and its draw from then on.
struct DrawRow {
  Instant since;
  Power draws;
  Ratio pace;
};

// Of an attempt that outlived its lease: who bears it from then on, and who did before; so much it
// drew then.
struct BearerRow {
  Instant since;
  std::string before;
  std::string lease;
  Power draws;
};

// A stretch of time in which a job waited for its next attempt, or will have to: `until` is far
// ahead then. The least that it runs on, and what it accepts (empty: any).
struct WaitRow {
  Instant from;
  Instant until;
  std::int64_t gpus = 0;
  std::vector<std::string> sites;
  std::vector<std::string> accelerators;
  std::optional<std::int64_t> per_node;  // GPUs
  bool together = false;                 // in a rack, pod or hall, or in segments
};

// Neighbouring nodes that an attempt had, from its place until its end; `until` is far ahead while
// it runs.
struct HeldRow {
  Instant from;
  Instant until;
  NodeShare nodes;
};

struct JobFilter {
  std::optional<JobState> state;
  bool unfinished_only = false;
  std::string team;
  std::string name;
  std::int64_t before = 0;   // ids below this one; 0: from the newest
  std::int64_t limit = 100;  // 1 to 10,000
};

// A command as it was given, and how far the events go that it became.
struct CommandRow {
  std::int64_t seq = 0;
  Instant at;
  Command command;
  std::string refusal;  // JSON; empty: it was accepted
  std::int64_t last_event = 0;
};

class JournalReader {
 public:
  virtual ~JournalReader() = default;
  virtual Result<std::vector<JobRow>> jobs(const JobFilter& filter) = 0;  // newest first
  virtual Result<std::optional<JobRow>> job(JobId id) = 0;
  virtual Result<std::shared_ptr<const JobSpec>> spec(JobId id) = 0;
  virtual Result<std::vector<AttemptRow>> attempts(JobId id) = 0;
  virtual Result<std::vector<EventRow>> events_after(std::int64_t id, std::int64_t limit) = 0;
  virtual Result<std::vector<CommandRow>> commands_after(std::int64_t seq, std::int64_t limit) = 0;
  virtual Result<std::vector<EventRow>> events_of(JobId id) = 0;
  // Of all attempts that ended, in the order of their jobs. Cost: linear in the attempts.
  virtual Result<std::vector<UseRow>> use() = 0;
  // Of all attempts whose draw ever changed, also of those that run; ascending. Cost: linear in the
  // changes.
  virtual Result<std::map<AttemptId, std::vector<DrawRow>>> draws() = 0;
  // Of all attempts that outlived a lease, also of those that run; ascending. Cost: linear in them.
  virtual Result<std::map<AttemptId, std::vector<BearerRow>>> bearers() = 0;
  // All waits that touch [from, until), by job. Cost: linear in the jobs that were there then.
  virtual Result<std::vector<WaitRow>> waits(Instant from, Instant until) = 0;
  // All nodes that attempts had in [from, until). Cost: linear in the attempts of that time.
  virtual Result<std::vector<HeldRow>> held(Instant from, Instant until) = 0;
  // All that changed the fleet, in order: the events PortfolioConfigured, NodeChanged, Drained and
  // Resumed. Cost: one scan of events.
  virtual Result<std::vector<Event>> fleet_changes() = 0;
  virtual Result<std::int64_t> last_event() = 0;
  virtual Result<std::vector<std::pair<std::string, std::int64_t>>> counts_by_state() = 0;
};

Result<std::unique_ptr<JournalReader>> open_sqlite_reader(const std::filesystem::path& folder);

}  // namespace ampacity
