// SPDX-License-Identifier: Apache-2.0
// What a server bills from its journal while its portfolio changes: what is closed stays.
#include "serve/billing.hpp"

#include <doctest/doctest.h>

#include "journal/journal.hpp"
#include "journal/testing.hpp"
#include "model/small_portfolio.hpp"
#include "serve/out_times.hpp"

namespace ampacity {
namespace {

using test::day;

// A server's engine and journal, without its clock.
class Desk {
 public:
  Desk() { REQUIRE(journal_->restore("", load, replay)); }

  void tell(const char* date, Command command) {
    const auto at = day(date);
    auto outcome = engine_.decide(command, at);
    CAPTURE(outcome.refusal.value_or(Refusal{}).message);
    REQUIRE_FALSE(outcome.refusal);
    REQUIRE(journal_->commit({{at, std::move(command), {}, std::move(outcome.events)}}));
  }

  // Why it is not taken.
  std::string refusal_of(const char* date, Command command) {
    const auto outcome = engine_.decide(std::move(command), day(date));
    return outcome.refusal ? outcome.refusal->message : "";
  }

  // Of a lease, as somebody sees them who looks on that day.
  std::vector<Invoice> invoices(const char* date, std::size_t lease = 0) {
    tell(date, Tick{});
    const auto& p = *engine_.state().portfolio;
    const auto facts = facts_of(date);
    const auto own = facts.find(p.leases[lease].name);
    return invoices_of(p, p.leases[lease], Calendar(),
                       own == facts.end() ? LeaseFacts{} : own->second, {2026, 6}, day(date));
  }

  AllFacts facts_of(const char* date) const {
    return metered(*open_sqlite_reader(folder_.path()).value(), engine_, day(date)).value();
  }

  // Of all attempts that ended.
  std::int64_t used_cost() const {
    std::int64_t sum = 0;
    for (const auto& [name, account] : engine_.state().leases) {
      sum += account.used.lease_cost.count();
    }
    return sum;
  }
  // Of a lease, whether what used it ended or runs.
  Usage used(const std::string& name, const char* date) const {
    const auto& leases = engine_.state().portfolio->leases;
    const auto it = std::find_if(leases.begin(), leases.end(),
                                 [&](const Lease& lease) { return lease.name == name; });
    return engine_.lease_usage(*it, day(date));
  }
  std::int64_t used_energy() const {
    return engine_.state().leases.at("north-lease").used.it_energy.count();
  }

  Money spent(const std::string& team, const char* date) const {
    return engine_.spent(day(date)).at(team);
  }
  TeamSpending spending(const std::string& team) const { return engine_.state().spending.at(team); }
  Money this_month(const std::string& lease) const {
    return engine_.state().leases.at(lease).this_month;
  }

  FleetWatch watch(Month month, const char* date) {
    const auto reader = open_sqlite_reader(folder_.path()).value();
    return watched(*reader, engine_, month, day(date)).value();
  }

 private:
  static Status load(const Snapshot&) { return {}; }
  static Status replay(const Event&) { return {}; }

  testing::Folder folder_;
  std::unique_ptr<Journal> journal_ = open_sqlite_journal(folder_.path()).value();
  Engine engine_;
};

Portfolio four_nodes() {
  auto p = test::small_portfolio({{"north", 4, 4, "azure"}});
  p.leases[0].energy_pass_through = true;
  p.policy.max_walltime = Duration(365LL * 86'400'000);
  return p;
}

Command job_of(std::int64_t gpus) {
  JobSpec spec;
  spec.name = "train";
  spec.command = {"sleep", "1"};
  spec.gpus = GpuCount::of(gpus);
  spec.slowest = Ratio::of(500'000);  // the grid may slow it
  spec.walltime = Duration(300LL * 86'400'000);
  return SubmitJob{"r1", std::move(spec), "ann"};
}

// Job 1, of four GPUs.
void start_gang(Desk& desk, const char* date, const std::string& team = "") {
  auto job = std::get<SubmitJob>(job_of(4));
  job.spec.team = team;
  desk.tell(date, std::move(job));
  desk.tell(date, ReportStarted{{JobId(1), 1}});
}

constexpr auto node = "north/h/p1/r1/n4";

// A gang since the 5th of January, and a node that is down since the 10th.
Portfolio begin(Desk& desk) {
  auto p = four_nodes();
  desk.tell("2026-01-01", Configure{p});
  desk.tell("2026-01-05", job_of(4));
  desk.tell("2026-01-10", ReportNode{node, NodeState::Down, "no heartbeat"});
  return p;
}

TEST_CASE("an edit of a site moves no invoice that is closed") {
  Desk desk;
  auto p = begin(desk);
  const auto before = desk.invoices("2026-02-09");
  p.sites[0].pue = Ratio::of(2'000'000);
  p.sites[0].energy_price = EnergyPrice::of(90'000'000);
  p.sites[0].halls[0].nodes_per_rack = 3;  // the one that is down is taken away
  desk.tell("2026-02-10", Configure{p});
  const auto after = desk.invoices("2026-03-15");
  REQUIRE(before[0].closed);
  CHECK(after[0] == before[0]);
  CHECK(before[0].idle_energy.size() == 1);
  CHECK(after[1].idle_energy[0].facility_j > 0);
  CHECK(after[2].closed == false);

  const auto outages = desk.facts_of("2026-03-15").at("north-lease").outages;
  REQUIRE(outages.size() == 1);
  CHECK(outages[0].from == day("2026-01-10"));
  CHECK(outages[0].until == day("2026-02-10"));  // gone with its node
  CHECK(outages[0].gpus == 4);
}

TEST_CASE("a lease that comes later bears nothing of months that were closed without it") {
  for (const bool with_an_edit : {false, true}) {
    Desk desk;
    auto p = four_nodes();
    desk.tell("2026-01-01", Configure{p});
    const auto before = desk.invoices("2026-02-09");
    auto more = p.leases[0];
    more.name = "more";
    p.leases.push_back(more);
    if (with_an_edit) p.sites[0].pue = Ratio::of(1'300'000);
    desk.tell("2026-02-10", Configure{p});
    const auto after = desk.invoices("2026-03-15");
    CHECK(after[0] == before[0]);
    CHECK(after[1].idle_energy[0].facility_j < before[0].idle_energy[0].facility_j);
  }
}

TEST_CASE(
    "a file neither says of a billed lease what was agreed in the past, nor cancels it there") {
  Desk desk;
  auto p = four_nodes();
  p.leases[0].time_zone = "America/Chicago";
  desk.tell("2026-01-01", Configure{p});
  auto amended = p;
  Amendment a;
  a.from = day("2026-01-10");
  a.agreed = day("2026-02-01") + Duration(3 * 3'600'000);  // January in Chicago
  a.price = LeasePrice{PriceBasis::GpuHour, Money::of(1)};
  amended.leases[0].amendments = {a};
  CHECK(desk.refusal_of("2026-02-20", Configure{amended}).find("amendments is another") !=
        std::string::npos);
  auto canceled = p;
  canceled.leases[0].canceled = day("2026-02-05");
  CHECK(desk.refusal_of("2026-02-20", Configure{canceled}).find("canceled is another") !=
        std::string::npos);
  canceled.leases[0].canceled = day("2026-02-25");  // to come
  CHECK(desk.refusal_of("2026-02-20", Configure{canceled}).empty());
}

TEST_CASE("a gang that outlives its lease is billed by the next one of the site, or by the old") {
  for (const bool followed : {true, false}) {
    Desk desk;
    auto p = four_nodes();
    p.leases[0].take_or_pay = Ratio();
    if (followed) {
      p.leases[0].ends = day("2026-03-01");
      auto next = p.leases[0];
      next.name = "next";
      next.starts = day("2026-03-01");
      next.ends = day("2030-01-01");
      next.price.amount = Money::of(3'000'000);
      p.leases.push_back(next);
    }
    desk.tell("2026-01-01", Configure{p});
    start_gang(desk, "2026-02-20");
    if (!followed) {
      Amendment early;
      early.ends = day("2026-03-01");
      desk.tell("2026-02-25", AmendLease{"north-lease", early, "olga"});
    }
    const auto old = desk.invoices("2026-03-11");
    const auto used = old.back().used_micro_usd;
    const std::int64_t ten_days = 4LL * 240 * 2'000'000;
    if (followed) {
      CHECK(old.size() == 2);
      CHECK(desk.invoices("2026-03-11", 1)[0].used_micro_usd == ten_days / 2 * 3);
      desk.tell("2026-03-11", ReportEnded{{JobId(1), 1}, {}});
      CHECK(desk.used_cost() == old[1].used_micro_usd + ten_days / 2 * 3);  // what the job cost
    } else {
      REQUIRE(old.size() == 3);
      CHECK(used == ten_days);
      CHECK(old.back().lines[0].kind == LineKind::Overuse);
    }
    CHECK(old[1].used_micro_usd == 4LL * 9 * 24 * 2'000'000);
  }
}

// Leases of north, each until the next one begins: at so many USD a GPU-hour.
Portfolio chain(const std::vector<std::tuple<const char*, const char*, std::int64_t>>& leases) {
  auto p = four_nodes();
  const auto model = p.leases[0];
  p.leases.clear();
  for (const auto& [name, starts, usd] : leases) {
    if (!p.leases.empty()) p.leases.back().ends = day(starts);
    auto lease = model;
    lease.name = name;
    lease.starts = day(starts);
    lease.take_or_pay = Ratio();
    lease.price.amount = Money::of(usd * 1'000'000);
    lease.energy_pass_through = p.leases.empty();
    p.leases.push_back(lease);
  }
  return p;
}

// The books and the engine's accounts say the same of each lease: "old 1152, next 960" (USD).
std::string used_of(const Desk& desk, const Portfolio& p, const char* date) {
  std::string all;
  const auto facts = desk.facts_of(date);
  for (const auto& lease : p.leases) {
    GpuTime time;
    Energy energy;
    const auto own = facts.find(lease.name);
    for (const auto& r : own == facts.end() ? std::vector<Reading>{} : own->second.readings) {
      energy += r.energy(r.until - r.from);
      time += GpuTime::of(r.gpus.count() * (r.until - r.from).count());
    }
    const auto used = desk.used(lease.name, date);
    CHECK(time == used.gpu_time);
    CHECK(energy == used.it_energy);
    all += (all.empty() ? "" : ", ") + lease.name + " " +
           std::to_string(used.lease_cost.count() / 1'000'000);
  }
  return all;
}

Curtailment call(const char* from, const char* until) {
  return {"c", "north", Power::of(800), day(from), day(until), "heat", std::nullopt, ""};
}

TEST_CASE(
    "whenever the engine looks, a lease bears what is used until its end, and the next the rest") {
  for (const bool looked : {true, false}) {
    Desk desk;
    const auto p = chain({{"old", "2026-01-01", 2}, {"next", "2026-03-01", 4}});
    desk.tell("2026-01-01", Configure{p});
    start_gang(desk, "2026-02-20");
    desk.tell("2026-02-22", Curtail{call("2026-03-03", "2026-03-06"), "grid"});
    if (looked) desk.tell("2026-03-01", Tick{});
    desk.tell("2026-03-04", Tick{});  // the call began, too
    desk.tell("2026-03-06", Tick{});
    CHECK(used_of(desk, p, "2026-03-11") == "old 1728, next 3840");
    const auto slowed = desk.used("next", "2026-03-11").it_energy;
    CHECK(slowed < energy_of(Power::of(3'680), day("2026-03-11") - day("2026-03-01")));
    desk.tell("2026-03-11", ReportEnded{{JobId(1), 1}, {}});
    CHECK(used_of(desk, p, "2026-03-20") == "old 1728, next 3840");
  }
}

TEST_CASE(
    "a lease whose end is mended to before it bore anything leaves the one before as it was") {
  Desk desk;
  auto p = chain({{"old", "2026-01-01", 2}});
  desk.tell("2026-02-01", Configure{p});
  start_gang(desk, "2026-02-20");
  Amendment early;
  early.ends = day("2026-03-10");
  desk.tell("2026-02-25", AmendLease{"old", early, "olga"});
  for (const auto& other : chain({{"b", "2026-03-02", 4}, {"c", "2026-03-05", 6}}).leases) {
    p.leases.push_back(other);
  }
  p.leases[1].ends = day("2026-03-28");
  desk.tell("2026-03-02", Configure{p});
  desk.tell("2026-03-12", Tick{});
  CHECK(used_of(desk, p, "2026-03-12") == "old 3456, b 768, c 0");
  p.leases[1].ends = day("2026-03-05");
  desk.tell("2026-03-12", Configure{p});
  CHECK(used_of(desk, p, "2026-03-14") == "old 3456, b 0, c 2304");
}

TEST_CASE("a gang that is slowed at the instant at which another lease bears it") {
  Desk desk;
  const auto p = chain({{"old", "2026-01-01", 2}, {"next", "2026-03-01", 4}});
  desk.tell("2026-01-01", Configure{p});
  start_gang(desk, "2026-02-20");
  desk.tell("2026-02-22", Curtail{call("2026-03-01", "2026-03-20"), "grid"});
  desk.tell("2026-03-01", Tick{});
  CHECK(used_of(desk, p, "2026-03-02") == "old 1728, next 384");
  const auto before = desk.used("old", "2026-03-02").it_energy;
  CHECK(before == energy_of(Power::of(3'680), day("2026-03-01") - day("2026-02-20")));
  CHECK(used_of(desk, p, "2026-03-19") == "old 1728, next 6912");
  CHECK(desk.used("old", "2026-03-19").it_energy == before);
}

// A gang of team vision, which has a budget, since the 20th of February.
Portfolio with_budget(Desk& desk, Portfolio p) {
  p.teams = {{"vision", 1, {}, "", {}}};
  p.teams[0].budget = TeamBudget{Money::of(1'000'000'000'000)};
  desk.tell("2026-01-01", Configure{p});
  start_gang(desk, "2026-02-20", "vision");
  return p;
}

TEST_CASE("a budget's period begins on time, though nobody looked and leases ended since") {
  for (const bool looked : {true, false}) {
    Desk desk;
    with_budget(
        desk,
        chain({{"old", "2026-01-01", 2}, {"next", "2026-02-25", 4}, {"last", "2026-03-05", 6}}));
    desk.tell("2026-02-22", Curtail{call("2026-03-03", "2026-03-20"), "grid"});
    if (looked) {
      for (const auto* date : {"2026-02-25", "2026-03-01", "2026-03-03"}) desk.tell(date, Tick{});
    }
    desk.tell("2026-03-11", Tick{});
    // Of March: four days at 4 USD, six at 6, and no energy, which both have in their price.
    CHECK(desk.spent("vision", "2026-03-11").count() == 4LL * 24 * (4 * 4 + 6 * 6) * 1'000'000);
  }
}

TEST_CASE("another price of a site moves nothing of what a budget has spent") {
  Desk desk;
  auto p = with_budget(desk, chain({{"old", "2026-01-01", 2}}));
  for (const auto* date : {"2026-02-20", "2026-03-01", "2026-03-05"}) desk.tell(date, Tick{});
  const auto before = desk.spent("vision", "2026-03-05");
  const auto energy = before - Money::of(4LL * 24 * 4 * 2'000'000);
  CHECK(energy > Money());
  for (auto& site : p.sites) site.energy_price = EnergyPrice::of(10 * site.energy_price.count());
  desk.tell("2026-03-05", Configure{p});
  CHECK(desk.spent("vision", "2026-03-05") == before);
  const auto after = desk.spent("vision", "2026-03-09") - before;  // four days more
  CHECK(after == Money::of(4LL * 24 * 4 * 2'000'000 + 10 * energy.count()));
  desk.tell("2026-03-09", ReportEnded{{JobId(1), 1}, {}});
  CHECK(desk.spent("vision", "2026-03-09") == before + after);
}

TEST_CASE("a larger budget lets jobs start again; a smaller one is judged at once") {
  Desk desk;
  auto p = with_budget(desk, chain({{"old", "2026-01-01", 2}}));
  desk.tell("2026-02-25", Tick{});
  const auto spent = desk.spent("vision", "2026-02-25");
  p.teams[0].budget->amount = spent - Money::of(1);
  desk.tell("2026-02-25", Configure{p});
  CHECK(desk.spending("vision").exhausted);
  p.teams[0].budget->amount = Money::of(10 * spent.count());
  desk.tell("2026-02-25", Configure{p});
  CHECK_FALSE(desk.spending("vision").exhausted);
  CHECK_FALSE(desk.spending("vision").warned);
  CHECK(desk.spent("vision", "2026-02-25") == spent);
  p.teams[0].budget->amount = Money::of(spent.count() / 10 * 11);
  desk.tell("2026-02-25", Configure{p});
  CHECK(desk.spending("vision").warned);
}

TEST_CASE("a budget of a shorter period counts from the day on which it is put in force") {
  Desk desk;
  auto p = chain({{"old", "2026-01-01", 2}});
  p = with_budget(desk, p);
  p.teams[0].budget->period = BudgetPeriod::Year;
  desk.tell("2026-02-22", Configure{p});
  for (const auto* date : {"2026-03-01", "2026-04-02"}) desk.tell(date, Tick{});
  p.teams[0].budget->period = BudgetPeriod::Month;
  desk.tell("2026-04-02", Configure{p});
  CHECK(desk.spent("vision", "2026-04-02") == Money());
  CHECK(desk.spending("vision").since == day("2026-04-02"));
  CHECK(desk.spending("vision").until == day("2026-05-01"));
}

TEST_CASE("a budget of another period begins where the old one ends") {
  Desk desk;
  auto p = with_budget(desk, chain({{"old", "2026-01-01", 2}}));
  desk.tell("2026-02-20", Tick{});
  desk.tell("2026-02-21", Curtail{call("2026-02-22", "2026-02-23"), "grid"});
  for (const auto* date : {"2026-02-22", "2026-02-23"}) desk.tell(date, Tick{});
  p.teams[0].budget->period = BudgetPeriod::Year;
  desk.tell("2026-02-24", Configure{p});
  for (const auto* date : {"2026-02-25", "2026-03-01", "2026-03-11"}) desk.tell(date, Tick{});
  const auto spent = desk.spent("vision", "2026-03-11") - desk.spent("vision", "2026-03-01");
  CHECK(desk.spent("vision", "2026-03-11") == spent);
  CHECK(spent > Money::of(4LL * 24 * 10 * 2'000'000));
}

TEST_CASE("what a month's use comes to is right along a chain of leases of other prices") {
  Desk desk;
  auto p =
      chain({{"dear", "2026-01-01", 40}, {"next", "2026-03-02", 1}, {"last", "2026-03-04", 1}});
  p.leases.back().take_or_pay = Ratio::of(300'000);  // so that months are watched
  desk.tell("2026-01-01", Configure{p});
  start_gang(desk, "2026-02-10");
  for (const auto* date : {"2026-03-01", "2026-03-02", "2026-03-04"}) desk.tell(date, Tick{});
  desk.tell("2026-03-08", ReportEnded{{JobId(1), 1}, {}});
  CHECK(desk.this_month("dear").count() == 4LL * 24 * 1 * 40'000'000);
  CHECK(desk.this_month("next").count() == 4LL * 24 * 2 * 1'000'000);
  CHECK(desk.this_month("last").count() == 4LL * 24 * 4 * 1'000'000);
}

TEST_CASE("use after the end is paid besides all that the ending month owes") {
  Desk desk;
  auto p = four_nodes();
  p.leases[0].take_or_pay = Ratio::of(500'000);
  desk.tell("2026-01-01", Configure{p});
  start_gang(desk, "2026-02-01");
  Amendment early;
  early.ends = day("2026-02-11");
  desk.tell("2026-02-05", AmendLease{"north-lease", early, "olga"});
  const auto february = desk.invoices("2026-03-05")[1];
  std::int64_t over = 0;
  for (const auto& line : february.lines) {
    if (line.kind == LineKind::Overuse) over += line.micro_usd;
  }
  CHECK(over == 4LL * 18 * 24 * 2'000'000);
  CHECK(february.committed_micro_usd == 16LL * 10 * 24 * 2'000'000);
  CHECK(february.used_micro_usd == 4LL * 28 * 24 * 2'000'000);
}

TEST_CASE("a file revives no lease that has ended, and takes none away that was used") {
  Desk desk;
  auto p = four_nodes();
  p.leases[0].ends = day("2026-02-11");
  auto other = p.leases[0];
  other.name = "other";
  other.ends = day("2030-01-01");
  p.leases.push_back(other);
  desk.tell("2026-01-01", Configure{p});
  auto revived = p;
  Amendment later;
  later.from = day("2027-01-01");
  later.ends = day("2029-01-01");
  revived.leases[0].amendments = {later};
  CHECK(desk.refusal_of("2026-03-03", Configure{revived}).find("ends is another") !=
        std::string::npos);
  start_gang(desk, "2026-03-03");
  desk.tell("2026-03-04", ReportEnded{{JobId(1), 1}, {}});
  auto fewer = p;
  fewer.leases.pop_back();
  CHECK(desk.refusal_of("2026-03-05", Configure{fewer}).find("other") != std::string::npos);
}

TEST_CASE("a lease that jobs used in its first month is neither proposed again nor put off") {
  Desk desk;
  auto p = four_nodes();
  desk.tell("2026-01-01", Configure{p});
  desk.tell("2026-01-05", job_of(4));
  for (const bool ended : {false, true}) {
    if (ended) desk.tell("2026-01-12", ReportEnded{{JobId(1), 1}, {}});
    auto proposed = p;
    proposed.leases[0].proposed = true;
    CHECK_FALSE(desk.refusal_of("2026-01-12", Configure{proposed}).empty());
    auto put_off = p;
    put_off.leases[0].starts = day("2027-01-01");
    CHECK(desk.refusal_of("2026-01-12", Configure{put_off}).find("jobs used") != std::string::npos);
  }
  auto dearer = p;  // but mended it may be
  dearer.leases[0].price.amount = Money::of(3'000'000);
  CHECK(desk.refusal_of("2026-01-13", Configure{dearer}).empty());
}

TEST_CASE("a month does not close while the file of any lease may be mended") {
  Desk desk;
  auto p = test::small_portfolio({{"north", 4, 4, "azure"}, {"south", 1, 4, "oracle"}});
  const auto south = p.leases.back();
  p.leases.pop_back();
  desk.tell("2026-01-01", Configure{p});
  p.leases.push_back(south);
  desk.tell("2026-02-10", Configure{p});
  const auto all = desk.invoices("2026-02-11");
  CHECK(all[0].closed);  // before it was held
  CHECK(desk.invoices("2026-03-01")[1].closed);
}

TEST_CASE("an end that an amendment of a later day overrules is refused, not ignored") {
  Desk desk;
  auto p = four_nodes();
  Amendment later;
  later.from = day("2027-01-01");
  later.agreed = day("2025-12-01");
  later.ends = day("2029-01-01");
  p.leases[0].amendments = {later};
  desk.tell("2026-01-01", Configure{p});
  Amendment sooner;
  sooner.ends = day("2026-06-01");
  CHECK(desk.refusal_of("2026-02-01", AmendLease{"north-lease", sooner, "olga"})
            .find("has it end on 2029-01-01") != std::string::npos);
}

TEST_CASE(
    "a lease that was left out is held anew when it comes back, and shares what idles from then "
    "on") {
  Desk desk;
  auto p = four_nodes();
  desk.tell("2026-01-01", Configure{p});
  auto more = p;
  more.leases.push_back(p.leases[0]);
  more.leases[1].name = "more";
  desk.tell("2026-01-20", Configure{more});
  desk.tell("2026-01-21", Configure{p});
  const auto before = desk.invoices("2026-03-04");
  desk.tell("2026-03-11", Configure{more});
  const auto after = desk.invoices("2026-04-04");
  CHECK(after[0] == before[0]);
  CHECK(after[1] == before[1]);
  const auto others = desk.invoices("2026-04-04", 1);
  CHECK(others[2].idle_energy[0].facility_j > 0);
  // Ten days alone, and half of the other twenty-one: together all that idled.
  const auto all = after[1].idle_energy[0].facility_j / 28 * 31;
  const auto both = after[2].idle_energy[0].facility_j + others[2].idle_energy[0].facility_j;
  CHECK(std::abs(both - all) < 100);
}

TEST_CASE("a lease is held from when it is signed, and mended in that month with all before it") {
  Desk desk;
  auto p = four_nodes();
  p.leases[0].proposed = true;
  p.leases[0].starts = day("2026-01-01");
  desk.tell("2026-01-20", Configure{p});
  p.leases[0].proposed = false;
  desk.tell("2026-03-10", Configure{p});
  CHECK_FALSE(desk.invoices("2026-03-20")[0].closed);
  p.leases[0].price.amount = Money::of(3'000'000);
  p.sites[0].halls[0].nodes_per_rack = 3;
  desk.tell("2026-03-20", Configure{p});
  const auto after = desk.invoices("2026-04-02");
  CHECK(after[0].closed);
  CHECK(after[0].committed_micro_usd == 12LL * 31 * 24 * 3'000'000);
}

TEST_CASE("what a gang draws after a month, and when it ends, moves no invoice that is closed") {
  Desk desk;
  begin(desk);
  const AttemptId gang{JobId(1), 1};
  desk.tell("2026-01-11", ReportStarted{gang});
  const auto at = [](const char* date) { return day(date); };
  desk.tell(
      "2026-01-20",
      Curtail{{"short", "north", {}, at("2026-01-20"), at("2026-01-25"), "", Power::of(3'600)},
              "grid"});
  desk.tell("2026-01-25", Tick{});
  const auto before = desk.invoices("2026-02-09");
  REQUIRE(before[0].closed);
  REQUIRE(desk.facts_of("2026-02-09").at("north-lease").readings.size() == 3);
  desk.tell("2026-02-10",
            Curtail{{"long", "north", {}, at("2026-02-10"), at("2026-03-20"), "", Power::of(3'300)},
                    "grid"});
  CHECK(desk.invoices("2026-02-20")[0] == before[0]);
  desk.tell("2026-03-20", Tick{});
  desk.tell("2026-03-25", ReportEnded{gang, {}});
  const auto after = desk.invoices("2026-04-02");
  CHECK(after[0] == before[0]);
  const auto facts = desk.facts_of("2026-04-02").at("north-lease");
  REQUIRE(facts.readings.size() == 5);
  CHECK(facts.readings[2].draws > facts.readings[1].draws);
  CHECK(facts.readings[3].draws < facts.readings[2].draws);
  std::int64_t energy = 0;
  for (const auto& month : after) energy += month.used_j;
  CHECK(energy == desk.used_energy());
}

TEST_CASE("the idle capacity of a closed month is told by the sites of that month") {
  Desk desk;
  auto p = begin(desk);
  p.sites[0].halls[0].nodes_per_rack = 3;
  desk.tell("2026-02-10", Configure{p});
  const auto january = desk.watch({2026, 1}, "2026-03-15");
  REQUIRE(january.sites);
  CHECK(january.sites->sites[0].halls[0].nodes_per_rack == 4);
  CHECK(january.nodes.at("north").out.size() == 1);
  CHECK(january.nodes.at("north").held.size() == 1);
  const auto february = desk.watch({2026, 2}, "2026-03-15");
  CHECK_FALSE(february.sites);
  CHECK(february.nodes.at("north").out.empty());
}

TEST_CASE("a node that stays down over a change of the portfolio is out all the time") {
  const auto p = four_nodes();
  const auto fleet = std::make_shared<const Fleet>(p);
  const auto at = [](int d) { return day("2026-01-01") + Duration(d * 86'400'000LL); };
  OutTimes out(true);
  out.hear({at(0), NodeChanged{node, NodeState::Down, ""}});  // before the fleet: nobody's
  out.configure(fleet, at(0));
  out.hear({at(1), NodeChanged{"north/h", NodeState::Down, ""}});
  out.hear({at(2), NodeChanged{node, NodeState::Up, ""}});
  out.hear({at(2), Drained{node, "olga", ""}});
  out.configure(fleet, at(3));
  out.hear({at(4), NodeChanged{"north/h", NodeState::Up, ""}});
  out.hear({at(5), Resumed{node, "olga"}});
  std::int64_t days = 0;
  const auto all = out.until(at(9));
  for (const auto& o : all.at("north")) {
    days += (o.until - o.from).count() / 86'400'000 * o.gpus;
  }
  CHECK(days == 4 * (3 * 3 + 4));
}

}  // namespace
}  // namespace ampacity
