// SPDX-License-Identifier: Apache-2.0
// A gang that spans several accelerators of one site, because it asked for that and no single pool
// has room: whole nodes of each, as fast as the slowest that it accepts. Called by the choice of a
// place when that has found none. Cost: O(accepted pools x log nodes x reservations).
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "policy/places.hpp"

namespace ampacity {

// GPUs of all accepted pools of the best site, all healthy and energised.
std::int64_t most_mixed(const Fleet& fleet, const Shape& shape);
// How long such a gang could run now (at full speed); 0: it does not fit.
Duration mixed_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now);

std::optional<Choice> choose_mixed(const Scene& scene, const Applicant& job);

// Where and from when its parts are promised their places, in pools that are `open` for it. Empty:
// not in sight.
std::vector<std::pair<PoolIndex, Planner::Reservation>> promise_mixed(
    const Scene& scene, const Applicant& to, const std::function<bool(PoolIndex)>& open);

}  // namespace ampacity
