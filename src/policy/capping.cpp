// SPDX-License-Identifier: Apache-2.0
#include "policy/capping.hpp"

#include <algorithm>
#include <map>

namespace ampacity {
namespace {

constexpr std::int64_t a_percent = 10'000;

using Class = std::vector<const Load*>;

std::map<std::int64_t, Class> by_priority(const std::vector<Load>& loads) {
  std::map<std::int64_t, Class> classes;
  for (const auto& load : loads) classes[load.priority].push_back(&load);
  return classes;
}

Ratio slowed(const Load& load, Ratio common) {
  return std::min(load.pace, std::max(common, load.least_pace));
}

Ratio raised(const Load& load, Ratio common) {
  return std::max(load.pace, common);
}

using PaceOf = Ratio (*)(const Load&, Ratio);

// How much less it draws then; negative: more.
Power saved(const Class& gangs, Ratio common, PaceOf pace_of) {
  Power sum;
  for (const auto* load : gangs) {
    sum += draw_at(*load, load->pace) - draw_at(*load, pace_of(*load, common));
  }
  return sum;
}

// The highest pace, in whole percent, at which no less than `wanted` is saved; 1 if there is none.
Ratio common_pace(const Class& gangs, Power wanted, PaceOf pace_of) {
  std::int64_t enough = 1;
  for (std::int64_t too_high = 101; too_high - enough > 1;) {
    const auto middle = (enough + too_high) / 2;
    const bool is_enough = saved(gangs, Ratio::of(middle * a_percent), pace_of) >= wanted;
    (is_enough ? enough : too_high) = middle;
  }
  return Ratio::of(enough * a_percent);
}

void put(Pacing& pacing, const Class& gangs, Ratio common, PaceOf pace_of) {
  pacing.power += saved(gangs, common, pace_of);
  for (const auto* load : gangs) {
    const auto pace = pace_of(*load, common);
    if (pace != load->pace) pacing.paces.push_back({load->job, pace});
  }
}

void in_order(Pacing& pacing) {
  std::sort(pacing.paces.begin(), pacing.paces.end(),
            [](const auto& a, const auto& b) { return a.job < b.job; });
}

}  // namespace

Pacing slow_by_priority(const std::vector<Load>& loads, Power wanted) {
  Pacing pacing;
  for (const auto& [priority, gangs] : by_priority(loads)) {
    if (pacing.power >= wanted) break;
    put(pacing, gangs, common_pace(gangs, wanted - pacing.power, slowed), slowed);
  }
  in_order(pacing);
  return pacing;
}

Pacing raise_by_priority(const std::vector<Load>& loads, Power room, Ratio least) {
  Pacing pacing;
  const auto classes = by_priority(loads);
  for (auto it = classes.rbegin(); it != classes.rend(); ++it) {
    const auto& gangs = it->second;
    const auto common = common_pace(gangs, Power() - room - pacing.power, raised);
    const bool worth = std::any_of(gangs.begin(), gangs.end(), [&](const Load* load) {
      return common == one ? load->pace < one : raised(*load, common) >= load->pace + least;
    });
    if (worth) put(pacing, gangs, common, raised);
    if (common != one) break;  // those below wait for those above
  }
  pacing.power = Power() - pacing.power;
  in_order(pacing);
  return pacing;
}

}  // namespace ampacity
