// SPDX-License-Identifier: Apache-2.0
#include "sim/progress.hpp"

#include <algorithm>

namespace ampacity {

Progress progress(const Pace& pace, Duration elapsed) {
  Progress p;
  p.starting = std::min(elapsed, pace.start);
  const auto rest = elapsed - p.starting;
  if (pace.interval <= Duration(0)) {
    p.unkept = rest;
    return p;
  }
  const auto cycle = pace.interval + pace.save;
  const auto cycles = rest / cycle;
  const auto in_cycle = rest % cycle;
  p.kept = pace.interval * cycles;
  p.unkept = std::min(in_cycle, pace.interval);
  p.saving = pace.save * cycles + (in_cycle - p.unkept);
  return p;
}

Duration time_for(const Pace& pace, Duration work) {
  if (pace.interval <= Duration(0) || work <= Duration(0)) return pace.start + work;
  const auto saves = (work.count() - 1) / pace.interval.count();
  return pace.start + work + pace.save * saves;
}

}  // namespace ampacity
