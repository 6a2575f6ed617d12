// SPDX-License-Identifier: Apache-2.0
// A value that changes by the hour: what energy costs, or how much carbon it comes with. Part of a
// Site (model/portfolio.hpp), filled by wire/series_file.hpp, journalled with the portfolio, read
// by ledger/ and sim/. One value for each hour from `from` on, without holes: where the file had
// one, the hour before goes on, and `repaired` counts it. It has no end: before its first hour the
// hours of its first year come again, after its last one those of its last year (a year is 8,760 h,
// as for leases; of a series that is shorter: all of its whole days). Who shows figures says so.
// Units: energy_price micro-USD per MWh, carbon mg per kWh. Bounds: limits:: below. Costs: at()
// O(1), sum() the hours between, 0.2 ns each. Memory: 8 bytes an hour.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "units/arithmetic.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t series_hours = 87'864;  // ten years, three of them leap years
inline constexpr std::size_t series_least = 24;      // a day
inline constexpr std::size_t series_hours_in_all = 2'000'000;  // of a portfolio
// Markets go beyond what a contract would: 15,637 USD/MWh in New South Wales in 2024.
inline constexpr std::int64_t series_price = 100'000'000'000;  // micro-USD/MWh, either way
inline constexpr std::int64_t series_carbon = 2'000'000;       // mg/kWh
}  // namespace limits

// Where a series is written down: a CSV file, the rows of one zone of it, and its columns.
struct SeriesFile {
  std::string series;  // the file: from the folder of the portfolio's file
  std::string zone;    // empty: the file has one zone only
  std::string zone_column;
  std::string time;   // column of the instants
  std::string value;  // column of the values
  std::string unit;   // of the values
  bool operator==(const SeriesFile&) const = default;
};
BOOST_DESCRIBE_STRUCT(SeriesFile, (), (series, zone, zone_column, time, value, unit))

struct HourlySeries {
  SeriesFile file;
  Instant from;
  std::vector<std::int64_t> values;
  std::int64_t repaired = 0;  // hours
  bool operator==(const HourlySeries&) const = default;

  Instant until() const { return from + hour * static_cast<std::int64_t>(values.size()); }
  std::int64_t at(Instant t) const;
  // The values from an instant to another, each as many times as the milliseconds that it holds.
  Wide sum(Instant begin, Instant end) const;
  // The first instant after `t` at which the value may change.
  Instant next_change(Instant t) const;

  static constexpr Duration hour{ms_per_hour};

 private:
  std::int64_t hours() const { return static_cast<std::int64_t>(values.size()); }
  std::int64_t hour_of(Instant t) const;
  std::int64_t index_of(std::int64_t nth) const;
  Wide whole_hours(std::int64_t first, std::int64_t last) const;
};
BOOST_DESCRIBE_STRUCT(HourlySeries, (), (file, from, values, repaired))

}  // namespace ampacity
