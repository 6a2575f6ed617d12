// SPDX-License-Identifier: Apache-2.0
#include "policy/demand.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {

Demand demand_of(const JobSpec& job) {
  Demand demand{job.least().count(), job.gpus_per_node, job.within,
                job.prefer,          job.segment,       job.draw};
  demand.most = job.gpus.count();
  demand.mixed = job.mixed;
  demand.cap = job.power_cap;
  return demand;
}

std::string together(const Demand& demand) {
  std::string text;
  if (demand.within) {
    text = fmt::format(" in one {}", name_of(*demand.within));
  }
  if (demand.segment) text += fmt::format(" in segments of {}", *demand.segment);
  return text;
}

const std::string& site_name(const Fleet& fleet, PoolIndex pool) {
  return fleet.sites()[fleet.pool(pool).site.value()].name;
}

namespace {

std::optional<Ratio> uncapped_speed_on(const Fleet& fleet, PoolIndex pool, const JobSpec& job) {
  if (!job.sites.empty() && !contains(job.sites, site_name(fleet, pool))) return std::nullopt;
  if (job.accelerators.empty()) return one;
  const auto& name = fleet.pool(pool).accelerator_name;
  for (const auto& accepted : job.accelerators) {
    if (accepted.name == name) return accepted.speed;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Ratio> speed_on(const Fleet& fleet, PoolIndex pool, const JobSpec& job) {
  const auto speed = uncapped_speed_on(fleet, pool, job);
  if (!speed || !job.power_cap) return speed;
  const auto pace = fleet.capped_in(pool, job.draw, job.power_cap).pace;
  if (pace == Ratio()) return std::nullopt;
  return Ratio::of(std::max<std::int64_t>(scaled(speed->count(), pace.count(), one.count()), 1));
}

Shape shape_of(const Fleet& fleet, const JobSpec& job) {
  Shape shape;
  shape.demand = demand_of(job);
  shape.pools.reserve(fleet.pools().size());
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const auto speed = speed_on(fleet, PoolIndex(i), job);
    if (!speed) continue;
    if (*speed != one && shape.speeds.empty()) shape.speeds.resize(shape.pools.size(), one);
    shape.pools.emplace_back(i);
    if (*speed != one || !shape.speeds.empty()) shape.speeds.push_back(*speed);
  }
  return shape;
}

Ratio speed_in(const Shape& shape, std::size_t k) {
  return shape.speeds.empty() ? one : shape.speeds[k];
}

Duration walltime_in(const Shape& shape, std::size_t k, Duration walltime) {
  if (shape.speeds.empty()) return walltime;
  return Duration(scaled(walltime.count(), one.count(), shape.speeds[k].count()));
}

Capacity need_of(const Fleet& fleet, PoolIndex index, const Demand& demand) {
  const auto& pool = fleet.pool(index);
  const auto pieces = cut(demand, pool.gpus_per_node);
  Capacity need{0, demand.gpus, fleet.power_of(index, demand).count()};
  if (pieces && pieces->untouched) {
    need.nodes = pieces->nodes();
  } else if (pieces && pieces->each == pool.gpus_per_node) {
    need.nodes = pieces->whole;
  }
  return need;
}

Capacity taken_now(const Fleet& fleet, PoolIndex index, const Demand& demand) {
  const auto& pool = fleet.pool(index);
  const auto pieces = cut(demand, pool.gpus_per_node);
  auto taken = need_of(fleet, index, demand);
  if (!pieces || pieces->untouched) return taken;
  const auto broken = [&](std::int64_t parts, std::int64_t each) {
    return std::max<std::int64_t>(parts - fleet.parts_with(index, each), 0);
  };
  if (pieces->each < pool.gpus_per_node) taken.nodes += broken(pieces->whole, pieces->each);
  if (pieces->rest > 0) taken.nodes += broken(1, pieces->rest);
  return taken;
}

std::int64_t largest_size(const Fleet& fleet, PoolIndex pool, const Demand& demand,
                          std::int64_t at_most, const std::function<bool(const Demand&)>& fits) {
  const auto most = std::min(demand.most, at_most);
  if (most <= demand.gpus) return demand.gpus;
  const auto step =
      demand.segment.value_or(demand.per_node.value_or(fleet.pool(pool).gpus_per_node));
  if (most == demand.most && fits(demand.sized(most))) return most;
  // The sizes in between: whole steps.
  auto low = demand.gpus / step;
  auto high = most / step;
  while (low < high) {
    const auto middle = (low + high + 1) / 2;
    if (fits(demand.sized(middle * step))) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return std::max(demand.gpus, low * step);
}

}  // namespace ampacity
