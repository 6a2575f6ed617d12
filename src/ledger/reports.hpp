// SPDX-License-Identifier: Apache-2.0
// What the invoices say together: who bears a month, and how a programme's budgets stand. Called by
// the server and by the finance commands. Pure; cost linear in the invoices.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/books.hpp"
#include "ledger/idle.hpp"

namespace ampacity {

// The invoices of every lease, as invoices_of() gives them.
using AllInvoices = std::vector<std::vector<Invoice>>;

// What is known of each lease, by its name; of one that is not there: that nobody used it.
using AllFacts = std::map<std::string, LeaseFacts>;

// Of every lease of the portfolio, in its order. Requires the calendar of each.
AllInvoices all_invoices(const Portfolio& portfolio, const Calendars& calendars,
                         const AllFacts& facts, Month last, Instant now);

// What idle capacity is explained by.
struct Observed {
  const AllFacts& facts;
  const FleetWatch& watched;
};

// The rows add up to the invoices' total, prepayments aside: those are money, not cost. Teams
// first, by name; then "(idle)", a row for each cause if it was observed, "(idle power)", which
// costs nothing here, "(credits)" and "(adjustments)", as far as there are any. Of a team with a
// budget the rows by team also say how it stands at the end of the month.
Chargeback chargeback(const Portfolio& portfolio, const AllInvoices& all, Month month,
                      bool by_project, const Observed* observed = nullptr);

// Every programme against all leases of the portfolio. The invoices should reach to the end of the
// last programme. A forecast is what contracts owe: use beyond take-or-pay is not foreseen.
ProgrammeList programmes(const Portfolio& portfolio, const AllInvoices& all);

// The last month that a programme reaches into; none without programmes.
std::optional<Month> last_month(const std::vector<Programme>& programmes);

}  // namespace ampacity
