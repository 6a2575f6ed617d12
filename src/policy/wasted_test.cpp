// SPDX-License-Identifier: Apache-2.0
#include "policy/wasted.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

using test::day;

const Instant now = day("2026-06-01");

// Two nodes of four GPUs; a lease of 1 MW by the year.
Portfolio by_power() {
  auto p = test::small_portfolio({{"north", 2, 4, "azure"}});
  p.leases[0].price = {PriceBasis::Year, Money::of(1'000'000)};
  return p;
}

}  // namespace

TEST_CASE(
    "a lease by power owes the most of take-or-pay and the minimum bill, as far as energised") {
  auto p = by_power();
  const Fleet fleet(p);
  auto& lease = p.leases[0];
  lease.ramp = {{day("2026-01-01"), Power::of(400'000)}, {day("2027-01-01"), Power::of(1'000'000)}};
  lease.take_or_pay = Ratio::of(500'000);
  CHECK(use_of(owed_at(p, lease, now), fleet, lease).owed == 200'000);
  lease.minimum_bill = Ratio::of(300'000);
  CHECK(use_of(owed_at(p, lease, now), fleet, lease).owed == 300'000);
  p.sites[0].halls[0].power = Power::of(250'000);
  CHECK(use_of(owed_at(p, lease, now), fleet, lease).owed == 250'000);
  p.sites[0].halls[0].energised = day("2026-07-01");
  CHECK_FALSE(use_of(owed_at(p, lease, now), fleet, lease).is_wasted());
}

TEST_CASE("it is wasted until gangs draw what it owes") {
  auto p = by_power();
  Fleet fleet(p);
  p.leases[0].take_or_pay = Ratio::of(500'000);
  fleet.draw({{NodeIndex(0), 1, 4}}, Power::of(499'999));
  const auto less = use_of(owed_at(p, p.leases[0], now), fleet, p.leases[0]);
  CHECK(less.is_wasted());
  CHECK(less.text() == "499.999 kW of the 500 kW that it owes are used");
  fleet.draw({{NodeIndex(0), 1, 4}}, Power::of(1));
  CHECK_FALSE(use_of(owed_at(p, p.leases[0], now), fleet, p.leases[0]).is_wasted());
}

TEST_CASE("a lease by the GPU-hour owes GPUs") {
  auto p = test::small_portfolio({{"north", 2, 4, "azure"}, {"south", 9, 4, "oracle"}});
  Fleet fleet(p);
  for (std::uint32_t i = 0; i < fleet.halls().size(); ++i) fleet.set_usable(HallIndex(i), true);
  p.leases[0].take_or_pay = Ratio::of(500'000);
  CHECK(use_of(owed_at(p, p.leases[0], now), fleet, p.leases[0]).text() ==
        "0 of the 4 GPUs that it owes are used");
  fleet.take({{NodeIndex(0), 1, 4}});
  const auto taken = use_of(owed_at(p, p.leases[0], now), fleet, p.leases[0]);
  CHECK(taken.used == 4);
  CHECK_FALSE(taken.is_wasted());
}

}  // namespace ampacity
