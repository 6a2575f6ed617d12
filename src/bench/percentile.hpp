// SPDX-License-Identifier: Apache-2.0
// Of sorted figures the one that so many in a thousand do not exceed. Called by the commands of
// this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ampacity::bench {

// 0 where there are none.
inline std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t per_thousand) {
  return sorted.empty() ? 0
                        : sorted[std::min(sorted.size() - 1, sorted.size() * per_thousand / 1'000)];
}

}  // namespace ampacity::bench
