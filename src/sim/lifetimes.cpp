// SPDX-License-Identifier: Apache-2.0
#include "sim/lifetimes.hpp"

#include <algorithm>

namespace ampacity {

LifetimeStream::LifetimeStream(const Lifetimes& lifetimes, const Topology& topology, Instant from,
                               std::uint64_t seed)
    : lifetimes_(lifetimes), from_(from), random_(seed ^ 0x11FE5ULL) {
  for (const auto& hall : topology.halls()) add_cohort(topology, hall);
  for (std::size_t i = 0; i < cohorts_.size(); ++i) wind(i, std::max(from_, cohorts_[i].born));
}

void LifetimeStream::add_cohort(const Topology& topology, const HallPlace& hall) {
  Cohort cohort;
  cohort.first_node = NodeIndex(hall.nodes.begin);
  if (lifetimes_.unit == FaultUnit::Gpu) {
    cohort.per_node = topology.pools()[hall.pool.value()].gpus_per_node;
  }
  cohort.first_unit = units_;
  cohort.units = cohort.per_node * hall.nodes.size();
  cohort.born = hall.energised ? *hall.energised : from_ - lifetimes_.age;
  units_ += static_cast<std::uint64_t>(cohort.units);
  if (cohort.units > 0) cohorts_.push_back(cohort);
}

void LifetimeStream::wind(std::size_t cohort, Instant now) {
  const auto& c = cohorts_[cohort];
  clocks_.insert({now + time_to_failure(lifetimes_.table, now - c.born, c.units, random_), cohort});
}

NodeIndex LifetimeStream::node_of(std::uint64_t unit) const {
  const auto after = std::upper_bound(
      cohorts_.begin(), cohorts_.end(), unit,
      [](std::uint64_t number, const Cohort& cohort) { return number < cohort.first_unit; });
  const auto& cohort = *std::prev(after);
  const auto place = (unit - cohort.first_unit) / static_cast<std::uint64_t>(cohort.per_node);
  return NodeIndex(cohort.first_node.value() + static_cast<std::uint32_t>(place));
}

std::optional<Instant> LifetimeStream::next() const {
  if (clocks_.empty()) return std::nullopt;
  return clocks_.begin()->first;
}

std::optional<LifetimeStream::Failure> LifetimeStream::take() {
  const auto [now, whose] = *clocks_.begin();
  clocks_.erase(clocks_.begin());
  auto unit = whose - cohorts_.size();
  if (whose < cohorts_.size()) {
    const auto& cohort = cohorts_[whose];
    unit = cohort.first_unit + random_.below(static_cast<std::uint64_t>(cohort.units));
    wind(whose, now);
    if (!replaced_.insert(unit).second) return std::nullopt;
  }
  const auto lasts = time_to_failure(lifetimes_.table, Duration(0), 1, random_);
  clocks_.insert({now + lasts, cohorts_.size() + unit});
  return Failure{node_of(unit), Duration(random_.exponential(lifetimes_.mean_repair.count()))};
}

}  // namespace ampacity
