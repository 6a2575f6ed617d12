// SPDX-License-Identifier: Apache-2.0
#include "policy/order.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

// A site of each of three providers, and a second one of the last.
struct FourSites {
  Portfolio portfolio = test::small_portfolio({{"cloud", 1, 4, "spot"},
                                               {"north", 1, 4, "azure"},
                                               {"east", 1, 4, "oracle"},
                                               {"west", 1, 4, "oracle"}});
  LeaseUses uses;
  Instant now = test::day("2026-03-01");

  PlaceKey key(std::uint32_t pool) const {
    return standing_of(portfolio, Fleet(portfolio), uses, PoolIndex(pool), now).key;
  }
};

}  // namespace

TEST_CASE("take-or-pay comes first, then providers, then marginal cost") {
  FourSites four;
  CHECK(four.key(0) == PlaceKey{false, 0, 0});  // all of it is owed anyway, energy is in the price
  CHECK(four.key(0) < four.key(1));
  four.portfolio.leases[0].take_or_pay = Ratio();  // by use alone: 2 USD a GPU-hour
  CHECK(four.key(0) == PlaceKey{true, 0, 2'000'000});
  CHECK(four.key(1) < four.key(2));
  CHECK(four.key(2) < four.key(0));
  four.portfolio.leases[0].minimum_bill = Ratio::of(1);  // of anything: paid for again
  CHECK(four.key(0) == PlaceKey{false, 0, 0});
  four.uses["cloud-lease"] = LeaseUse::Beyond;
  CHECK(four.key(0) == PlaceKey{true, 0, 2'000'000});
}

TEST_CASE("energy that is passed through counts at the meter") {
  FourSites four;
  four.portfolio.leases[3].energy_pass_through = true;
  // A slot at 80 % of 100 to 1,000 W and its part of the host, x 1.2 at 50 USD/MWh.
  const auto watts = it_power(four.portfolio.accelerators[0], GpuCount::of(1), JobSpec{}.draw);
  CHECK(four.key(3) == PlaceKey{false, 2, watts.count() * 12 / 10 * 50});
  CHECK(four.key(2) < four.key(3));
}

TEST_CASE("an exhausted lease gives way to the next of its site, and is known without one") {
  FourSites four;
  four.uses["north-lease"] = LeaseUse::Exhausted;
  const Fleet fleet(four.portfolio);
  auto standing = standing_of(four.portfolio, fleet, four.uses, PoolIndex(1), four.now);
  CHECK(!standing.lease);
  CHECK(standing.exhausted == 1);
  auto more = four.portfolio.leases[1];
  more.name = "north-more";
  four.portfolio.leases.push_back(more);
  standing = standing_of(four.portfolio, fleet, four.uses, PoolIndex(1), four.now);
  CHECK(standing.lease == 4);
  CHECK(!standing.exhausted);
}

TEST_CASE("capacity is known to come by halls, leases and the interconnection") {
  FourSites four;
  const auto step = test::day("2026-03-10");
  Shape shape;
  shape.demand.gpus = 4;
  shape.pools = {PoolIndex(1), PoolIndex(2)};
  const auto next = [&](const Fleet& fleet, const char* until) {
    return coming(four.portfolio, fleet, four.uses, shape, four.now, test::day(until));
  };
  four.portfolio.sites[1].halls[0].energised = step;
  Fleet fleet(four.portfolio);
  fleet.set_usable(HallIndex(2), true);
  REQUIRE(next(fleet, "2026-03-10"));
  CHECK(next(fleet, "2026-03-10")->pool == PoolIndex(1));
  CHECK(next(fleet, "2026-03-10")->at == step);
  CHECK(!next(fleet, "2026-03-09"));

  four.portfolio.leases[1].starts = test::day("2026-03-12");
  CHECK(next(fleet, "2026-04-01")->what == "lease north-lease starts");
  CHECK(next(fleet, "2026-04-01")->at == test::day("2026-03-12"));

  fleet.set_usable(HallIndex(1), true);
  CHECK(!next(fleet, "2026-04-01"));  // all of it is there
  fleet.set_power_limit(SiteIndex(1), Power::of(1'000));
  four.portfolio.sites[1].interconnection = {{step, Power::of(100'000)}};
  CHECK(next(fleet, "2026-04-01")->at == step);

  // Too little for it, but for the oversubscription.
  const auto needed = fleet.power_of(PoolIndex(1), shape.demand);
  four.portfolio.sites[1].interconnection = {{step, needed}};
  CHECK(!next(fleet, "2026-04-01"));
  four.portfolio.sites[1].oversubscription = Ratio::of(1'500'000);
  REQUIRE(next(fleet, "2026-04-01"));
  CHECK(next(fleet, "2026-04-01")->at == step);
}

}  // namespace ampacity
