// SPDX-License-Identifier: Apache-2.0
#include "ledger/occupancy.hpp"

#include "model/accelerator.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

Occupancy::Occupancy(const Portfolio& portfolio, const Site& site, Instant from, Instant until)
    : from_(from), until_(until) {
  for (const auto& hall : site.halls) {
    const auto shape = shape_of(portfolio, hall);
    const auto gpus = shape.nodes(hall) * shape.gpus_per_node;
    gpus_ += gpus;
    accelerators_.push_back(shape.accelerator->name);
    idle_watts_ += it_power(*shape.accelerator, GpuCount::of(gpus), Ratio()).count();
    change(hall.energised.value_or(from), until, {gpus, 0, 0});
  }
}

void Occupancy::cut(Instant at) {
  if (at > from_ && at < until_) changes_.push_back({at, {}});
}

void Occupancy::change(Instant from, Instant until, Counts by) {
  from = std::max(from, from_);
  until = std::min(until, until_);
  if (from >= until) return;
  changes_.push_back({from, by});
  changes_.push_back({until, {-by.energised, -by.held, -by.out}});
}

Power Occupancy::idle_power(std::int64_t free) const {
  return gpus_ == 0 ? Power() : Power::of(scaled(idle_watts_, free, gpus_));
}

}  // namespace ampacity
