// SPDX-License-Identifier: Apache-2.0
// A rack, a hall, a site, a lease or a provider under which more is drawn than its limit, measured
// or by the model: the gangs there work slower, those of the lowest priority first
// (policy/capping.hpp), until no more than policy.capping_target of the limit is drawn, and nobody
// starts there. They are raised again as far as that share allows, from the highest priority down,
// and as the ramp of their site allows. Where all are as slow as they may be and the limit is still
// exceeded after policy.capping_patience, gangs that may be requeued are stopped, the lowest
// priority first. While a curtailment is on it has the site, and what it slows is slower already.
// docs/decisions/0022-ramps-readings-capping.md says why.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

constexpr auto raised_by = Ratio::of(50'000);  // at least: less would be noise of the meter

std::string whose(const Fleet::LevelLoad& level) {
  return fmt::format("{} {}", name_of(level.level), level.name);
}

// What of a place stands in these nodes.
std::vector<Share> part_in(const std::vector<Share>& shares, NodeRange nodes) {
  std::vector<Share> part;
  for (const auto& share : shares) {
    const auto own = nodes_of(share);
    const auto begin = std::max(own.begin, nodes.begin);
    const auto end = std::min(own.end, nodes.end);
    if (begin < end) part.push_back({NodeIndex(begin), end - begin, share.gpus});
  }
  return part;
}

}  // namespace

// Only when something says that somewhere too much may be drawn. From the inside to the outside:
// what is saved in a hall is saved at its site.
void Engine::cap_power() {
  if (!power_check_) return;
  power_check_ = false;
  capping_due_.reset();
  for (const auto& before : fleet_.halls_over()) {
    const auto level = fleet_.as_now(before);
    if (level.is_over()) cap(level);
  }
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    if (!fleet_.is_over(SiteIndex(i))) continue;
    for (std::size_t k = 0; k < fleet_.levels_of(SiteIndex(i)).size(); ++k) {
      const auto level = fleet_.levels_of(SiteIndex(i))[k];
      if (level.is_over()) cap(level);
    }
  }
}

// Where nobody starts while the level is above its limit.
std::vector<std::string> Engine::places_of(const Fleet::LevelLoad& level) const {
  std::vector<std::string> places;
  for (const auto site : level.sites) {
    if (is_curtailed(site)) continue;
    places.push_back(level.is_inner() ? level.name : fleet_.sites()[site.value()].name);
  }
  return places;
}

bool Engine::is_measured(const Fleet::LevelLoad& level) const {
  if (level.level == PowerLevel::Hall) {
    const auto known = state_.readings.find(level.name);
    return known != state_.readings.end() && known->second.fresh;
  }
  return level.level != PowerLevel::Rack &&
         std::any_of(level.sites.begin(), level.sites.end(), [&](SiteIndex site) {
           return fleet_.is_measured(site) && !is_curtailed(site);
         });
}

// The gangs under a level that are not on their way out, with what they draw there.
std::vector<Load> Engine::loads_at(const Fleet::LevelLoad& level) const {
  std::vector<Load> loads;
  for (const auto site : level.sites) {
    if (is_curtailed(site)) continue;
    if (!level.is_inner()) {
      for (auto& load : loads_of(site)) loads.push_back(std::move(load));
      continue;
    }
    for (const auto id : planner_.tenants(level.nodes)) {
      const auto& live = *job_of(id).live;
      if (!live.stopping) loads.push_back(load_of(id, part_in(live.shares, level.nodes)));
    }
  }
  return loads;
}

// Whoever states how slow it may become is never slower; all others as the policy says.
std::vector<Load> Engine::cappable_loads(const Fleet::LevelLoad& level) const {
  auto loads = loads_at(level);
  std::erase_if(loads, [&](const Load& load) {
    const auto& live = *job_of(load.job).live;
    return !live.started || !can_pace(site_of(live));
  });
  for (auto& load : loads) {
    const auto& slowest = job_of(load.job).spec->slowest;
    load.least_pace = slowest.value_or(state_.portfolio->policy.capping_slowest);
  }
  return loads;
}

// What those draw under it who were told to stop.
Power Engine::leaving(const Fleet::LevelLoad& level) const {
  Power sum;
  for (const auto id : stopping_) {
    const auto& job = job_of(id);
    const auto& sites = level.sites;
    const bool there = std::find(sites.begin(), sites.end(), site_of(*job.live)) != sites.end();
    if (job.live->stop_waits || !there) continue;
    auto shares = shares_leaving(job, id);
    if (level.is_inner()) shares = part_in(shares, level.nodes);
    if (!shares.empty()) sum += part_of(job.live->draws, shares, job);
  }
  return sum;
}

void Engine::cap(const Fleet::LevelLoad& level) {
  const auto& policy = state_.portfolio->policy;
  PowerCapped event;
  event.whose = whose(level);
  event.places = places_of(level);
  if (event.places.empty()) return;
  event.drawn = level.drawn;
  event.limit = level.limit;
  event.measured = is_measured(level);
  event.wanted = level.drawn - times(level.limit, policy.capping_target);
  const auto pacing = slow_by_priority(cappable_loads(level), event.wanted);
  event.planned = pacing.power;
  const bool closed = std::all_of(event.places.begin(), event.places.end(), [&](const auto& place) {
    return state_.capped.count(place) > 0;
  });
  const bool known = closed && (!event.is_short() || state_.over_limit.count(event.whose) > 0);
  if (!known || !pacing.paces.empty()) emit(event);
  for (const auto& slowed : pacing.paces) {
    set_pace(slowed.job, slowed.pace, "capping at " + event.whose);
  }
  if (event.is_short()) stop_above_limit(level, event);
}

// What was asked of them was not enough, for too long.
void Engine::stop_above_limit(const Fleet::LevelLoad& level, const PowerCapped& said) {
  const auto due = state_.over_limit.at(said.whose) + state_.portfolio->policy.capping_patience;
  if (now_ < due) {
    capping_due_ = std::min(due, capping_due_.value_or(due));
    return;
  }
  auto event = said;
  event.drawn = level.drawn - said.planned - leaving(level);
  event.wanted = event.drawn - level.limit;
  if (event.wanted <= Power()) return;
  const auto stopping = stop_by_priority(loads_at(level), event.wanted);
  if (stopping.gangs.empty()) return;
  event.planned = stopping.power;
  event.stopped = static_cast<std::int64_t>(stopping.gangs.size());
  emit(event);
  for (const auto id : stopping.gangs) stop(id, StopCause::Capped, "capping at " + event.whose);
}

// All levels that are above their limits.
std::vector<Fleet::LevelLoad> Engine::levels_over() const {
  auto over = fleet_.halls_over();
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    if (!fleet_.is_over(SiteIndex(i))) continue;
    for (auto& level : fleet_.levels_of(SiteIndex(i))) {
      if (level.is_over()) over.push_back(std::move(level));
    }
  }
  return over;
}

// In every pass: which of those that were above their limit no longer are.
void Engine::look_within() {
  std::set<std::string> over;
  for (const auto& level : levels_over()) over.insert(whose(level));
  std::vector<std::string> within;
  for (const auto& [level, since] : state_.over_limit) {
    if (over.count(level) == 0) within.push_back(level);
  }
  for (auto& level : within) emit(PowerWithinLimit{std::move(level)});
}

bool Engine::is_capped_at(const std::string& site) const {
  return std::any_of(state_.capped.begin(), state_.capped.end(),
                     [&](const auto& known) { return site_part(known.first) == site; });
}

bool Engine::is_capped(const LiveAttempt& live) const {
  return std::any_of(state_.capped.begin(), state_.capped.end(), [&](const auto& known) {
    return site_part(known.first) == live.site &&
           !part_in(live.shares, *fleet_.resolve(known.first)).empty();
  });
}

// What may be drawn more before it has its share again; a hall that was never above its limit may
// be used up to it, as it was when its gangs were admitted.
Power Engine::room_below_target(const Fleet::LevelLoad& level) const {
  if (level.is_inner() && state_.capped.count(level.name) == 0) return level.limit - level.drawn;
  return times(level.limit, state_.portfolio->policy.capping_target) - level.drawn;
}

Power Engine::room_to_raise(SiteIndex site) const {
  auto room = Fleet::unlimited_power;
  for (const auto& level : fleet_.levels_of(site)) {
    if (level.limit > Power()) room = std::min(room, room_below_target(level));
  }
  return room;
}

// No faster than the halls and racks allow in which they stand.
void Engine::hold_in_halls(const std::vector<JobId>& slowed, std::map<JobId, Ratio>& paces) const {
  struct Inner {
    Fleet::LevelLoad level;
    std::vector<Load> loads;
  };
  std::map<std::string, Inner> inner;
  for (const auto id : slowed) {
    const auto& shares = job_of(id).live->shares;
    for (auto& level : fleet_.halls_around(shares)) {
      auto& known = inner.try_emplace(level.name, Inner{level, {}}).first->second;
      known.loads.push_back(load_of(id, part_in(shares, level.nodes)));
    }
  }
  for (auto& [name, in] : inner) {
    std::erase_if(in.loads, [&](const Load& load) { return paces.count(load.job) == 0; });
    std::map<JobId, Ratio> allowed;
    const auto pacing = raise_by_priority(in.loads, room_below_target(in.level), raised_by);
    for (const auto& raised : pacing.paces) allowed[raised.job] = raised.pace;
    for (const auto& load : in.loads) {
      const auto found = allowed.find(load.job);
      auto& pace = paces.at(load.job);
      pace = std::min(pace, found == allowed.end() ? load.pace : found->second);
      if (pace == load.pace) paces.erase(load.job);
    }
  }
}

// The pace that each of these could have, as far as its site, its hall and its rack all allow.
std::map<JobId, Ratio> Engine::restorable(SiteIndex site, const std::vector<JobId>& slowed) const {
  std::vector<Load> loads;
  for (const auto id : slowed) loads.push_back(load_of(id, job_of(id).live->shares));
  std::map<JobId, Ratio> paces;
  const auto pacing = raise_by_priority(loads, room_to_raise(site), raised_by);
  for (const auto& raised : pacing.paces) paces[raised.job] = raised.pace;
  if (!paces.empty()) hold_in_halls(slowed, paces);
  return paces;
}

// In every pass: `slowed` are the gangs there that work below their pace.
void Engine::restore_capped(SiteIndex site, const std::vector<JobId>& slowed) {
  const auto name = fleet_.sites()[site.value()].name;
  for (const auto& [job, pace] : restorable(site, slowed)) {
    if (state_.ramps.count(name) == 0) {
      set_pace(job, pace, "capping at " + name);
    } else if (!raise(job, site, pace)) {
      break;
    }
  }
}

// Is somebody slow there, or under a level of it, or more drawn than may be?
bool Engine::is_held(const std::string& place) const {
  const auto site = site_index(site_part(place));
  if (is_curtailed(site)) return true;
  const bool whole = place == site_part(place);
  std::set<SiteIndex> sites{site};
  if (whole) {
    if (fleet_.is_over(site)) return true;
    for (const auto& level : fleet_.levels_of(site)) {
      sites.insert(level.sites.begin(), level.sites.end());
    }
  } else {
    for (const auto& level : fleet_.halls_over()) {
      if (level.name == place) return true;
    }
  }
  const auto nodes = *fleet_.resolve(place);
  return std::any_of(paced_.begin(), paced_.end(), [&](JobId id) {
    const auto& live = *job_of(id).live;
    if (live.stopping || sites.count(site_of(live)) == 0) return false;
    return whole ? is_capped(live) : !part_in(live.shares, nodes).empty();
  });
}

// Where nobody is slow any more.
void Engine::end_capping() {
  std::vector<std::string> over;
  for (const auto& [place, since] : state_.capped) {
    if (!is_held(place)) over.push_back(place);
  }
  for (auto& place : over) emit(CappingEnded{std::move(place), "its gangs are at their pace"});
}

void Engine::apply(const PowerCapped& event, Instant at) {
  for (const auto& place : event.places) {
    state_.capped.try_emplace(place, at);
    fleet_.set_power_closed(place, true);
  }
  if (event.stopped > 0 || event.is_short()) {
    state_.over_limit[event.whose] = at;
  } else {
    state_.over_limit.erase(event.whose);
  }
  dirty_ = true;
}

void Engine::apply(const PowerWithinLimit& event, Instant) {
  state_.over_limit.erase(event.whose);
}

void Engine::apply(const CappingEnded& event, Instant) {
  state_.capped.erase(event.place);
  fleet_.set_power_closed(event.place, false);
  dirty_ = true;
}

}  // namespace ampacity
