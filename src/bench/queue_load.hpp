// SPDX-License-Identifier: Apache-2.0
// Many queues that borrow from each other: 50,000 workloads of 1,000 teams in ten groups, nine
// times what the fleet holds at once, from the first submission to the last end. The shape is that
// of Kueue's own scalability test (sizes 1, 5 and 20 as 70 : 20 : 10); every second team has three
// times the work of the others, so that it lives on what they leave.
#pragma once

#include <cstdint>

#include "base/digest.hpp"

namespace ampacity::bench {

struct QueueLoad {
  std::int64_t queues = 1'000;
  std::int64_t workloads = 50'000;
};
struct QueueResult {
  double seconds = 0;  // of all decisions; virtual time costs nothing
  std::int64_t workloads = 0;
  std::int64_t passes = 0;         // calls of the engine
  std::int64_t started = 0;        // attempts
  std::int64_t preempted = 0;      // of these
  std::int64_t most_borrowed = 0;  // GPUs in use beyond guarantees, at the highest
  std::int64_t gpus = 0;
  Digest digest;
};
QueueResult run_queues(const QueueLoad& load);

}  // namespace ampacity::bench
