// SPDX-License-Identifier: Apache-2.0
// Energy, its cost and its carbon: the parts add up to the whole exactly, a constant series is the
// constant, and what changes by the hour is integrated as one would by hand.
#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"
#include "sim/simulation.hpp"

namespace ampacity {
namespace {

const Instant epoch = test::day("2026-03-01");
constexpr Duration minute(60'000);
constexpr Duration hour = HourlySeries::hour;

HourlySeries series_of(Instant from, std::vector<std::int64_t> values) {
  HourlySeries series;
  series.file = {"made-up.csv", "", "zone", "utc", "value", "USD/MWh"};
  series.from = from;
  series.values = std::move(values);
  return series;
}

HourlySeries random_series(std::uint64_t seed, Instant from, std::size_t hours, std::int64_t least,
                           std::uint64_t width) {
  Random random(seed);
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < hours; ++i) {
    values.push_back(least + static_cast<std::int64_t>(random.below(width)));
  }
  return series_of(from, std::move(values));
}

SimulationResult play(const Portfolio& portfolio, const std::vector<Workload>& workloads,
                      const SimulationOptions& options = {}) {
  Engine engine;
  REQUIRE_FALSE(engine.decide(Configure{portfolio}, epoch).refusal);
  Simulation simulation(std::move(engine), epoch, workloads, options);
  while (simulation.step()) {
  }
  return simulation.finish(false);
}

// Jobs of all sizes, some of which fail, of several teams and leases.
Workload mixture(std::uint64_t seed) {
  Random random(seed);
  Workload w;
  w.name = "mixture";
  for (const auto* team : {"", "vision", "speech"}) {
    JobSpec kind;
    kind.team = team;
    kind.checkpoint_interval = 10 * minute;
    w.kinds.push_back(kind);
  }
  auto at = epoch;
  for (std::int64_t i = 0; i < 400; ++i) {
    at += Duration(random.exponential(600'000));
    const Duration run(1 + random.exponential(3'000'000));
    w.jobs.push_back({at, run, run * 2 + minute, i,
                      static_cast<std::uint32_t>(1 + random.below(30)),
                      static_cast<std::uint32_t>(random.below(3)),
                      static_cast<std::int16_t>(random.below(10) == 0 ? 1 : 0)});
  }
  return w;
}

template <class Result>
EnergyUse use_of(const Result& r) {
  return {r.it_j, r.facility_j, r.energy_micro_usd, r.carbon_g};
}

template <class Result>
EnergyUse sum_of(const std::vector<Result>& parts) {
  EnergyUse sum;
  for (const auto& part : parts) sum += use_of(part);
  return sum;
}

EnergyUse with_idle(EnergyUse use, const SimulationResult& r) {
  use += r.idle;
  return use;
}

void ties(const SimulationResult& r) {
  CHECK(sum_of(r.sites) == use_of(r));
  CHECK(with_idle(sum_of(r.teams), r) == use_of(r));
  CHECK(with_idle(sum_of(r.leases), r) == use_of(r));
  CHECK(with_idle(sum_of(r.size_classes), r) == use_of(r));
  EnergyUse idle;
  for (const auto& site : r.sites) idle += site.idle;
  CHECK(idle == r.idle);
  CHECK(r.idle.it_j > 0);
  CHECK(use_of(r).it_j > r.idle.it_j);
}

Portfolio three_sites() {
  auto p = test::small_portfolio({{"a", 6, 4}, {"b", 4, 4, "oracle"}, {"c", 4, 4, "crusoe"}});
  p.teams = {{"vision", 1, {}, "", {}}, {"speech", 1, {}, "", {}}};
  p.sites[0].carbon = Carbon::of(333);
  p.sites[1].carbon = Carbon::of(7);
  return p;
}

}  // namespace

TEST_CASE("teams, leases or size classes, and what idled, are the sites, exactly") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    auto p = three_sites();
    if (seed % 3 > 0) {
      p.sites[2].energy_price = EnergyPrice();
      p.sites[2].energy_price_by_hour =
          random_series(seed, epoch - 30 * minute, 100, -20'000'000, 300'000'000);
    }
    if (seed % 3 > 1) {
      p.sites[2].carbon_by_hour = random_series(seed, epoch - hour * 1'000, 2'000, 0, 900'000);
    }
    SimulationOptions options;
    options.seed = seed;
    options.faults.causes = {{"c", FaultUnit::Node, Duration(200LL * 3'600'000), 10 * minute}};
    if (seed % 2 == 0) options.until = epoch + 20 * hour;  // some run on
    const auto r = play(p, {mixture(seed)}, options);
    ties(r);
    CHECK(r.teams.size() == 3);
  }
}

TEST_CASE("a series that does not change is the constant, to the micro-dollar and the gram") {
  auto constant = three_sites();
  auto by_hour = constant;
  for (auto& site : by_hour.sites) {
    site.energy_price_by_hour =
        series_of(epoch, std::vector<std::int64_t>(24, site.energy_price.count()));
    site.carbon_by_hour =
        series_of(epoch + 7 * minute, std::vector<std::int64_t>(50, site.carbon.count() * 1'000));
    site.energy_price = EnergyPrice();
    site.carbon = Carbon();
  }
  const auto a = play(constant, {mixture(5)});
  const auto b = play(by_hour, {mixture(5)});
  CHECK(use_of(a) == use_of(b));
  CHECK(a.idle == b.idle);
  for (std::size_t i = 0; i < a.teams.size(); ++i) CHECK(use_of(a.teams[i]) == use_of(b.teams[i]));
  for (std::size_t i = 0; i < a.sites.size(); ++i) CHECK(use_of(a.sites[i]) == use_of(b.sites[i]));
}

TEST_CASE("a gang that runs through three prices, and what idles beside it") {
  auto p = test::small_portfolio({{"a", 2, 4}});
  std::vector<std::int64_t> prices(24, 0);
  std::vector<std::int64_t> carbon(24, 0);
  prices[0] = 10'000'000;  // USD 10, 20 and -40 a MWh
  prices[1] = 20'000'000;
  prices[2] = -40'000'000;
  carbon[1] = 1'000'000;  // mg/kWh
  p.sites[0].energy_price = EnergyPrice();
  p.sites[0].energy_price_by_hour = series_of(epoch, prices);
  p.sites[0].carbon_by_hour = series_of(epoch, carbon);
  Workload w;
  w.name = "one";
  JobSpec kind;
  kind.draw = one;
  w.kinds.push_back(kind);
  w.jobs.push_back({epoch + 30 * minute, 120 * minute, 240 * minute, 1, 4, 0, 0});
  SimulationOptions options;
  options.until = epoch + 3 * hour;
  const auto r = play(p, {w}, options);
  // 4 GPUs of 1,100 W with their part of the host, 2 h, at PUE 1.2: half an hour at 10, one at 20,
  // half a one at -40. 4 others at 200 W for 3 h, and the 4 for the hour before and after.
  const std::int64_t it = 4'400LL * 7'200;
  CHECK(r.teams[0].it_j == it);
  CHECK(r.teams[0].facility_j == it * 12 / 10);
  CHECK(r.teams[0].energy_micro_usd == 26'400);  // 5.28 kWh x half an hour's and so on
  CHECK(r.teams[0].carbon_g == 5'280);           // 5.28 kWh x 1,000 g
  CHECK(r.idle.it_j == 800LL * 10'800 + 800LL * 3'600);
  CHECK(r.idle.carbon_g == 960);  // 0.8 kW x 1.2 x 1 h
  // 1 h of 0.96 kWh at 10, 20 and -40, and half an hour more of it at 10 and at -40.
  CHECK(r.idle.energy_micro_usd == 9'600 + 19'200 - 38'400 + 4'800 - 19'200);
  ties(r);
  REQUIRE(r.series.size() == 2);
  CHECK(r.series[0].what == "energy_price");
  CHECK(r.series[0].source == "made-up.csv, value in USD/MWh");
  CHECK(r.series[0].repeated_ms == 0);
  CHECK(r.samples.front().sites[0].price_micro_usd_mwh == 10'000'000);
  CHECK(r.samples.front().sites[0].it_w == 1'600);
}

TEST_CASE("a gang that outlives its lease: each lease has what was drawn in its time") {
  auto p = test::small_portfolio({{"a", 2, 4}});
  p.leases[0].energy_pass_through = true;
  p.leases[0].ends = epoch + 90 * minute;
  auto next = p.leases[0];
  next.name = "next";
  next.starts = epoch + 90 * minute;
  next.ends = epoch + 100 * hour;
  p.leases.push_back(next);
  Workload w;
  w.name = "one";
  JobSpec kind;
  kind.draw = one;
  w.kinds.push_back(kind);
  w.jobs.push_back({epoch, 180 * minute, 240 * minute, 1, 4, 0, 0});
  for (const auto until : {3 * hour, 2 * hour}) {  // it ends, and it runs on
    SimulationOptions options;
    options.until = epoch + until;
    const auto r = play(p, {w}, options);
    REQUIRE(r.leases.size() == 2);
    CHECK(r.leases[0].it_j == 4'400LL * 5'400);
    CHECK(r.leases[1].it_j == 4'400LL * (until - 90 * minute).count() / 1'000);
    CHECK(r.leases[0].used_micro_usd == 4 * 3'000'000);
    CHECK(r.leases[1].used_micro_usd == 4 * (until - 90 * minute).count() * 2'000'000 / 3'600'000);
    ties(r);
  }
}

TEST_CASE("the result says how long it went on beyond a series") {
  auto p = test::small_portfolio({{"a", 2, 4}});
  p.sites[0].energy_price = EnergyPrice();
  p.sites[0].energy_price_by_hour = random_series(1, epoch - hour * 30, 40, 0, 1'000);
  SimulationOptions options;
  options.until = epoch + 25 * hour;
  Workload w;
  w.name = "none";
  const auto r = play(p, {w}, options);
  REQUIRE(r.series.size() == 1);
  CHECK(r.series[0].repeated_ms == Duration(15 * hour).count());
  CHECK(r.facility_j == r.idle.facility_j);
}

TEST_CASE("what was assumed is in the result") {
  SimulationOptions options;
  options.latency = Duration(1'500);
  options.faults.causes = {{"c", FaultUnit::Rack, hour * 50, hour}};
  options.faults.outages = {{"a", epoch + hour, hour, "storm"}};
  options.faults.checkpoint_time = minute;
  options.until = epoch + 5 * hour;
  const auto r = play(test::small_portfolio({{"a", 2, 4}}), {}, options);
  CHECK(r.latency_ms == 1'500);
  REQUIRE(r.faults.causes.size() == 1);
  CHECK(r.faults.causes[0].unit == "Rack");
  CHECK(r.faults.outages.at(0).lasts_ms == 3'600'000);
  CHECK(r.faults.checkpoint_time_ms == 60'000);
}

TEST_CASE("a job that may run on two accelerators goes where energy is cheap while it runs") {
  auto p = test::small_portfolio({{"day", 2, 4}, {"night", 2, 4, "oracle"}});
  auto other = p.accelerators[0];
  other.name = "other";
  p.accelerators.push_back(other);
  p.sites[1].halls[0].accelerator = "other";
  std::vector<std::int64_t> cheap_first(24, 90'000'000);
  for (std::size_t i = 0; i < 12; ++i) cheap_first[i] = 10'000'000;
  auto cheap_last = cheap_first;
  std::reverse(cheap_last.begin(), cheap_last.end());
  for (auto& site : p.sites) site.energy_price = EnergyPrice();
  p.sites[0].energy_price_by_hour = series_of(epoch, cheap_first);
  p.sites[1].energy_price_by_hour = series_of(epoch, cheap_last);
  Workload w;
  w.name = "two";
  JobSpec kind;
  kind.accelerators = {{"slot", Ratio::of(1'000'000)}, {"other", Ratio::of(999'999)}};
  w.kinds.push_back(kind);
  w.jobs.push_back({epoch + hour, 2 * hour, 2 * hour, 1, 4, 0, 0});
  w.jobs.push_back({epoch + 13 * hour, 2 * hour, 2 * hour, 2, 4, 0, 0});
  SimulationOptions options;
  const auto r = play(p, {w}, options);
  REQUIRE(r.largest.size() == 2);
  for (const auto& bar : r.largest) {
    CHECK(bar.site == (bar.from_ms < to_ms(epoch + 12 * hour) ? "day" : "night"));
  }
}

TEST_CASE("what a simulation costs: what leases owe, and energy where it is billed besides") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    auto p = three_sites();
    const auto used_only = [&] {
      for (auto& lease : p.leases) lease.take_or_pay = Ratio();
      return play(p, {mixture(seed)});
    }();
    CHECK(used_only.bill.owed_micro_usd == used_only.lease_micro_usd);
    CHECK(used_only.bill.energy_micro_usd == 0);

    for (auto& lease : p.leases) lease.take_or_pay = one;
    const auto whole = play(p, {mixture(seed)});
    CHECK(whole.digest != "");
    CHECK(whole.bill.owed_micro_usd > used_only.bill.owed_micro_usd);
    CHECK(whole.bill.owed_micro_usd == whole.lease_micro_usd + whole.unused_micro_usd);

    p.leases[1].energy_pass_through = true;
    const auto passed = play(p, {mixture(seed)});
    const auto& own = passed.leases[1];
    CHECK(passed.bill.energy_micro_usd ==
          own.energy_micro_usd + passed.sites[1].idle.energy_micro_usd);
    CHECK(own.energy_billed_micro_usd == passed.bill.energy_micro_usd);
    std::int64_t teams = 0;
    for (const auto& team : passed.teams) teams += team.cost_micro_usd;
    CHECK(teams == passed.lease_micro_usd + own.energy_micro_usd);
  }
}

}  // namespace ampacity
