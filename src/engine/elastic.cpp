// SPDX-License-Identifier: Apache-2.0
// Elastic gangs. What one has beyond its least size is on loan: it is given back to any job that
// cannot start and is of at least its priority, before anybody is stopped; and it takes more when
// GPUs idle. A gang is resized by a new attempt, from its checkpoint, at once: its place is
// promised to it before it is stopped, as room is to a job that preempts (preempt.cpp).
#include <algorithm>
#include <map>

#include "engine/engine.hpp"
#include "fleet/booked_room.hpp"
#include "fleet/nearby.hpp"
#include "policy/wasted.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// The last `nodes` of these, from the back.
std::vector<Share> tail(const std::vector<Share>& shares, std::int64_t nodes) {
  std::vector<Share> taken;
  for (auto it = shares.rbegin(); it != shares.rend() && nodes > 0; ++it) {
    const auto n = std::min(nodes, it->nodes);
    const auto first = it->node.value() + static_cast<std::uint32_t>(it->nodes - n);
    taken.push_back({NodeIndex(first), n, it->gpus});
    nodes -= n;
  }
  std::reverse(taken.begin(), taken.end());
  return taken;
}

// Of these nodes, which a gang could do without, those that are of use to others there, in whole
// chunks of each rack.
std::vector<Share> of_use(const Topology& topology, const std::vector<Share>& part,
                          const std::vector<Share>& place, std::int64_t chunk) {
  auto used = without(part, without(part, place));
  std::map<RackIndex, std::int64_t> lacks;
  for (const auto& share : used) lacks[topology.rack_of(share.node)] -= share.nodes;
  for (auto& [rack, nodes] : lacks) nodes = (nodes % chunk + chunk) % chunk;
  for (const auto& share : without(part, place)) {
    auto& missing = lacks[topology.rack_of(share.node)];
    const auto more = tail({share}, std::min(missing, share.nodes));
    if (more.empty()) continue;
    missing -= more.front().nodes;
    used.push_back(more.front());
  }
  std::sort(used.begin(), used.end(), first_node);
  return used;
}

std::int64_t chunk_of(const JobSpec& spec, std::int64_t each) {
  return std::max<std::int64_t>(spec.segment.value_or(each) / each, 1);
}

// So many of the free GPUs may the team have.
std::int64_t most_within(const Quotas& quotas, TeamIndex team, std::int64_t free) {
  return std::min({free, quotas.inside(team, free), quotas.limit(team)});
}

}  // namespace

// Its attempt started, or is over. Gangs in bookings and of mixed accelerators keep their size.
void Engine::elastic_runs(JobId id, const Job& job, bool comes) {
  const auto& live = *job.live;
  if (job.spec->mixed) return;
  auto& pool = elastic_[pool_of(live).value()];
  const Running gang{*live.started, id, job.priority};
  const std::pair growable{-job.priority, gang};
  if (!comes) {
    if (pool.shrinkable.erase(gang) > 0) pool.on_loan -= live.gpus - job.spec->least().count();
    pool.growable.erase(growable);
    return;
  }
  if (state_.bookings.count(job.spec->booking) > 0) return;
  if (live.gpus > job.spec->least().count()) {
    pool.shrinkable.insert(gang);
    pool.on_loan += live.gpus - job.spec->least().count();
  }
  if (live.gpus < job.spec->gpus.count()) pool.growable.insert(growable);
}

// What the gang could do without, in whole nodes (whole segments): from the racks that this frees
// most of.
std::vector<Share> Engine::on_loan(const Job& job, PoolIndex pool) const {
  const auto& live = *job.live;
  std::map<RackIndex, std::vector<Share>> by_rack;
  for (const auto& share : live.shares) {
    by_rack[fleet_.topology().rack_of(share.node)].push_back(share);
  }
  std::vector<std::pair<std::int64_t, RackIndex>> order;
  for (const auto& [rack, shares] : by_rack) {
    std::int64_t nodes = fleet_.free_index(pool).nodes_in(rack);
    for (const auto& share : shares) nodes += share.nodes;
    order.emplace_back(-nodes, rack);
  }
  std::sort(order.begin(), order.end());
  auto excess = live.gpus - job.spec->least().count();
  std::vector<Share> part;
  for (const auto& [minus_nodes, rack] : order) {
    const auto& shares = by_rack[rack];
    const auto each = shares.front().gpus;
    const auto chunk = chunk_of(*job.spec, each);
    std::int64_t here = 0;
    for (const auto& share : shares) here += share.gpus == each ? share.nodes : 0;
    const auto nodes = std::min(here, excess / each) / chunk * chunk;
    if (nodes == 0 || shares.back().gpus != each) continue;
    excess -= nodes * each;
    const auto taken = tail(shares, nodes);
    part.insert(part.end(), taken.begin(), taken.end());
  }
  std::sort(part.begin(), part.end(), first_node);
  return part;
}

// Makes elastic gangs smaller so that the job can start. Not for nothing, and not before they ran
// for a while. Looks at the longest runs, so many that a pass stays short.
bool Engine::shrink_for(const WaitingQueue::Candidate& candidate) {
  const auto& shape = queue_.shape(candidate.shape);
  const auto& policy = state_.portfolio->policy;
  const auto priority = -candidate.rank.minus_priority;
  for (const auto pool : shape.pools) {
    const auto& elastic = elastic_[pool.value()];
    if (elastic.shrinkable.empty() || !standings_[pool.value()].lease ||
        fleet_.pool(pool).gpus_free + elastic.on_loan < shape.demand.gpus ||
        !takes_reservation(pool, shape.demand)) {
      continue;
    }
    if (!ahead_) look_ahead();
    constexpr std::size_t most_looked_at = 64;
    std::vector<std::vector<Share>> parts;
    std::vector<Victim> victims;
    parts.reserve(most_looked_at);
    for (const auto& running : elastic.shrinkable) {
      if (parts.size() == most_looked_at) break;
      if (const auto ripe = running.since + policy.min_runtime; ripe > now_) {
        preempt_due_ = std::min(preempt_due_.value_or(ripe), ripe);
        break;
      }
      if (running.priority > priority || stopping_.count(running.job) > 0) continue;
      const auto id = running.job;
      const auto& gang = job_of(id);
      const auto& live = *gang.live;
      auto part = on_loan(gang, pool);
      if (part.empty()) continue;
      parts.push_back(std::move(part));
      victims.push_back(
          {id, loss_of(gang), &parts.back(), part_of(live.draws, parts.back(), gang)});
    }
    const auto anybody = [](const Victim&) { return true; };
    auto eviction = eviction_among(candidate, pool, victims, anybody);
    if (!eviction || (eviction->jobs.empty() && stopping_.empty())) continue;
    // No more than is of use, if that is enough for quota and power too.
    auto wide = parts;
    for (auto& victim : victims) {
      auto& part = parts[static_cast<std::size_t>(&victim - victims.data())];
      const auto& gang = job_of(victim.job);
      victim.shares = &part;
      part =
          of_use(fleet_.topology(), part, eviction->place, chunk_of(*gang.spec, part.front().gpus));
      victim.draws = part_of(gang.live->draws, part, gang);
    }
    if (auto narrow = eviction_among(candidate, pool, victims, anybody);
        narrow && narrow->jobs == eviction->jobs) {
      eviction = std::move(narrow);
    } else {
      parts = std::move(wide);
    }
    promise_room(candidate, pool, *eviction);
    for (const auto id : eviction->jobs) {
      const auto victim = std::find_if(victims.begin(), victims.end(),
                                       [&](const Victim& v) { return v.job == id; });
      const auto& part = parts[static_cast<std::size_t>(victim - victims.begin())];
      const auto& gang = job_of(id);
      ahead_->quotas.use(gang.team, -gpus_of(part));
      ahead_->free += serving_gpus(fleet_, part);
      resize(id, without(gang.live->shares, part), candidate.job);
    }
    keep_room(candidate, pool, eviction->place);
    return true;
  }
  return false;
}

void Engine::resize(JobId id, const std::vector<Share>& place, std::optional<JobId> room_for) {
  const auto site = site_of(*job_of(id).live);
  emit(RoomPromised{id, fleet_.sites()[site.value()].name, named(place)}, place);
  stop(id, StopCause::Resized, room_for ? fmt::format("job {}", room_for->value()) : "idle GPUs",
       room_for);
}

// How many GPUs come free when a gang that is being stopped is gone and, if it is resized, runs
// again; negative: it takes more.
std::int64_t Engine::gpus_leaving(const Job& job, JobId id) const {
  if (job.live->stopping != StopCause::Resized) return job.live->gpus;
  const auto room = state_.making_room.find(id);
  return room == state_.making_room.end() ? job.live->gpus
                                          : job.live->gpus - gpus_of(room->second.place);
}

std::vector<Share> Engine::shares_leaving(const Job& job, JobId id) const {
  if (job.live->stopping != StopCause::Resized) return job.live->shares;
  const auto room = state_.making_room.find(id);
  if (room == state_.making_room.end()) return job.live->shares;
  return without(job.live->shares, room->second.place);
}

// The place of a gang that is being resized is its own until it runs again; `at` and `until` are
// for each pass to fill in. None: it only becomes smaller.
std::optional<Planner::Reservation> Engine::promise_to_resizing(JobId id, const Job& job) const {
  const auto room = state_.making_room.find(id);
  if (room == state_.making_room.end()) return std::nullopt;
  const auto more = without(room->second.place, job.live->shares);
  if (more.empty()) return std::nullopt;
  Planner::Reservation r;
  r.job = id;
  for (const auto& share : more) r.need.nodes += share.nodes;
  r.need.gpus = gpus_of(more);
  r.need.watts = part_of(job.live->draws, more, job).count();
  r.places = ranges_of(room->second.place);
  return r;
}

void Engine::reserve_resizing() {
  for (auto& [id, promised] : resizing_) {
    if (!promised || state_.making_room.count(id) == 0) continue;
    const auto& live = *job_of(id).live;
    promised->at = now_ + Duration(1);
    promised->until = promised->at + live.walltime;
    planner_.reserve(pool_of(live), *promised);
  }
}

// The pools where gangs could grow, those first whose lease's commitment is being wasted.
std::vector<PoolIndex> Engine::pools_to_grow_in() const {
  std::vector<PoolIndex> pools;
  for (std::uint32_t i = 0; i < elastic_.size(); ++i) {
    if (!elastic_[i].growable.empty() && fleet_.nodes_free(PoolIndex(i)) > 0) pools.emplace_back(i);
  }
  if (pools.size() < 2 || state_.portfolio->leases.size() < 2) return pools;
  std::stable_partition(pools.begin(), pools.end(), [&](PoolIndex pool) {
    const auto& [key, lease, exhausted, owed] = standings_[pool.value()];
    return lease && use_of(owed, fleet_, state_.portfolio->leases[*lease]).is_wasted();
  });
  return pools;
}

// One gang of each pool in a pass: the highest priority, then the oldest. None while room is being
// made for somebody.
void Engine::grow_elastic() {
  for (const auto& [id, room] : state_.making_room) {
    if (!is_over(room)) return;
  }
  constexpr int most_looked_at = 4;
  for (const auto pool : pools_to_grow_in()) {
    const auto& growable = elastic_[pool.value()].growable;
    auto gang = growable.begin();
    for (int n = 0; n < most_looked_at && gang != growable.end(); ++n, ++gang) {
      if (grow(gang->second.job)) break;
    }
  }
}

// Onto nodes that idle and that nobody was promised.
bool Engine::grow(JobId id) {
  const auto& job = job_of(id);
  const auto& live = *job.live;
  const auto pool = pool_of(live);
  auto demand = demand_of(*job.spec);
  if (live.stopping || live.gpus >= demand.most || state_.held.count(id) > 0) return false;
  if (has_spent_all(job.spec->team)) return false;
  if (const auto ripe = *live.started + state_.portfolio->policy.resize_interval; ripe > now_) {
    preempt_due_ = std::min(preempt_due_.value_or(ripe), ripe);
    return false;
  }
  auto more = fleet_.gpus_free();
  if (!quotas_.none()) {
    more = most_within(quotas_, job.team, more);
    // Others that are being resized will have theirs: nobody is stopped for quota that is gone.
    if (!resizing_.empty() && !ahead_) look_ahead();
    if (ahead_) more = std::min(more, most_within(ahead_->quotas, job.team, ahead_->free));
  }
  std::vector<Share> place;
  {
    PreemptionRules nothing;
    nothing.went = [](const Victim&, std::int64_t) {};
    const Victim self{id, 0, &live.shares, live.draws};
    Away away(fleet_, nothing);
    away.take(self);
    Hiding hiding(fleet_);
    for (const auto& r : planner_.reservations(pool)) {
      if (r.for_job() || r.at < now_ + live.walltime) hiding.hide(r.places);
    }
    demand.gpus = live.gpus;
    if (!fleet_.fits(pool, demand)) return false;
    const auto size = largest_size(fleet_, pool, demand, live.gpus + more, [&](const Demand& d) {
      return window(fleet_, planner_, pool, d, now_) >= live.walltime;
    });
    if (size <= live.gpus) return false;
    const auto near = find_nearby(fleet_, pool, demand.sized(size), live.shares);
    place = near ? near->shares : fleet_.find(pool, demand.sized(size));
  }
  if (ahead_) {
    const auto taken = gpus_of(place) - live.gpus;
    ahead_->quotas.use(job.team, taken);
    ahead_->free -= taken;
  }
  resize(id, place, std::nullopt);
  return true;
}

}  // namespace ampacity
