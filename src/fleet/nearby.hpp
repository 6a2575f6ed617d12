// SPDX-License-Identifier: Apache-2.0
// A gang that lost a node starts again on the smallest change of nodes: those of its nodes that are
// still free, and spares as near to the lost ones as there are: in the same rack, the same pod, the
// same hall, anywhere in the pool (never wider than `within` allows). Its data, its caches and its
// neighbours stay where they are (kueue#14244 asks for this). Called by policy/places for a job
// that was interrupted. Cost: O(nodes of the gang + racks looked into x nodes a rack).
#pragma once

#include <optional>
#include <vector>

#include "fleet/fleet.hpp"

namespace ampacity {

struct NearbyPlace {
  std::vector<Share> shares;  // as Fleet::find() gives them
  std::int64_t kept = 0;      // nodes that it had before
};

// None: not a gang of whole nodes, none of its nodes are free, or there are no spares within reach;
// Fleet::find() may know a place all the same.
std::optional<NearbyPlace> find_nearby(const Fleet& fleet, PoolIndex pool, const Demand& demand,
                                       const std::vector<Share>& last);

}  // namespace ampacity
