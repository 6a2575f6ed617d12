// SPDX-License-Identifier: Apache-2.0
// Who is stopped, and when it is told. At once, unless the draw of its site may not fall so far
// (engine/ramps.cpp) and nothing is lost by waiting: a gang that is cancelled, preempted or resized
// there, or whose walltime is over, waits for its turn, lowest number first, and works on. One that
// is larger than what may fall at once is slowed in steps before, where its cluster can do that.
// Whoever has to be gone (a node is down, the grid calls, a limit is exceeded) waits for nobody.
#include <algorithm>

#include "engine/engine.hpp"

namespace ampacity {
namespace {

bool may_wait(StopCause cause) {
  switch (cause) {
    case StopCause::Cancelled:
    case StopCause::WalltimeReached:
    case StopCause::Preempted:
    case StopCause::Resized:
      return true;
    case StopCause::NodeDown:
    case StopCause::Curtailed:
    case StopCause::Capped:
      break;
  }
  return false;
}

// Its job ends with it, whatever else happens to the gang.
bool is_last(const std::optional<StopCause>& cause) {
  return cause == StopCause::Cancelled || cause == StopCause::WalltimeReached;
}

}  // namespace

void Engine::stop(JobId id, StopCause cause, const std::string& by, std::optional<JobId> room_for) {
  const auto& live = *job_of(id).live;
  if (live.stop_waits && is_last(live.stopping) && !may_wait(cause)) return send_stop(id);
  if (live.stopping == cause) return;
  if (is_last(live.stopping) && cause != StopCause::Cancelled) return;
  const bool by_choice = cause == StopCause::Preempted || cause == StopCause::Resized;
  if (live.stopping && by_choice) return;
  const AttemptId attempt{id, job_of(id).attempts};
  const bool told = live.stopping && !live.stop_waits;
  const bool in_turn = !told && may_wait(cause) && waits_to_stop(id);
  const auto site = live.site;
  emit(AttemptStopping{attempt, cause, by, room_for, in_turn});
  if (!in_turn) effect(StopGang{attempt, site, state_.portfolio->policy.grace});
}

void Engine::send_stop(JobId id) {
  const auto& job = job_of(id);
  const AttemptId attempt{id, job.attempts};
  effect(StopGang{attempt, job.live->site, state_.portfolio->policy.grace});
  emit(StopSent{attempt});
}

void Engine::apply(const StopSent& event, Instant at) {
  const auto id = event.attempt.job;
  auto& job = change(id);
  disarm(id);
  job.live->stop_waits = false;
  job.live->expected_end = at + state_.portfolio->policy.grace;
  occupy(id, job);
}

// Those who waited before it come first.
bool Engine::waits_to_stop(JobId id) const {
  if (state_.ramps.empty()) return false;
  const auto& live = *job_of(id).live;
  if (state_.ramps.count(live.site) == 0) return false;
  const auto site = site_of(live);
  const bool others = std::any_of(stopping_.begin(), stopping_.end(), [&](JobId other) {
    const auto& its = *job_of(other).live;
    return other != id && its.stop_waits && its.site == live.site;
  });
  return others || may_fall_by(site, now_) < live.draws;
}

// A curtailment begins there: nobody waits any longer.
void Engine::send_stops_at(SiteIndex site) {
  for (const auto id : std::vector<JobId>(stopping_.begin(), stopping_.end())) {
    const auto& live = *job_of(id).live;
    if (live.stop_waits && site_of(live) == site) send_stop(id);
  }
}

// In every pass.
void Engine::stop_in_turn() {
  if (state_.ramps.empty()) return;
  std::set<std::string> busy;
  for (const auto id : std::vector<JobId>(stopping_.begin(), stopping_.end())) {
    const auto& live = *job_of(id).live;
    if (!live.stop_waits || busy.count(live.site) > 0) continue;
    const auto name = live.site;
    if (!leaves(id)) busy.insert(name);
  }
}

// The next step of a gang that is to be stopped; false: it is not told yet, and the next waits.
bool Engine::leaves(JobId id) {
  const auto& live = *job_of(id).live;
  const auto found = state_.ramps.find(live.site);
  const auto site = site_of(live);
  if (found == state_.ramps.end()) {
    send_stop(id);
    return true;
  }
  const auto most = ramp_terms(state_.portfolio->sites[site.value()]).most;
  const bool slower = can_pace(site) && live.started && live.pace > a_percent;
  const auto room = may_fall_by(site, now_);
  const bool enough = room >= std::min(live.draws, most);
  if (enough && (room >= live.draws || !slower)) {
    send_stop(id);
    return true;
  }
  if (enough) slow_to_leave(id, room);
  const auto needs = std::min(job_of(id).live->draws, most);
  look_at_ramp(when_filled(site, needs, may_fall_by(site, now_)));
  return false;
}

// By a bucketful.
void Engine::slow_to_leave(JobId id, Power room) {
  const auto& live = *job_of(id).live;
  const auto power = power_of(*job_of(id).spec, live.shares);
  const auto step = std::min(power.slowest_above(live.draws - room), live.pace - a_percent);
  set_pace(id, std::max(step, a_percent), "the ramp of " + live.site);
}

}  // namespace ampacity
