// SPDX-License-Identifier: Apache-2.0
// Room for a job that may preempt and cannot start: by its priority class over gangs of lower
// priority, or by its team's guarantee over gangs on borrowed capacity. Only where it would be
// promised the place too, so that nobody is stopped for the good of another.
#include <algorithm>

#include "engine/engine.hpp"
#include "fleet/booked_room.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// What is promised to jobs ahead is theirs, and what is booked before the job could end. Promises
// that name their places are not counted: the places are hidden.
bool spares_promises(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                     const Demand& demand, Instant until) {
  auto free = Planner::free_now(fleet, pool);
  bool any = false;
  for (const auto& r : planner.reservations(pool)) {
    if (!r.places.empty() || (!r.for_job() && r.at >= until)) continue;
    free = free - r.need;
    any = true;
  }
  return !any || free.covers(taken_now(fleet, pool, demand));
}

// The places of several jobs, out of sight for as long as it lives; a node may be of two.
class HiddenPlaces {
 public:
  explicit HiddenPlaces(Fleet& fleet) : fleet_(fleet) {}
  HiddenPlaces(const HiddenPlaces&) = delete;
  HiddenPlaces& operator=(const HiddenPlaces&) = delete;
  ~HiddenPlaces() {
    for (const auto& [node, places] : count_) fleet_.set_hidden({node, node + 1}, false);
  }
  void add(const std::vector<Share>& place) {
    for (const auto nodes : ranges_of(place)) {
      set(nodes, true, [&](std::uint32_t node) { return ++count_[node] == 1; });
    }
  }
  void remove(const std::vector<Share>& place) {
    for (const auto nodes : ranges_of(place)) {
      set(nodes, false, [&](std::uint32_t node) {
        const auto it = count_.find(node);
        if (--it->second > 0) return false;
        count_.erase(it);
        return true;
      });
    }
  }

 private:
  // Those of the nodes that change, a run at a time.
  template <class Changes>
  void set(NodeRange nodes, bool hidden, const Changes& changes) {
    auto begin = nodes.begin;
    for (auto n = nodes.begin; n <= nodes.end; ++n) {
      if (n < nodes.end && changes(n)) continue;
      if (n > begin) fleet_.set_hidden({begin, n}, hidden);
      begin = n + 1;
    }
  }

  Fleet& fleet_;
  std::map<std::uint32_t, int> count_;
};

}  // namespace

// What these nodes of a gang draw of what all of them do.
Power Engine::part_of(Power draws, const std::vector<Share>& shares, const Job& gang) {
  return Power::of(scaled(draws.count(), gpus_of(shares), gang.live->gpus));
}

// GPU*ms that would have to be done again: since the last checkpoint, or since the start.
std::int64_t Engine::loss_of(const Job& job) const {
  if (!job.live->started) return 0;
  auto ran = now_ - *job.live->started;
  if (job.spec->checkpoint_interval) ran %= *job.spec->checkpoint_interval;
  return ran.count() * job.live->gpus;
}

// By its class a job may stop gangs below its own priority; of another team only what does not
// stand on its own guarantee. By its guarantee, those on borrowed capacity, up to its own priority.
Engine::Claims Engine::claims_of(const Job& job) const {
  Claims claims{job.team, job.priority, preempting_.count(job.priority) > 0, {}};
  if (state_.portfolio->policy.reclaim) {
    claims.lender = ahead_->quotas.covered_by(job.team, job.spec->least().count());
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
      victims.push_back({gang.job, loss_of(other), &other.live->shares, other.live->draws});
    }
  }
  return victims;
}

// The gangs of this pool to stop; empty: enough of them stop already.
std::optional<Eviction> Engine::eviction_for(const WaitingQueue::Candidate& candidate,
                                             PoolIndex pool) {
  const auto& job = job_of(candidate.job);
  return eviction_among(candidate, pool, victims_for(claims_of(job), pool), [&](const Victim& v) {
    const auto& gang = job_of(v.job);
    return gang.priority <= highest_preemptible(claims_of(job), gang.team);
  });
}

// Of these gangs, or parts of gangs, the cheapest whose end lets the job start.
std::optional<Eviction> Engine::eviction_among(const WaitingQueue::Candidate& candidate,
                                               PoolIndex pool, const std::vector<Victim>& victims,
                                               const MayGo& may_go) {
  const auto& shape = queue_.shape(candidate.shape);
  const auto& demand = shape.demand;
  const auto team = job_of(candidate.job).team;
  std::vector<std::vector<Share>> leaving;
  std::vector<Victim> going;
  leaving.reserve(stopping_.size());
  for (const auto id : stopping_) {
    const auto& other = job_of(id);
    const auto pools = pools_of(*other.live);
    if (std::find(pools.begin(), pools.end(), pool) == pools.end()) continue;
    leaving.push_back(shares_leaving(other, id));
    going.push_back({id, 0, &leaving.back(), part_of(other.live->draws, leaving.back(), other)});
  }
  PreemptionRules rules;
  rules.may_go = may_go;
  rules.went = [&](const Victim& v, std::int64_t sign) {
    ahead_->quotas.use(job_of(v.job).team, sign * gpus_of(*v.shares));
    ahead_->free -= sign * serving_gpus(fleet_, *v.shares);
  };
  const auto walltime =
      walltime_in(shape,
                  static_cast<std::size_t>(std::find(shape.pools.begin(), shape.pools.end(), pool) -
                                           shape.pools.begin()),
                  candidate.walltime);
  rules.enough = [&] {
    return fleet_.fits(pool, demand) &&
           spares_promises(fleet_, planner_, pool, demand, now_ + walltime) &&
           (quotas_.none() || ahead_->quotas.may_start(team, ahead_->free) >= demand.gpus);
  };
  Hiding hiding(fleet_);
  for (const auto& r : planner_.reservations(pool)) {
    if (r.for_job() || r.at < now_ + walltime) hiding.hide(r.places);
  }
  auto gone_already = rules;  // look_ahead() has counted them
  gone_already.went = [](const Victim&, std::int64_t) {};
  Away away(fleet_, gone_already);
  for (const auto& victim : going) away.take(victim);
  if (!stopping_.empty() && rules.enough()) return Eviction{{}, 0, fleet_.find(pool, demand)};
  return cheapest_eviction(fleet_, pool, demand, victims, rules);
}

bool Engine::is_over(const MakingRoom& room) const {
  return room.pending == 0 && room.at + state_.portfolio->policy.grace < now_;
}

// Those for whom others were stopped come before everybody else until these are gone, and until
// those are who were stopping already: a grace later at most. Each keeps clear of the places and
// the quota of the others. Returns who got its place or the promise of it again.
std::set<JobId> Engine::serve_those_with_room() {
  std::set<JobId> served;
  if (state_.making_room.empty()) return served;
  look_ahead();
  std::vector<WaitingQueue::Candidate> all;
  for (const auto& [id, room] : state_.making_room) {
    const auto lane = job_of(id).waits_in();
    if (lane && !is_over(room)) all.push_back(queue_.candidate(*lane, id, walltime_of(job_of(id))));
  }
  std::sort(all.begin(), all.end());
  const auto count = [&](const WaitingQueue::Candidate& job, std::int64_t sign) {
    const auto gpus = sign * queue_.shape(job.shape).demand.gpus;
    ahead_->quotas.use(job_of(job.job).team, gpus);
    ahead_->free -= gpus;
  };
  HiddenPlaces hidden(fleet_);
  std::vector<std::vector<Share>> places;
  for (const auto& job : all) {
    count(job, +1);
    hidden.add(places.emplace_back(state_.making_room.at(job.job).place));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& job = all[i];
    count(job, -1);  // whatever comes of it is counted anew
    hidden.remove(places[i]);
    const auto answer = offer(job);
    if (answer == Answer::Placed || answer == Answer::Reserved) served.insert(job.job);
    const auto room = state_.making_room.find(job.job);
    if (room != state_.making_room.end()) hidden.add(room->second.place);
  }
  return served;
}

void Engine::look_ahead() {
  ahead_ = Ahead{quotas_, fleet_.gpus_free()};
  for (const auto id : stopping_) {
    const auto& job = job_of(id);
    const auto leaving = gpus_leaving(job, id);
    ahead_->quotas.use(job.team, -leaving);
    ahead_->free += leaving < 0 ? leaving : serving_gpus(fleet_, shares_leaving(job, id));
  }
}

// Room for a job that cannot start: elastic gangs made smaller, else, where its class or its team's
// guarantee allows it, the gangs stopped that cost least; nobody if enough are going already. The
// job is promised the very nodes that it will have then. False: it may not, or nothing would help.
bool Engine::make_room(const WaitingQueue::Candidate& candidate) {
  const auto& shape = queue_.shape(candidate.shape);
  const bool begun = state_.making_room.count(candidate.job) > 0;
  if (!begun && shrink_for(candidate)) return true;
  const bool by_class = preempting_.count(-candidate.rank.minus_priority) > 0;
  if (!begun && !by_class && (quotas_.none() || !state_.portfolio->policy.reclaim)) return false;
  const auto& job = job_of(candidate.job);
  if (!ahead_) look_ahead();
  const auto covered = ahead_->quotas.covered_by(job.team, shape.demand.gpus);
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
  promise_room(candidate, where, *best);
  const auto by = fmt::format("job {}", candidate.job.value());
  for (const auto id : best->jobs) {
    const auto& gang = job_of(id);
    ahead_->quotas.use(gang.team, -gang.live->gpus);
    ahead_->free += serving_gpus(fleet_, gang.live->shares);
    stop(id, StopCause::Preempted, by, candidate.job);
  }
  keep_room(candidate, where, best->place);
  return true;
}

void Engine::promise_room(const WaitingQueue::Candidate& candidate, PoolIndex where,
                          const Eviction& eviction) {
  const auto known = state_.making_room.find(candidate.job);
  if (known != state_.making_room.end() && known->second.place == eviction.place) return;
  const auto site = fleet_.pool(where).site;
  emit(RoomPromised{candidate.job, fleet_.sites()[site.value()].name, named(eviction.place)},
       eviction.place);
}

// Nobody else has it, in this pass.
void Engine::keep_room(const WaitingQueue::Candidate& candidate, PoolIndex where,
                       const std::vector<Share>& place) {
  const auto gpus = queue_.shape(candidate.shape).demand.gpus;
  ahead_->quotas.use(job_of(candidate.job).team, gpus);
  ahead_->free -= gpus;
  if (state_.portfolio->policy.backfill == Backfill::None) {
    planner_.close(where, candidate.job);
  } else {
    planner_.reserve(where, when_they_are_gone(candidate, where, place));
  }
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
    const auto pools = pools_of(live);
    const bool here = std::find(pools.begin(), pools.end(), pool) != pools.end();
    if (here) r.at = std::max(r.at, live.expected_end);
  }
  const auto& shape = queue_.shape(job.shape);
  const auto k = std::find(shape.pools.begin(), shape.pools.end(), pool) - shape.pools.begin();
  r.until = r.at + walltime_in(shape, static_cast<std::size_t>(k), job.walltime);
  return r;
}

}  // namespace ampacity
