// SPDX-License-Identifier: Apache-2.0
// Which lease bears what a gang uses: the one that it was placed on, until that ends; from then on
// the one that runs at the site and was held first (of equals the first by name), until that ends,
// and so on; while there is none, still the old one, whose provider goes on to deliver. Called by
// the engine where a lease has ended (engine/bearers.cpp), which makes a fact of each change:
// what was borne before it stays, whatever is held later. Pure; it does not depend on the
// order of leases in a file. Cost: O(leases) for each change.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

// Since when each lease is held, by name.
using HeldSince = std::map<std::string, Instant>;
// Since when it is held and runs; never, if nobody holds it.
Instant begin_of(const Lease& lease, const HeldSince& held);

struct Bearing {
  std::string lease;
  Instant from;
};

// Who bears a gang at a site in [from, until], both included: `lease` does at `from` if it has not
// ended. Ascending, each from its instant until the next one's; the first at `from`.
std::vector<Bearing> bearers(const Portfolio& portfolio, const HeldSince& held,
                             const std::string& lease, const std::string& site, Instant from,
                             Instant until);

}  // namespace ampacity
