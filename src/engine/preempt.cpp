// SPDX-License-Identifier: Apache-2.0
// Room for a job that may preempt and cannot start: by its priority class over gangs of lower
// priority, or by its team's guarantee over gangs on borrowed capacity. Only where it would be
// promised the place too, so that nobody is stopped for the good of another.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// What is promised to jobs ahead is theirs.
bool spares_promises(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                     const Demand& demand) {
  auto free = Planner::free_now(fleet, pool);
  for (const auto& r : planner.reservations(pool)) free = free - r.need;
  return planner.reservations(pool).empty() || free.covers(taken_now(fleet, pool, demand));
}

std::vector<NodeRange> ranges_of(const std::vector<Share>& shares) {
  std::vector<NodeRange> ranges;
  ranges.reserve(shares.size());
  for (const auto& share : shares) ranges.push_back(nodes_of(share));
  return ranges;
}

// What comes back when a gang ends.
std::int64_t serving_gpus(const Fleet& fleet, const std::vector<Share>& shares) {
  std::int64_t sum = 0;
  for (const auto& share : shares) {
    each_node(share, [&](NodeIndex node) { sum += fleet.in_service(node) ? share.gpus : 0; });
  }
  return sum;
}

}  // namespace

// GPU*ms that would have to be done again: since the last checkpoint, or since the start.
std::int64_t Engine::loss_of(const Job& job) const {
  if (!job.live->started) return 0;
  auto ran = now_ - *job.live->started;
  if (job.spec->checkpoint_interval) ran %= *job.spec->checkpoint_interval;
  return ran.count() * job.spec->gpus.count();
}

// By its class a job may stop gangs below its own priority; of another team only what does not
// stand on its own guarantee. By its guarantee, those on borrowed capacity, up to its own priority.
Engine::Claims Engine::claims_of(const Job& job) const {
  Claims claims{job.team, job.priority, preempting_.count(job.priority) > 0, {}};
  if (state_.portfolio->policy.reclaim) {
    claims.lender = ahead_->quotas.covered_by(job.team, job.spec->gpus.count());
  }
  return claims;
}

// Gangs of this team may be stopped up to this priority; INT64_MIN: none.
std::int64_t Engine::highest_preemptible(const Claims& claims, TeamIndex team) const {
  const auto& quotas = ahead_->quotas;
  if (claims.lender && quotas.borrows_from(team, *claims.lender)) return claims.priority;
  const bool by_class =
      claims.by_class && (quotas.none() || team == claims.team || !quotas.covered_by(team, 0));
  return by_class ? claims.priority - 1 : INT64_MIN;
}

// The gangs of this pool that the job may stop now; and when the next of them has run long enough.
// Looks at the teams that have gangs here: those that borrow, or all for a class that preempts.
std::vector<Victim> Engine::victims_for(const Claims& claims, PoolIndex pool) {
  std::vector<Victim> victims;
  const auto min_runtime = state_.portfolio->policy.min_runtime;
  const auto is_later = [&](const Running& gang) {
    const auto ripe = gang.since + min_runtime;
    return ripe > now_ && preempt_due_ && ripe >= *preempt_due_;
  };
  auto borrower = borrowing_.begin();
  for (const auto& [team, gangs] : running_[pool.value()]) {
    while (borrower != borrowing_.end() && *borrower < team) ++borrower;
    const bool borrows = borrower != borrowing_.end() && *borrower == team;
    if ((!borrows && !claims.by_class) || is_later(*gangs.begin())) continue;
    const auto highest = highest_preemptible(claims, team);
    for (const auto& gang : gangs) {
      if (highest == INT64_MIN || is_later(gang)) break;
      if (gang.priority > highest || stopping_.count(gang.job) > 0) continue;
      if (gang.since + min_runtime > now_) {
        preempt_due_ = gang.since + min_runtime;
        break;
      }
      const auto& other = job_of(gang.job);
      victims.push_back({gang.job, loss_of(other), &other.live->shares, draw_of(other)});
    }
  }
  return victims;
}

// The gangs of this pool to stop; empty: enough of them stop already.
std::optional<Eviction> Engine::eviction_for(const WaitingQueue::Candidate& candidate,
                                             PoolIndex pool) {
  const auto& job = job_of(candidate.job);
  const auto& demand = queue_.shape(candidate.shape).demand;
  const auto team = job.team;
  std::vector<Victim> going;
  for (const auto id : stopping_) {
    const auto& other = job_of(id);
    if (pool_of(*other.live) != pool) continue;
    going.push_back({id, 0, &other.live->shares, draw_of(other)});
  }
  const auto victims = victims_for(claims_of(job), pool);
  PreemptionRules rules;
  rules.may_go = [&](const Victim& v) {
    const auto& gang = job_of(v.job);
    return gang.priority <= highest_preemptible(claims_of(job), gang.team);
  };
  rules.went = [&](const Victim& v, std::int64_t sign) {
    const auto& gang = job_of(v.job);
    ahead_->quotas.use(gang.team, sign * gang.spec->gpus.count());
    ahead_->free -= sign * serving_gpus(fleet_, *v.shares);
  };
  rules.enough = [&] {
    return fleet_.fits(pool, demand) && spares_promises(fleet_, planner_, pool, demand) &&
           (quotas_.none() || ahead_->quotas.may_start(team, ahead_->free) >= demand.gpus);
  };
  Hiding hiding(fleet_);
  for (const auto& r : planner_.reservations(pool)) hiding.hide(r.places);
  auto gone_already = rules;  // look_ahead() has counted them
  gone_already.went = [](const Victim&, std::int64_t) {};
  Away away(fleet_, fleet_.pool(pool).site, gone_already);
  for (const auto& victim : going) away.take(victim);
  if (!stopping_.empty() && rules.enough()) return Eviction{{}, 0, fleet_.find(pool, demand)};
  return cheapest_eviction(fleet_, pool, demand, victims, rules);
}

// Those for whom others were stopped come before everybody else until these are gone, and until
// those are who were stopping already: a grace later at most. Each keeps clear of the places of the
// others. Returns who got its place or the promise of it again.
std::set<JobId> Engine::serve_those_with_room() {
  std::set<JobId> served;
  if (state_.making_room.empty()) return served;
  look_ahead();
  std::vector<WaitingQueue::Candidate> all;
  for (const auto& [id, room] : state_.making_room) {
    const auto lane = job_of(id).waits_in();
    const bool over = room.pending == 0 && room.at + state_.portfolio->policy.grace < now_;
    if (lane && !over) all.push_back(queue_.candidate(*lane, id, walltime_of(job_of(id))));
  }
  std::sort(all.begin(), all.end());
  for (const auto& job : all) {
    Hiding hiding(fleet_);
    for (const auto& other : all) {
      const auto room = state_.making_room.find(other.job);
      if (other.job != job.job && room != state_.making_room.end()) {
        hiding.hide(ranges_of(room->second.place));
      }
    }
    const auto answer = offer(job);
    if (answer == Answer::Placed || answer == Answer::Reserved) served.insert(job.job);
  }
  return served;
}

void Engine::look_ahead() {
  ahead_ = Ahead{quotas_, fleet_.gpus_free()};
  for (const auto id : stopping_) {
    const auto& job = job_of(id);
    ahead_->quotas.use(job.team, -job.spec->gpus.count());
    ahead_->free += serving_gpus(fleet_, job.live->shares);
  }
}

// Stops the gangs that cost least, unless enough are stopping already, and promises the job the
// very nodes that it will have then. False: it may not preempt, or nothing would help.
bool Engine::make_room(const WaitingQueue::Candidate& candidate) {
  const auto& job = job_of(candidate.job);
  const auto& shape = queue_.shape(candidate.shape);
  const bool begun = state_.making_room.count(candidate.job) > 0;
  const bool by_class = preempting_.count(job.priority) > 0;
  if (!begun && !by_class && (quotas_.none() || !state_.portfolio->policy.reclaim)) return false;
  if (!ahead_) look_ahead();
  const auto team = job.team;
  const auto covered = ahead_->quotas.covered_by(team, shape.demand.gpus);
  const bool by_guarantee = covered && state_.portfolio->policy.reclaim;
  if (!begun && !by_guarantee && !by_class) return false;
  std::optional<Eviction> best;
  PoolIndex where;
  for (const auto pool : shape.pools) {
    if (!standings_[pool.value()].lease || !takes_reservation(pool, shape.demand)) continue;
    auto eviction = eviction_for(candidate, pool);
    const auto cost = [](const Eviction& e) { return std::pair(e.loss, e.jobs.size()); };
    if (!eviction || (best && cost(*best) <= cost(*eviction))) continue;
    best = std::move(eviction);
    where = pool;
  }
  if (!best) return false;
  if (!begun || state_.making_room.at(candidate.job).place != best->place) {
    const auto site = fleet_.pool(where).site;
    emit(RoomPromised{candidate.job, fleet_.sites()[site.value()].name, named(best->place)});
  }
  const auto by = fmt::format("job {}", candidate.job.value());
  for (const auto id : best->jobs) {
    const auto& gang = job_of(id);
    ahead_->quotas.use(gang.team, -gang.spec->gpus.count());
    ahead_->free += serving_gpus(fleet_, gang.live->shares);
    stop(id, StopCause::Preempted, by, candidate.job);
  }
  ahead_->quotas.use(team, shape.demand.gpus);
  ahead_->free -= shape.demand.gpus;
  if (state_.portfolio->policy.backfill == Backfill::None) {
    planner_.close(where, candidate.job);
  } else {
    planner_.reserve(where, when_they_are_gone(candidate, where, best->place));
  }
  return true;
}

Planner::Reservation Engine::when_they_are_gone(const WaitingQueue::Candidate& job, PoolIndex pool,
                                                const std::vector<Share>& place) const {
  Planner::Reservation r;
  r.job = job.job;
  r.at = now_ + Duration(1);
  r.need = need_of(fleet_, pool, queue_.shape(job.shape).demand);
  r.places = ranges_of(place);
  for (const auto id : stopping_) {
    const auto& live = *job_of(id).live;
    if (pool_of(live) == pool) r.at = std::max(r.at, live.expected_end);
  }
  r.until = r.at + job.walltime;
  return r;
}

}  // namespace ampacity
