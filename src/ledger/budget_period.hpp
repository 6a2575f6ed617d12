// SPDX-License-Identifier: Apache-2.0
// The periods of the calendar in which budgets of teams count. Called by the engine, which stops
// new starts by them, and by the reports. Pure.
#pragma once

#include "model/portfolio.hpp"
#include "units/calendar.hpp"

namespace ampacity {

constexpr std::int64_t months_in(BudgetPeriod period) {
  switch (period) {
    case BudgetPeriod::Month:
      return 1;
    case BudgetPeriod::Quarter:
      return 3;
    case BudgetPeriod::Year:
      break;
  }
  return 12;
}

// The first month of the period that holds a month.
constexpr Month first_of(Month month, BudgetPeriod period) {
  month.month -= (month.month - 1) % months_in(period);
  return month;
}

}  // namespace ampacity
