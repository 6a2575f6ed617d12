// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine, unlike the standard's distributions. Used by
// sim/conversation.hpp and sim/synthetic.hpp; never by the engine. SplitMix64: a state of 64 bits,
// every seed is good, about a nanosecond a number.
#pragma once

#include <cstdint>

namespace ampacity {

__extension__ using UWide = unsigned __int128;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    auto z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  // One of 0 to `bound` - 1; no value is likelier than another by more than bound / 2^64.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<UWide>(next()) * bound) >> 64U);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ampacity
