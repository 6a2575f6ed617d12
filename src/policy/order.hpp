// SPDX-License-Identifier: Apache-2.0
// The order of places, by contract: which pool a gang is offered first, and which capacity is known
// to come. The key of a pool, compared from left to right (docs/decisions/0020-placement-order.md):
//   beyond     0: one more GPU-hour there is owed already (take-or-pay or the minimum bill of the
//              lease's month are not used up); 1: it is billed on top
//   provider   index in the portfolio's list, which is the user's order
//   cost       micro-USD that one more GPU-hour adds to what is owed: the lease's price if beyond,
//              and energy at the meter where it is passed through, at the price of the hour
// Called by the engine when contracts, halls or hours change, never for a placement: a choice only
// compares what is ready. Cost: O(pools x leases).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/demand.hpp"
#include "policy/wasted.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

struct PlaceKey {
  bool beyond = false;
  std::int64_t provider = 0;
  std::int64_t cost = 0;
  friend auto operator<=>(const PlaceKey&, const PlaceKey&) = default;
};

// How a pool stands to the contracts at one moment.
struct Standing {
  PlaceKey key;
  std::optional<std::size_t> lease;      // the active lease of its site, if any
  std::optional<std::size_t> exhausted;  // it would be this one, and is used up
  Owed owed;                             // of the lease
};

// Leases that stand otherwise than by their terms alone.
using LeaseUses = std::map<std::string, LeaseUse>;

// By the terms alone: Committed if any of it is owed, used or not.
LeaseUse use_by_terms(const LeaseTerms& terms);
LeaseUse use_of(const Lease& lease, const LeaseUses& uses, Instant at);

// For each pool, the first lease in file order that covers its site at `at` and is not exhausted.
std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet,
                                const LeaseUses& uses, Instant at);
Standing standing_of(const Portfolio& portfolio, const Fleet& fleet, const LeaseUses& uses,
                     PoolIndex pool, Instant at);

// What a GPU of so many watts costs an hour under a lease, in micro-USD.
Wide lease_price_per_gpu_hour(const LeaseTerms& terms, std::int64_t watts);

// Capacity that is known to come: from then on the demand finds so many GPUs in this pool.
struct Coming {
  PoolIndex pool;
  Instant at;
  PlaceKey key;  // of the pool by then
  std::string what;
};

// Of the pools of a shape the one that then comes first, with the first step by which there is
// enough for the demand; until an instant. Cost: O(pools x (halls + leases)).
std::optional<Coming> coming(const Portfolio& portfolio, const Fleet& fleet, const LeaseUses& uses,
                             const Shape& shape, Instant now, Instant until);

}  // namespace ampacity
