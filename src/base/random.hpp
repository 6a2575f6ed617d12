// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same everywhere, unlike the standard's distributions: SplitMix64, and
// what simulations draw from it, in integers. Called by sim/ and by tests; the engine draws none.
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
  // 0 to n - 1; requires n > 0. Multiplies, so that no remainder favours the small ones.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((UWide{next()} * n) >> 64U);
  }
  // True so often in a million.
  bool chance(std::int64_t ppm) {
    return below(1'000'000) < static_cast<std::uint64_t>(ppm < 0 ? 0 : ppm);
  }
  // Exponentially distributed with this mean (the gaps of a Poisson process); at least 0.
  std::int64_t exponential(std::int64_t mean);

 private:
  std::uint64_t state_;
};

// -ln(x / 2^64) in units of 2^-32, for x >= 1; exact to 2^-28.
std::int64_t minus_log(std::uint64_t x);

}  // namespace ampacity
