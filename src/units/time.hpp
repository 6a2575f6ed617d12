// SPDX-License-Identifier: Apache-2.0
// Instants and durations in whole milliseconds (UTC), on a clock that declares no now(): the pure
// rooms cannot read a clock even by mistake. The edges stamp an Instant and pass it in
// (serve/wall_clock.hpp). Instants are range-checked once, at admission: year 2000 to 2200.
#pragma once

#include <chrono>
#include <cstdint>

namespace ampacity {

struct FleetClock {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = std::chrono::milliseconds;
  using time_point = std::chrono::time_point<FleetClock, duration>;
  static constexpr bool is_steady = false;
};

using Duration = FleetClock::duration;
using Instant = FleetClock::time_point;

constexpr std::int64_t to_ms(Instant t) {
  return t.time_since_epoch().count();
}
constexpr Instant from_ms(std::int64_t ms) {
  return Instant(Duration(ms));
}

constexpr Duration an_hour{3'600'000};
constexpr Instant begin_of_hour(Instant t) {
  return t - t.time_since_epoch() % an_hour;
}

}  // namespace ampacity
