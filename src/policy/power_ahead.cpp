// SPDX-License-Identifier: Apache-2.0
#include "policy/power_ahead.hpp"

#include <algorithm>

namespace ampacity {
Power left_at(const Fleet& fleet, const Planner& planner, const PowerFeed& feed, Instant at,
              std::optional<PoolIndex> but) {
  auto left = feed.limit - fleet.power_judged(feed);
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    if (but == PoolIndex(i) || !feed.has(fleet.pools()[i].site)) continue;
    left += Power::of(planner.released(PoolIndex(i), at).watts);
  }
  return left;
}

std::optional<PowerLack> power_lack(const Fleet& fleet, const Planner& planner, SiteIndex site,
                                    Power more, Instant now) {
  for (const auto& stage : fleet.power_tree().ahead()) {
    if (stage.from <= now) continue;
    for (const auto& feed : stage.feeds) {
      if (!feed.has(site) || feed.limit - fleet.power_judged(feed) >= more) continue;
      if (left_at(fleet, planner, feed, stage.from) < more) return PowerLack{stage.from, &feed};
    }
  }
  return std::nullopt;
}

Duration power_window(const Fleet& fleet, const Planner& planner, SiteIndex site, Power more,
                      Instant now) {
  const auto lack = power_lack(fleet, planner, site, more, now);
  return lack ? lack->at - now : Planner::unlimited;
}

PowerThen power_then(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                     const std::vector<PowerFeed>& all, Instant at) {
  PowerThen least;
  for (const auto& feed : all) {
    if (!feed.has(fleet.pool(pool).site)) continue;
    const auto left = left_at(fleet, planner, feed, at, pool);
    if (least.feed == nullptr || left < least.left) least = {&feed, left};
  }
  return least;
}

std::optional<Fleet::PowerLeft> binding_level(const Fleet& fleet, PoolIndex pool,
                                              const Demand& demand) {
  if (!fleet.has_nodes(pool, demand)) return std::nullopt;
  if (!fleet.has_power(pool, demand)) return fleet.tightest(pool);
  return fleet.has_room(pool, demand) ? std::nullopt : fleet.roomiest_hall(pool);
}

std::string name_of(const Fleet::PowerLeft& level) {
  return fmt::format("{} {}", name_of(level.level), level.name);
}

std::string whose(const PowerFeed& feed) {
  const bool ended = feed.limit == Power() && feed.level == PowerLevel::Lease;
  return fmt::format("{}{} {}", ended ? "end of " : "", name_of(feed.level), feed.name);
}

std::optional<Instant> fed_from(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                                const Demand& demand, Instant now) {
  if (fleet.has_room(pool, demand)) return now;
  auto later = fleet;
  std::optional<Instant> found;
  planner.each_end(pool, [&](Instant at, const std::vector<Share>& shares, Power draws) {
    later.give_back(shares);
    later.draw(shares, Power() - draws);
    if (!later.has_room(pool, demand)) return true;
    found = std::max(at, now);
    return false;
  });
  return found;
}

}  // namespace ampacity
