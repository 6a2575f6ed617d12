// SPDX-License-Identifier: Apache-2.0
#include "ledger/idle.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"
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

namespace {

// Two nodes of four GPUs, a gang of two on each: four are free, in twos.
Yard scattered() {
  Yard yard;
  yard.holds(0, 744, 2);
  yard.holds(0, 744, 2);
  auto& nodes = yard.watched.nodes["north"];
  nodes.held = {{yard.at(0), yard.at(744), 0, 1, 2}, {yard.at(0), yard.at(744), 1, 1, 2}};
  return yard;
}

void waits_for(Yard& yard, std::int64_t from, std::int64_t until, WaitingShape gang) {
  yard.watched.waiting.push_back({yard.at(from), yard.at(until), std::move(gang), {}});
}

}  // namespace

TEST_CASE("what is free in pieces that no gang can use that waits is fragments") {
  auto yard = scattered();
  waits_for(yard, 0, 10, {4, 4, false, {}});    // one whole node
  waits_for(yard, 20, 30, {4, 2, false, {}});   // twos: would fit
  waits_for(yard, 40, 50, {4, {}, false, {}});  // whole nodes first
  waits_for(yard, 60, 70, {3, {}, false, {}});  // three on one node
  waits_for(yard, 80, 90, {2, {}, false, {}});  // fits
  waits_for(yard, 100, 110, {4, 2, true, {}});  // together: on nodes of their own
  waits_for(yard, 120, 130, {2, {}, false, {"none such"}});
  waits_for(yard, 140, 150, {4, 4, false, {}});
  waits_for(yard, 145, 150, {1, {}, false, {}});  // a small one comes
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::Fragments).first == 4 * (10 + 10 + 10 + 10 + 5));
  CHECK(idle(c, IdleCause::Kept).first == 4 * (10 + 10 + 5));
  CHECK(idle(c, IdleCause::NothingWaits).first == 4 * (744 - 70));
}

TEST_CASE("a node that is out of service, or not energised, is no place for a gang that waits") {
  Yard yard;
  yard.watched.nodes["north"].out = {{yard.at(0), yard.at(5), 0, 1, 0}};
  yard.watched.out_of_service["north"] = {{yard.at(0), yard.at(5), 4}};
  waits_for(yard, 0, 10, {8, 4, false, {}});
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::Fragments).first == 4 * 5);
  CHECK(idle(c, IdleCause::Kept).first == 8 * 5);
  Yard dark;
  dark.portfolio.sites[0].halls[0].energised = dark.at(6);
  dark.watched.nodes["north"];
  waits_for(dark, 0, 10, {4, 4, false, {}});
  const auto d = dark.january();
  CHECK(idle(d, IdleCause::Fragments).first == 0);
  CHECK(idle(d, IdleCause::Kept).first == 8 * 4);
}

TEST_CASE("free nodes, against a count from scratch, over random times") {
  std::int64_t asked = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto p = test::small_portfolio({{"north", 5, 4, "azure"}});
    SiteNodes nodes;
    const auto at = [](std::uint64_t hours) {
      return day("2026-01-01") + static_cast<std::int64_t>(hours) * hour;
    };
    for (auto n = random.below(12); n > 0; --n) {
      const auto from = random.below(50);
      const auto first = static_cast<std::uint32_t>(random.below(5));
      const auto size = static_cast<std::uint32_t>(1 + random.below(5 - first));
      const NodeSpan span{at(from), at(from + 1 + random.below(20)), first, size,
                          static_cast<std::int64_t>(1 + random.below(2))};
      (random.below(4) == 0 ? nodes.out : nodes.held).push_back(span);
    }
    FreeNodes free(p, p.sites[0], nodes, at(0));
    for (std::uint64_t t = 0; t < 70; t += 1 + random.below(9)) {
      free.go_to(at(t));
      const auto each = static_cast<std::int64_t>(1 + random.below(4));
      const auto wanted = static_cast<std::int64_t>(1 + random.below(5));
      std::int64_t fit = 0;
      for (std::uint32_t node = 0; node < 5; ++node) {
        std::int64_t left = 4;
        const auto takes = [&](const NodeSpan& s) {
          return s.from <= at(t) && at(t) < s.until && s.first <= node && node < s.first + s.nodes;
        };
        for (const auto& s : nodes.held) left -= takes(s) ? s.gpus : 0;
        for (const auto& s : nodes.out) left = takes(s) ? 0 : left;
        fit += left >= each ? 1 : 0;
      }
      CHECK(free.could_hold({wanted * each, each, false, {}}) == (fit >= wanted));
      asked += fit >= wanted ? 1 : 0;
    }
  }
  CHECK(asked > 500);
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

TEST_CASE("of what was before the lease was held nobody knows why it idled") {
  Yard yard;
  yard.facts["north-lease"].held = std::make_shared<const std::map<std::string, Instant>>(
      std::map<std::string, Instant>{{"north-lease", yard.at(48)}});
  const auto c = yard.january();
  CHECK(idle(c, IdleCause::NotWatched).first == 8 * 48);
  CHECK(idle(c, IdleCause::NothingWaits).first == 8 * (744 - 48));
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
