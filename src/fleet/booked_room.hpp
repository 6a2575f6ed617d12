// SPDX-License-Identifier: Apache-2.0
// Where a gang stands inside a booking: on the booked nodes of one pool that nobody uses, by the
// same best fit as outside (FreeIndex). Called by the engine for jobs that name a booking that has
// begun. Cost: O(booked nodes + racks of the pool).
#pragma once

#include <optional>
#include <vector>

#include "fleet/fleet.hpp"

namespace ampacity {

// None: it does not fit now. Shares ascend, as Fleet::find() gives them.
std::optional<std::vector<Share>> find_booked(const Fleet& fleet, PoolIndex pool,
                                              const Demand& demand,
                                              const std::vector<Share>& booked);

// `shares` without these nodes; runs of neighbours are cut where one is missing.
std::vector<Share> without(const std::vector<Share>& shares, const std::vector<Share>& gone);
std::vector<NodeRange> ranges_of(const std::vector<Share>& shares);
// GPUs that come back to the pool when these are given back.
std::int64_t serving_gpus(const Fleet& fleet, const std::vector<Share>& shares);

}  // namespace ampacity
