// SPDX-License-Identifier: Apache-2.0
// The state of the engine: plain described values, changed only by Engine::evolve(), packed whole
// for the digest and the snapshot. What can be derived (fleet, queue, deadlines) is not here:
// Engine rebuilds it.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/box.hpp"
#include "base/id_table.hpp"
#include "fleet/fleet.hpp"
#include "policy/waiting_queue.hpp"
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
  std::int64_t gpus = 0;      // of the shares
  Power draws;                // IT, by the job's profile
  Ratio speed = one;          // of the job on these accelerators
  Duration walltime{};
  Instant expected_end;  // by its walltime, or by the grace when it is being stopped
  Instant placed;
  std::optional<Instant> started;
  std::optional<StopCause> stopping;
  bool stop_waits = false;        // until the draw of its site may fall; nobody has told it yet
  std::optional<JobId> room_for;  // Preempted
  bool signalled = false;         // the early signal went out
  bool lost_node = false;         // stopped because one node of it went down
  Ratio pace = one;               // less while its site has to draw less
  Instant paced;                  // since when, if its pace or its lease ever changed
  Duration slowed{};              // time that it has lost by it until then
  Usage used;                     // until then, whoever bore it
};
BOOST_DESCRIBE_STRUCT(LiveAttempt, (),
                      (phase, site, lease, shares, gpus, draws, speed, walltime, expected_end,
                       placed, started, stopping, stop_waits, room_for, signalled, lost_node, pace,
                       paced, slowed, used))

// A job that has not ended. Ended jobs live in the journal's tables only. 80 bytes while it waits;
// the specification is shared by all that are equal.
struct Job {
  std::shared_ptr<const JobSpec> spec;
  std::int64_t priority = 0;
  Instant submitted;
  Instant not_before;  // back-off
  Box<LiveAttempt> live;
  std::int32_t attempts = 0;                 // placed so far
  std::int32_t own_failures = 0;             // counted against spec.retries
  std::int32_t infrastructure_failures = 0;  // counted against policy.requeue_limit
  std::int32_t early_losses = 0;  // in a row: attempts that lost a node soon after their start
  Duration ran{};                 // of its walltime, by attempts that ended
  std::optional<LaneIndex> waits_in() const {
    return lane == no_lane ? std::nullopt : std::optional(LaneIndex(lane));
  }
  static constexpr std::uint32_t no_lane = ~0U;
  std::uint32_t lane = no_lane;  // while it is in the queue; derived, not described
  TeamIndex team;                // derived too
};
BOOST_DESCRIBE_STRUCT(Job, (),
                      (spec, priority, submitted, not_before, live, attempts, own_failures,
                       infrastructure_failures, early_losses, ran))

// A request id that was used, so that sending it again submits nothing.
struct Submission {
  JobId job;
  std::uint64_t spec_digest = 0;
};
BOOST_DESCRIBE_STRUCT(Submission, (), (job, spec_digest))

// A job that others are being stopped for: it comes first until a grace after the last of them.
struct MakingRoom {
  std::int64_t pending = 0;  // gangs that have not ended
  Instant at;                // of the last stop or end
  std::vector<Share> place;
};
BOOST_DESCRIBE_STRUCT(MakingRoom, (), (pending, at, place))

// A booking and the nodes that were chosen for it.
struct BookedNodes {
  Booking booking;
  std::vector<Share> nodes;  // ascending, whole
  bool begun = false;
};
BOOST_DESCRIBE_STRUCT(BookedNodes, (), (booking, nodes, begun))

// A curtailment that was called and is not over.
struct CalledCurtailment {
  Curtailment curtailment;
  Power drawn;    // at the meter, when it was called
  Power ceiling;  // IT, from its beginning until its end
  bool begun = false;
  bool measured = false;
  Energy saved;                // while it counts, until the latest event
  std::optional<Power> least;  // that it was less by
  // Less at the meter: by the limit, where it states one.
  Power asked() const { return asked_of(curtailment, drawn); }
};
BOOST_DESCRIBE_STRUCT(CalledCurtailment, (),
                      (curtailment, drawn, ceiling, begun, measured, saved, least))

// How far the draw of a site with a ramp or a swing limit may rise, and fall, at once at `at`: two
// buckets that fill as time goes (engine/ramps.cpp). IT.
struct SiteRamp {
  Power rise;
  Power fall;
  Instant at;
  Power said;  // that one of them was so far below 0; 0: none is
};
BOOST_DESCRIBE_STRUCT(SiteRamp, (), (rise, fall, at, said))

// The latest reading of a site's or a hall's power, and what the model had at that moment. IT.
struct ModelledDraw {  // from `at` on
  Instant at;
  Power drawn;
};
BOOST_DESCRIBE_STRUCT(ModelledDraw, (), (at, drawn))

struct SiteReading {
  Instant at;
  Power drawn;
  Power modelled;
  bool fresh = false;
  std::vector<ModelledDraw> course;  // of late: a reading may arrive after the load has changed
  // So much more, or less, is really drawn than the model has; none: it has to be believed.
  std::optional<Power> offset() const {
    return fresh ? std::optional(drawn - modelled) : std::nullopt;
  }
};
BOOST_DESCRIBE_STRUCT(SiteReading, (), (at, drawn, modelled, fresh, course))

// What a team has spent of its budget in the period under way, without what its gangs that run have
// cost since `since`.
struct TeamSpending {
  Instant since;
  Instant until;
  Money ended;   // by attempts that ended in the period
  Money before;  // of theirs and of those that run: what they had cost before it
  bool warned = false;
  bool exhausted = false;
  // With what the gangs that run have cost since they were placed.
  Money so_far(Money running) const { return ended + running - before; }
};
BOOST_DESCRIBE_STRUCT(TeamSpending, (), (since, until, ended, before, warned, exhausted))

struct LeaseAccount {
  Instant since;  // when Ampacity first held the lease
  // Attempts that ended; of gangs that came from a lease that has ended, less what that bore, and
  // of those that went on to another, what they had used. So it may be below 0.
  Usage used;
  Instant month;  // the one that `this_month` is of, in UTC; of leases whose month is watched
  Money this_month;
};
BOOST_DESCRIBE_STRUCT(LeaseAccount, (), (since, used, month, this_month))

struct State {
  static constexpr std::size_t remembered_requests = 200'000;

  std::shared_ptr<const Portfolio> portfolio = std::make_shared<const Portfolio>();
  bool configured = false;
  std::int64_t next_job = 1;
  Instant last_at;  // of the latest event
  IdTable<JobId, Job> jobs;
  std::map<std::string, Submission> requests;                 // the latest `remembered_requests`
  std::map<JobId, std::string> request_of;                    // the same, by age
  std::set<std::string> down;                                 // paths as they were reported
  std::set<std::string> drained;                              // paths as they were given
  std::map<std::string, std::vector<Instant>> node_failures;  // within policy.lemon_window
  std::set<std::string> usable_halls;                         // "site/hall"
  std::map<std::string, Power> site_power;                    // IT limit, where one is stated
  std::map<std::string, LeaseAccount> leases;
  std::map<std::string, std::int64_t> use;  // decayed GPU*ms of "team" and of "team/project"
  std::optional<Instant> charged_until;     // none: nothing to share yet
  std::map<JobId, MakingRoom> making_room;
  std::map<JobId, std::vector<Share>> interrupted;  // where they are to start again
  std::map<std::string, BookedNodes> bookings;
  std::map<JobId, std::string> held;       // and why
  std::map<JobState, std::int64_t> ended;  // jobs by final state
  std::map<std::string, CalledCurtailment> curtailments;
  std::map<std::string, TeamSpending> spending;  // by team
  std::map<std::string, OpenRequest> capacity_requests;
  std::map<std::string, LeaseUse> lease_use;    // of those that are not Committed by their terms
  std::map<std::string, SiteRamp> ramps;        // of the sites that state a limit
  std::map<std::string, SiteReading> readings;  // of sites and halls that were ever measured
  std::map<std::string, Instant> capped;  // sites, halls, racks whose gangs are slowed, since when
  // Levels ("lease stargate") that are above their limit though their gangs are as slow as they
  // may; since then, or since some of them were stopped.
  std::map<std::string, Instant> over_limit;
};
BOOST_DESCRIBE_STRUCT(State, (),
                      (portfolio, configured, next_job, last_at, jobs, requests, request_of, down,
                       drained, node_failures, usable_halls, site_power, leases, use, charged_until,
                       making_room, interrupted, bookings, held, ended, curtailments, spending,
                       capacity_requests, lease_use, ramps, readings, capped, over_limit))

}  // namespace ampacity
