// SPDX-License-Identifier: Apache-2.0
#include "ledger/undelivered.hpp"

#include <algorithm>

#include "ledger/usage.hpp"

namespace ampacity {
namespace {

// Where halls are energised inside [from, until), ascending, with both ends.
std::vector<Instant> energisations(const Portfolio& portfolio, const Lease& lease, Instant from,
                                   Instant until) {
  std::vector<Instant> edges{from, until};
  for (const auto& site : portfolio.sites) {
    if (!lease.is_at(site.name)) continue;
    for (const auto& hall : site.halls) {
      if (hall.energised && *hall.energised > from && *hall.energised < until) {
        edges.push_back(*hall.energised);
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

}  // namespace

Undelivered undelivered(const Portfolio& portfolio, const Lease& lease, const LeasedGpus& leased,
                        const LeaseTerms& terms, Instant from, Instant until) {
  Undelivered sum;
  const auto gpus = leased.carried_by(terms.contracted);
  const auto edges = energisations(portfolio, lease, from, until);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const auto late = terms.contracted - energised_at(portfolio, lease, edges[i]);
    if (late <= Power()) continue;
    const auto time = edges[i + 1] - edges[i];
    sum.watt_ms += Wide{late.count()} * time.count();
    const auto charged = charge_of(terms, gpus, terms.contracted, time);
    sum.cost += Money::of(scaled(charged.count(), late.count(), terms.contracted.count()));
  }
  return sum;
}

}  // namespace ampacity
