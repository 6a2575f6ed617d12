// SPDX-License-Identifier: Apache-2.0
// What the fleet draws, and what each level of power still has: see fleet.hpp.
#include <algorithm>

#include "fleet/fleet.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

Power Fleet::power_of(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  return (p.rest_power + times(p.span_power, demand.draw)) * demand.gpus;
}

Power Fleet::power_free(PoolIndex index) const {
  const auto number = pool(index).site;
  const auto& site = power_[number.value()];
  auto left = site.limit ? *site.limit - site.drawn : unlimited_power;
  if (fed_.empty()) return left;
  for (const auto i : tree_->feeds_of(number)) {
    left = std::min(left, tree_->feeds()[i].limit - fed_[i]);
  }
  return left;
}

std::optional<Fleet::PowerLeft> Fleet::tightest(PoolIndex index) const {
  const auto number = pool(index).site;
  const auto& site = power_[number.value()];
  std::optional<PowerLeft> least;
  if (site.limit) {
    least = {PowerLevel::Site, sites()[number.value()].name, *site.limit, *site.limit - site.drawn};
  }
  if (fed_.empty()) return least;
  for (const auto i : tree_->feeds_of(number)) {
    const auto& feed = tree_->feeds()[i];
    const auto left = feed.limit - fed_[i];
    if (!least || left < least->left) least = {feed.level, feed.name, feed.limit, left};
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
                     [&](std::uint32_t i) { return needs <= tree_->feeds()[i].limit; });
}

bool Fleet::has_power_at_all(PoolIndex index, const Demand& demand) const {
  const auto& most = sites()[pool(index).site.value()].most_power;
  return !most || power_of(index, demand) <= *most;
}

Power Fleet::power_drawn(const PowerFeed& feed) const {
  Power drawn;
  for (const auto site : feed.sites) drawn += power_drawn(site);
  return drawn;
}

void Fleet::draw(const std::vector<Share>& shares, Power more) {
  if (shares.empty()) return;
  const auto site = pool(pool_of(shares.front().node)).site;
  auto& drawn = power_[site.value()].drawn;
  drawn += more;
  AMPACITY_ASSERT(drawn >= Power(), "site {} draws {} W", sites()[site.value()].name,
                  drawn.count());
  if (!hall_power_.none()) hall_power_.draw(topology(), shares, more);
  if (fed_.empty()) return;
  for (const auto i : tree_->feeds_of(site)) fed_[i] += more;
}

void Fleet::set_power_limit(SiteIndex site, std::optional<Power> limit) {
  power_[site.value()].limit = limit;
}

void Fleet::set_power_tree(std::shared_ptr<const PowerTree> tree) {
  tree_ = std::move(tree);
  fed_.clear();
  for (const auto& feed : tree_->feeds()) fed_.push_back(power_drawn(feed));
}

}  // namespace ampacity
