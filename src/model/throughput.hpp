// SPDX-License-Identifier: Apache-2.0
// What slower work of a GPU saves, and how slow it becomes under a cap of its power. By the
// accelerator's measured curve where it has one (piecewise linear, from no power and no work on),
// else by the cube law of dynamic_power_at() (model/curtailment.hpp). All shares are of the power
// above idle that the job draws at its full pace. Called by the fleet for what a gang draws, by the
// engine for its pace. Pure integer arithmetic; what is rounded is within a millionth.
#pragma once

#include <vector>

#include "model/accelerator.hpp"
#include "model/job.hpp"

namespace ampacity {

inline constexpr auto a_percent = Ratio::of(10'000);  // of a pace

// The last pace of 1 % to 100 %, in whole percent, up to which it holds; 1 % if it never does.
template <class Holds>
Ratio last_pace(const Holds& holds) {
  std::int64_t last = 1;
  for (std::int64_t beyond = 101; beyond - last > 1;) {
    const auto middle = (last + beyond) / 2;
    (holds(a_percent * middle) ? last : beyond) = middle;
  }
  return a_percent * last;
}

// What is left of that power at this pace, and the highest pace that is left of so much power.
Ratio power_at_pace(const Accelerator& accelerator, Ratio pace);
Ratio pace_at_power(const Accelerator& accelerator, Ratio power);

// A job that draws this share of the span from idle to TDP, when no GPU of it may draw more than
// the cap: the share that it draws then, and its pace. A cap that leaves less than a percent of its
// pace, as one below idle power does, leaves none: 0.
struct Capped {
  Ratio draw;
  Ratio pace = one;
};
Capped capped(const Accelerator& accelerator, Ratio draw, const PowerCap& cap);

// What a gang draws at a pace: its rest at any, and of each of its accelerators what it draws
// beyond that at full pace, under its own cap.
class GangPower {
 public:
  explicit GangPower(Power rest = {}) : rest_(rest) {}
  // `pace`: at which its own cap has these GPUs.
  void add(const Accelerator& accelerator, Power dynamic, Ratio pace);
  Power at(Ratio pace) const;
  // In whole percent, 1 % at least: the fastest pace that draws no more, and the slowest that draws
  // no less.
  Ratio fastest_below(Power most) const;
  Ratio slowest_above(Power least) const;

 private:
  struct Curved {
    const Accelerator* accelerator = nullptr;
    Power dynamic;
    Ratio at_cap = one;
  };
  Power rest_;
  Power by_cube_;               // of all accelerators without a curve, whatever their caps
  std::vector<Curved> curved_;  // the others
};

}  // namespace ampacity
