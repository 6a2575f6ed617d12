// SPDX-License-Identifier: Apache-2.0
// The zones of the world (IANA names) as calendars, from ICU. Called by the portfolio loader, the
// server and the finance commands; below them a zone is a value (units/calendar.hpp). How it says
// no: InvalidInput with a suggestion. Cost: some 400 steps a zone, under 1 ms.
// Why ICU: docs/decisions/0015-contracts-and-ledger.md.
#pragma once

#include "model/portfolio.hpp"
#include "units/calendar.hpp"

namespace ampacity {

Result<Calendar> load_calendar(const std::string& zone);
// Those of all leases.
Result<Calendars> load_calendars(const Portfolio& portfolio);

}  // namespace ampacity
