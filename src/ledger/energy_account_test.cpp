// SPDX-License-Identifier: Apache-2.0
#include "ledger/energy_account.hpp"

#include <doctest/doctest.h>

#include "ledger/made_world.hpp"

namespace ampacity {
namespace {

using test::day;

// A gang of four of eight GPUs over the turn of a month, and a lease that is held since the 20th of
// January.
struct MeteredYard {
  Portfolio portfolio = test::small_portfolio({{"north", 2, 4, "azure"}});
  AllFacts facts;
  FleetWatch watched;

  MeteredYard() {
    portfolio.sites[0].carbon = Carbon::of(500);
    auto& own = facts["north-lease"];
    own.held = std::make_shared<const std::map<std::string, Instant>>(
        std::map<std::string, Instant>{{"north-lease", day("2026-01-20")}});
    own.readings = {{"north", "vision", "p", day("2026-01-30"), day("2026-02-03"), GpuCount::of(4),
                     Power::of(3'333)}};
    watched.now = day("2026-02-11");
    watched.out_of_service["north"] = {{day("2026-01-20"), day("2026-01-21"), 8}};
  }
  EnergyAccount of(Month month) const { return energy_account(portfolio, facts, watched, month); }
};

constexpr std::int64_t day_ms = 86'400'000;

TEST_CASE("energy of a month: what gangs drew in it, what idled since the lease was held") {
  const MeteredYard yard;
  const auto january = yard.of({2026, 1});
  REQUIRE(january.rows.size() == 2);
  const auto& gang = january.rows[0];
  CHECK(gang.team == "vision");
  CHECK(gang.lease == "north-lease");
  CHECK(gang.gpu_ms == 4 * 2 * day_ms);
  CHECK(gang.it_j == 3'333LL * 2 * day_ms / 1'000);
  CHECK(gang.facility_j == gang.it_j * 12 / 10);
  // 0.05 USD and 500 g a kWh
  CHECK(gang.energy_micro_usd == gang.facility_j / 72);
  CHECK(gang.carbon_g == gang.facility_j / 7'200);
  const auto& idle = january.rows[1];
  CHECK(idle.team == "(idle)");
  CHECK(idle.gpu_ms == (9 * 8 + 2 * 4) * day_ms);  // not on the 20th: out of service
  CHECK(january.sum.it_j == gang.it_j + idle.it_j);
  CHECK(january.sum.carbon_g == gang.carbon_g + idle.carbon_g);

  const auto february = yard.of({2026, 2});
  CHECK(gang.it_j + february.rows[0].it_j == 3'333LL * 4 * day_ms / 1'000);
  CHECK(february.rows[1].gpu_ms == (2 * 4 + 8 * 8) * day_ms);  // until now
  CHECK(yard.of({2026, 3}).rows.empty());
}

TEST_CASE("energy by the hour: each counts with its own price and carbon") {
  MeteredYard yard;
  HourlySeries prices;
  prices.from = day("2026-01-30");
  prices.values.assign(24 * 30, 0);
  for (std::size_t h = 0; h < 24; ++h) prices.values[h] = 100'000'000;  // 100 USD/MWh on the 30th
  yard.portfolio.sites[0].energy_price_by_hour = prices;
  const auto january = yard.of({2026, 1});
  const auto one_day = january.rows[0].facility_j / 2;
  CHECK(january.rows[0].energy_micro_usd == one_day / 36);
}

TEST_CASE("energy of random worlds: months add up to the readings") {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    const auto w = test::world_of(seed);
    FleetWatch watched;
    watched.now = Instant::max();
    std::int64_t it = 0;
    std::int64_t sum = 0;
    for (const auto& r : w.facts.readings) it += r.energy(r.until - r.from).count();
    for (Month m{2025, 12}; m <= Month{2033, 12}; m = next(m)) {
      sum += energy_account(w.portfolio, {{"north-lease", w.facts}}, watched, m).sum.it_j;
    }
    CHECK(sum == it);
  }
}

}  // namespace
}  // namespace ampacity
