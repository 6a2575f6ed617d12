// SPDX-License-Identifier: Apache-2.0
// The levels of power above the sites: what leases carry together and what their providers do. The
// tree follows from the portfolio and the time, so it is derived: made anew whenever capacity is
// looked at again, at each of its steps at the latest. No gang starts that would run into a step
// down (policy/power_ahead.hpp says so exactly); the planner is told of the steps in each pass, so
// that what waits is promised the first instant at which it has its power.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity {

void Engine::refresh_power_tree(Instant now) {
  auto tree =
      std::make_shared<PowerTree>(*state_.portfolio, fleet_.topology(), now, measured_sites());
  for (const auto& stage : tree->ahead()) look_at_capacity(stage.from);
  if (tree->feeds() != fleet_.power_tree().feeds()) {
    dirty_ = true;
    power_check_ = true;
  }
  fleet_.set_power_tree(std::move(tree));
}

// The steps that a promise could wait for.
std::vector<Instant> Engine::power_steps(PoolIndex pool) const {
  std::vector<Instant> steps;
  const auto site = fleet_.pool(pool).site;
  const auto horizon = now_ + state_.portfolio->policy.max_walltime;
  const auto has_site = [&](const PowerFeed& feed) { return feed.has(site); };
  bool limited =
      fleet_.power_limit(site).has_value() ||
      std::any_of(fleet_.power_tree().feeds().begin(), fleet_.power_tree().feeds().end(), has_site);
  for (const auto& stage : fleet_.power_tree().ahead()) {
    if (stage.from > horizon) break;
    const bool limits = std::any_of(stage.feeds.begin(), stage.feeds.end(), has_site);
    if (stage.from > now_ && (limits || limited)) steps.push_back(stage.from);
    limited = limits;
  }
  return steps;
}

// By the steps alone, whatever curtailments are on.
PowerThen Engine::power_at(PoolIndex pool, Instant at) const {
  const auto& tree = fleet_.power_tree();
  const PowerStage* then = nullptr;
  for (const auto& stage : tree.ahead()) {
    if (stage.from <= at) then = &stage;
  }
  if (then != nullptr && then->from > now_) {
    return power_then(fleet_, planner_, pool, then->feeds, at);
  }
  auto now = power_then(fleet_, planner_, pool, tree.feeds(), now_);
  const auto& site = fleet_.sites()[fleet_.pool(pool).site.value()];
  const auto stated = state_.site_power.find(site.name);
  if (stated == state_.site_power.end()) return now;
  now.left = std::min(now.left, stated->second - fleet_.power_judged(fleet_.pool(pool).site));
  return now;
}

void Engine::foresee_power() {
  const auto& ahead = fleet_.power_tree().ahead();
  const auto horizon = now_ + state_.portfolio->policy.max_walltime;
  if (std::none_of(ahead.begin(), ahead.end(), [&](const PowerStage& stage) {
        return stage.from > now_ && stage.from <= horizon;
      })) {
    return;
  }
  for (std::uint32_t i = 0; i < fleet_.pools().size(); ++i) foresee_power(PoolIndex(i));
}

void Engine::foresee_power(PoolIndex pool) {
  const auto steps = power_steps(pool);
  if (steps.empty()) return;
  auto before = power_at(pool, now_).left;
  for (const auto at : steps) {
    const auto then = power_at(pool, at);
    const auto change = then.left - before;
    before = then.left;
    if (change > Power()) planner_.expect(pool, at, {0, 0, change.count()});
    if (change >= Power()) continue;
    Planner::Reservation step;
    step.at = at;
    step.until = at;
    step.need.watts = (Power() - change).count();
    step.booking = whose(*then.feed);
    step.steps = true;
    planner_.lose(pool, step);
  }
}

// At a step that is near enough to be waited for.
bool Engine::will_carry(PoolIndex pool, const Demand& demand) const {
  const auto needs = fleet_.power_of(pool, demand);
  const auto site = fleet_.pool(pool).site;
  const auto steps = power_steps(pool);
  return std::any_of(steps.begin(), steps.end(), [&](Instant at) {
    const auto& stages = fleet_.power_tree().ahead();
    const auto stage = std::find_if(stages.begin(), stages.end(),
                                    [&](const PowerStage& s) { return s.from == at; });
    return std::all_of(stage->feeds.begin(), stage->feeds.end(), [&](const PowerFeed& feed) {
      return feed.limit >= needs || !feed.has(site);
    });
  });
}

// What the level will carry, whether it can bind then or not. Of leases: all that run at one of its
// sites then, as they may be others than now.
std::optional<Power> Engine::carried_at(const PowerLevelNow& level, Instant at) const {
  const auto& portfolio = *state_.portfolio;
  if (level.level == PowerLevel::Site) return admitted_at(site_named(level.name), at);
  Power sum;
  for (const auto& provider : portfolio.providers) {
    if (level.level != PowerLevel::Provider || provider.name != level.name) continue;
    if (provider.power) return times(*provider.power, provider.oversubscription);
  }
  for (const auto& lease : portfolio.leases) {
    const bool there = std::any_of(lease.sites.begin(), lease.sites.end(),
                                   [&](const auto& site) { return contains(level.sites, site); });
    if (level.level == PowerLevel::Provider ? lease.provider == level.name : there) {
      sum += times(lease.contracted_at(at), lease.oversubscription);
    }
  }
  return sum;
}

std::vector<std::string> Engine::names(const PowerFeed& feed) const {
  std::vector<std::string> sites;
  for (const auto site : feed.sites) sites.push_back(fleet_.sites()[site.value()].name);
  return sites;
}

// For a job that a site has not the power for: until when it is curtailed, or the next step at
// which the level that binds carries more.
std::string Engine::power_to_come(SiteIndex site, const Shape& shape) const {
  const auto& name = fleet_.sites()[site.value()].name;
  for (const auto pool : shape.pools) {
    if (fleet_.pool(pool).site != site) continue;
    const auto binds = binding_level(fleet_, pool, shape.demand);
    if (!binds) continue;
    for (const auto& [call, c] : state_.curtailments) {
      const bool holds = c.begun && c.curtailment.site == name && c.ceiling == binds->limit;
      if (!holds || binds->level != PowerLevel::Site) continue;
      return fmt::format("; curtailment {} holds it there until {}", call,
                         to_text(c.curtailment.until));
    }
    if (binds->level < PowerLevel::Site) return "";  // as halls and racks are, they stay
    PowerLevelNow level{binds->level, binds->name, {}, binds->limit, {}, {}};
    for (const auto& feed : fleet_.power_tree().feeds()) {
      if (feed.level == level.level && feed.name == level.name) level.sites = names(feed);
    }
    for (const auto& stage : fleet_.power_tree().ahead()) {
      const auto limit = carried_at(level, stage.from);
      if (!limit || *limit <= binds->limit) continue;
      return fmt::format("; {} carries {} from {} on", name_of(*binds), to_text(*limit),
                         to_text(stage.from));
    }
  }
  return "";
}

void Engine::add_halls(std::vector<PowerLevelNow>& levels) const {
  for (const auto& tight : fleet_.hall_power().tight()) {
    const auto& hall = fleet_.topology().hall(tight.hall);
    const std::vector<std::string> sites{fleet_.sites()[hall.site.value()].name};
    if (const auto limit = tight.limit_now()) {
      levels.push_back({PowerLevel::Hall, hall.path, sites, limit, tight.drawn_now(), {}});
    }
    if (!tight.rack_limit) continue;
    const auto most = std::max_element(tight.racks.begin(), tight.racks.end());
    const RackIndex rack(hall.racks.begin + static_cast<std::uint32_t>(most - tight.racks.begin()));
    const auto node = fleet_.path(NodeIndex(fleet_.topology().nodes_of(rack).begin));
    levels.push_back(
        {PowerLevel::Rack, node.substr(0, node.rfind('/')), sites, tight.rack_limit, *most, {}});
  }
}

// From the outside to the inside. Of the racks of a hall the one that draws most.
std::vector<PowerLevelNow> Engine::power_levels(Instant now) const {
  std::vector<PowerLevelNow> levels;
  for (const auto& feed : all_feeds(*state_.portfolio, fleet_.topology(), now)) {
    if (feed.name.empty() || feed.limit == Power()) continue;  // no lease runs there
    PowerLevelNow level{feed.level, feed.name, names(feed), feed.limit, fleet_.power_judged(feed),
                        {}};
    levels.push_back(std::move(level));
  }
  std::stable_sort(levels.begin(), levels.end(),
                   [](const auto& a, const auto& b) { return a.level > b.level; });
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    const SiteIndex site(i);
    const auto& name = fleet_.sites()[i].name;
    levels.push_back(
        {PowerLevel::Site, name, {name}, fleet_.power_limit(site), fleet_.power_judged(site), {}});
  }
  for (const auto& stage : fleet_.power_tree().ahead()) {
    for (auto& level : levels) {
      if (level.next || stage.from <= now) continue;
      const auto then = carried_at(level, stage.from);
      if (then != carried_at(level, now))
        level.next = PowerStep{stage.from, then.value_or(Power())};
    }
  }
  add_halls(levels);
  return levels;
}

}  // namespace ampacity
