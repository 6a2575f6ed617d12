// SPDX-License-Identifier: Apache-2.0
// A site, a lease or a provider under which more is drawn than its limit, measured or by the model:
// the gangs there work slower, those of the lowest priority first (policy/capping.hpp), until no
// more than policy.capping_target of the limit is drawn, and nobody starts there. They are raised
// again as far as that share allows, from the highest priority down, and as the ramp of their site
// allows. Nobody is stopped. While a curtailment is on it has the site, and what it slows is slower
// already. docs/decisions/0022-ramps-readings-capping.md says why.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

// Only when something says that somewhere too much may be drawn.
void Engine::cap_power() {
  if (!power_check_) return;
  power_check_ = false;
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    if (!fleet_.is_over(SiteIndex(i))) continue;
    for (const auto& level : fleet_.levels_of(SiteIndex(i))) {
      if (level.is_over()) cap(level);
    }
  }
}

// Whoever states how slow it may become is never slower; all others as the policy says.
std::vector<Load> Engine::cappable_loads(SiteIndex site) const {
  if (!can_pace(site) || is_curtailed(site)) return {};
  auto loads = loads_of(site);
  std::erase_if(loads, [&](const Load& load) { return !job_of(load.job).live->started; });
  for (auto& load : loads) {
    const auto& slowest = job_of(load.job).spec->slowest;
    load.least_pace = slowest.value_or(state_.portfolio->policy.capping_slowest);
  }
  return loads;
}

void Engine::cap(const Fleet::LevelLoad& level) {
  std::vector<Load> loads;
  std::vector<std::string> names;
  bool measured = false;
  bool known = true;
  for (const auto site : level.sites) {
    if (is_curtailed(site)) continue;
    for (auto& load : cappable_loads(site)) loads.push_back(std::move(load));
    names.push_back(fleet_.sites()[site.value()].name);
    measured |= fleet_.is_measured(site);
    known &= state_.capped.count(names.back()) > 0;
  }
  if (names.empty()) return;
  const auto wanted = level.drawn - times(level.limit, state_.portfolio->policy.capping_target);
  const auto pacing = slow_by_priority(loads, wanted);
  if (pacing.paces.empty() && known) return;  // this was said
  const auto whose = fmt::format("{} {}", name_of(level.level), level.name);
  emit(PowerCapped{whose, names, level.drawn, level.limit, measured, wanted, pacing.power});
  for (const auto& slowed : pacing.paces) set_pace(slowed.job, slowed.pace, "capping at " + whose);
}

// What may be drawn more before a level has its share again.
Power Engine::room_to_raise(SiteIndex site) const {
  auto room = Fleet::unlimited_power;
  for (const auto& level : fleet_.levels_of(site)) {
    const auto target = times(level.limit, state_.portfolio->policy.capping_target);
    if (level.limit > Power()) room = std::min(room, target - level.drawn);
  }
  return room;
}

// In every pass: `slowed` are the gangs there that work below their pace.
void Engine::restore_capped(SiteIndex site, const std::vector<JobId>& slowed) {
  const auto name = fleet_.sites()[site.value()].name;
  std::vector<Load> loads;
  for (auto& load : loads_of(site)) {
    if (std::binary_search(slowed.begin(), slowed.end(), load.job)) loads.push_back(load);
  }
  constexpr auto least = Ratio::of(50'000);  // less would be noise of the meter
  const auto pacing = raise_by_priority(loads, room_to_raise(site), least);
  for (const auto& raised : pacing.paces) {
    if (state_.ramps.count(name) == 0) {
      set_pace(raised.job, raised.pace, "capping at " + name);
    } else if (!raise(raised.job, site, raised.pace)) {
      break;
    }
  }
}

// Where nobody is slow any more under any level of the site.
void Engine::end_capping() {
  std::set<SiteIndex> slow;
  for (const auto id : paced_) {
    const auto& live = *job_of(id).live;
    if (!live.stopping && state_.capped.count(live.site) > 0) slow.insert(site_of(live));
  }
  std::vector<std::string> over;
  for (const auto& [name, since] : state_.capped) {
    const auto site = site_index(name);
    bool held = slow.count(site) > 0;
    for (const auto& level : fleet_.levels_of(site)) {
      for (const auto other : level.sites) held |= slow.count(other) > 0;
    }
    if (!held && !is_curtailed(site) && !fleet_.is_over(site)) over.push_back(name);
  }
  for (auto& name : over) emit(CappingEnded{std::move(name), "its gangs are at their pace"});
}

void Engine::apply(const PowerCapped& event, Instant at) {
  for (const auto& site : event.sites) {
    state_.capped.try_emplace(site, at);
    fleet_.set_power_closed(site_index(site), true);
  }
  dirty_ = true;
}

void Engine::apply(const CappingEnded& event, Instant) {
  state_.capped.erase(event.site);
  fleet_.set_power_closed(site_index(event.site), false);
  dirty_ = true;
}

}  // namespace ampacity
