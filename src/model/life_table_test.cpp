// SPDX-License-Identifier: Apache-2.0
// A life table is estimated from lives that were watched in part, and draws give it back.
#include "model/life_table.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "model/faults.hpp"
#include "units/arithmetic.hpp"

using namespace ampacity;

namespace {

constexpr Duration hour(3'600'000);
constexpr Duration day = 24 * hour;

// Few at first, twice as many later.
LifeTable two_bins() {
  return {
      {{Duration(0), 1'000, 100, 1'000'000 * hour}, {1'000 * hour, 500, 200, 1'000'000 * hour}}};
}

}  // namespace

TEST_CASE("who was watched counts where they were watched, and censored ones do not fail") {
  LifeTableBuilder builder(10 * day, 1);
  builder.add(Duration(0), 5 * day, true);
  builder.add(Duration(0), 15 * day, false);  // taken away
  builder.add(12 * day, 18 * day, true);      // came into watch later
  builder.add(Duration(0), 25 * day, false);  // no failure in its last bin: that joins
  const auto table = builder.table();
  REQUIRE(table.has_value());
  const LifeTable expected{
      {{Duration(0), 3, 1, 25 * day}, {10 * day, 3, 1, (5 + 6 + 10 + 5) * day}}};
  CHECK(*table == expected);
  CHECK(table->failed() == 2);
  CHECK(table->mean_between() == Duration(51 * day.count() / 2));
}

TEST_CASE("bins have failures enough; without any failure there is no table") {
  LifeTableBuilder builder(day, 10);
  for (int i = 0; i < 25; ++i) builder.add(Duration(0), i * day + hour, true);
  const auto table = builder.table();
  REQUIRE(table.has_value());
  REQUIRE(table->bins.size() == 2);
  CHECK(table->bins[0].failed == 10);
  CHECK(table->bins[1].failed == 15);
  LifeTableBuilder sound(day, 10);
  sound.add(Duration(0), 100 * day, false);
  CHECK_FALSE(sound.table().has_value());
}

// The share that lives to an age is exp(-hazard x age), bin by bin; of 20,000 draws a share lies
// within 4 sigma, 1.4 in a hundred.
TEST_CASE("lifetimes that are drawn have the table's survival, from any age") {
  const auto table = two_bins();
  Random random(7);
  constexpr int draws = 20'000;
  const auto share_beyond = [&](Duration age, Duration time) {
    int beyond = 0;
    for (int i = 0; i < draws; ++i) {
      beyond += time_to_failure(table, age, 1, random) > time ? 1 : 0;
    }
    return static_cast<double>(beyond) / draws;
  };
  const auto close = [](double value) { return doctest::Approx(value).epsilon(0.02); };
  CHECK(share_beyond(Duration(0), 500 * hour) == close(std::exp(-0.05)));
  CHECK(share_beyond(Duration(0), 6'000 * hour) == close(std::exp(-0.1 - 1.0)));
  CHECK(share_beyond(900 * hour, 2'000 * hour) == close(std::exp(-0.01 - 0.38)));
  CHECK(share_beyond(50'000 * hour, 5'000 * hour) == close(std::exp(-1.0)));
}

TEST_CASE("the first of many fails as the minimum of many draws") {
  const auto table = two_bins();
  Random random(3);
  Wide sum = 0;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    sum += time_to_failure(table, Duration(0), 4'000'000, random).count();
  }
  // 10,000 h a unit, four million of them: 9 s
  CHECK(static_cast<double>(sum) / draws == doctest::Approx(9'000).epsilon(0.03));
}

TEST_CASE("what interrupts a gang: causes by the units that it holds, lemons, lifetimes") {
  FaultSpec faults;
  CHECK_FALSE(mean_between(faults, extent_of(1, 8, 1, 1, 1)).has_value());
  faults.causes = {{"gpu", FaultUnit::Gpu, 1'000 * hour, hour}};
  CHECK(mean_between(faults, extent_of(1'000, 8, 9, 1, 1)) == hour);
  faults.causes.push_back({"node", FaultUnit::Node, 125 * hour, hour});
  CHECK(mean_between(faults, extent_of(1'000, 8, 9, 1, 1)) == hour / 2);
  faults.lemon_share = Ratio::of(100'000);
  faults.lemon_factor = 11;  // every tenth eleven times as often: twice as often in all
  CHECK(mean_between(faults, extent_of(1'000, 8, 9, 1, 1)) == hour / 4);
  faults = {};
  faults.lifetimes = Lifetimes{.table = two_bins()};
  CHECK(mean_between(faults, extent_of(1'000, 8, 9, 1, 1)) ==
        Duration(2'000'000 * hour.count() / 300 / 1'000));
  const auto gang = extent_of(1'000, 8, 9, 7, 2);
  CHECK(gang.nodes == 125);
  CHECK(gang.racks == 14);
  CHECK(gang.pods == 2);
  CHECK(gang.halls == 1);
}
