// SPDX-License-Identifier: Apache-2.0
// The fleet and the numbers of the engine's benchmarks.
#pragma once

#include <cstdint>

#include "model/portfolio.hpp"

namespace ampacity::bench {

// SplitMix64, so that the load is the same everywhere.
class Numbers {
 public:
  std::uint64_t next() {
    auto z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
  }

 private:
  std::uint64_t state_ = 42;
};

Instant bench_epoch();
// So many NVL72 racks of GB200, spread evenly over the sites.
Portfolio bench_portfolio(std::int64_t racks, std::int64_t sites);

}  // namespace ampacity::bench
