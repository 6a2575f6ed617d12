// SPDX-License-Identifier: Apache-2.0
#include "model/throughput.hpp"

#include <algorithm>

#include "model/curtailment.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// `from` of a point, to its `to`, between the points around x.
Ratio along(const std::vector<ThroughputPoint>& curve, Ratio ThroughputPoint::*from,
            Ratio ThroughputPoint::*to, Ratio x) {
  ThroughputPoint before;
  for (const auto& point : curve) {
    if (x > point.*from) {
      before = point;
      continue;
    }
    const auto run = (point.*from - before.*from).count();
    const auto rise = (point.*to - before.*to).count();
    return before.*to + Ratio::of(scaled((x - before.*from).count(), rise, run));
  }
  return curve.back().*to;
}

}  // namespace

std::string to_text(const PowerCap& cap) {
  if (cap.watts > Power()) return to_text(cap.watts) + "/GPU";
  return fmt::format("{} % of TDP", to_text(Ratio::of(cap.of_tdp.count() * 100)));
}

Ratio power_at_pace(const Accelerator& accelerator, Ratio pace) {
  const auto& curve = accelerator.throughput_curve;
  if (curve.empty()) return dynamic_power_at(pace);
  return along(curve, &ThroughputPoint::throughput, &ThroughputPoint::power, pace);
}

Ratio pace_at_power(const Accelerator& accelerator, Ratio power) {
  const auto& curve = accelerator.throughput_curve;
  if (!curve.empty()) {
    return along(curve, &ThroughputPoint::power, &ThroughputPoint::throughput, power);
  }
  std::int64_t enough = 0;
  auto too_high = one.count() + 1;
  while (too_high - enough > 1) {
    const auto middle = (enough + too_high) / 2;
    (dynamic_power_at(Ratio::of(middle)) <= power ? enough : too_high) = middle;
  }
  return Ratio::of(enough);
}

Capped capped(const Accelerator& accelerator, Ratio draw, const PowerCap& cap) {
  const auto watts = cap.watts > Power() ? cap.watts : times(accelerator.tdp, cap.of_tdp);
  const auto span = accelerator.tdp - accelerator.idle;
  const auto room = std::max(watts - accelerator.idle, Power());
  if (span <= Power() || times(span, draw) <= room) return {draw, one};
  const auto share = Ratio::of(room.count() * one.count() / span.count());  // rounded down
  const auto of_own = Ratio::of(scaled(share.count(), one.count(), draw.count()));
  const auto pace = pace_at_power(accelerator, of_own);
  return {share, pace < a_percent ? Ratio() : pace};
}

void GangPower::add(const Accelerator& accelerator, Power dynamic, Ratio pace) {
  if (accelerator.throughput_curve.empty()) {
    by_cube_ += dynamic;  // the cube of a product is the product of the cubes
  } else {
    curved_.push_back({&accelerator, dynamic, pace});
  }
}

Power GangPower::at(Ratio pace) const {
  auto sum = rest_ + times(by_cube_, dynamic_power_at(pace));
  for (const auto& part : curved_) {
    const auto all = power_at_pace(*part.accelerator, part.at_cap).count();
    if (all == 0 || pace == one) {
      sum += part.dynamic;
      continue;
    }
    const auto left = Ratio::of(scaled(pace.count(), part.at_cap.count(), one.count()));
    sum += Power::of(
        scaled(part.dynamic.count(), power_at_pace(*part.accelerator, left).count(), all));
  }
  return sum;
}

Ratio GangPower::fastest_below(Power most) const {
  return last_pace([&](Ratio pace) { return at(pace) <= most; });
}

Ratio GangPower::slowest_above(Power least) const {
  const auto below = last_pace([&](Ratio pace) { return at(pace) < least; });
  return at(below) >= least ? below : std::min(below + a_percent, one);
}

}  // namespace ampacity
