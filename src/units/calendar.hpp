// SPDX-License-Identifier: Apache-2.0
// Months of a time zone as a value, so that pure rooms can bill in the zone of a contract: what the
// zone's clocks are off from UTC, step by step. Made at the edge (wire/zones.hpp), used by the
// ledger. Bounds: the years 2000 to 2200. A day that begins when clocks skip midnight begins at the
// first instant of it; one that has midnight twice begins at the first. Cost: linear in the steps.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "units/time.hpp"

namespace ampacity {

struct Month {
  std::int64_t year = 2000;
  std::int64_t month = 1;  // 1 to 12
  friend auto operator<=>(const Month&, const Month&) = default;
};

Month next(Month month);
std::string to_text(Month month);                  // "2028-01"
Result<Month> parse_month(std::string_view text);  // years 2000 to 2199

// The zone's clocks show UTC + `offset` from `from` on.
struct ZoneStep {
  Instant from;
  Duration offset{};
  bool operator==(const ZoneStep&) const = default;
};

struct Calendar {
  std::string zone = "UTC";
  std::vector<ZoneStep> steps;  // ascending; empty: UTC

  Instant start_of(Month month) const;
  Month month_of(Instant t) const;
  // The first instant of the day that a UTC midnight names: 2028-01-01T00:00Z is 06:00Z in Chicago.
  Instant start_of_day(Instant utc_midnight) const;
  bool operator==(const Calendar&) const = default;
};

using Calendars = std::map<std::string, Calendar>;  // by zone

}  // namespace ampacity
