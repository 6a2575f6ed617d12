// SPDX-License-Identifier: Apache-2.0
#include "policy/mixed.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "policy/power_ahead.hpp"
#include "policy/windows.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// The most whole nodes of this pool that a part of a mixed gang could have for so long.
std::int64_t nodes_for(Fleet& fleet, const Planner& planner, PoolIndex pool, const Demand& demand,
                       Duration walltime, Instant now) {
  const auto each = demand.per_node.value_or(fleet.pool(pool).gpus_per_node);
  if (each > fleet.pool(pool).gpus_per_node) return 0;
  const auto fits = [&](std::int64_t nodes) {
    return window(fleet, planner, pool, demand.sized(nodes * each), now) >= walltime;
  };
  std::int64_t low = 0;
  auto high = std::min(fleet.nodes_free(pool), demand.gpus / each);
  while (low < high) {
    const auto middle = (low + high + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

struct Part {
  PoolIndex pool;
  std::int64_t gpus = 0;
};

// A mixed gang is as fast as its slowest part.
Ratio slowest(const Shape& shape) {
  return shape.speeds.empty() ? one : *std::min_element(shape.speeds.begin(), shape.speeds.end());
}

// A mixed gang on whole nodes of several pools of one site, for so long: the site that has it with
// the fewest parts, each pool as far as it goes.
std::vector<Part> parts_now(Fleet& fleet, const Planner& planner, const Shape& shape,
                            Duration walltime, Instant now) {
  const auto& demand = shape.demand;
  std::map<SiteIndex, std::vector<Part>> by_site;
  for (const auto pool : shape.pools) {
    const auto each = demand.per_node.value_or(fleet.pool(pool).gpus_per_node);
    const auto nodes = nodes_for(fleet, planner, pool, demand, walltime, now);
    if (nodes > 0) by_site[fleet.pool(pool).site].push_back({pool, nodes * each});
  }
  std::vector<Part> best;
  for (auto& [site, parts] : by_site) {
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Part& a, const Part& b) { return a.gpus > b.gpus; });
    std::vector<Part> taken;
    auto missing = demand.gpus;
    Power draws;
    for (const auto& part : parts) {
      const auto each = demand.per_node.value_or(fleet.pool(part.pool).gpus_per_node);
      const auto gpus = std::min(part.gpus, missing / each * each);
      if (gpus == 0) continue;
      missing -= gpus;
      draws += fleet.power_of(part.pool, demand.sized(gpus));
      taken.push_back({part.pool, gpus});
    }
    if (missing > 0 || taken.empty() || draws > fleet.power_free(taken.front().pool)) continue;
    if (power_window(fleet, planner, site, draws, now) < walltime) continue;
    if (best.empty() || taken.size() < best.size()) best = std::move(taken);
  }
  return best;
}

}  // namespace

std::int64_t most_mixed(const Fleet& fleet, const Shape& shape) {
  std::map<SiteIndex, std::int64_t> of_site;
  std::int64_t most = 0;
  for (const auto index : shape.pools) {
    const auto& pool = fleet.pool(index);
    most = std::max(most, of_site[pool.site] += pool.nodes * pool.gpus_per_node);
  }
  return most;
}

// How long a mixed gang could run in parts (at full speed): tried from "for ever" down, at the
// instants when something begins.
Duration mixed_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now) {
  std::set<Duration, std::greater<>> lengths{Planner::unlimited};
  for (const auto pool : shape.pools) {
    for (const auto& r : planner.reservations(pool)) {
      if (r.at > now) lengths.insert(r.at - now);
    }
  }
  for (const auto length : lengths) {
    if (parts_now(fleet, planner, shape, length, now).empty()) continue;
    if (length == Planner::unlimited) return length;
    return Duration(scaled(length.count(), slowest(shape).count(), one.count()));
  }
  return Duration(0);
}

// No single pool has room for it: parts in several.
std::optional<Choice> choose_mixed(const Scene& scene, const Applicant& job) {
  auto& fleet = scene.fleet;
  const auto speed = slowest(job.shape);
  const Duration walltime(scaled(job.walltime.count(), one.count(), speed.count()));
  const auto parts = parts_now(fleet, scene.planner, job.shape, walltime, scene.now);
  if (parts.empty()) return std::nullopt;
  Choice choice{parts.front().pool, {}, walltime, speed, "several accelerators:", false};
  for (const auto& part : parts) {
    Hiding hiding(fleet);
    hide_promised(hiding, scene.planner, part.pool, scene.now + walltime);
    const auto shares = fleet.find(part.pool, job.shape.demand.sized(part.gpus));
    choice.shares.insert(choice.shares.end(), shares.begin(), shares.end());
    choice.why += fmt::format(" {} GPUs of {}", part.gpus, fleet.pool(part.pool).accelerator_name);
  }
  std::sort(choice.shares.begin(), choice.shares.end(), first_node);
  return choice;
}

std::vector<std::pair<PoolIndex, Planner::Reservation>> promise_mixed(
    const Scene& scene, const Applicant& to, const std::function<bool(PoolIndex)>& open) {
  const auto& demand = to.shape.demand;
  std::vector<std::pair<PoolIndex, Planner::Reservation>> best;
  std::set<SiteIndex> sites;
  for (const auto pool : to.shape.pools) sites.insert(scene.fleet.pool(pool).site);
  for (const auto site : sites) {
    auto missing = demand.gpus;
    Instant at = scene.now;
    std::vector<std::pair<PoolIndex, Planner::Reservation>> parts;
    for (std::size_t k = 0; k < to.shape.pools.size() && missing > 0; ++k) {
      const auto index = to.shape.pools[k];
      const auto& pool = scene.fleet.pool(index);
      const auto each = demand.per_node.value_or(pool.gpus_per_node);
      const auto gpus = std::min(pool.nodes_in_service, missing / each) * each;
      if (pool.site != site || each > pool.gpus_per_node || gpus == 0 || !open(index)) continue;
      const Duration walltime(scaled(to.walltime.count(), one.count(), slowest(to.shape).count()));
      auto part = promise(scene.fleet, scene.planner, index, demand.sized(gpus),
                          {to.job, walltime, 0}, scene.now);
      if (!part) continue;
      missing -= gpus;
      at = std::max(at, part->at);
      parts.emplace_back(index, std::move(*part));
    }
    if (missing > 0 || (!best.empty() && best.front().second.at <= at)) continue;
    for (auto& [pool, r] : parts) {
      r.until += at - r.at;
      r.at = at;
    }
    best = std::move(parts);
  }
  return best;
}

}  // namespace ampacity
