// SPDX-License-Identifier: Apache-2.0
// `ampacity soak`: random conversations with the engine by seed, until one of them fails.
#pragma once

#include <cstdint>

#include "client/exit_code.hpp"

namespace ampacity::bench {

struct SoakCall {
  std::uint64_t seed = 1;    // the first
  std::int64_t seeds = 100;  // so many
  std::int64_t steps = 200;  // of each
  bool canary = false;       // fail on purpose
  bool json = false;
};

client::Exit soak(const SoakCall& call);

}  // namespace ampacity::bench
