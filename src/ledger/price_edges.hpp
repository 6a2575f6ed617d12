// SPDX-License-Identifier: Apache-2.0
// Where the price of a lease changes inside [from, until), ascending, with both ends: the pieces in
// which use is priced, by the engine (ledger/usage.cpp) and by the books (ledger/month_account.cpp)
// alike. What is agreed later cuts no piece before it holds, so it moves no rounding of the past.
// Requires from < until. Cost: nothing where the price never changes. And what a piece costs that
// was not drawn in whole watts.
#pragma once

#include <algorithm>

#include "model/lease.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

inline std::vector<Instant> price_edges(const Lease& lease, Instant from, Instant until) {
  std::vector<Instant> edges{from, until};
  const auto add = [&](Instant t) {
    if (t > from && t < until) edges.push_back(t);
  };
  for (const auto& a : lease.amendments) {
    if (a.price) add(a.from);
  }
  if (lease.escalator != Ratio()) {
    for (std::int64_t y = 1; years_after(lease.starts, y) < until; ++y) {
      add(years_after(lease.starts, y));
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

// charge_of (ledger/usage.hpp) of so many W x ms; terms do not change in that time.
Money charge_of(const LeaseTerms& terms, GpuCount gpus, Wide watt_ms, Duration time);

}  // namespace ampacity
