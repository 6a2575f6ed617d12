// SPDX-License-Identifier: Apache-2.0
// What the fleet draws, and what each level of power still has: see fleet.hpp.
#include <algorithm>

#include "fleet/fleet.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

Capped Fleet::capped_in(PoolIndex index, Ratio draw, const std::optional<PowerCap>& cap) const {
  const auto& p = pool(index);
  if (!cap || !p.caps) return {draw, one};
  return capped(*p.accelerator, draw, *cap);
}

Power Fleet::power_of(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto draw = demand.cap ? capped_in(index, demand.draw, demand.cap).draw : demand.draw;
  return (p.rest_power + times(p.span_power, draw)) * demand.gpus;
}

Power Fleet::power_free(PoolIndex index) const {
  const auto number = pool(index).site;
  const auto& site = power_[number.value()];
  if (site.closed) return Power();
  auto left = site.limit ? *site.limit - power_judged(number) : unlimited_power;
  if (fed_.empty()) return left;
  for (const auto i : tree_->feeds_of(number)) {
    left = std::min(left, fed_[i].limit - fed_[i].drawn);
  }
  return left;
}

std::vector<Fleet::LevelLoad> Fleet::levels_of(SiteIndex number) const {
  std::vector<LevelLoad> levels;
  if (const auto& limit = power_[number.value()].limit) {
    levels.push_back({PowerLevel::Site,
                      sites()[number.value()].name,
                      *limit,
                      power_judged(number),
                      {number},
                      {}});
  }
  if (fed_.empty()) return levels;
  for (const auto i : tree_->feeds_of(number)) {
    const auto& feed = tree_->feeds()[i];
    levels.push_back({feed.level, feed.name, fed_[i].limit, fed_[i].drawn, feed.sites, {}});
  }
  return levels;
}

bool Fleet::is_over(SiteIndex number) const {
  const auto& limit = power_[number.value()].limit;
  if (limit && exceeds(power_judged(number), *limit)) return true;
  if (fed_.empty()) return false;
  const auto& feeds = tree_->feeds_of(number);
  return std::any_of(feeds.begin(), feeds.end(),
                     [&](std::uint32_t i) { return exceeds(fed_[i].drawn, fed_[i].limit); });
}

Fleet::LevelLoad Fleet::inner_level(const HallPower::Inner& inner) const {
  const auto& hall = topology().hall(inner.hall);
  LevelLoad level{PowerLevel::Hall, hall.path, inner.limit, inner.drawn, {hall.site}, hall.nodes};
  if (!inner.rack) return level;
  level.level = PowerLevel::Rack;
  level.nodes = topology().nodes_of(*inner.rack);
  const auto node = path(NodeIndex(level.nodes.begin));
  level.name = node.substr(0, node.rfind('/'));
  return level;
}

std::vector<Fleet::LevelLoad> Fleet::halls_over() const {
  std::vector<LevelLoad> levels;
  for (const auto& inner : hall_power_.over(topology())) levels.push_back(inner_level(inner));
  return levels;
}

std::vector<Fleet::LevelLoad> Fleet::halls_around(const std::vector<Share>& shares) const {
  std::vector<LevelLoad> levels;
  for (const auto& inner : hall_power_.around(topology(), shares)) {
    levels.push_back(inner_level(inner));
  }
  return levels;
}

Fleet::LevelLoad Fleet::as_now(const LevelLoad& hall) const {
  auto levels = halls_around({{NodeIndex(hall.nodes.begin), 1, 1}});
  return *std::find_if(levels.begin(), levels.end(),
                       [&](const LevelLoad& level) { return level.name == hall.name; });
}

void Fleet::set_power_closed(const std::string& place, bool closed) {
  const auto nodes = *resolve(place);
  const auto hall = hall_of(NodeIndex(nodes.begin));
  const auto slashes = std::count(place.begin(), place.end(), '/');
  if (slashes == 0) {
    power_[topology().hall(hall).site.value()].closed = closed;
  } else if (slashes == 1) {
    hall_power_.set_closed(hall, {}, closed, topology());
  } else {
    hall_power_.set_closed(hall, topology().rack_of(NodeIndex(nodes.begin)), closed, topology());
  }
}

std::optional<Fleet::PowerLeft> Fleet::tightest(PoolIndex index) const {
  std::optional<PowerLeft> least;
  for (auto& level : levels_of(pool(index).site)) {
    const auto left = level.limit - level.drawn;
    if (least && left >= least->left) continue;
    least = {level.level, std::move(level.name), level.limit, left};
  }
  return least;
}

bool Fleet::carries(PoolIndex index, const Demand& demand) const {
  const auto number = pool(index).site;
  const auto needs = power_of(index, demand);
  const auto& limit = power_[number.value()].limit;
  if (limit && needs > *limit) return false;
  if (fed_.empty()) return true;
  const auto& feeds = tree_->feeds_of(number);
  return std::all_of(feeds.begin(), feeds.end(),
                     [&](std::uint32_t i) { return needs <= fed_[i].limit; });
}

bool Fleet::has_power_at_all(PoolIndex index, const Demand& demand) const {
  const auto& most = sites()[pool(index).site.value()].most_power;
  return !most || power_of(index, demand) <= *most;
}

Power Fleet::power_judged(const PowerFeed& feed) const {
  Power drawn;
  for (const auto site : feed.sites) drawn += power_judged(site);
  return drawn;
}

void Fleet::draw(const std::vector<Share>& shares, Power more) {
  if (shares.empty()) return;
  const auto site = pool(pool_of(shares.front().node)).site;
  const auto before = power_judged(site);
  auto& drawn = power_[site.value()].drawn;
  drawn += more;
  AMPACITY_ASSERT(drawn >= Power(), "site {} draws {} W", sites()[site.value()].name,
                  drawn.count());
  if (!hall_power_.none()) hall_power_.draw(topology(), shares, more);
  if (fed_.empty()) return;
  const auto judged = power_judged(site) - before;
  for (const auto i : tree_->feeds_of(site)) fed_[i].drawn += judged;
}

void Fleet::set_power_limit(SiteIndex site, std::optional<Power> limit) {
  power_[site.value()].limit = limit;
}

void Fleet::set_power_tree(std::shared_ptr<const PowerTree> tree) {
  tree_ = std::move(tree);
  refeed();
}

void Fleet::set_power_offset(SiteIndex site, std::optional<Power> offset) {
  power_[site.value()].offset = offset;
  refeed();
}

void Fleet::refeed() {
  fed_.clear();
  for (const auto& feed : tree_->feeds()) {
    const bool measured = std::all_of(feed.sites.begin(), feed.sites.end(),
                                      [&](SiteIndex site) { return is_measured(site); });
    fed_.push_back({measured ? feed.stated : feed.limit, power_judged(feed)});
  }
}

}  // namespace ampacity
