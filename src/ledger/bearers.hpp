// SPDX-License-Identifier: Apache-2.0
// Which lease bears what a gang uses: the one that it was placed on, until that ends; from then on
// the one that runs at the site and was held first (of equals the first by name), until that ends,
// and so on; while there is none, still the old one, whose provider goes on to deliver. Called by
// the server for every reading (serve/billing.cpp). Pure. What was borne before an instant does not
// change by a lease that is held after it, nor by the order of leases in a file. Cost: O(leases)
// for a lease that has ended, else the logarithm.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/reading.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

// Since when each lease is held, by name.
using HeldSince = std::map<std::string, Instant>;
// Since when it is held and runs; never, if nobody holds it.
Instant begin_of(const Lease& lease, const HeldSince& held);

class Bearers {
 public:
  Bearers(const Portfolio& portfolio, const HeldSince& held);

  // The parts of a reading, in order, with the lease that bears each.
  std::vector<std::pair<std::string, Reading>> of(const std::string& lease,
                                                  const Reading& reading) const;

 private:
  struct Term {
    const Lease* lease = nullptr;
    Instant begin;
    Instant end;
  };
  const Term* successor(const std::string& site, Instant at) const;
  Instant next_begin(const std::string& site, Instant after) const;

  std::vector<Term> terms_;  // by their begin, then by name
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace ampacity
