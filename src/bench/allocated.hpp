// SPDX-License-Identifier: Apache-2.0
// What the program has allocated, by the count of its own allocator: jemalloc where it is linked,
// else the C library's. Called by the loads that report the memory of a thing. Two counts with the
// things between them; what either rounds up to is in it.
#pragma once

#include <cstdint>

namespace ampacity::bench {

std::int64_t allocated_bytes();

}  // namespace ampacity::bench
