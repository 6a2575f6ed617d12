// SPDX-License-Identifier: Apache-2.0
// When a gang that must stand together (one rack, pod or hall; segments that each sit in a rack)
// can start, and in which racks: the running gangs are taken away in the order of their expected
// ends until it fits. Counting nodes would promise it a place in pieces. Called by the engine for a
// reservation, which then keeps these racks free of whatever runs for longer. Cost: O(nodes of the
// gangs that end before it + racks of the pool).
#pragma once

#include <optional>
#include <vector>

#include "policy/planner.hpp"

namespace ampacity {

struct TogetherPlace {
  Instant at;
  std::vector<RackIndex> racks;  // ascending
};

// The racks that have been promised already are left out, and those of bookings that begin before a
// gang of this walltime could end. None: not even when everything has ended.
std::optional<TogetherPlace> when_together(const Fleet& fleet, const Planner& planner,
                                           PoolIndex pool, const FreeIndex::Ask& ask,
                                           Duration walltime, Instant now);

}  // namespace ampacity
