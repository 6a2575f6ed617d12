// SPDX-License-Identifier: Apache-2.0
#include "model/capacity_request.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

using namespace literals;
using test::day;

Quote quote(const char* name, std::int64_t mw, LeasePrice price, const char* from) {
  Quote q;
  q.name = name;
  q.provider = "oracle";
  q.site = "south";
  q.power = Power::of(mw * 1'000'000);
  q.price = price;
  q.from = day(from);
  return q;
}

LeasePrice month(std::int64_t usd) {
  return {PriceBasis::MwMonth, Money::of(usd * 1'000'000)};
}

OpenRequest asked() {
  OpenRequest open;
  open.request = {"spring", 100_MW, day("2027-03-01"), day("2037-03-01"), ""};
  return open;
}

std::string order(const std::vector<RankedQuote>& quotes) {
  std::string names;
  for (const auto& q : quotes) names += q.quote.name;
  return names;
}

}  // namespace

TEST_CASE("a right is what its amendments say on that day") {
  RefusalRight right{"all", Duration(1'000), day("2025-01-21"), std::nullopt};
  right.amendments.push_back({.from = day("2026-04-27"), .ends = day("2026-04-27")});
  right.amendments.push_back({.from = day("2026-01-01"), .response_window = Duration(500)});
  CHECK_FALSE(right.in_force_at(day("2025-01-20")));
  CHECK(right.in_force_at(day("2025-01-21")));
  CHECK(right.terms_at(day("2025-12-31")).response_window == Duration(1'000));
  CHECK(right.terms_at(day("2026-01-01")).response_window == Duration(500));
  CHECK(right.in_force_at(day("2026-04-26")));
  CHECK_FALSE(right.in_force_at(day("2026-04-27")));
  CHECK(check(right).empty());
  right.amendments.push_back({.from = day("2026-04-27")});
  right.amendments.push_back({.from = day("2026-04-27"), .ends = day("2025-01-21")});
  const auto problems = check(right);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].path == "amendments[2]");
  CHECK(problems[1].path == "amendments[3].ends");
}

TEST_CASE("a request stands as its offers were answered") {
  auto open = asked();
  CHECK(open.stage() == RequestStage::Unheld);
  open.offers.resize(2);
  CHECK(open.stage() == RequestStage::Offered);
  open.offers[0].answer = open.offers[1].answer = OfferAnswer::Declined;
  CHECK(open.stage() == RequestStage::Declined);
  open.offers[1].answer = OfferAnswer::Lapsed;
  CHECK(open.stage() == RequestStage::Lapsed);
  open.offers[0].answer = OfferAnswer::Accepted;
  open.offers[0].accepted = 60_MW;
  CHECK(open.stage() == RequestStage::PartlyMatched);
  CHECK(open.left() == 40_MW);
  open.offers[1].accepted = 40_MW;
  CHECK(open.stage() == RequestStage::Matched);
}

TEST_CASE("quotes are ranked by cost per usable MW, first day, energy price, carbon") {
  auto portfolio = test::small_portfolio({{"south", 2, 4, "oracle"}});
  portfolio.sites[0].interconnection = {{day("2026-01-01"), 62_MW}};  // at the meter
  auto open = asked();
  open.quotes = {
      quote("a", 98, month(500'000), "2027-06-01"),  // half of it is usable
      quote("b", 20, month(700'000), "2027-06-01"), quote("c", 20, month(700'000), "2027-03-01"),
      quote("d", 20, month(700'000), "2027-06-01"), quote("e", 20, month(700'000), "2027-06-01")};
  open.quotes[1].energy_price = EnergyPrice::of(30'000'000);
  open.quotes[1].carbon = Carbon::of(400);
  open.quotes[4].energy_price = EnergyPrice::of(30'000'000);
  open.quotes[4].carbon = Carbon::of(300);
  const auto all = ranked(open, portfolio);
  CHECK(order(all) == "cebda");
  CHECK(all.back().usable == Power::of(50'666'667));  // 62 / 1.2, beside 1 MW
  CHECK(all[0].usable == 20_MW);
  CHECK(all[0].per_usable_mw_year == Money::of(700'000LL * 12 * 1'000'000));
}

TEST_CASE("the three bases of a price come to the same figure") {
  const auto portfolio = test::small_portfolio({{"south", 2, 4, "oracle"}});  // 8 GPUs
  auto open = asked();
  open.quotes = {
      quote("year", 20, {PriceBasis::Year, Money::of(20LL * 7'008'000 * 1'000'000)}, "2027-06-01"),
      quote("month", 20, month(584'000), "2027-06-01"),
      quote("hour", 20, {PriceBasis::GpuHour, Money::of(2'000LL * 1'000'000)}, "2027-06-01")};
  const auto all = ranked(open, portfolio);
  REQUIRE(all.size() == 3);
  CHECK(all[1].per_usable_mw_year == Money::of(7'008'000LL * 1'000'000));
  CHECK(all[2].per_usable_mw_year == Money::of(7'008'000LL * 1'000'000));
  CHECK(all[0].quote.name == "hour");  // 8 GPUs at 2,000 $ an hour, of 20 MW
  CHECK(all[0].per_usable_mw_year == Money::of(8LL * 2'000 * 8'760 / 20 * 1'000'000));
}

TEST_CASE("absurd requests and quotes are refused with their place") {
  auto request = asked().request;
  CHECK(check(request).empty());
  request.name = "Spring!";
  request.power = Power();
  request.until = request.from;
  const auto problems = check(request);
  REQUIRE(problems.size() == 3);
  CHECK(problems[1].message == "expected more than 0 W and at most 100 GW, got 0 W");
  auto q = quote("q", 20, month(1), "2027-06-01");
  CHECK(check(q).empty());
  q.pue = Ratio::of(999'999);
  q.carbon = Carbon::of(2'001);
  q.note = std::string(1'001, 'x');
  CHECK(check(q).size() == 3);
}

}  // namespace ampacity
