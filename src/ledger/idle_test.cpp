// SPDX-License-Identifier: Apache-2.0
#include "ledger/idle.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "ledger/reports.hpp"
#include "ledger/usage.hpp"
#include "model/small_portfolio.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

using test::day;

constexpr Duration hour(3'600'000);
constexpr std::int64_t usd = 1'000'000;

// 8 GPUs at 1 $ an hour each, all of it owed: nobody uses it unless it says so.
struct Yard {
  Portfolio portfolio = test::small_portfolio({{"north", 2, 4, "azure"}});
  AllFacts facts;
  FleetWatch watched;
  Yard() {
    auto& lease = portfolio.leases[0];
    lease.price = {PriceBasis::GpuHour, Money::of(usd)};
    lease.starts = day("2026-01-01");
    lease.ends = day("2026-02-01");
    lease.take_or_pay = one;
    watched.now = day("2027-01-01");
  }
  Instant at(std::int64_t hours) const { return day("2026-01-01") + hours * hour; }
  void holds(std::int64_t from, std::int64_t until, std::int64_t gpus) {
    facts["north-lease"].readings.push_back(
        {"north", "vision", "", at(from), at(until), GpuCount::of(gpus), Power::of(gpus * 1'000)});
  }
  void waits(std::int64_t from, std::int64_t until, std::int64_t gpus,
             std::vector<std::string> sites = {}) {
    watched.waiting.push_back({at(from), at(until), {gpus, {}, false, {}}, std::move(sites)});
  }
  Chargeback january() const {
    const AllInvoices all = all_invoices(portfolio, {{"UTC", {}}}, facts, {2026, 1}, watched.now);
    const Observed observed{facts, watched};
    return chargeback(portfolio, all, {2026, 1}, false, &observed);
  }
};

// GPU-hours and dollars of a cause.
std::pair<std::int64_t, std::int64_t> idle(const Chargeback& c, IdleCause cause) {
  for (const auto& row : c.rows) {
    if (row.cause == cause) return {row.gpu_ms / hour.count(), row.total_micro_usd / usd};
  }
  return {0, 0};
}

std::int64_t cents(const Chargeback& c) {
  std::int64_t sum = 0;
  for (const auto& row : c.rows) sum += row.cents;
  return sum;
}

using Figures = std::pair<std::int64_t, std::int64_t>;

}  // namespace

TEST_CASE(
    "what idles is out of service, too little for those that wait, kept, or wanted by nobody") {
  Yard yard;
  yard.holds(0, 744, 4);                                                  // half of it, always
  yard.watched.out_of_service["north"] = {{yard.at(0), yard.at(10), 4}};  // the other half: down
  yard.waits(10, 20, 8);                                                  // needs all of it
  yard.waits(15, 30, 4);                                                  // would fit, and is kept
  yard.waits(100, 200, 2, {"south"});                                     // does not want this site
  yard.waits(300, 400, 9);                                                // could never run here
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::OutOfService) == Figures{40, 40});
  CHECK(idle(c, IdleCause::Fragments) == Figures{20, 20});
  CHECK(idle(c, IdleCause::Kept) == Figures{60, 60});
  CHECK(idle(c, IdleCause::NothingWaits) == Figures{4 * 714, 4 * 714});
  CHECK(idle(c, IdleCause::NotDrawn) == Figures{0, 0});
  CHECK(cents(c) == c.total_cents);
  CHECK(c.total_cents == 8 * 744 * 100);
}

TEST_CASE(
    "what is left of an open month is still to come, and halls count when they are energised") {
  Yard yard;
  yard.watched.now = yard.at(24);
  yard.portfolio.sites[0].halls[0].energised = yard.at(12);
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::NothingWaits).first == 8 * 12);
  CHECK(idle(c, IdleCause::ToCome).first == 8 * 720);
  CHECK(cents(c) == c.total_cents);
}

TEST_CASE("power that gangs do not draw is idle too, and free GPUs draw some") {
  Yard yard;
  auto& lease = yard.portfolio.leases[0];
  lease.power = Power::of(8'000);
  lease.price = {PriceBasis::Year, Money::of(8'760 * 8 * usd)};  // 8 $ an hour: 1 $ a kW
  yard.portfolio.sites[0].halls[0].power = Power::of(8'000);
  yard.facts["north-lease"].readings.push_back(
      {"north", "vision", "", yard.at(0), yard.at(744), GpuCount::of(4), Power::of(3'000)});
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::NothingWaits) == Figures{4 * 744, 4 * 744});
  CHECK(idle(c, IdleCause::NotDrawn) == Figures{0, 744});
  const auto power = std::find_if(c.rows.begin(), c.rows.end(),
                                  [](const auto& row) { return row.team == "(idle power)"; });
  REQUIRE(power != c.rows.end());
  CHECK(power->total_micro_usd == 0);
  const auto& site = yard.portfolio.sites[0];
  const auto accelerator = shape_of(yard.portfolio, site.halls[0]).accelerator;
  const auto idles = it_power(*accelerator, GpuCount::of(4), Ratio());
  CHECK(power->facility_j == times(energy_of(idles, 744 * hour), site.pue).count());
  CHECK(power->unbilled_micro_usd ==
        cost_of(Energy::of(power->facility_j), energy_price_at(site, yard.at(0))).count());
}

}  // namespace ampacity
