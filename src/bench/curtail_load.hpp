// SPDX-License-Identifier: Apache-2.0
// A full site is called to draw less: how long is the one decision that says who gives up what?
// As engine_load.hpp: the engine alone, and a digest of the state that it came to.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.hpp"
#include "units/quantity.hpp"

namespace ampacity::bench {

struct CurtailLoad {
  std::int64_t gpus = 100'000;  // at least, in NVL72 racks of one site
  std::int64_t waiting = 2'000;
  std::int64_t percent = 25;  // of what the site draws
  std::int64_t repeats = 50;  // each on a copy
};
struct CurtailTimes {
  std::vector<std::int64_t> calls_ns;    // sorted: the call, at once
  std::vector<std::int64_t> ends_ns;     // sorted: all that stop for it end in one instant
  std::vector<std::int64_t> returns_ns;  // sorted: it is called off
  std::int64_t gpus = 0;
  std::int64_t running = 0;  // gangs
  std::int64_t waiting = 0;
  Power drawn;  // at the meter, before
  Power asked;
  Power wanted;   // of IT
  Power planned;  // by the gangs
  std::int64_t slower = 0;
  std::int64_t smaller = 0;
  std::int64_t paused = 0;
  std::int64_t moved = 0;
  Digest digest;  // after the call
};
CurtailTimes run_curtail(const CurtailLoad& load);

}  // namespace ampacity::bench
