// SPDX-License-Identifier: Apache-2.0
// How long a gang may run where it fits now, before it is in the way of what is promised to others
// or booked; and from when a gang that does not fit is promised its place. Called by the choice of
// a place and by the engine's pass. Costs: O(reservations of the pool x log gangs), plus the nodes
// of promised places.
#pragma once

#include <optional>

#include "policy/demand.hpp"

namespace ampacity {

// Hides what a gang that runs until `until` may not use.
void hide_promised(Hiding& hiding, const Planner& planner, PoolIndex pool, Instant until);

// How long a gang of this shape could run if it started in this pool now; 0 when it does not fit.
// (The fleet of these is as it was when they return: what is promised to others is hidden
// on the way.)
Duration window(Fleet& fleet, const Planner& planner, PoolIndex pool, const Demand& demand,
                Instant now);
// The longest of its pools: no job of this shape with a longer walltime (at full speed) can start
// now.
Duration longest_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now);

// Whose promise keeps a gang of this length out of a pool where it fits; null if nobody's.
const Planner::Reservation* in_the_way(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                                       const Demand& demand, Duration walltime, Instant now);

// Where and from when a job that cannot start is promised its place in this pool.
struct Promisee {
  JobId job;
  Duration walltime{};         // in this pool
  std::int64_t held_back = 0;  // GPUs that have to stay free for the guarantees of others
};
std::optional<Planner::Reservation> promise(const Fleet& fleet, const Planner& planner,
                                            PoolIndex pool, const Demand& demand,
                                            const Promisee& to, Instant now);
}  // namespace ampacity
