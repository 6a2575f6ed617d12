// SPDX-License-Identifier: Apache-2.0
#include "policy/windows.hpp"

#include <algorithm>

#include "policy/mixed.hpp"
#include "policy/power_ahead.hpp"
#include "policy/together.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// The reservations that name nodes, by instant.
std::vector<const Planner::Reservation*> promised_places(const Planner& planner, PoolIndex pool) {
  std::vector<const Planner::Reservation*> all;
  for (const auto& r : planner.reservations(pool)) {
    if (!r.places.empty()) all.push_back(&r);
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->at < b->at; });
  return all;
}

}  // namespace

// Hides what a gang that runs until `until` may not use.
void hide_promised(Hiding& hiding, const Planner& planner, PoolIndex pool, Instant until) {
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at < until) hiding.hide(r->places);
  }
}

Duration window(Fleet& fleet, const Planner& planner, PoolIndex pool, const Demand& demand,
                Instant now) {
  if (!fleet.fits(pool, demand)) return Duration(0);
  const auto free = Planner::free_now(fleet, pool);
  const auto longest = std::min(
      planner.window(pool, free, taken_now(fleet, pool, demand), now),
      power_window(fleet, planner, fleet.pool(pool).site, fleet.power_of(pool, demand), now));
  Hiding hiding(fleet);
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at - now >= longest) break;
    hiding.hide(r->places);
    if (!fleet.fits(pool, demand)) return r->at - now;
  }
  return longest;
}

Duration longest_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now) {
  Duration longest(0);
  for (std::size_t k = 0; k < shape.pools.size(); ++k) {
    auto there = window(fleet, planner, shape.pools[k], shape.demand, now);
    if (!shape.speeds.empty() && there != Planner::unlimited) {
      there = Duration(scaled(there.count(), shape.speeds[k].count(), one.count()));
    }
    longest = std::max(longest, there);
  }
  if (shape.demand.mixed) longest = std::max(longest, mixed_window(fleet, planner, shape, now));
  return longest;
}

// Whose promise keeps a gang of this length out of a pool where it fits; null if nobody's.
const Planner::Reservation* in_the_way(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                                       const Demand& demand, Duration walltime, Instant now) {
  const auto* blocker = planner.blocker(pool, Planner::free_now(fleet, pool),
                                        taken_now(fleet, pool, demand), walltime, now);
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at - now < walltime && (blocker == nullptr || r->at < blocker->at)) blocker = r;
  }
  return blocker;
}

std::optional<Planner::Reservation> promise(const Fleet& fleet, const Planner& planner,
                                            PoolIndex pool, const Demand& demand,
                                            const Promisee& to, Instant now) {
  auto need = need_of(fleet, pool, demand);
  need.gpus += to.held_back;
  const auto free = Planner::free_now(fleet, pool);
  auto from = now;
  Planner::Reservation r{to.job, {}, {}, need, {}, "", false};
  const auto pieces = *cut(demand, fleet.pool(pool).gpus_per_node);
  const bool anywhere = demand.within.value_or(Level::Site) == Level::Site && pieces.segment == 0;
  if (pieces.untouched && !anywhere) {
    auto place = when_together(fleet, planner, pool,
                               {pieces.nodes(), demand.within, demand.prefer, pieces.segment},
                               to.walltime, now);
    if (!place) return std::nullopt;
    from = place->at - Duration(1);
    for (const auto rack : place->racks) r.places.push_back(fleet.topology().nodes_of(rack));
  }
  if (fleet.hall_power().is_tight(pool)) {
    const auto fed = fed_from(fleet, planner, pool, demand, now);
    if (!fed) return std::nullopt;
    from = std::max(from, *fed - Duration(1));
  }
  const auto at = planner.earliest(pool, free, need, to.walltime, from);
  if (!at) return std::nullopt;
  r.at = *at;
  r.until = *at + to.walltime;
  return r;
}

}  // namespace ampacity
