// SPDX-License-Identifier: Apache-2.0
// Who works slower at a site that draws more than its limit, and who is raised when there is room
// again. By priority: the lowest slow first, all of one priority at one pace as far as each
// accepts it, and only when that is not enough those of the next; raised from the highest down.
// And who is stopped where no pace is slow enough, by priority too.
// Called by engine/capping. Pure arithmetic. Cost: O(gangs x log gangs).
#pragma once

#include <vector>

#include "policy/shedding.hpp"

namespace ampacity {

struct Pacing {
  std::vector<Relief::Slowed> paces;  // those that change, ascending by job
  Power power;                        // that they save, or take, together
  bool operator==(const Pacing&) const = default;
};

// Saves at least `wanted`, or all that paces can save.
Pacing slow_by_priority(const std::vector<Load>& loads, Power wanted);
// Saves at least `wanted`, or all that gangs that may pause or move draw: the lowest priority
// first, within it in the order of shed() (policy/shedding.hpp), each at the pace that it has.
struct Stopping {
  std::vector<JobId> gangs;  // ascending
  Power power;
  bool operator==(const Stopping&) const = default;
};
Stopping stop_by_priority(const std::vector<Load>& loads, Power wanted);
// Takes no more than `room`. Who is not raised to its full pace is raised by `least` or not at all.
Pacing raise_by_priority(const std::vector<Load>& loads, Power room, Ratio least);

}  // namespace ampacity
