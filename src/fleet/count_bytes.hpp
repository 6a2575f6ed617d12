// SPDX-License-Identifier: Apache-2.0
// How many of a run of bytes have a value, eight at a time: the fleet keeps a byte for what is free
// on a node and one for why it is out of service, and counts them by rack for every gang that comes
// or goes. Called by Fleet. Exact for every value (Warren, Hacker's Delight, 6-1).
#pragma once

#include <cstdint>
#include <cstring>

namespace ampacity {

inline std::int64_t count_bytes(const std::uint8_t* begin, const std::uint8_t* end,
                                std::uint8_t value) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
  constexpr std::uint64_t low = 0x7F * ones;
  std::int64_t count = 0;
  for (; end - begin >= 8; begin += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, begin, 8);
    word ^= ones * value;  // equal ones are 0
    const auto equal = ~(((word & low) + low) | word | low) >> 7U;
    count += static_cast<std::int64_t>(equal * ones >> 56U);
  }
  for (; begin < end; ++begin) count += *begin == value ? 1 : 0;
  return count;
}

}  // namespace ampacity
