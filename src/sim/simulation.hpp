// SPDX-License-Identifier: Apache-2.0
// A simulation: the engine on virtual time. Says what users, executors and node agents would say,
// and decides nothing. Called by `ampacity simulate` with a fresh engine or with a copy of a
// running server's. In each instant: what fails and comes back, what ends, what is submitted,
// together in one decision (batch-per-instant); then what started. Assumes that work goes on in
// proportion to the speed of the accelerators and to the GPUs of an elastic gang, and that who
// asked for a walltime has counted the time for starting and saving. Promise: same inputs, same
// digest and same result, on every compiler. Cost of a step: the decision of the engine, and the
// logarithm of the gangs that run. Memory: 70 bytes a job, and its WorkloadJob.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/engine.hpp"
#include "model/faults.hpp"
#include "model/workload.hpp"
#include "sim/accounts.hpp"
#include "sim/faults.hpp"
#include "sim/gangs.hpp"
#include "sim/power_record.hpp"
#include "sim/result.hpp"

namespace ampacity {

struct SimulationOptions {
  std::optional<Instant> from;   // absent: the first submission
  std::optional<Instant> until;  // absent: until every job that can start has ended
  std::uint64_t seed = 1;
  FaultSpec faults;
  std::map<std::string, WorkloadRepairs> fault_records;  // what was mended in files of faults
  Duration latency{};       // from a decision until the gang has been told
  bool keep_time = true;    // submissions keep their dates; else the first comes at `from`
  std::string policy_text;  // for the result
};

// What became of a job.
struct JobFate {
  JobId job;
  const Workload* workload = nullptr;  // null: it is of the server that was copied
  const WorkloadJob* source = nullptr;
  const JobSpec* kind = nullptr;
  Instant submit;
  std::int64_t gpus = 0;
  std::optional<Instant> start;  // of its first attempt
  std::optional<Instant> end;
  std::int64_t attempts = 0;
  std::string site;  // of its last attempt
  JobState state = JobState::Waiting;
};

class Simulation {
 public:
  // The workloads must outlive it. `engine` is configured, and its gangs run on.
  Simulation(Engine engine, Instant now, const std::vector<Workload>& workloads,
             const SimulationOptions& options);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // To the next instant; false: there is none, or it lies after `until`.
  bool step();
  const Engine& engine() const { return engine_; }
  Instant now() const { return now_; }
  std::int64_t submitted() const { return static_cast<std::int64_t>(submitted_); }
  std::int64_t to_submit() const { return static_cast<std::int64_t>(order_.size()); }

  // Once, at the end. `partial`: it was stopped before its time.
  SimulationResult finish(bool partial);
  // Of every job that a copied server had and of every one that was accepted, by number; dates as
  // in the workload.
  void each_fate(const std::function<void(const JobFate&)>& visit) const;

 private:
  struct Source {
    std::uint32_t workload = 0;
    std::uint32_t job = 0;
  };
  // A job that the engine knows, by its number.
  struct Known {
    Source source;
    Instant submitted;
    Instant first_start = Instant::max();
    Duration done{};  // work that is kept, at full speed
    Instant ended = Instant::max();
    std::uint32_t attempts = 0;
    std::uint32_t gpus = 0;  // that it asks for
    std::uint16_t site = 0;
    JobState state = JobState::Waiting;
  };
  const WorkloadJob& job_of(const Source& source) const;
  Instant submit_of(const Source& source) const;
  std::optional<Instant> next_instant() const;
  bool is_over() const;
  void say_what_is_due();
  void submit_due();
  void call_due();
  void fill(SubmitJob& command, const Source& source) const;
  void decide();
  void accept(const Source& source, const Outcome& outcome);
  void take_note(const Event& event);
  void note(const AttemptPlaced& event);
  void note(const AttemptStopping& event);
  void note(const StopSent& event);
  void note(const AttemptEnded& event);
  void note(const JobRequeued& event);
  void note(const JobEnded& event);
  void note(const NodeChanged& event);
  void note(const Drained& event);
  void note(const PaceChanged& event);
  void note(const BearerChanged& event);
  template <class Other>
  void note(const Other& event) {
    power_.note(event, now_);
  }
  // `copied`: it had its place when the server was copied.
  const Gang& place(AttemptId attempt, Instant told, bool copied = false);
  const std::string& site_name(const Gang& gang) const;
  std::size_t site_named(const std::string& name) const;
  std::size_t lease_named(const std::string& name) const;
  // Also of a job that a copy of a server had already.
  Known& known(JobId job);
  const WorkloadJob* source_of(JobId job) const;
  Duration work_of(JobId job, const JobSpec& spec, std::size_t site) const;
  void count_forked();
  void show(const AttemptEnded& event, const Gang& gang);
  void count_checkpointing(std::int64_t gpus, const JobSpec& kind);
  std::optional<CheckpointResult> checkpoints() const;
  static std::string scenario_of(const Portfolio& portfolio, const SimulationOptions& options);

  const std::vector<Workload>& workloads_;
  SimulationOptions options_;
  Engine engine_;
  Instant now_;
  Instant from_;
  Instant last_end_;           // of an attempt, or the last submission
  Duration shift_{};           // of the workloads' dates
  std::vector<Source> order_;  // of submission, over all workloads
  std::size_t submitted_ = 0;
  JobId first_job_;  // of this simulation
  std::vector<Known> jobs_;
  struct Forked {
    Known known;
    std::shared_ptr<const JobSpec> spec;
  };
  std::map<JobId, Forked> forked_;
  Gangs gangs_;
  std::set<std::pair<Instant, std::string>> in_repair_;  // lemons
  std::map<std::string, std::size_t> site_by_name_;
  std::map<std::string, std::size_t> lease_by_name_;
  std::vector<std::vector<std::shared_ptr<const JobSpec>>> kinds_;
  FaultStream faults_;
  Accounts accounts_;
  struct Checkpointing {
    std::int64_t jobs = 0;
    std::int64_t gpus = 0;  // of the largest
    Duration interval{};    // of that one
  };
  std::vector<Checkpointing> checkpointing_;  // by size class
  std::string scenario_;                      // when it began
  std::int64_t lemons_drained_ = 0;
  std::int64_t lemons_repaired_ = 0;
  std::vector<GridCall> calls_;  // by the instant when they are told
  std::size_t called_ = 0;
  std::vector<Command> commands_;  // of the decision under way
  std::vector<Command> reports_;   // that follow from it
  std::vector<Outcome> outcomes_;  // of the decision before
  std::int64_t decisions_ = 0;
  std::map<std::string, std::int64_t> refusals_;
  std::int64_t refused_ = 0;
  std::map<std::string, std::int64_t> spills_;
  PowerRecord power_;
};

}  // namespace ampacity
