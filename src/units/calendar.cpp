// SPDX-License-Identifier: Apache-2.0
#include "units/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ampacity {
namespace {

Instant utc_start_of(Month month) {
  using namespace std::chrono;
  const auto date = year(static_cast<int>(month.year)) /
                    std::chrono::month(static_cast<unsigned>(month.month)) / 1;
  return Instant(sys_days(date).time_since_epoch());
}

bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t number(std::string_view text) {
  std::int64_t n = 0;
  for (const char c : text) n = n * 10 + (c - '0');
  return n;
}

}  // namespace

Month next(Month month) {
  return month.month == 12 ? Month{month.year + 1, 1} : Month{month.year, month.month + 1};
}

std::string to_text(Month month) {
  return fmt::format("{:04}-{:02}", month.year, month.month);
}

Result<Month> parse_month(std::string_view text) {
  const bool shaped =
      text.size() == 7 && text[4] == '-' && digits(text.substr(0, 4)) && digits(text.substr(5));
  if (shaped) {
    const Month month{number(text.substr(0, 4)), number(text.substr(5))};
    const bool known_year = month.year >= 2000 && month.year < 2200;
    const bool known_month = month.month >= 1 && month.month <= 12;
    if (known_year && known_month) return month;
    if (known_month) {
      return invalid(fmt::format("{} is outside the years 2000 to 2199", text));
    }
  }
  return invalid(fmt::format("expected a month such as '2028-01', got '{}'", text));
}

Instant Calendar::start_of_day(Instant utc_midnight) const {
  if (steps.empty()) return utc_midnight;
  // The first instant at which the zone's clocks have reached the day.
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto reached = std::max(steps[i].from, utc_midnight - steps[i].offset);
    if (i + 1 == steps.size() || reached < steps[i + 1].from) return reached;
  }
  return utc_midnight;
}

Instant Calendar::start_of(Month month) const {
  return start_of_day(utc_start_of(month));
}

Month Calendar::month_of(Instant t) const {
  using namespace std::chrono;
  const auto it = std::upper_bound(steps.begin(), steps.end(), t,
                                   [](Instant at, const ZoneStep& step) { return at < step.from; });
  const auto local = it == steps.begin() ? t : t + std::prev(it)->offset;
  const year_month_day date(sys_days(floor<days>(local.time_since_epoch())));
  Month month{static_cast<int>(date.year()), static_cast<unsigned>(date.month())};
  // Where clocks go back over midnight, the last hour of a month comes twice: it is the next's.
  if (start_of(next(month)) <= t) month = next(month);
  return month;
}

}  // namespace ampacity
