// SPDX-License-Identifier: Apache-2.0
#include "ledger/books.hpp"

#include <doctest/doctest.h>

#include "ledger/reports.hpp"
#include "ledger/usage.hpp"
#include "model/accelerator.hpp"
#include "model/small_portfolio.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

using test::day;

// 1 MW for 8.76 M$ a year (1,000 $ an hour) at one site of 8 GPUs.
Portfolio one_megawatt() {
  auto p = test::small_portfolio({{"north", 2, 4, "azure"}});
  auto& lease = p.leases[0];
  lease.price = {PriceBasis::Year, Money::of(8'760'000'000'000)};
  lease.starts = day("2026-01-01");
  lease.ends = day("2030-01-01");
  lease.take_or_pay = Ratio::of(800'000);
  return p;
}

// A megawatt for the year 2026.
Portfolio a_dollar_an_hour() {
  auto p = test::small_portfolio({{"north", 3, 4, "azure"}});
  auto& lease = p.leases[0];
  lease.price = {PriceBasis::Year, Money::of(8'760'000'000)};
  lease.power = Power::of(1'000'000);
  lease.starts = day("2026-01-01");
  lease.ends = day("2027-01-01");
  return p;
}

Reading half_of_it(const char* from, const char* until, const std::string& team = "vision") {
  return {"north", team, "p", day(from), day(until), GpuCount::of(4), Power::of(500'000)};
}

std::vector<Invoice> invoices(const Portfolio& p, const LeaseFacts& facts = {},
                              Month last = {2029, 12}, const Calendar& calendar = {}) {
  return invoices_of(p, p.leases[0], calendar, facts, last, day("2027-01-01"));
}

std::int64_t amount(const Invoice& invoice, LineKind kind) {
  std::int64_t sum = 0;
  for (const auto& line : invoice.lines) {
    if (line.kind == kind) sum += line.micro_usd;
  }
  return sum;
}

constexpr std::int64_t usd = 1'000'000;

}  // namespace

TEST_CASE("a month that nobody used is billed by take-or-pay, and the rest is waived") {
  const auto all = invoices(one_megawatt());
  REQUIRE(all.size() == 48);
  const auto& january = all[0];
  CHECK(january.number == "north-lease/2026-01");
  CHECK(january.committed_micro_usd == 744'000 * usd);  // 31 days
  CHECK(january.unused_micro_usd == 744'000 * usd);
  CHECK(january.waived_micro_usd == 148'800 * usd);
  CHECK(january.total_cents == 595'200'00);
  CHECK(amount(january, LineKind::CommitmentUnused) == 595'200 * usd);
  CHECK(january.closed);
  CHECK_FALSE(all[12].closed);
  CHECK(all[25].committed_micro_usd == 696'000 * usd);  // February 2028 has 29 days
}

TEST_CASE("use counts towards take-or-pay, and beyond the commitment it is billed besides") {
  const auto p = one_megawatt();
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-01", "2026-01-11"), half_of_it("2026-02-01", "2026-03-01"),
                    half_of_it("2026-02-01", "2026-03-01", "audio"),
                    half_of_it("2026-02-15", "2026-03-01", "audio")};
  const auto all = invoices(p, facts);
  CHECK(all[0].used_micro_usd == 120'000 * usd);  // half a MW for 240 h
  CHECK(amount(all[0], LineKind::CommitmentUsed) == 120'000 * usd);
  CHECK(amount(all[0], LineKind::CommitmentUnused) == 475'200 * usd);
  CHECK(all[0].total_cents == 595'200'00);
  CHECK(all[1].used_micro_usd == 840'000 * usd);  // 672 and 168 MWh
  CHECK(amount(all[1], LineKind::CommitmentUsed) == 672'000 * usd);
  CHECK(amount(all[1], LineKind::Overuse) == 168'000 * usd);
  CHECK(all[1].waived_micro_usd == 0);
  REQUIRE(all[1].charges.size() == 2);
  CHECK(all[1].charges[0].team == "audio");
  CHECK(all[1].charges[0].lease_micro_usd == 504'000 * usd);
}

TEST_CASE("an attempt over the end of a month is split at it, in the zone of the contract") {
  auto p = one_megawatt();
  Calendar chicago{"America/Chicago", {{day("2000-01-01"), Duration(-6 * 3'600'000)}}};
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-31", "2026-02-02")};
  CHECK(invoices(p, facts)[0].used_micro_usd == 12'000 * usd);
  // There February begins six hours later; the lease starts on 31 December by its clocks.
  const auto there = invoices(p, facts, {2029, 12}, chicago);
  CHECK(there[0].month == "2025-12");
  CHECK(there[1].used_micro_usd == 15'000 * usd);
  CHECK(there[2].used_micro_usd == 9'000 * usd);
}

TEST_CASE("the escalator raises the price each contract year") {
  auto p = one_megawatt();
  p.leases[0].escalator = Ratio::of(30'000);
  const auto all = invoices(p);
  CHECK(all[11].committed_micro_usd == 744'000 * usd);
  CHECK(all[12].committed_micro_usd == 766'320 * usd);
  CHECK(all[24].committed_micro_usd == 789'309'600'000);
}

TEST_CASE("the minimum bill is a share of the whole power, whatever the ramp") {
  auto p = one_megawatt();
  p.leases[0].ramp = {{day("2026-01-01"), Power::of(250'000)},
                      {day("2027-01-01"), Power::of(1'000'000)}};
  p.leases[0].minimum_bill = Ratio::of(500'000);
  const auto all = invoices(p);
  CHECK(all[0].committed_micro_usd == 186'000 * usd);
  CHECK(amount(all[0], LineKind::CommitmentUnused) == 148'800 * usd);
  CHECK(amount(all[0], LineKind::MinimumBill) == 223'200 * usd);
  CHECK(amount(all[12], LineKind::MinimumBill) == 0);
}

TEST_CASE("what is not energised is not paid for, and its delay costs the provider") {
  auto p = one_megawatt();
  p.leases[0].delay_damages = DelayDamages{Money::of(1'000 * usd)};
  p.sites[0].halls[0].energised = day("2026-01-11");
  const auto january = invoices(p)[0];
  CHECK(january.not_delivered_micro_usd == 240'000 * usd);
  CHECK(amount(january, LineKind::CommitmentUnused) == 403'200 * usd);
  CHECK(amount(january, LineKind::DelayDamages) == -10'000 * usd);
}

TEST_CASE("the lowest tier that was missed is credited") {
  auto p = one_megawatt();
  p.leases[0].sla = {{Ratio::of(999'000), Ratio::of(50'000)},
                     {Ratio::of(950'000), Ratio::of(250'000)}};
  LeaseFacts facts;
  facts.outages = {{day("2026-01-01"), day("2026-01-02"), 8},
                   {day("2026-02-01"), day("2026-02-04"), 4}};
  const auto all = invoices(p, facts);
  CHECK(all[0].available_ppm == 967'742);  // a day of 31, all 8 GPUs
  CHECK(amount(all[0], LineKind::SlaCredit) == -29'760 * usd);
  CHECK(all[1].available_ppm == 946'429);  // three of 28 days, half of them
  CHECK(amount(all[1], LineKind::SlaCredit) == -134'400 * usd);
  CHECK(amount(all[2], LineKind::SlaCredit) == 0);
}

TEST_CASE("a prepayment is billed once and then taken from what is charged") {
  auto p = one_megawatt();
  p.leases[0].prepayment = Prepayment{Money::of(1'000'000 * usd), day("2026-01-15")};
  const auto all = invoices(p);
  CHECK(amount(all[0], LineKind::Prepayment) == 1'000'000 * usd);
  CHECK(amount(all[0], LineKind::PrepaymentApplied) == -595'200 * usd);
  CHECK(amount(all[1], LineKind::PrepaymentApplied) == -404'800 * usd);
  CHECK(amount(all[2], LineKind::PrepaymentApplied) == 0);
  std::int64_t prepaid = 0;
  for (const auto& invoice : all) {
    for (const auto& posting : invoice.postings) {
      if (posting.account == Account::Prepaid) prepaid += posting.micro_usd;
    }
  }
  CHECK(prepaid == 0);
}

TEST_CASE("the bill of a gang that worked at a slower pace for a while ties with its usage") {
  const auto p = one_megawatt();
  const auto& lease = p.leases[0];
  // As the engine counts it: a piece at full pace, one while the site was curtailed, and the rest.
  Usage usage;
  const auto worked = [&](const char* from, const char* until, std::int64_t watts) {
    usage += usage_of(p.sites[0], &lease, GpuCount::of(4), Power::of(watts), day(from), day(until));
  };
  worked("2026-01-30", "2026-01-31", 500'000);
  worked("2026-01-31", "2026-02-03", 314'159);
  worked("2026-02-03", "2026-02-06", 500'000);
  LeaseFacts facts;
  const Reading whole{"north", "", "", day("2026-01-30"), day("2026-02-06"), {}, {}};
  facts.readings = readings_of(
      whole, usage,
      {{day("2026-01-31"), Power::of(314'159)}, {day("2026-02-03"), Power::of(500'000)}});
  REQUIRE(facts.readings.size() == 3);
  CHECK(facts.readings[0].draws == Power::of(500'000));
  CHECK(facts.readings[0].rest == 0);
  const auto all = invoices(p, facts);
  CHECK(all[0].used_j + all[1].used_j == usage.it_energy.count());
  CHECK(all[0].used_j == energy_of(Power::of(814'159), Duration(86'400'000)).count());
  CHECK(all[0].used_micro_usd + all[1].used_micro_usd == usage.lease_cost.count());
  CHECK(all[0].charges[0].gpu_ms + all[1].charges[0].gpu_ms == usage.gpu_time.count());
}

TEST_CASE("readings of an attempt: what its first stretch drew is what the others leave") {
  const auto at = [](std::int64_t ms) { return day("2026-01-01") + Duration(ms); };
  const Reading whole{"north", "", "", at(0), at(3'000), {}, {}};
  Usage usage;
  usage.gpu_time = GpuTime::of(12'000);
  usage.it_energy = Energy::of(250);
  CHECK(readings_of(whole, usage, {})[0].gpus == GpuCount::of(4));
  // Told at its place, and twice at one instant: stretches of no length are none.
  const auto two =
      readings_of(whole, usage,
                  {{at(0), Power::of(100)}, {at(1'000), Power::of(7)}, {at(1'000), Power::of(75)}});
  REQUIRE(two.size() == 2);
  CHECK(two[0].draws == Power::of(100));
  CHECK(two[1].draws == Power::of(75));
  const auto brief = readings_of(whole, usage, {{at(3), Power::of(83)}});
  REQUIRE(brief.size() == 2);
  CHECK(brief[0].energy(Duration(3)) == Energy::of(1));  // 250 J less 249 J
  CHECK(readings_of({"north", "", "", at(0), at(0), {}, {}}, {}, {}).empty());
}

TEST_CASE("a price by the GPU-hour is owed for the GPUs that the contracted power carries") {
  auto p = test::small_portfolio({{"north", 3, 4, "azure"}});
  auto& lease = p.leases[0];
  const auto all = leased_gpus(p, lease);
  CHECK(all.all == 12);
  lease.price = {PriceBasis::GpuHour, Money::of(2 * usd)};
  lease.starts = day("2026-01-01");
  lease.ends = day("2027-01-01");
  lease.take_or_pay = one;
  lease.power = Power::of(all.draw.count() / 2);
  lease.ramp = {{day("2026-01-01"), Power::of(all.draw.count() / 4 + 1)},
                {day("2026-02-01"), lease.power}};
  auto months = invoices(p, {});
  CHECK(months[0].total_micro_usd == 3 * 31 * 24 * 2 * usd);  // 3 of 12 GPUs
  CHECK(months[1].total_micro_usd == 6 * 28 * 24 * 2 * usd);
  const auto s = statement(p, lease, {}, lease.starts, day("2026-03-01"));
  CHECK(s.committed_cost.count() == months[0].total_micro_usd + months[1].total_micro_usd);

  // For 8,000 GPU-hours in all: 2,232 in January, 4,032 in February, the rest in March, no more.
  lease.gpu_hours = 8'000;
  months = invoices(p, {});
  CHECK(months[1].total_micro_usd == 6 * 28 * 24 * 2 * usd);
  CHECK(months[2].total_micro_usd == (8'000 - 2'232 - 4'032) * 2 * usd);
  CHECK(months[3].total_micro_usd == 0);
  const auto whole = statement(p, lease, {}, lease.starts, lease.ends);
  CHECK(whole.committed_cost == Money::of(8'000 * 2 * usd));

  // What is used faster is gone sooner: 12 GPUs for all of January.
  LeaseFacts facts;
  facts.readings = {
      {"north", "", "", day("2026-01-01"), day("2026-02-01"), GpuCount::of(12), Power::of(1'000)}};
  months = invoices(p, facts);
  CHECK(months[0].total_micro_usd == 8'928 * 2 * usd);  // the gang ran on
  CHECK(months[1].total_micro_usd == 0);
}

TEST_CASE("of gpu_hours years share, and what is not delivered is not gone") {
  auto p = test::small_portfolio({{"north", 3, 4, "azure"}});
  auto& lease = p.leases[0];
  lease.price = {PriceBasis::GpuHour, Money::of(2 * usd)};
  lease.starts = day("2026-01-01");
  lease.ends = day("2030-01-01");
  lease.gpu_hours = 150'000;  // a year of 12 GPUs is 105,120
  Money sum;
  for (const auto* year : {"2026", "2027", "2028", "2029"}) {
    const auto from = day((std::string(year) + "-01-01").c_str());
    sum += statement(p, lease, {}, from, years_after(from, 1)).committed_cost;
  }
  CHECK(sum == Money::of(300'000 * usd));
  // 140,000 of them were used before: a fork of the server owes what is left.
  const auto rest = statement(p, lease, {}, day("2026-06-01"), day("2027-01-01"),
                              GpuTime::of(140'000LL * 3'600'000));
  CHECK(rest.committed_cost == Money::of(20'000 * usd));

  p.sites[0].halls[0].energised = day("2028-01-01");
  std::int64_t total = 0;
  for (const auto& invoice : invoices_of(p, lease, Calendar(), {}, {2029, 12}, day("2030-01-01"))) {
    total += invoice.total_micro_usd;
  }
  CHECK(total == 300'000 * usd);
  CHECK(statement(p, lease, {}, lease.starts, lease.ends).owed == Money::of(300'000 * usd));
}

TEST_CASE("what a contract owes is the sum of its months, not the most of the whole") {
  auto p = a_dollar_an_hour();
  auto& lease = p.leases[0];
  lease.ramp = {{day("2026-01-01"), Power::of(100'000)}, {day("2026-07-01"), lease.power}};
  lease.minimum_bill = Ratio::of(500'000);
  std::int64_t total = 0;
  for (const auto& invoice : invoices(p, {})) total += invoice.total_micro_usd;
  CHECK(total == (181 * 12 + 184 * 24) * usd);
  CHECK(statement(p, lease, {}, lease.starts, lease.ends).owed.count() == total);
}

TEST_CASE("a statement owes nothing for what no hall can feed yet") {
  auto p = a_dollar_an_hour();
  auto& lease = p.leases[0];
  p.sites[0].halls[0].power = Power::of(750'000);
  p.sites[0].halls[0].energised = day("2026-01-06");
  const auto s = statement(p, lease, {}, day("2026-01-01"), day("2026-01-11"));
  CHECK(s.committed_cost == Money::of(240 * usd));
  CHECK(s.owed == Money::of(90 * usd));  // five days of three quarters
}

TEST_CASE("a statement owes the minimum bill, too") {
  auto p = a_dollar_an_hour();
  auto& lease = p.leases[0];
  lease.ramp = {{day("2026-01-01"), Power::of(500'000)}, {day("2026-12-31"), lease.power}};
  lease.take_or_pay = Ratio::of(500'000);
  lease.minimum_bill = Ratio::of(800'000);
  const auto s = statement(p, lease, {}, day("2026-01-01"), day("2026-01-11"));
  CHECK(s.committed_cost == Money::of(120 * usd));
  CHECK(s.owed == Money::of(192 * usd));
}

TEST_CASE("energy that is passed through is billed at the meter of the site") {
  auto p = one_megawatt();
  p.leases[0].energy_pass_through = true;
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-01", "2026-01-11")};
  const auto january = invoices(p, facts)[0];
  CHECK(amount(january, LineKind::EnergyUsed) == 7'200 * usd);  // 120 MWh x 1.2 x 50 USD
  CHECK(january.charges[0].energy_micro_usd == 7'200 * usd);
}

// Of 8 GPUs 4 are held for ten days, and 2 are out of service on the last of them; nobody looked
// before the third.
LeaseFacts watched_from_the_third() {
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-01", "2026-01-11")};
  SiteWatch seen;
  seen.held = {{day("2026-01-01"), day("2026-01-11"), 4}};
  seen.out_of_service = {{day("2026-01-10"), day("2026-01-11"), 2}};
  facts.sites["north"] = std::make_shared<SiteWatch>(std::move(seen));
  facts.watched_since = day("2026-01-03");
  return facts;
}

TEST_CASE("free GPUs of a site that is watched draw idle power, and it is passed through too") {
  auto p = one_megawatt();
  p.leases[0].energy_pass_through = true;
  const auto facts = watched_from_the_third();
  const auto all = invoices(p, facts);
  // Idle GPU-days at 100 W and its share of the host: 7 x 4 + 2, and 21 x 8 after the gang.
  const auto& site = p.sites[0];
  const auto watts = it_power(*shape_of(p, site.halls[0]).accelerator, GpuCount::of(8), Ratio());
  const auto one_gpu_day = times(energy_of(watts, Duration(86'400'000)), site.pue).count() / 8;
  REQUIRE(all[0].idle_energy.size() == 1);
  CHECK(all[0].idle_energy[0].facility_j == (7 * 4 + 2 + 21 * 8) * one_gpu_day);
  const auto mwh_ppb = all[0].idle_energy[0].facility_j;  // at 50 USD a MWh
  CHECK(amount(all[0], LineKind::EnergyIdle) == scaled(mwh_ppb, 50 * usd, 3'600'000'000));
  CHECK(amount(all[0], LineKind::EnergyUsed) == 7'200 * usd);
  CHECK(all[0].charges[0].energy_micro_usd == 7'200 * usd);  // teams bear what they drew
  CHECK(all[11].idle_energy[0].facility_j == 31 * 8 * one_gpu_day);
  CHECK(all[12].idle_energy.empty());                             // it has not come yet
  CHECK(invoices(one_megawatt(), facts)[0].idle_energy.empty());  // in the price
}

TEST_CASE("a month is reckoned by the site as it was when the month closed") {
  auto p = one_megawatt();
  p.leases[0].energy_pass_through = true;
  auto facts = watched_from_the_third();
  facts.readings.push_back(half_of_it("2026-02-01", "2026-02-11"));
  const auto before = invoices(p, facts);
  const auto old = std::make_shared<const Portfolio>(p);
  p.sites[0].pue = Ratio::of(1'500'000);
  p.sites[0].energy_price = EnergyPrice::of(90 * usd);
  const auto fresh = std::make_shared<const Portfolio>(p);
  facts.portfolios = std::make_shared<const std::vector<InForce>>(
      std::vector<InForce>{{day("2025-12-01"), old}, {day("2026-02-10"), fresh}});
  const auto after = invoices(p, facts);
  CHECK(after[0] == before[0]);  // closed
  CHECK(amount(after[1], LineKind::EnergyUsed) > amount(before[1], LineKind::EnergyUsed));
  CHECK(amount(after[1], LineKind::EnergyIdle) > amount(before[1], LineKind::EnergyIdle));
  CHECK(amount(after[1], LineKind::Adjustment) == 0);
}

TEST_CASE("leases of one site share what its free GPUs draw by what they contract there") {
  auto p = one_megawatt();
  p.leases[0].energy_pass_through = true;
  p.leases.push_back(p.leases[0]);
  p.leases[1].name = "other";
  p.leases[1].power = Power::of(3'000'000);
  p.leases[1].ends = day("2026-12-01");
  const auto alone = invoices(
      [&] {
        auto single = p;
        single.leases.pop_back();
        return single;
      }(),
      watched_from_the_third());
  const auto all = invoices(p, watched_from_the_third());
  const auto of = [](const Invoice& i) { return i.idle_energy.at(0).facility_j; };
  CHECK(std::abs(of(alone[5]) - 4 * of(all[5])) <= 4);
  CHECK(of(alone[11]) == of(all[11]));
}

TEST_CASE("use at a site that the portfolio has no more is still billed") {
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-01", "2026-01-11")};
  facts.readings[0].site = "shed";
  const auto january = invoices(one_megawatt(), facts)[0];
  CHECK(january.used_micro_usd == 120'000 * usd);
  CHECK(january.charges[0].facility_j == january.charges[0].it_j);
}

TEST_CASE("an amendment that reaches back leaves closed invoices alone and adjusts the next") {
  auto p = one_megawatt();
  const auto before = invoices(p);
  Amendment cheaper{.from = day("2026-02-01"), .agreed = day("2026-04-10")};
  cheaper.price = LeasePrice{PriceBasis::Year, Money::of(4'380'000'000'000)};
  p.leases[0].amendments = {cheaper};
  const auto after = invoices(p);
  for (std::size_t i = 0; i < 3; ++i) CHECK(after[i] == before[i]);
  CHECK(amount(after[3], LineKind::CommitmentUnused) == 288'000 * usd);
  CHECK(amount(after[3], LineKind::Adjustment) == -(268'800 + 297'600) * usd);
  CHECK(after[3].lines[1].month == "2026-02");
  CHECK(amount(after[4], LineKind::Adjustment) == 0);
}

TEST_CASE("more power at an agreed price costs as much a MW; a new price is for the new power") {
  auto p = one_megawatt();
  Amendment more{.from = day("2026-02-01")};
  more.power = Power::of(2'000'000);
  p.leases[0].amendments = {more};
  CHECK(invoices(p)[1].committed_micro_usd == 2 * 672'000 * usd);
  p.leases[0].amendments[0].price = p.leases[0].price;
  CHECK(invoices(p)[1].committed_micro_usd == 672'000 * usd);
}

TEST_CASE("a shorter term ends the invoices; a proposed lease has none") {
  auto p = one_megawatt();
  Amendment end{.from = day("2026-02-01")};
  end.ends = day("2026-06-16");
  p.leases[0].amendments = {end};
  const auto all = invoices(p);
  CHECK(all.size() == 6);
  CHECK(all[5].committed_micro_usd == 360'000 * usd);
  p.leases[0].proposed = true;
  CHECK(invoices(p).empty());
}

TEST_CASE("cents go to the largest remainders") {
  CHECK(cents_of({3'333, 3'333, 3'334}, 1) == std::vector<std::int64_t>{0, 0, 1});
  CHECK(cents_of({-3'333, 13'333}, 1) == std::vector<std::int64_t>{0, 1});
  CHECK(cents_of({10'000, 20'000}, 3) == std::vector<std::int64_t>{1, 2});
  CHECK(rounded_cents(15'000) == 2);
  CHECK(rounded_cents(-15'000) == -1);
}

TEST_CASE("a chargeback adds up to the invoices, with idle shown, and says how budgets stand") {
  auto p = one_megawatt();
  p.teams = {{"vision",
              1,
              {"p"},
              "",
              {},
              TeamBudget{Money::of(200'000 * usd), BudgetPeriod::Quarter, Ratio::of(500'000)}},
             {"audio", 1, {}, "", {}, {}}};
  LeaseFacts facts;
  facts.readings = {half_of_it("2026-01-01", "2026-01-11"), half_of_it("2026-02-01", "2026-02-11"),
                    half_of_it("2026-01-01", "2026-01-02", "")};
  const AllInvoices all{invoices(p, facts)};
  const auto january = chargeback(p, all, {2026, 1}, false);
  REQUIRE(january.rows.size() == 3);
  CHECK(january.rows[0].team == "(none)");
  CHECK(january.rows[0].cents == 12'000'00);
  CHECK(january.rows[1].team == "vision");
  CHECK(january.rows[1].warning == "60 % of the budget");
  CHECK(january.rows[2].team == "(idle)");
  CHECK(january.rows[2].cents == 463'200'00);
  CHECK(january.total_cents == all[0][0].total_cents);
  CHECK(chargeback(p, all, {2026, 2}, false).rows[0].warning == "the budget is spent: 120 %");
  CHECK(chargeback(p, all, {2026, 1}, true).rows[1].project == "p");
}

TEST_CASE("a programme counts the months of contracts whose clocks are ahead of UTC") {
  auto p = one_megawatt();
  p.leases[0].take_or_pay = one;
  Calendar tokyo;
  tokyo.zone = "Asia/Tokyo";
  tokyo.steps = {{day("2000-01-01"), Duration(9 * 3'600'000)}};
  p.leases[0].time_zone = tokyo.zone;
  p.leases[0].starts = day("2026-01-01") - Duration(9 * 3'600'000);
  p.programmes = {
      {"more", Money::of(30'000'000 * usd), day("2026-01-01"), day("2027-01-01"), {}, ""}};
  const AllInvoices all{
      invoices_of(p, p.leases[0], tokyo, {}, *last_month(p.programmes), day("2026-01-02"))};
  const auto whole = programmes(p, all).programmes[0].whole;
  CHECK(whole.forecast_micro_usd == 8'760'000 * usd);  // all twelve, and no thirteenth
}

TEST_CASE("a programme's envelopes hold what is committed, invoiced and owed") {
  auto p = one_megawatt();
  p.leases[0].take_or_pay = one;
  p.programmes = {{"more",
                   Money::of(30'000'000 * usd),
                   day("2026-01-01"),
                   day("2029-01-01"),
                   {{day("2026-01-01"), day("2027-01-01"), Money::of(8'000'000 * usd)}},
                   ""}};
  const AllInvoices all{invoices(p, {}, *last_month(p.programmes))};
  const auto list = programmes(p, all);
  const auto& first = list.programmes[0].envelopes[0];
  CHECK(first.committed_micro_usd == 8'760'000 * usd);
  CHECK(first.invoiced_micro_usd == 8'760'000 * usd);  // 2026 is closed at the start of 2027
  CHECK(first.left_micro_usd == -760'000 * usd);
  const auto& whole = list.programmes[0].whole;
  CHECK(whole.invoiced_micro_usd == 8'760'000 * usd);
  CHECK(whole.forecast_micro_usd == 26'304'000 * usd);  // 2028 has a day more
}

TEST_CASE("the bill of a gang that worked slower for a while ties with its usage") {
  auto p = one_megawatt();
  p.leases[0].energy_pass_through = true;
  const auto& lease = p.leases[0];
  // Ten days at full draw, ten at 60 % of it, over the turn of the month.
  const auto gpus = GpuCount::of(4);
  auto usage =
      usage_of(p.sites[0], &lease, gpus, Power::of(500'000), day("2026-01-15"), day("2026-01-25"));
  usage +=
      usage_of(p.sites[0], &lease, gpus, Power::of(300'000), day("2026-01-25"), day("2026-02-04"));
  CHECK(usage.lease_cost == Money::of(192'000 * usd));  // not 240,000 USD
  LeaseFacts facts;
  facts.readings = readings_of({"north", "", "", day("2026-01-15"), day("2026-02-04"), {}, {}},
                               usage, {{day("2026-01-25"), Power::of(300'000)}});
  CHECK(facts.readings[1].gpus == gpus);
  const auto all = invoices(p, facts);
  CHECK(all[0].used_micro_usd + all[1].used_micro_usd == usage.lease_cost.count());
  CHECK(amount(all[0], LineKind::EnergyUsed) + amount(all[1], LineKind::EnergyUsed) ==
        usage.energy_cost.count());
}

}  // namespace ampacity
