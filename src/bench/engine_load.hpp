// SPDX-License-Identifier: Apache-2.0
// Loads for the engine alone: no journal, no HTTP, no processes, time is an argument. Each answers
// with a digest of the state that it came to, so that a faster engine can be told from another one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.hpp"

namespace ampacity::bench {

// A cold start: an empty fleet of 25,002 nodes (100,008 GPUs in NVL72 racks) and 6,572 gangs of
// 1, 18, 72, 288 and 1,152 nodes that fill it exactly, submitted in one instant.
struct FillResult {
  double seconds = 0;  // of the one decision: all submitted, ordered, placed
  std::int64_t gangs = 0;
  std::int64_t nodes = 0;
  std::int64_t placed = 0;
  Digest digest;
};
FillResult run_fill();

// A full fleet and a long queue: a gang ends, what starts? Each decision is timed alone.
struct DecideLoad {
  std::int64_t gpus = 4'000'000;
  std::int64_t waiting = 1'000'000;
  std::int64_t decisions = 20'000;
};
struct DecideResult {
  std::vector<std::int64_t> latencies_ns;  // sorted
  std::int64_t gpus = 0;
  std::int64_t running = 0;  // gangs, at the end
  std::int64_t waiting = 0;
  std::int64_t started = 0;  // by the timed decisions
  double copy_seconds = 0;   // of the whole engine, as a what-if takes it
  std::int64_t bytes_per_waiting_job = 0;
  Digest digest;
};
DecideResult run_decide(const DecideLoad& load);

}  // namespace ampacity::bench
