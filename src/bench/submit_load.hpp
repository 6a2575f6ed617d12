// SPDX-License-Identifier: Apache-2.0
// Many HTTP clients that submit jobs as fast as they are answered, each over one connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ampacity::bench {

struct Load {
  std::string port;
  std::string token;
  int clients = 64;
  std::int64_t jobs = 100'000;
};

struct LoadResult {
  double seconds = 0;
  std::vector<std::int64_t> latencies_us;  // sorted
  std::int64_t accepted = 0;
};

// Error if any submission is not answered with 201.
Result<LoadResult> run_load(const Load& load);

}  // namespace ampacity::bench
