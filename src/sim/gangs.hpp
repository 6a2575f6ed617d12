// SPDX-License-Identifier: Apache-2.0
// The gangs of a simulation, as the executors of its sites would have them: when each was told to
// start, when it ends and how, what it has saved when it is told to stop, and how much longer it
// takes while it works slower. Called by sim/simulation with what the engine decided; answers with
// the reports that executors would send. Knows nothing of queues or nodes. Cost of each call: the
// logarithm of the gangs.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/lookup.hpp"
#include "base/ordered_set.hpp"
#include "engine/state.hpp"
#include "model/faults.hpp"
#include "sim/accounts.hpp"
#include "sim/progress.hpp"

namespace ampacity {

struct Gang {
  std::shared_ptr<const JobSpec> spec;
  std::size_t site = 0;
  std::size_t lease = 0;
  std::int64_t gpus = 0;
  Instant placed;
  Pace pace;
  // Of one that ran when the server was copied: what had passed of its cycle by then.
  Duration passed{};
  Ratio rate = one;  // work at full speed in a unit of time
  Instant ends;
  Ending ending;
  std::optional<Instant> stopped;  // told to
  bool dies = false;               // its node went down
  bool saves = false;
  Ratio gait = one;   // of its pace, while its site has to draw less
  Instant paced;      // since when
  Duration slowed{};  // that it has lost by it until then

  Accounts::Holder holder() const { return {*spec, site, lease, gpus}; }
};

class Gangs {
 public:
  // `faults`: how long starting and saving take; it must outlive this.
  explicit Gangs(const FaultSpec& faults) : faults_(faults) {}

  std::size_t size() const { return gangs_.size(); }
  std::vector<JobId> jobs() const { return gangs_.keys(); }  // ascending
  const Gang& of(JobId job) const { return gangs_.at(job); }

  // An attempt has its place.
  struct Place {
    const Job& job;  // live
    std::size_t site = 0;
    std::size_t lease = 0;
    Instant told;     // when its executor hears of it
    Duration work{};  // that is left, at full speed
    std::int64_t exit_code = 0;
    bool known = false;   // how long it works; else its walltime ends it
    bool copied = false;  // it had its place when the server was copied
  };
  const Gang& place(AttemptId attempt, const Place& place, Instant now);
  // Work, at full speed, that one saved that runs when the server is copied.
  Duration saved(const Job& job, Instant now) const;
  // It is started later: its report comes then.
  void start(AttemptId attempt, Instant at) { starting_.insert({at, attempt}); }
  void must_die(JobId job, bool dies) { gangs_.at(job).dies = dies; }
  // Told to stop: it saves itself if it may, and leaves.
  void stop(AttemptId attempt, Duration grace, Instant now);
  void end_at(AttemptId attempt, Instant at) { ends(attempt, gangs_.at(attempt.job), at); }
  void work_at(AttemptId attempt, Ratio pace, Instant now);
  void borne_by(JobId job, std::size_t lease) { gangs_.at(job).lease = lease; }

  // Its end is on record. What it was, how its time went, and the work that it keeps.
  struct Spent {
    AttemptTime time;
    Duration kept{};  // of the work since its last checkpoint before a copy, too
  };
  struct Ended {
    Gang gang;
    AttemptTime time;
    Duration kept{};  // at full speed
  };
  Ended take(const AttemptEnded& event, Instant now);
  // `finished`: it came to its end by itself, so that nothing is lost.
  Spent spent(const Gang& gang, Instant until, bool finished) const;

  std::optional<Instant> next() const;  // report
  void reports_due(Instant now, std::vector<Command>& reports);

 private:
  void resume(Gang& gang, const LiveAttempt& live, Instant now) const;
  Pace pace_of(const JobSpec& spec) const;
  void ends(AttemptId attempt, Gang& gang, Instant at);

  const FaultSpec& faults_;
  Lookup<JobId, Gang> gangs_;  // of a job its attempt under way
  OrderedSet<std::pair<Instant, AttemptId>> by_end_;
  std::set<std::pair<Instant, AttemptId>> starting_;
};

}  // namespace ampacity
