// SPDX-License-Identifier: Apache-2.0
#include "model/hourly_series.hpp"

#include <algorithm>
#include <numeric>

namespace ampacity {
namespace {

constexpr std::int64_t hours_per_year = ms_per_year / ms_per_hour;

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  const auto rest = a % b;
  return rest < 0 ? rest + b : rest;
}

// What comes again beyond the ends: so that an hour stays the same hour of the day.
std::int64_t period(std::int64_t hours) {
  return std::min(hours_per_year, hours / 24 * 24);
}

}  // namespace

std::int64_t HourlySeries::hour_of(Instant t) const {
  const auto ms = (t - from).count();
  return (ms - modulo(ms, ms_per_hour)) / ms_per_hour;
}

std::int64_t HourlySeries::index_of(std::int64_t nth) const {
  const auto n = hours();
  if (nth >= 0 && nth < n) return nth;
  AMPACITY_ASSERT(n >= static_cast<std::int64_t>(limits::series_least), "a series of {} hours", n);
  const auto again = period(n);
  return nth < 0 ? modulo(nth, again) : n - again + (nth - n) % again;
}

std::int64_t HourlySeries::at(Instant t) const {
  return values[static_cast<std::size_t>(index_of(hour_of(t)))];
}

Instant HourlySeries::next_change(Instant t) const {
  return from + hour * (hour_of(t) + 1);
}

// Piece by piece: each is a run of neighbours in `values`.
Wide HourlySeries::whole_hours(std::int64_t first, std::int64_t last) const {
  Wide sum = 0;
  while (first < last) {
    const auto index = index_of(first);
    const auto end = first < 0 ? period(hours()) : hours();
    const auto run = std::min(last - first, end - index);
    const auto begin = values.begin() + index;
    sum += std::accumulate(begin, begin + run, std::int64_t{0});
    first += run;
  }
  return sum;
}

Wide HourlySeries::sum(Instant begin, Instant end) const {
  if (begin >= end) return 0;
  const auto first = hour_of(begin);
  const auto last = hour_of(end);
  if (first == last) return Wide{at(begin)} * (end - begin).count();
  return Wide{at(begin)} * (next_change(begin) - begin).count() +
         whole_hours(first + 1, last) * ms_per_hour +
         Wide{at(end)} * (end - (from + hour * last)).count();
}

}  // namespace ampacity
