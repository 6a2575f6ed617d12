// SPDX-License-Identifier: Apache-2.0
// The only place that reads the time of day. Stamps the instants that the engine is given.
#pragma once

#include <chrono>

#include "units/time.hpp"

namespace ampacity {

inline Instant wall_clock_now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

}  // namespace ampacity
