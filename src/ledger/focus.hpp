// SPDX-License-Identifier: Apache-2.0
// Invoices in the words of FOCUS (FinOps Open Cost and Usage Specification, github.com/
// FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec): the Cost and Usage dataset of version 1.2 and the
// Contract Commitment dataset of 1.3. Called by `ampacity export focus`, and by the tests, which
// hold the rules of the columns over what comes out. Pure; cost linear in the invoices.
//
// A lease is a commitment of spend. Its month is one recurring Purchase, which is billed and has no
// effective cost, and Usage rows, which are not billed and share that cost out: Used by each
// project, Unused by nobody. Use beyond the commitment, energy and credits are rows of their own.
// The sum of BilledCost by InvoiceId is the invoice, to the cent. docs/guides/finance.md has the
// whole mapping.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/portfolio.hpp"
#include "protocol/billing.hpp"
#include "units/calendar.hpp"

namespace ampacity {

struct FocusTable {
  std::vector<std::string> columns;                           // Column IDs
  std::vector<std::vector<std::optional<std::string>>> rows;  // none: null
};

// Version 1.2. Requires invoices of leases of the portfolio.
FocusTable focus_cost_and_usage(const Portfolio& portfolio, const std::vector<Invoice>& invoices);

// Version 1.3: every lease that is signed; its cost is the sum of its invoices if nobody uses
// anything, without energy, damages and what is only billed ahead. Requires the calendar of each.
FocusTable focus_contract_commitments(const Portfolio& portfolio, const Calendars& calendars);

}  // namespace ampacity
