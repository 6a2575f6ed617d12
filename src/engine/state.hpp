// SPDX-License-Identifier: Apache-2.0
// The state of the engine: plain described values, changed only by Engine::evolve(), packed whole
// for the digest and the snapshot. What can be derived (fleet, queue, deadlines) is not here:
// Engine rebuilds it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fleet/fleet.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

enum class AttemptPhase { Placed, Started };
BOOST_DESCRIBE_ENUM(AttemptPhase, Placed, Started)

// The attempt of a job that holds GPUs now.
struct LiveAttempt {
  AttemptPhase phase = AttemptPhase::Placed;
  std::string site;
  std::string lease;
  std::vector<Share> shares;  // node numbers of the current fleet, ascending
  Duration walltime{};
  Instant expected_end;  // by its walltime, or by the grace when it is being stopped
  Instant placed;
  std::optional<Instant> started;
  std::optional<StopCause> stopping;
  bool signalled = false;  // the early signal went out
};
BOOST_DESCRIBE_STRUCT(LiveAttempt, (),
                      (phase, site, lease, shares, walltime, expected_end, placed, started,
                       stopping, signalled))

// A job that has not ended. Ended jobs live in the journal's tables only.
struct Job {
  std::shared_ptr<const JobSpec> spec;
  std::int64_t priority = 0;
  Instant submitted;
  std::int64_t attempts = 0;                 // placed so far
  std::int64_t own_failures = 0;             // counted against spec.retries
  std::int64_t infrastructure_failures = 0;  // counted against policy.requeue_limit
  Instant not_before;                        // back-off
  std::optional<LiveAttempt> live;
};
BOOST_DESCRIBE_STRUCT(Job, (),
                      (spec, priority, submitted, attempts, own_failures, infrastructure_failures,
                       not_before, live))

// A request id that was used, so that sending it again submits nothing.
struct Submission {
  JobId job;
  std::uint64_t spec_digest = 0;
};
BOOST_DESCRIBE_STRUCT(Submission, (), (job, spec_digest))

struct LeaseAccount {
  Instant since;  // when Ampacity first held the lease
  Usage used;     // attempts that ended
};
BOOST_DESCRIBE_STRUCT(LeaseAccount, (), (since, used))

struct State {
  static constexpr std::size_t remembered_requests = 200'000;

  std::shared_ptr<const Portfolio> portfolio = std::make_shared<const Portfolio>();
  bool configured = false;
  std::int64_t next_job = 1;
  Instant last_at;  // of the latest event
  std::map<JobId, Job> jobs;
  std::map<std::string, Submission> requests;  // the latest `remembered_requests`
  std::map<JobId, std::string> request_of;     // the same, by age
  std::set<std::string> down;                  // node paths
  std::set<std::string> drained;               // paths as they were given
  std::set<std::string> usable_halls;          // "site/hall"
  std::map<std::string, LeaseAccount> leases;
  std::map<JobState, std::int64_t> ended;  // jobs by final state
};
BOOST_DESCRIBE_STRUCT(State, (),
                      (portfolio, configured, next_job, last_at, jobs, requests, request_of, down,
                       drained, usable_halls, leases, ended))

}  // namespace ampacity
