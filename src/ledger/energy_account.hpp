// SPDX-License-Identifier: Apache-2.0
// Joules, what they cost at the sites' prices and the carbon that they come with, in a month of
// UTC: of gangs by lease, site, team and project, and of free GPUs by site. Called by the server
// (GET /v1/energy/MONTH). Whether a lease bills energy or its price includes it makes no difference
// here: invoices say what is billed. Pure. Promise: the parts of a reading that months have add up
// to the reading, in joules; the sum is that of the rows. Assumes what ledger/occupancy.hpp assumes
// of free GPUs. Cost: linear in the readings, O(n log n) in those of the month.
#pragma once

#include "ledger/reports.hpp"

namespace ampacity {

// `watched`: of the same month. Free GPUs count from when a server first held a lease of the site.
EnergyAccount energy_account(const Portfolio& portfolio, const AllFacts& facts,
                             const FleetWatch& watched, Month month);

}  // namespace ampacity
