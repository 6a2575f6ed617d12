// SPDX-License-Identifier: Apache-2.0
// Each rule of check() has a case: a sound value is broken in one place, and exactly that is said.
#include <doctest/doctest.h>

#include <functional>

#include "model/job.hpp"
#include "model/portfolio.hpp"
#include "units/text.hpp"

using namespace ampacity;
using namespace ampacity::literals;

namespace {

Instant day(const char* text) {
  return *parse_instant(text);
}

Money usd(std::int64_t amount) {
  return Money::of(amount * 1'000'000);
}

Site sound_site(std::string name) {
  Site site;
  site.name = std::move(name);
  site.state = "TX";
  site.pue = Ratio::of(1'100'000);
  site.interconnection = {{day("2026-01-01"), 100_MW}, {day("2027-01-01"), 200_MW}};
  site.halls = {Hall{.name = "hall", .power = 100_MW, .accelerator = "GB200", .energised = {}}};
  return site;
}

Portfolio sound() {
  Portfolio p;
  p.name = "test";
  p.accelerators = {Accelerator{.name = "slot",
                                .vendor = "",
                                .tdp = 15_W,
                                .idle = 2_W,
                                .gpus_per_node = 2,
                                .nodes_per_rack = 2,
                                .rack_power = 80_W,
                                .source = ""}};
  p.providers = {{"first", "", RefusalRight{"all", Duration(1'000), day("2026-01-01"), {}}, ""},
                 {"second", "", {}, ""}};
  p.sites = {sound_site("attic"), sound_site("cellar")};
  p.leases = {Lease{.name = "main",
                    .provider = "first",
                    .sites = {"attic", "cellar"},
                    .power = 200_MW,
                    .ramp = {{day("2026-01-01"), 100_MW}, {day("2027-01-01"), 200_MW}},
                    .price = {PriceBasis::Year, usd(1'000'000)},
                    .starts = day("2026-01-01"),
                    .ends = day("2031-01-01"),
                    .source = ""}};
  p.teams = {{"research", 1, {}}};
  p.priority_classes = {{"urgent", 10}};
  p.programmes = {{"build",
                   usd(500),
                   day("2026-01-01"),
                   day("2030-01-01"),
                   {{day("2026-01-01"), day("2027-01-01"), usd(100)}},
                   ""}};
  return p;
}

using Broken = std::function<void(Portfolio&)>;

// The only problem after `change`, as "path: message".
std::string problem(const Broken& change) {
  auto portfolio = sound();
  change(portfolio);
  const auto problems = check(portfolio);
  if (problems.empty()) return "sound";
  std::string text;
  for (const auto& p : problems) text += (text.empty() ? "" : " | ") + p.path + ": " + p.message;
  return text;
}

JobSpec sound_job() {
  JobSpec job;
  job.command = {"true"};
  return job;
}

std::string job_problem(const std::function<void(JobSpec&)>& change) {
  auto job = sound_job();
  change(job);
  std::string text;
  for (const auto& p : check(job)) text += (text.empty() ? "" : " | ") + p.path + ": " + p.message;
  return text.empty() ? "sound" : text;
}

}  // namespace

TEST_CASE("a sound portfolio and a sound job have no problem") {
  CHECK(check(sound()).empty());
  CHECK(check(sound_job()).empty());
}

TEST_CASE("a portfolio needs sites and providers") {
  CHECK(problem([](auto& p) { p.sites.clear(); }) == "sites: a portfolio needs at least one site");
  CHECK(problem([](auto& p) { p.providers.clear(); }) ==
        "providers: a portfolio needs at least one provider");
}

TEST_CASE("counts over the limits are refused before anything else is looked at") {
  CHECK(problem([](auto& p) { p.providers.resize(limits::providers + 1); }) ==
        "providers: 65 entries, at most 64 are supported");
  CHECK(problem([](auto& p) { p.leases.resize(limits::leases + 1); }) ==
        "leases: 1025 entries, at most 1024 are supported");
  CHECK(problem([](auto& p) { p.sites.resize(limits::sites + 1); }) ==
        "sites: 1025 entries, at most 1024 are supported");
  CHECK(problem([](auto& p) { p.teams.resize(limits::teams + 1); }) ==
        "teams: 4097 entries, at most 4096 are supported");
  CHECK(problem([](auto& p) { p.accelerators.resize(limits::accelerators + 1); }) ==
        "accelerators: 257 entries, at most 256 are supported");
  CHECK(problem([](auto& p) { p.priority_classes.resize(limits::priority_classes + 1); }) ==
        "priority_classes: 1025 entries, at most 1024 are supported");
  CHECK(problem([](auto& p) { p.programmes.resize(limits::programmes + 1); }) ==
        "programmes: 65 entries, at most 64 are supported");
  CHECK(problem([](auto& p) { p.sites[0].halls.resize(limits::halls); }) ==
        "sites: 16385 entries, at most 16384 are supported");
  CHECK(problem([](auto& p) { p.leases[0].sites.resize(limits::sites + 1); }) ==
        "leases: 1025 entries, at most 1024 are supported");
}

TEST_CASE("halls are counted with their multiples, at the limit and one over it") {
  const auto halls = [](std::int64_t more) {
    return problem([=](Portfolio& p) {
      p.sites[1].halls.clear();
      p.sites[0].halls[0].accelerator = "slot";
      for (int i = 0; i < 16; ++i) {
        auto hall = p.sites[0].halls[0];
        hall.name = std::string("hall-") + static_cast<char>('a' + i);
        hall.count = 1'000;
        p.sites[1].halls.push_back(hall);
      }
      p.sites[0].halls[0].count = 384 + more;
    });
  };
  CHECK(halls(0) == "sound");
  CHECK(halls(1) == "sites: 16385 entries, at most 16384 are supported");
}

TEST_CASE("nodes are limited in all") {
  CHECK(problem([](auto& p) {
          p.sites[0].halls[0].pods = 10'000;
          p.sites[0].halls[0].racks_per_pod = 10'000;
        }) == "sites: 1800000018 nodes in all, at most 4000000 are supported");
}

TEST_CASE("names are plain and distinct") {
  CHECK(problem([](auto& p) {
          p.sites[1].name = "attic";
          p.leases[0].sites = {"attic"};
        }) == "sites[1].name: 'attic' is already the name of sites[0]");
  CHECK(problem([](auto& p) { p.teams[0].name = "Re search"; }) ==
        "teams[0].name: expected lower-case letters, digits and '-' (at most 63), got 'Re search'");
  CHECK(problem([](auto& p) { p.providers[1].name = "first"; }) ==
        "providers[1].name: 'first' is already the name of providers[0]");
  CHECK(problem([](auto& p) { p.leases.push_back(p.leases[0]); }) ==
        "leases[1].name: 'main' is already the name of leases[0]");
  CHECK(problem([](auto& p) { p.accelerators.push_back(p.accelerators[0]); }) ==
        "accelerators[1].name: 'slot' is already the name of accelerators[0]");
  CHECK(problem([](auto& p) { p.priority_classes.push_back(p.priority_classes[0]); }) ==
        "priority_classes[1].name: 'urgent' is already the name of priority_classes[0]");
  CHECK(problem([](auto& p) { p.programmes.push_back(p.programmes[0]); }) ==
        "programmes[1].name: 'build' is already the name of programmes[0]");
  CHECK(is_name(std::string(63, 'a')));
  CHECK_FALSE(is_name(std::string(64, 'a')));
  for (const auto* bad : {"", "-a", "a-", "A", "a_b", "a/b", "a b", "ä"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_name(bad));
  }
}

TEST_CASE("halls that are counted may not run into others") {
  const auto names = [](const char* a, std::int64_t count, const char* b) {
    return problem([=](Portfolio& p) {
      auto& halls = p.sites[0].halls;
      halls.push_back(halls[0]);
      halls[0].name = a;
      halls[0].count = count;
      halls[1].name = b;
    });
  };
  CHECK(names("b", 3, "b4") == "sound");
  CHECK(names("b", 3, "b3") ==
        "sites[0].halls[1].name: makes a hall 'b3', which sites[0].halls[0] has already");
  CHECK(names("b", 2, "b") ==
        "sites[0].halls[1].name: 'b' is already the name of sites[0].halls[0]");
}

TEST_CASE("an accelerator's figures hold together") {
  CHECK(
      problem([](auto& p) { p.accelerators[0].tdp = {}; }) ==
      "accelerators[0].tdp: the TDP must be more than 0 | accelerators[0].idle: idle power 2 W is "
      "not between 0 and the TDP 0 W");
  CHECK(problem([](auto& p) { p.accelerators[0].idle = 16_W; }) ==
        "accelerators[0].idle: idle power 16 W is not between 0 and the TDP 15 W");
  CHECK(problem([](auto& p) { p.accelerators[0].idle = Power::of(-1); }) ==
        "accelerators[0].idle: idle power -1 W is not between 0 and the TDP 15 W");
  CHECK(problem([](auto& p) { p.accelerators[0].rack_power = 59_W; }) ==
        "accelerators[0].rack_power: 59 W is less than the TDP of its 4 GPUs (60 W)");
  CHECK(problem([](auto& p) { p.accelerators[0].rack_power = 60_W; }) == "sound");
  CHECK(problem([](auto& p) { p.accelerators[0].rack_power = 101_MW; }) ==
        "accelerators[0].rack_power: 101 MW is more than 100 MW");
  CHECK(problem([](auto& p) {
          p.accelerators[0].gpus_per_node = 65;
          p.accelerators[0].rack_power = 9_kW;
        }) == "accelerators[0].gpus_per_node: expected 1 to 64, got 65");
  CHECK(problem([](auto& p) { p.accelerators[0].nodes_per_rack = 0; }) ==
        "accelerators[0].nodes_per_rack: expected 1 to 1024, got 0");
  CHECK(problem([](auto& p) {
          p.accelerators[0].tdp = 1_MW;
          p.accelerators[0].rack_power = 9_MW;
        }) == "accelerators[0].tdp: more than 1 MW for one GPU is absurd");
}

TEST_CASE("a right of first refusal has a window and a term") {
  const auto right = [](const std::function<void(RefusalRight&)>& change) {
    return problem([&](Portfolio& p) { change(*p.providers[0].right_of_first_refusal); });
  };
  CHECK(
      right([](auto& r) { r.response_window = Duration(0); }) ==
      "providers[0].right_of_first_refusal.response_window: expected 1 ms to 3650 d 0 h, got 0 ms");
  CHECK(
      right([](auto& r) { r.until = r.from; }) ==
      "providers[0].right_of_first_refusal.until: ends on 2026-01-01, which is not after its start "
      "on 2026-01-01");
}

TEST_CASE("a lease refers to what exists and has a term") {
  CHECK(problem([](auto& p) { p.leases[0].provider = "frist"; }) ==
        "leases[0].provider: no provider is called 'frist' (did you mean 'first'?)");
  CHECK(problem([](auto& p) {
          p.leases[0].sites = {"attic", "celar"};
        }) == "leases[0].sites[1]: no site is called 'celar' (did you mean 'cellar'?)");
  CHECK(problem([](auto& p) {
          p.leases[0].sites = {"attic", "attic"};
        }) == "leases[0].sites[1]: 'attic' is listed twice");
  CHECK(problem([](auto& p) { p.leases[0].sites.clear(); }) ==
        "leases[0].sites: a lease needs at least one site");
  CHECK(problem([](auto& p) {
          p.leases[0].ends = p.leases[0].starts;
          p.leases[0].ramp.clear();
        }) == "leases[0].ends: ends on 2026-01-01, which is not after its start on 2026-01-01");
  CHECK(problem([](auto& p) { p.leases[0].take_or_pay = Ratio::of(1'000'001); }) ==
        "leases[0].take_or_pay: expected a share from 0 % to 100 %");
  CHECK(problem([](auto& p) { p.leases[0].take_or_pay = Ratio::of(-1); }) ==
        "leases[0].take_or_pay: expected a share from 0 % to 100 %");
}

TEST_CASE("the power of a lease and its ramp") {
  const auto lease = [](const std::function<void(Lease&)>& change) {
    return problem([&](Portfolio& p) { change(p.leases[0]); });
  };
  CHECK(lease([](auto& l) {
          l.power = {};
          l.ramp.clear();
        }) == "leases[0].power: the contracted power must be more than 0");
  CHECK(lease([](auto& l) { l.power = Power::of(100'000'000'001); }) ==
        "leases[0].power: 100 GW is more than 100 GW");
  CHECK(lease([](auto& l) { l.ramp[1].power = 201_MW; }) ==
        "leases[0].ramp[1].power: 201 MW is more than the contracted 200 MW");
  CHECK(lease([](auto& l) { l.ramp[0].from = day("2025-12-31"); }) ==
        "leases[0].ramp[0].from: 2025-12-31 is outside the term of the lease");
  CHECK(lease([](auto& l) { l.ramp[1].from = l.ends; }) ==
        "leases[0].ramp[1].from: 2031-01-01 is outside the term of the lease");
  CHECK(lease([](auto& l) { l.ramp[1].from = l.ramp[0].from; }) ==
        "leases[0].ramp[1].from: 2026-01-01 is not after the step before it on 2026-01-01");
  CHECK(lease([](auto& l) { l.ramp[0].power = Power::of(-1); }) ==
        "leases[0].ramp[0].power: a power cannot be negative here");
}

TEST_CASE("a price is bounded by what 64 bits of micro-dollars hold for a year") {
  const auto price = [](PriceBasis basis, Money amount) {
    return problem([&](Portfolio& p) { p.leases[0].price = {basis, amount}; });
  };
  CHECK(price(PriceBasis::Year, usd(1'000'000'000'000)) == "sound");
  CHECK(price(PriceBasis::Year, usd(1'000'000'000'001)).find("absurd") != std::string::npos);
  CHECK(price(PriceBasis::MwMonth, usd(5'000'000)) == "sound");
  CHECK(price(PriceBasis::MwMonth, usd(5'000'001)).find("absurd") != std::string::npos);
  CHECK(price(PriceBasis::GpuHour, usd(100)) == "sound");
  CHECK(price(PriceBasis::GpuHour, usd(101)) ==
        "leases[0].price: $101.00 is more than $100.00, which is absurd");
  CHECK(price(PriceBasis::GpuHour, Money::of(-1)) == "leases[0].price: a price cannot be negative");
}

TEST_CASE("a site's figures are possible ones") {
  const auto site = [](const std::function<void(Site&)>& change) {
    return problem([&](Portfolio& p) { change(p.sites[1]); });
  };
  CHECK(site([](auto& s) { s.pue = Ratio::of(999'999); }) ==
        "sites[1].pue: a PUE is between 1.0 and 3.0, got 0.999999");
  CHECK(site([](auto& s) { s.pue = Ratio::of(3'000'001); }) ==
        "sites[1].pue: a PUE is between 1.0 and 3.0, got 3.000001");
  CHECK(site([](auto& s) { s.carbon = Carbon::of(2'001); }) ==
        "sites[1].carbon: expected 0 to 2000 g/kWh");
  CHECK(site([](auto& s) { s.carbon = Carbon::of(-1); }) ==
        "sites[1].carbon: expected 0 to 2000 g/kWh");
  CHECK(site([](auto& s) { s.energy_price = EnergyPrice::of(10'000'000'001); }) ==
        "sites[1].energy_price: expected -10,000 to 10,000 USD/MWh");
  CHECK(site([](auto& s) { s.energy_price = EnergyPrice::of(-10'000'000'001); }) ==
        "sites[1].energy_price: expected -10,000 to 10,000 USD/MWh");
  CHECK(site([](auto& s) { s.energy_price = EnergyPrice::of(-50'000'000); }) == "sound");
  CHECK(site([](auto& s) { s.state = "Texas"; }) ==
        "sites[1].state: expected two letters such as 'TX', got 'Texas'");
  CHECK(site([](auto& s) { s.latitude_microdegrees = 90'000'000; }) == "sound");
  CHECK(site([](auto& s) { s.latitude_microdegrees = 90'000'001; }) ==
        "sites[1].latitude: expected -90 to 90 degrees, got 90.000001");
  CHECK(site([](auto& s) { s.longitude_microdegrees = -180'000'001; }) ==
        "sites[1].longitude: expected -180 to 180 degrees, got -180.000001");
  CHECK(
      site([](auto& s) { s.interconnection[1].from = s.interconnection[0].from; }) ==
      "sites[1].interconnection[1].from: 2026-01-01 is not after the step before it on 2026-01-01");
  CHECK(site([](auto& s) { s.interconnection[0].power = Power::of(-1); }) ==
        "sites[1].interconnection[0].power: a power cannot be negative here");
  CHECK(site([](auto& s) { s.interconnection[0].power = Power::of(200'000'000'000); }) ==
        "sites[1].interconnection[0].power: 200 GW is more than 100 GW");
  CHECK(site([](auto& s) { s.halls.clear(); }) == "sites[1].halls: a site needs at least one hall");
}

TEST_CASE("a hall names an accelerator and has a size") {
  const auto hall = [](const std::function<void(Hall&)>& change) {
    return problem([&](Portfolio& p) { change(p.sites[0].halls[0]); });
  };
  CHECK(hall([](auto& h) { h.accelerator = "GB20"; }) ==
        "sites[0].halls[0].accelerator: no accelerator is called 'GB20' (did you mean 'GB200'?)");
  CHECK(hall([](auto& h) { h.count = 0; }) == "sites[0].halls[0].count: expected 1 to 1000, got 0");
  CHECK(hall([](auto& h) { h.count = 1'001; }) ==
        "sites[0].halls[0].count: expected 1 to 1000, got 1001");
  CHECK(hall([](auto& h) { h.pods = 10'001; }) ==
        "sites[0].halls[0].pods: expected 1 to 10000, got 10001");
  CHECK(hall([](auto& h) { h.racks_per_pod = 0; }) ==
        "sites[0].halls[0].racks_per_pod: expected 1 to 10000, got 0");
  CHECK(hall([](auto& h) { h.nodes_per_rack = 1'025; }) ==
        "sites[0].halls[0].nodes_per_rack: expected 1 to 1024, got 1025");
  CHECK(hall([](auto& h) { h.gpus_per_node = 65; }) ==
        "sites[0].halls[0].gpus_per_node: expected 1 to 64, got 65");
  CHECK(hall([](auto& h) { h.power = {}; }) ==
        "sites[0].halls[0].power: the power of a hall must be more than 0");
  CHECK(hall([](auto& h) { h.power = Power::of(100'000'000'001); }) ==
        "sites[0].halls[0].power: 100 GW is more than 100 GW");
}

TEST_CASE("teams, classes and programmes") {
  CHECK(problem([](auto& p) { p.teams[0].weight = 0; }) ==
        "teams[0].weight: expected 1 to 1000000, got 0");
  CHECK(problem([](auto& p) { p.priority_classes[0].value = 1'000'001; }) ==
        "priority_classes[0].value: expected -1000000 to 1000000, got 1000001");
  CHECK(problem([](auto& p) { p.programmes[0].until = p.programmes[0].from; }) ==
        "programmes[0].until: ends on 2026-01-01, which is not after its start on 2026-01-01");
  CHECK(problem([](auto& p) { p.programmes[0].budgets[0].until = day("2025-01-01"); }) ==
        "programmes[0].budgets[0].until: ends on 2025-01-01, which is not after its start on "
        "2026-01-01");
  CHECK(problem([](auto& p) { p.programmes[0].budgets[0].amount = usd(501); }) ==
        "programmes[0].budgets: the budgets come to $501.00, more than the total of $500.00");
  CHECK(problem([](auto& p) { p.programmes[0].budgets[0].amount = usd(-1); }) ==
        "programmes[0].budgets[0].amount: a budget cannot be negative");
  CHECK(problem([](auto& p) {
          p.programmes[0].total = {};
          p.programmes[0].budgets.clear();
        }) == "programmes[0].total: the total must be more than 0");
}

TEST_CASE("budgets that overflow are too much, not a crash") {
  CHECK(problem([](auto& p) {
          auto& budgets = p.programmes[0].budgets;
          budgets[0].amount = usd(9'000'000'000'000);
          budgets.push_back(budgets[0]);
        }).find("programmes[0].budgets: the budgets come to") == 0);
}

TEST_CASE("the policy is within reason") {
  const auto policy = [](const std::function<void(Policy&)>& change) {
    return problem([&](Portfolio& p) { change(p.policy); });
  };
  CHECK(policy([](auto& p) { p.requeue_limit = -1; }) ==
        "policy.requeue_limit: expected 0 to 1000, got -1");
  CHECK(policy([](auto& p) { p.max_waiting = 10'000'001; }) ==
        "policy.max_waiting: expected 1 to 10000000, got 10000001");
  CHECK(policy([](auto& p) { p.requeue_backoff = Duration(700'000); }) ==
        "policy.requeue_backoff_max: 10 min 00 s is less than the first back-off of 11 min 40 s");
  CHECK(policy([](auto& p) { p.default_walltime = p.max_walltime + Duration(1); }) ==
        "policy.default_walltime: is more than max_walltime");
  CHECK(policy([](auto& p) { p.default_walltime = Duration(0); }) ==
        "policy.default_walltime: must be more than 0");
  CHECK(policy([](auto& p) { p.grace = Duration(86'400'001); }) ==
        "policy.grace: expected 0 ms to 1 d 0 h, got 1 d 0 h");
  CHECK(policy([](auto& p) { p.max_walltime = Duration(366LL * 86'400'000); }) ==
        "policy.max_walltime: expected 1 ms to 365 d 0 h, got 366 d 0 h");
  CHECK(policy([](auto& p) { p.requeue_backoff_max = Duration(31LL * 86'400'000); }) ==
        "policy.requeue_backoff_max: expected 0 ms to 30 d 0 h, got 31 d 0 h");
  CHECK(policy([](auto& p) { p.requeue_backoff = Duration(-1); }) ==
        "policy.requeue_backoff: expected 0 ms to 30 d 0 h, got -1 ms");
}

TEST_CASE("a lease is 0 outside its term and follows its ramp inside") {
  const auto lease = sound().leases[0];
  CHECK(lease.contracted_at(day("2025-12-31")) == Power());
  CHECK(lease.contracted_at(day("2026-01-01")) == 100_MW);
  CHECK(lease.contracted_at(day("2026-12-31")) == 100_MW);
  CHECK(lease.contracted_at(day("2027-01-01")) == 200_MW);
  CHECK(lease.contracted_at(day("2031-01-01")) == Power());
}

TEST_CASE("the built-in catalogue is sound and has a source for every entry") {
  auto portfolio = sound();
  portfolio.accelerators = built_in_accelerators();
  CHECK(check(portfolio).empty());
  for (const auto& a : built_in_accelerators()) {
    CAPTURE(a.name);
    CHECK_FALSE(a.source.empty());
    CHECK(a.host_share() > Power());
  }
}

TEST_CASE("an own accelerator replaces a built-in one of the same name") {
  auto portfolio = sound();
  portfolio.accelerators[0].name = "GB200";
  CHECK(portfolio.find_accelerator("GB200")->tdp == 15_W);
  CHECK(portfolio.find_accelerator("H100")->tdp == 700_W);
  CHECK(portfolio.find_accelerator("H101") == nullptr);
  CHECK(shape_of(portfolio, portfolio.sites[0].halls[0]).nodes_per_rack == 2);
}

TEST_CASE("a job's size") {
  CHECK(job_problem([](auto& j) { j.gpus = 0_gpu; }) == "gpus: expected 1 to 4000000, got 0");
  CHECK(job_problem([](auto& j) { j.gpus = 4'000'001_gpu; }) ==
        "gpus: expected 1 to 4000000, got 4000001");
  CHECK(job_problem([](auto& j) {
          j.gpus = 7_gpu;
          j.gpus_per_node = 4;
        }) == "gpus_per_node: 7 GPUs do not divide into nodes of 4");
  CHECK(job_problem([](auto& j) {
          j.gpus = 65_gpu;
          j.gpus_per_node = 65;
        }) == "gpus_per_node: expected 1 to 64, got 65");
  CHECK(job_problem([](auto& j) { j.gpus_per_node = 0; }) ==
        "gpus_per_node: expected 1 to 64, got 0");
  CHECK(job_problem([](auto& j) { j.tasks = 0; }) == "tasks: expected 1 to 1000000, got 0");
  CHECK(job_problem([](auto& j) { j.tasks_per_node = 0; }) ==
        "tasks_per_node: expected 1 to 1000000, got 0");
}

TEST_CASE("a job's name and texts") {
  const auto bad_name = "name: expected 1 to 128 printable characters without '/'";
  CHECK(job_problem([](auto& j) { j.name = ""; }) == bad_name);
  CHECK(job_problem([](auto& j) { j.name = "a/b"; }) == bad_name);
  CHECK(job_problem([](auto& j) { j.name = "a\nb"; }) == bad_name);
  CHECK(job_problem([](auto& j) { j.name.assign(128, 'x'); }) == "sound");
  CHECK(job_problem([](auto& j) { j.name.assign(129, 'x'); }) == bad_name);
  CHECK(job_problem([](auto& j) { j.team.assign(129, 'x'); }) == "team: 129 is more than 128");
  CHECK(job_problem([](auto& j) { j.project.assign(129, 'x'); }) ==
        "project: 129 is more than 128");
  CHECK(job_problem([](auto& j) { j.priority_class.assign(129, 'x'); }) ==
        "priority_class: 129 is more than 128");
  CHECK(job_problem([](auto& j) { j.sites.resize(1'025); }) == "sites: 1025 is more than 1024");
  CHECK(job_problem([](auto& j) { j.accelerators.resize(257); }) ==
        "accelerators: 257 is more than 256");
}

TEST_CASE("a job's times") {
  CHECK(job_problem([](auto& j) { j.walltime = Duration(0); }) == "walltime: must be more than 0");
  CHECK(job_problem([](auto& j) { j.walltime = Duration(366LL * 86'400'000); }) ==
        "walltime: 366 d 0 h is more than a year");
  CHECK(job_problem([](auto& j) { j.retries = 1'001; }) == "retries: expected 0 to 1000, got 1001");
  CHECK(job_problem([](auto& j) { j.draw = Ratio::of(1'000'001); }) ==
        "draw: expected a share from 0 % to 100 %");
  CHECK(job_problem([](auto& j) {
          j.early_signal = EarlySignal{65, Duration(1), false};
        }) == "early_signal.number: expected 1 to 64, got 65");
  CHECK(job_problem([](auto& j) {
          j.early_signal = EarlySignal{10, Duration(65'535'001), false};
        }) == "early_signal.lead: expected 0 s to 65535 s");
  CHECK(job_problem([](auto& j) { j.simulated_runtime = Duration(-1); }) ==
        "simulated_runtime: expected 0 s to 10 years");
  CHECK(job_problem([](auto& j) { j.simulated_exit = 256; }) ==
        "simulated_exit: expected 0 to 255, got 256");
}

TEST_CASE("a job's program") {
  const std::string nul("a\0b", 3);
  CHECK(job_problem([](auto& j) { j.command.clear(); }) == "command: there is no command");
  CHECK(job_problem([](auto& j) { j.launch = Launch::Script; }) == "script: the script is empty");
  CHECK(job_problem([](auto& j) { j.script.assign(limits::script_bytes + 1, '#'); }) ==
        "script: 1048577 bytes, at most 1048576");
  CHECK(job_problem([&](auto& j) { j.script = nul; }) == "script: contains a NUL byte");
  CHECK(job_problem([&](auto& j) { j.command = {nul}; }) == "command: contains a NUL byte");
  CHECK(job_problem([](auto& j) { j.command.assign(4'097, "x"); }) ==
        "command: 4097 words, at most 4096");
  CHECK(job_problem([](auto& j) { j.command = {std::string(131'073, 'x')}; }) ==
        "command: is longer than 128 KiB");
  CHECK(job_problem([&](auto& j) { j.directory = nul; }) ==
        "directory: a path is too long or has a NUL");
  CHECK(job_problem([](auto& j) { j.error.assign(4'001, 'x'); }) ==
        "error: a path is too long or has a NUL");
  CHECK(job_problem([](auto& j) { j.environment["A=B"] = "x"; }) ==
        "environment: 'A=B' cannot be a variable");
  CHECK(job_problem([](auto& j) { j.environment[""] = "x"; }) ==
        "environment: '' cannot be a variable");
  CHECK(job_problem([](auto& j) { j.environment["A"].assign(131'070, 'x'); }) ==
        "environment: 131073 bytes, at most 131072");
}
