// SPDX-License-Identifier: Apache-2.0
// What the free GPUs of a site drew in a month, and what of it a lease bears that passes energy
// through. Called by the account of a month (ledger/month_account.cpp) only, for times in which
// the site was watched. Of several leases that run there each bears a share by the power that it
// contracts then, as it was known when the month closed, rounded down. Each stretch between two
// changes (ledger/occupancy.hpp, and terms of those leases) is rounded on its own, and months cut
// stretches: so a month is what it is, whatever comes later. Cost: O(changes x log + changes x
// leases of the site).
#pragma once

#include "ledger/month_account.hpp"

namespace ampacity {

// `lease`: as it is known. Requires meter.from < meter.until.
IdleEnergy idle_energy(const Portfolio& portfolio, const Lease& lease, const Site& site,
                       const MonthMeter& meter, const SiteMeter& watched);

}  // namespace ampacity
