// SPDX-License-Identifier: Apache-2.0
// What is contracted and not energised: it is not paid for. Asked by the invoices
// (ledger/month_account.cpp) and by the statements (ledger/usage.cpp). Pure; cost: O(halls) for
// each hall that is energised on the way.
#pragma once

#include "model/portfolio.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

struct Undelivered {
  Money cost;        // that part of the charge, at most all of it
  Wide watt_ms = 0;  // contracted beyond what the halls of the lease's sites feed
};

// Over a time in which the terms do not change. Requires from <= until.
Undelivered undelivered(const Portfolio& portfolio, const Lease& lease, const LeasedGpus& leased,
                        const LeaseTerms& terms, Instant from, Instant until);

}  // namespace ampacity
