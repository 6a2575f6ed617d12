// SPDX-License-Identifier: Apache-2.0
#include "model/lease.hpp"

#include <doctest/doctest.h>

#include "model/portfolio.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

using namespace literals;
using test::day;

Lease oracle() {
  Lease lease;
  lease.name = "oracle";
  lease.power = 4'500_MW;
  lease.price = {PriceBasis::Year, Money::of(30'000'000'000'000'000)};
  lease.starts = day("2028-01-01");
  lease.ends = day("2043-01-01");
  lease.ramp = {{day("2028-01-01"), 1'500_MW}, {day("2029-01-01"), 4'500_MW}};
  return lease;
}

std::string problem(const Lease& lease) {
  std::string text;
  for (const auto& p : check(lease))
    text += (text.empty() ? "" : " | ") + p.path + ": " + p.message;
  return text.empty() ? "sound" : text;
}

}  // namespace

TEST_CASE("an amendment of power holds from its date, and steps of the ramp after it do not") {
  auto lease = oracle();
  Amendment a{.from = day("2028-06-01")};
  a.power = 2'000_MW;
  lease.amendments = {a};
  CHECK(problem(lease) == "sound");
  CHECK(lease.contracted_at(day("2028-05-31")) == 1'500_MW);
  CHECK(lease.contracted_at(day("2028-06-01")) == 2'000_MW);
  CHECK(lease.contracted_at(day("2030-01-01")) == 2'000_MW);
  CHECK(lease.terms_at(day("2028-06-01")).priced == 4'500_MW);  // as many dollars a MW as before
}

TEST_CASE("the latest date counts, and of one date what was agreed last") {
  auto lease = oracle();
  const auto amended = [](const char* from, Power power) {
    Amendment a{.from = day(from)};
    a.power = power;
    return a;
  };
  lease.amendments = {amended("2031-01-01", 6'000_MW), amended("2030-01-01", 5'000_MW),
                      amended("2030-01-01", 5'500_MW)};
  CHECK(lease.contracted_at(day("2030-06-01")) == 5'500_MW);
  CHECK(lease.contracted_at(day("2031-06-01")) == 6'000_MW);
  lease.amendments[2].agreed = day("2030-03-01");
  CHECK(lease.known_at(day("2030-02-28")).contracted_at(day("2030-06-01")) == 5'000_MW);
}

TEST_CASE("the escalator counts contract years, for an amended price from its date on") {
  auto lease = oracle();
  lease.escalator = Ratio::of(100'000);
  const auto price = [&](const char* t) { return lease.terms_at(day(t)).price.amount.count(); };
  CHECK(price("2028-12-31") == 30'000'000'000'000'000);
  CHECK(price("2029-01-01") == 33'000'000'000'000'000);
  CHECK(price("2030-01-01") == 36'300'000'000'000'000);
  Amendment a{.from = day("2029-07-01")};
  a.price = LeasePrice{PriceBasis::Year, Money::of(20'000'000'000'000'000)};
  lease.amendments = {a};
  CHECK(price("2029-06-30") == 33'000'000'000'000'000);
  CHECK(price("2029-12-31") == 20'000'000'000'000'000);
  CHECK(price("2030-01-01") == 22'000'000'000'000'000);
}

TEST_CASE("edges are where terms change, and contract years") {
  const auto edges = oracle().edges(day("2028-03-01"), day("2030-02-01"));
  CHECK(edges == std::vector<Instant>{day("2028-03-01"), day("2029-01-01"), day("2030-01-01"),
                                      day("2030-02-01")});
  CHECK(years_after(day("2028-02-29"), 1) == day("2029-02-28"));
  CHECK(years_after(day("2028-02-29"), 4) == day("2032-02-29"));
}

TEST_CASE("the life of a lease is a function of dates and facts") {
  auto lease = oracle();
  std::vector<Lease> all{lease};
  CHECK(stage_of(lease, all, day("2027-12-31")) == LeaseStage::Pending);
  CHECK(stage_of(lease, all, day("2028-01-01")) == LeaseStage::Active);
  CHECK(stage_of(lease, all, day("2043-01-01")) == LeaseStage::Expired);
  auto next = oracle();
  next.name = "oracle-2";
  next.supersedes = "oracle";
  next.starts = day("2043-01-01");
  next.ends = day("2050-01-01");
  all.push_back(next);
  CHECK(stage_of(lease, all, day("2043-01-01")) == LeaseStage::Superseded);
  lease.canceled = day("2035-01-01");
  CHECK(stage_of(lease, all, day("2034-12-31")) == LeaseStage::Active);
  CHECK(stage_of(lease, all, day("2035-01-01")) == LeaseStage::Canceled);
  CHECK(lease.contracted_at(day("2035-01-01")) == Power());
  lease.proposed = true;
  CHECK(stage_of(lease, all, day("2030-01-01")) == LeaseStage::Proposed);
  CHECK_FALSE(lease.runs_at(day("2030-01-01")));
}

TEST_CASE("terms that cannot be are named, on both sides of each bound") {
  auto lease = oracle();
  const auto with = [](auto change) {
    auto l = oracle();
    change(l);
    return problem(l);
  };
  CHECK(problem(lease) == "sound");
  CHECK(with([](auto& l) { l.minimum_bill = Ratio::of(1'000'001); }) ==
        "minimum_bill: expected a share from 0 % to 100 %");
  CHECK(with([](auto& l) { l.minimum_bill = one; }) == "sound");
  CHECK(with([](auto& l) { l.escalator = Ratio::of(500'001); }).substr(0, 9) == "escalator");
  CHECK(with([](auto& l) { l.escalator = Ratio::of(500'000); }).find("absurd") !=
        std::string::npos);  // 30 G$ x 1.5^14
  CHECK(with([](auto& l) { l.escalator = Ratio::of(100'000); }) == "sound");
  CHECK(with([](auto& l) {
          l.sla = {{Ratio::of(990'000), one}, {Ratio::of(990'000), one}};
        }) ==
        "sla[1].below: tiers go down: each is below the one before it | "
        "sla[1].credit: a lower tier credits more than the one before it");
  CHECK(with([](auto& l) { l.sla.resize(limits::sla_tiers + 1); }).substr(0, 27) ==
        "sla: 17 tiers, at most 16 a");
  CHECK(with([](auto& l) {
          l.prepayment = Prepayment{Money::of(1), day("2043-01-01")};
        }) == "prepayment.due: 2043-01-01 is outside the term of the lease");
  CHECK(with([](auto& l) {
          l.renewal = Renewal{0, 1, {}};
        }) == "renewal.years: expected 1 to 100, got 0");
  CHECK(with([](auto& l) { l.canceled = day("2027-01-01"); }) ==
        "canceled: 2027-01-01 is before the start on 2028-01-01");
  CHECK(with([](auto& l) { l.amendments = {{.from = day("2029-01-01")}}; }).substr(0, 31) ==
        "amendments[0]: changes nothing:");
  CHECK(with([](auto& l) { l.amendments.resize(limits::amendments + 1); }).substr(0, 44) ==
        "amendments: 257 amendments, at most 256 are ");
}

TEST_CASE("a lease may supersede one that has ended by then") {
  auto p = test::small_portfolio({{"north", 1, 4, "azure"}});
  auto next = p.leases[0];
  next.name = "next";
  next.supersedes = "north-lease";
  next.starts = day("2029-01-01");
  next.ends = day("2032-01-01");
  p.leases.push_back(next);
  REQUIRE(check(p).size() == 1);
  CHECK(check(p)[0].path == "leases[1].supersedes");
  CHECK(check(p)[0].message.substr(0, 41) == "'north-lease' runs until 2030-01-01, afte");
  p.leases[0].canceled = day("2029-01-01");
  CHECK(check(p).empty());
  p.leases[1].supersedes = "north-leas";
  CHECK(check(p)[0].message == "no lease is called 'north-leas' (did you mean 'north-lease'?)");
}

}  // namespace ampacity
