// SPDX-License-Identifier: Apache-2.0
// How far an attempt has come, in wall time: starting, working, saving. Pure arithmetic, called by
// sim/gangs when a gang starts, is told to stop, and ends.
//
//   | start |  work  |save|  work  |save|  wor…        a checkpoint after each `interval` of work
//
// Work that a checkpoint holds is kept; what came after it has to be done again. A job without an
// interval keeps nothing before its end.
#pragma once

#include "units/quantity.hpp"

namespace ampacity {

struct Pace {
  Duration start{};     // until work begins
  Duration interval{};  // of work between checkpoints; 0: never
  Duration save{};      // that one takes
};

// Sums to the time that it was asked about.
struct Progress {
  Duration starting{};
  Duration kept{};    // work that a checkpoint holds
  Duration unkept{};  // work since then
  Duration saving{};
};

Progress progress(const Pace& pace, Duration elapsed);
// From the start of an attempt until so much work is done; none is saved at its very end.
Duration time_for(const Pace& pace, Duration work);

}  // namespace ampacity
