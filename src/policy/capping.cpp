// SPDX-License-Identifier: Apache-2.0
#include "policy/capping.hpp"

#include <algorithm>
#include <map>

namespace ampacity {
namespace {

using Class = std::vector<const Load*>;

std::map<std::int64_t, Class> by_priority(const std::vector<Load>& loads) {
  std::map<std::int64_t, Class> classes;
  for (const auto& load : loads) classes[load.priority].push_back(&load);
  return classes;
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

// The highest pace, in whole percent, at which no less than `wanted` is saved; 1 % if none does.
Ratio common_pace(const Class& gangs, Power wanted, PaceOf pace_of) {
  return last_pace([&](Ratio pace) { return saved(gangs, pace, pace_of) >= wanted; });
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
    put(pacing, gangs, common_pace(gangs, wanted - pacing.power, slowed_to), slowed_to);
  }
  in_order(pacing);
  return pacing;
}

Stopping stop_by_priority(const std::vector<Load>& loads, Power wanted) {
  Stopping stopping;
  for (const auto& [priority, gangs] : by_priority(loads)) {
    if (stopping.power >= wanted) break;
    std::vector<Load> unpaced;
    for (const auto* load : gangs) {
      unpaced.push_back(*load);
      unpaced.back().least_pace = load->pace;
      unpaced.back().spare = 0;
    }
    const auto relief = shed(unpaced, wanted - stopping.power);
    stopping.power += relief.power;
    for (const auto* stopped : {&relief.paused, &relief.moved}) {
      stopping.gangs.insert(stopping.gangs.end(), stopped->begin(), stopped->end());
    }
  }
  std::sort(stopping.gangs.begin(), stopping.gangs.end());
  return stopping;
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
