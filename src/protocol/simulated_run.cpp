// SPDX-License-Identifier: Apache-2.0
#include "protocol/simulated_run.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {

Duration simulated_run(const StartGang& start) {
  auto time = simulated_work(*start.spec, start.walltime).count();
  // The walltime is of these accelerators already.
  if (start.spec->simulated_runtime) time = scaled(time, one.count(), start.speed.count());
  std::int64_t gpus = 0;
  for (const auto& share : start.nodes) gpus += share.nodes * share.gpus;
  return Duration(scaled(time, start.spec->gpus.count(), std::max<std::int64_t>(gpus, 1)));
}

}  // namespace ampacity
