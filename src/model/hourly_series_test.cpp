// SPDX-License-Identifier: Apache-2.0
// A series by the hour against the slow way of looking at every hour, inside it and beyond its
// ends.
#include "model/hourly_series.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"
#include "model/small_portfolio.hpp"

using namespace ampacity;

namespace {

const Instant begin = test::day("2024-03-01");
constexpr auto hour = HourlySeries::hour;

HourlySeries series_of(std::int64_t hours, std::uint64_t seed) {
  Random random(seed);
  HourlySeries series;
  series.from = begin;
  for (std::int64_t i = 0; i < hours; ++i) {
    series.values.push_back(static_cast<std::int64_t>(random.below(200'000'000)) - 20'000'000);
  }
  return series;
}

// By the definition: the hour that holds `t`, or the same hour so many years (or, of a short
// series, whole days) nearer.
std::int64_t slowly_at(const HourlySeries& series, Instant t) {
  const auto n = static_cast<std::int64_t>(series.values.size());
  const auto again = std::min<std::int64_t>(8'760, n / 24 * 24);
  while (t < series.from) t += hour * again;
  while (t >= series.until()) t -= hour * again;
  return series.values[static_cast<std::size_t>((t - series.from) / hour)];
}

Wide slowly(const HourlySeries& series, Instant from, Instant until) {
  Wide sum = 0;
  while (from < until) {
    const auto next = std::min(series.next_change(from), until);
    CHECK(next > from);
    sum += Wide{slowly_at(series, from)} * (next - from).count();
    from = next;
  }
  return sum;
}

}  // namespace

TEST_CASE("a value holds for its hour, and the ends come again by the year") {
  const auto series = series_of(2 * 8'760 + 24, 1);
  CHECK(series.at(begin) == series.values[0]);
  CHECK(series.at(begin + hour - Duration(1)) == series.values[0]);
  CHECK(series.at(begin + hour) == series.values[1]);
  CHECK(series.at(series.until()) == series.values[8'760 + 24]);
  CHECK(series.at(series.until() + hour * 8'760) == series.values[8'760 + 24]);
  CHECK(series.at(begin - Duration(1)) == series.values[8'759]);
  CHECK(series.next_change(begin) == begin + hour);
  CHECK(series.next_change(begin - Duration(1)) == begin);
}

TEST_CASE("a short series comes again by whole days") {
  const auto series = series_of(24 + 5, 2);
  CHECK(series.at(series.until()) == series.values[5]);
  CHECK(series.at(begin - hour) == series.values[23]);
}

TEST_CASE("the sum is that of every hour, wherever it begins and ends") {
  Random random(3);
  for (const std::int64_t hours : {24, 100, 8'760, 20'000}) {
    const auto series = series_of(hours, static_cast<std::uint64_t>(hours));
    for (int i = 0; i < 200; ++i) {
      const auto reach = static_cast<std::uint64_t>(hours) * 3 * 3'600'000;
      const auto from =
          begin - hour * hours + Duration(static_cast<std::int64_t>(random.below(reach)));
      const auto time =
          Duration(static_cast<std::int64_t>(random.below(i % 2 == 0 ? 7'200'000 : reach)));
      CAPTURE(hours);
      CAPTURE(i);
      CHECK(series.at(from) == slowly_at(series, from));
      CHECK((series.sum(from, from + time) == slowly(series, from, from + time)));
    }
  }
}

TEST_CASE("a mean that did not change costs what the figure costs, to the last digit") {
  Random random(4);
  for (int i = 0; i < 10'000; ++i) {
    const auto energy =
        Energy::of(static_cast<std::int64_t>(random.below(4'000'000'000'000'000'000)));
    const auto price = static_cast<std::int64_t>(random.below(20'000'000)) - 10'000'000;
    const auto time = static_cast<std::int64_t>(1 + random.below(1'000'000'000'000));
    CHECK(cost_of(energy, Wide{price} * time, time) == cost_of(energy, EnergyPrice::of(price)));
  }
  CHECK(cost_of(Energy::of(3'600'000'000), Wide{3}, Wide{2}) == Money::of(2));  // 1.5, away from 0
  CHECK(cost_of(Energy::of(3'600'000'000), Wide{-3}, Wide{2}) == Money::of(-2));
  CHECK(cost_of(Energy::of(3'599'999'999), Wide{3}, Wide{2}) == Money::of(1));
}

TEST_CASE("what a series cannot be") {
  const auto problem = [](const auto& change) {
    auto portfolio = test::small_portfolio({{"a", 2, 4}});
    portfolio.sites[0].energy_price = EnergyPrice();
    portfolio.sites[0].energy_price_by_hour = series_of(48, 5);
    change(portfolio.sites[0]);
    const auto problems = check(portfolio);
    return problems.empty() ? "sound" : problems.front().path + ": " + problems.front().message;
  };
  CHECK(problem([](Site&) {}) == "sound");
  CHECK(problem([](Site& s) { s.energy_price_by_hour->values.resize(23); }) ==
        "sites[0].energy_price: a series of 23 hours; expected 24 (a day) to 87864 (ten years)");
  CHECK(problem([](Site& s) { s.energy_price_by_hour->values.resize(87'865); }) ==
        "sites[0].energy_price: a series of 87865 hours; expected 24 (a day) to 87864 (ten years)");
  CHECK(problem([](Site& s) { s.energy_price_by_hour->values[1] = limits::series_price + 1; }) ==
        "sites[0].energy_price: the hour from 2024-03-01T01:00:00.000Z has 100000000001; expected "
        "-100000000000 to 100000000000");
  CHECK(problem([](Site& s) { s.energy_price = EnergyPrice::of(1); }) ==
        "sites[0].energy_price: either one figure or a series, not both");
  CHECK(problem([](Site& s) { s.energy_price_by_hour->repaired = 48; }) ==
        "sites[0].energy_price: 48 of 48 hours cannot be repairs");
  CHECK(problem([](Site& s) {
          s.carbon_by_hour = series_of(24, 6);
          for (auto& value : s.carbon_by_hour->values) value = -1;
        }) ==
        "sites[0].carbon: the hour from 2024-03-01T00:00:00.000Z has -1; expected 0 to 2000000");
  CHECK(problem([](Site& s) { s.energy_price_by_hour->from = from_ms(0); }) ==
        "sites[0].energy_price: a series begins in the years 2000 to 2199");
}

TEST_CASE("all series of a portfolio together are bounded") {
  auto portfolio = test::small_portfolio({{"a", 2, 4}});
  for (int i = 0; i < 23; ++i) {
    auto& site = portfolio.sites.emplace_back(portfolio.sites[0]);
    site.name = "more-" + std::to_string(i);
    site.energy_price = EnergyPrice();
    site.energy_price_by_hour = series_of(87'864, 7);
  }
  REQUIRE(check(portfolio).size() == 1);
  CHECK(check(portfolio).front().message ==
        "2020872 hours of prices and carbon in all, at most 2000000 are supported");
}
