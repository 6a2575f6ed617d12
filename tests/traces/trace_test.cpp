// SPDX-License-Identifier: Apache-2.0
// Golden conversations with the engine: each tests/traces/*.trace holds commands, "----", and what
// the engine answers: events ("+"), effects (">"), refusals ("!"), explanations ("?"). Text between
// blocks is prose. AMPACITY_REWRITE=1 rewrites the files: commit a rewrite only if you understand
// every line of its diff. After each command the invariants are verified and a twin that only
// replays the events must have the same digest.
#include <doctest/doctest.h>

#include <boost/describe/enum_to_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/engine.hpp"
#include "model/small_portfolio.hpp"
#include "protocol/sentences.hpp"
#include "sim/ahead.hpp"

namespace ampacity {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

std::string option(const Words& words, const std::string& key, const std::string& fallback = "") {
  for (const auto& word : words) {
    if (word.rfind(key + "=", 0) == 0) return word.substr(key.size() + 1);
  }
  return fallback;
}

Words split(const std::string& text, char at) {
  Words parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

bool has(const Words& words, const std::string& flag) {
  return std::find(words.begin(), words.end(), flag) != words.end();
}

class Conversation {
 public:
  std::string run(const std::string& line) {
    std::istringstream in(line);
    Words words{std::istream_iterator<std::string>(in), {}};
    REQUIRE_MESSAGE(!words.empty(), "an empty command");
    const auto verb = words[0];
    if (verb == "wait") return advance(parse_duration(words.at(1)).value());
    if (verb == "explain") return explain(JobId(std::stoll(words.at(1))));
    if (verb == "lease") return lease(words.at(1));
    if (verb == "forecast") return forecast_of(words);
    return tell(command(verb, words));
  }

 private:
  Command command(const std::string& verb, const Words& words) {
    if (verb == "fleet") return Configure{fleet(words)};
    if (verb == "submit") return submit(words);
    if (verb == "cancel") return CancelJob{JobId(std::stoll(words.at(1))), option(words, "by")};
    if (verb == "started") return ReportStarted{parse_attempt_id(words.at(1)).value()};
    if (verb == "ended") return ended(words);
    if (verb == "down") return ReportNode{words.at(1), NodeState::Down, "told so"};
    if (verb == "up") return ReportNode{words.at(1), NodeState::Up, ""};
    if (verb == "drain") return Drain{words.at(1), option(words, "by"), ""};
    if (verb == "resume") return Resume{words.at(1), option(words, "by")};
    if (verb == "curtail") return Curtail{curtailment(words), option(words, "by")};
    if (verb == "uncurtail") return EndCurtailment{words.at(1), option(words, "by")};
    if (verb == "read") return ReportPower{{reading(words)}, option(words, "by")};
    if (verb == "book") return MakeBooking{booking(words), option(words, "by")};
    if (verb == "unbook") return EndBooking{words.at(1), option(words, "by")};
    if (verb == "hold") {
      return HoldJob{JobId(std::stoll(words.at(1))), option(words, "by"), option(words, "note")};
    }
    if (verb == "release") return ReleaseJob{JobId(std::stoll(words.at(1))), option(words, "by")};
    if (verb == "amend") return amend(words);
    if (verb == "request") return request(words);
    if (verb == "right") return amend_right(words);
    if (verb == "sign") return Configure{with_lease(words)};
    if (verb == "policy") {
      auto portfolio = *engine_.state().portfolio;
      set_policy(words, portfolio.policy);
      return SetPolicy{portfolio.policy, option(words, "by")};
    }
    REQUIRE_MESSAGE(verb == "tick", "unknown command: ", verb);
    return Tick{};
  }

  // amend north-lease power=2MW ends=3d from=1d by=olga why=addendum
  AmendLease amend(const Words& words) const {
    AmendLease command{words.at(1), {}, option(words, "by")};
    auto& a = command.amendment;
    const auto from_now = [&](const std::string& text) {
      return now_ + parse_duration(text).value();
    };
    if (const auto t = option(words, "from"); !t.empty()) a.from = from_now(t);
    if (const auto t = option(words, "ends"); !t.empty()) a.ends = from_now(t);
    if (const auto p = option(words, "power"); !p.empty()) a.power = parse_power(p).value();
    if (const auto r = option(words, "take_or_pay"); !r.empty()) {
      a.take_or_pay = parse_ratio(r).value();
    }
    a.why = option(words, "why");
    return command;
  }

  // request create spring mw=8 from=30d until=400d; accept spring mw=5; decline spring
  // request quote spring q1 provider=oracle site=south mw=3 price=550k$/MW-month; award spring q1
  Command request(const Words& words) const {
    const auto& what = words.at(1);
    const auto& name = words.at(2);
    const auto by = option(words, "by");
    std::optional<Power> power;
    if (const auto mw = option(words, "mw"); !mw.empty()) power = parse_power(mw + "MW").value();
    if (what == "accept") return AcceptRequest{name, option(words, "provider"), power, {}, by};
    if (what == "decline") return DeclineRequest{name, option(words, "provider"), by};
    if (what == "award") return AwardQuote{name, words.at(3), option(words, "lease"), by};
    const auto from = now_ + parse_duration(option(words, "from", "0s")).value();
    std::optional<Instant> until;
    if (const auto t = option(words, "until"); !t.empty()) {
      until = now_ + parse_duration(t).value();
    }
    if (what == "create") return CreateRequest{{name, power.value(), from, until, ""}, by};
    REQUIRE_MESSAGE(what == "quote", "unknown command: request ", what);
    Quote quote;
    quote.name = words.at(3);
    quote.provider = option(words, "provider");
    quote.site = option(words, "site");
    quote.power = power.value();
    quote.price = {PriceBasis::MwMonth, parse_money(option(words, "price") + "USD").value()};
    quote.from = from;
    quote.until = until;
    return AddQuote{name, quote, by};
  }

  // right azure ends=30d why=agreed, window=14d, from=1d
  AmendRight amend_right(const Words& words) const {
    AmendRight command{words.at(1), {}, option(words, "by")};
    auto& a = command.amendment;
    if (const auto t = option(words, "from"); !t.empty()) {
      a.from = now_ + parse_duration(t).value();
    }
    if (const auto t = option(words, "ends"); !t.empty()) {
      a.ends = now_ + parse_duration(t).value();
    }
    if (const auto t = option(words, "window"); !t.empty()) {
      a.response_window = parse_duration(t).value();
    }
    a.why = option(words, "why");
    return command;
  }

  // sign more provider=oracle site=south mw=3 request=spring signed=2026-01-01: the portfolio in
  // force, and this lease
  Portfolio with_lease(const Words& words) const {
    auto portfolio = *engine_.state().portfolio;
    Lease lease;
    lease.name = words.at(1);
    lease.provider = option(words, "provider");
    lease.sites = {option(words, "site")};
    lease.power = parse_power(option(words, "mw") + "MW").value();
    lease.price = {PriceBasis::MwMonth, parse_money("550000USD").value()};
    lease.starts = now_ + parse_duration(option(words, "from", "0s")).value();
    lease.ends = lease.starts + Duration(365LL * 86'400'000);
    lease.request = option(words, "request");
    lease.proposed = has(words, "proposed");
    if (const auto day = option(words, "signed"); !day.empty()) {
      lease.signed_on = test::day(day.c_str());
    }
    portfolio.leases.push_back(lease);
    return portfolio;
  }

  // book spring gpus=8 site=north from=2h for=3h team=vision; book fans target=north/h/p1 …
  // maintenance
  Booking booking(const Words& words) const {
    Booking b;
    b.name = words.at(1);
    b.target = option(words, "target");
    b.gpus = GpuCount::of(std::stoll(option(words, "gpus", "0")));
    b.within = parse_level(option(words, "within"));
    if (const auto n = option(words, "segment"); !n.empty()) b.segment = std::stoll(n);
    if (const auto site = option(words, "site"); !site.empty()) b.sites = {site};
    b.from = now_ + parse_duration(option(words, "from", "0s")).value();
    b.until = b.from + parse_duration(option(words, "for", "1h")).value();
    b.maintenance = has(words, "maintenance");
    b.team = option(words, "team");
    return b;
  }

  // curtail noon site=north kw=12 from=1h for=3h, or most=12 (kW at the meter)
  Curtailment curtailment(const Words& words) const {
    Curtailment c;
    c.name = words.at(1);
    c.site = option(words, "site");
    c.power = Power::of(std::stoll(option(words, "kw", "0")) * 1'000);
    if (const auto n = option(words, "most"); !n.empty())
      c.limit = Power::of(std::stoll(n) * 1'000);
    c.from = now_ + parse_duration(option(words, "from", "0s")).value();
    c.until = c.from + parse_duration(option(words, "for", "1h")).value();
    return c;
  }

  // read north kw=12 ago=10s it: at the meter, or of the IT load
  PowerReading reading(const Words& words) const {
    PowerReading r;
    r.place = words.at(1);
    r.power = parse_power(option(words, "kw") + "kW").value();
    r.meter = has(words, "it") ? MeterPlace::It : MeterPlace::Facility;
    r.at = now_ - parse_duration(option(words, "ago", "0s")).value();
    if (const auto t = option(words, "ahead"); !t.empty()) r.at += parse_duration(t).value();
    return r;
  }

  static void set_policy(const Words& words, Policy& policy) {
    const auto duration = [&](const char* key, Duration& value) {
      if (const auto t = option(words, key); !t.empty()) value = parse_duration(t).value();
    };
    duration("min_runtime", policy.min_runtime);
    duration("half_life", policy.fair_share_half_life);
    duration("resize_interval", policy.resize_interval);
    duration("killer_window", policy.killer_window);
    duration("reading_max_age", policy.reading_max_age);
    duration("capping_patience", policy.capping_patience);
    if (const auto n = option(words, "killer_attempts"); !n.empty()) {
      policy.killer_attempts = std::stoll(n);
    }
    if (const auto p = option(words, "delay_price"); !p.empty()) {
      policy.delay_price = parse_gpu_price(p + " USD/GPU-hour").value();
    }
    const auto backfill = option(words, "backfill");
    if (backfill == "none") policy.backfill = Backfill::None;
    if (backfill == "easy") policy.backfill = Backfill::Easy;
    if (backfill == "conservative") policy.backfill = Backfill::Conservative;
    if (option(words, "reclaim") == "no") policy.reclaim = false;
    if (option(words, "restart_walltime") == "remaining") {
      policy.restart_walltime = RestartWalltime::Remaining;
    }
  }

  // hall.north=fast:2x4: one hall more, of another accelerator
  static void add_halls(const Words& words, Portfolio& portfolio) {
    const auto known = [&](const std::string& name) {
      if (portfolio.find_accelerator(name) != nullptr) return;
      portfolio.accelerators.push_back(portfolio.accelerators.front());
      portfolio.accelerators.back().name = name;
    };
    for (auto& site : portfolio.sites) {
      if (const auto name = option(words, "accelerator." + site.name); !name.empty()) {
        known(name);
        site.halls[0].accelerator = name;
      }
      const auto more = split(option(words, "hall." + site.name), ':');
      if (more.size() < 2) continue;
      known(more[0]);
      auto hall = site.halls[0];
      hall.name = more[0];
      hall.accelerator = more[0];
      const auto x = more[1].find('x');
      hall.nodes_per_rack = std::stoll(more[1].substr(0, x));
      hall.gpus_per_node = std::stoll(more[1].substr(x + 1));
      site.halls.push_back(hall);
    }
  }

  // price.north=2 owed.north=50 (take-or-pay, %) gpu_hours.north=100 starts.north=2026-06-01
  static void set_leases(const Words& words, Portfolio& portfolio) {
    for (auto& lease : portfolio.leases) {
      const auto of = [&](const std::string& what) {
        return option(words, what + "." + lease.sites.front());
      };
      if (const auto usd = of("price"); !usd.empty())
        lease.price.amount = parse_money(usd + " USD").value();
      if (const auto percent = of("owed"); !percent.empty())
        lease.take_or_pay = Ratio::of(std::stoll(percent) * 10'000);
      if (const auto n = of("gpu_hours"); !n.empty()) lease.gpu_hours = std::stoll(n);
      if (const auto day = of("starts"); !day.empty()) lease.starts = test::day(day.c_str());
      if (const auto usd = of("energy"); !usd.empty()) {  // a MWh, passed through
        lease.energy_pass_through = true;
        for (auto& site : portfolio.sites) {
          if (site.name != lease.sites.front()) continue;
          site.energy_price = EnergyPrice::of(std::stoll(usd) * 1'000'000);
        }
      }
    }
  }

  // next.north=2026-03-02:24:3: the lease of north ends then, and another follows it, of so many
  // GPU-hours at so many USD each, energy included
  static void add_next_leases(const Words& words, Portfolio& portfolio) {
    for (std::size_t i = portfolio.leases.size(); i-- > 0;) {
      auto next = portfolio.leases[i];
      const auto terms = split(option(words, "next." + next.sites.front()), ':');
      if (terms.size() < 3) continue;
      next.name = "next-lease";
      next.starts = test::day(terms[0].c_str());
      next.gpu_hours = std::stoll(terms[1]);
      next.price.amount = parse_money(terms[2] + " USD").value();
      next.energy_pass_through = false;
      portfolio.leases[i].ends = next.starts;
      portfolio.leases.push_back(std::move(next));
    }
  }

  // joins.south=north: under the lease of north; lease.north=9kW lease_factor.north=1.5;
  // provider.azure=20kW; hall_power.north=8kW rack_power.north=4kW hall_factor.north=1.2;
  // tomorrow.north=10kW
  static void add_power(const Words& words, Portfolio& portfolio) {
    const auto power = [&](const std::string& key, const std::string& of) -> std::optional<Power> {
      const auto text = option(words, key + "." + of);
      return text.empty() ? std::nullopt : std::optional(parse_power(text).value());
    };
    const auto factor = [&](const std::string& key, const std::string& of) {
      return parse_ratio(option(words, key + "." + of, "1")).value();
    };
    for (auto& lease : portfolio.leases) {
      const auto& site = lease.sites.front();
      lease.power = power("lease", site).value_or(lease.power);
      lease.oversubscription = factor("lease_factor", site);
      for (const auto& other : portfolio.sites) {
        if (option(words, "joins." + other.name) == site) lease.sites.push_back(other.name);
      }
    }
    std::erase_if(portfolio.leases, [&](const Lease& lease) {
      return !option(words, "joins." + lease.sites.front()).empty();
    });
    for (auto& provider : portfolio.providers) provider.power = power("provider", provider.name);
    for (auto& site : portfolio.sites) {
      site.oversubscription = factor("site_factor", site.name);
      if (const auto more = power("tomorrow", site.name)) {  // of the interconnection
        site.interconnection.push_back({test::day("2026-03-02"), *more});
      }
      for (auto& hall : site.halls) {
        hall.power = power("hall_power", site.name).value_or(hall.power);
        hall.rack_power = power("rack_power", site.name);
        hall.oversubscription = factor("hall_factor", site.name);
      }
    }
  }

  // fleet north=2x4@azure south=1x8@oracle energised.south=2026-06-01 backfill=none
  // north=2x4 is a rack of 2 nodes of 4 GPUs; racks.north=8 pods.north=2: so many, in each pod
  static Portfolio fleet(const Words& words) {
    std::vector<test::SmallSite> sites;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const auto x = words[i].find('x', equals);
      const auto at = words[i].find('@');
      if (at == std::string::npos) continue;
      sites.push_back({words[i].substr(0, equals),
                       std::stoll(words[i].substr(equals + 1, x - equals - 1)),
                       std::stoll(words[i].substr(x + 1, at - x - 1)), words[i].substr(at + 1)});
    }
    auto portfolio = test::small_portfolio(sites);
    for (auto& site : portfolio.sites) {
      const auto energised = option(words, "energised." + site.name);
      if (!energised.empty()) site.halls[0].energised = test::day(energised.c_str());
      const auto power = option(words, "power." + site.name);
      if (!power.empty())
        site.interconnection = {{test::day("2026-01-01"), parse_power(power).value()}};
      if (const auto ramp = option(words, "ramp." + site.name); !ramp.empty()) {  // 2kW/min
        site.ramp_limit = parse_power_rate(ramp).value();
      }
      if (const auto swing = option(words, "swing." + site.name); !swing.empty()) {
        site.swing_limit = parse_power(swing).value();
      }
      if (has(words, "local." + site.name)) site.cluster.kind = ClusterKind::Local;
      site.halls[0].pods = std::stoll(option(words, "pods." + site.name, "1"));
      site.halls[0].racks_per_pod = std::stoll(option(words, "racks." + site.name, "1"));
    }
    for (const auto& text : split(option(words, "teams"), ',')) {  // vision:2,audio:1
      const auto colon = text.find(':');
      Team team{text.substr(0, colon), std::stoll(text.substr(colon + 1)), {}, "", {}};
      team.group = option(words, "group." + team.name);
      const auto quota = split(option(words, "quota." + team.name), '/');  // 8/borrow=4/lend=0
      if (!quota.empty()) team.quota = Quota{GpuCount::of(std::stoll(quota[0])), {}, {}};
      if (const auto n = option(quota, "borrow"); !n.empty())
        team.quota->borrow = GpuCount::of(std::stoll(n));
      if (const auto n = option(quota, "lend"); !n.empty())
        team.quota->lend = GpuCount::of(std::stoll(n));
      if (const auto usd = option(words, "budget." + team.name); !usd.empty()) {
        team.budget = TeamBudget{Money::of(std::stoll(usd) * 1'000'000)};
      }
      portfolio.teams.push_back(team);
    }
    for (auto& provider : portfolio.providers) {  // right.azure=30d: since 2026-01-01
      const auto window = option(words, "right." + provider.name);
      if (window.empty()) continue;
      provider.right_of_first_refusal =
          RefusalRight{"all new capacity", parse_duration(window).value(), test::day("2026-01-01"),
                       std::nullopt};
    }
    for (const auto& name : split(option(words, "preempts"), ',')) {
      for (auto& c : portfolio.priority_classes) c.preempts |= c.name == name;
    }
    set_policy(words, portfolio.policy);
    for (const auto& text : split(option(words, "curve"), ',')) {  // 50:80,100:100, in percent
      const auto colon = text.find(':');
      portfolio.accelerators.front().throughput_curve.push_back(
          {Ratio::of(std::stoll(text.substr(0, colon)) * 10'000),
           Ratio::of(std::stoll(text.substr(colon + 1)) * 10'000)});
    }
    add_halls(words, portfolio);
    add_power(words, portfolio);
    set_leases(words, portfolio);
    add_next_leases(words, portfolio);
    return portfolio;
  }

  static SubmitJob submit(const Words& words) {
    JobSpec spec;
    spec.name = option(words, "name", "job");
    spec.gpus = GpuCount::of(std::stoll(option(words, "gpus", "1")));
    if (const auto n = option(words, "least"); !n.empty())
      spec.gpus_min = GpuCount::of(std::stoll(n));
    for (const auto& text : split(option(words, "accelerators"), ',')) {  // slot,fast:200
      const auto colon = text.find(':');
      const auto speed = colon == std::string::npos ? 100 : std::stoll(text.substr(colon + 1));
      spec.accelerators.push_back({text.substr(0, colon), Ratio::of(speed * 10'000)});
    }
    if (const auto site = option(words, "site"); !site.empty()) spec.sites = {site};
    if (const auto n = option(words, "draw"); !n.empty()) {
      spec.draw = Ratio::of(std::stoll(n) * 10'000);
    }
    spec.mixed = has(words, "mixed");
    spec.pausable = has(words, "pausable");
    if (const auto n = option(words, "slowest"); !n.empty()) {
      spec.slowest = Ratio::of(std::stoll(n) * 10'000);
    }
    if (const auto w = option(words, "cap"); !w.empty()) {  // 600, or 60%: W of each GPU, of TDP
      const bool share = w.back() == '%';
      spec.power_cap = PowerCap{Power::of(share ? 0 : std::stoll(w)),
                                Ratio::of(share ? std::stoll(w) * 10'000 : 0)};
    }
    spec.booking = option(words, "booking");
    if (const auto n = option(words, "per_node"); !n.empty()) spec.gpus_per_node = std::stoll(n);
    spec.team = option(words, "team");
    spec.project = option(words, "project");
    spec.within = parse_level(option(words, "within"));
    spec.prefer = parse_level(option(words, "prefer"));
    if (const auto n = option(words, "segment"); !n.empty()) spec.segment = std::stoll(n);
    spec.priority_class = option(words, "priority");
    if (const auto t = option(words, "checkpoint"); !t.empty())
      spec.checkpoint_interval = parse_duration(t).value();
    if (const auto t = option(words, "wait"); !t.empty())
      spec.wait_for_capacity = parse_duration(t).value();
    if (const auto site = option(words, "site"); !site.empty()) spec.sites = {site};
    if (const auto t = option(words, "walltime"); !t.empty())
      spec.walltime = parse_duration(t).value();
    spec.retries = std::stoll(option(words, "retries", "0"));
    spec.requeue = option(words, "requeue", "yes") == "yes";
    if (const auto s = option(words, "signal"); !s.empty()) {
      spec.early_signal = EarlySignal{std::stoll(s), Duration(60'000), false};
    }
    spec.command = {"true"};
    return {option(words, "request"), spec, option(words, "by")};
  }

  static ReportEnded ended(const Words& words) {
    Ending ending;
    if (const auto code = option(words, "code"); !code.empty()) ending.code = std::stoll(code);
    if (const auto signal = option(words, "signal"); !signal.empty()) {
      ending.kind = EndKind::Signalled;
      ending.signal = std::stoll(signal);
    }
    if (const auto rank = option(words, "rank"); !rank.empty()) ending.rank = std::stoll(rank);
    if (has(words, "lost")) ending.kind = EndKind::Lost;
    if (has(words, "not-started")) ending.kind = EndKind::NotStarted;
    return {parse_attempt_id(words.at(1)).value(), ending};
  }

  std::string tell(const Command& command) {
    const auto outcome = engine_.decide(command, now_);
    std::string text;
    for (const auto& event : outcome.events) {
      text += "+ " + sentence(event.body) + "\n";
      twin_.evolve(event);
    }
    for (const auto& order : outcome.effects) text += "> " + sentence(order) + "\n";
    if (outcome.refusal) {
      text +=
          fmt::format("! {}: {}\n", boost::describe::enum_to_string(outcome.refusal->reason, "?"),
                      outcome.refusal->message);
    } else if (outcome.events.empty() && outcome.job) {
      text += fmt::format("= job {}\n", outcome.job->value());
    }
    engine_.verify();
    CHECK(twin_.digest() == engine_.digest());
    Engine restored;
    REQUIRE(restored.unpack_state(engine_.pack_state()));
    CHECK(restored.digest() == engine_.digest());
    return text.empty() ? "(nothing)\n" : text;
  }

  std::string advance(Duration time) {
    const auto until = now_ + time;
    std::string text;
    for (auto due = engine_.next_deadline(); due && *due <= until; due = engine_.next_deadline()) {
      now_ = std::max(now_, *due);
      const auto said = tell(Tick{});
      if (said != "(nothing)\n") text += "at " + to_text(now_) + "\n" + said;
    }
    now_ = until;
    return text.empty() ? "(nothing)\n" : text;
  }

  std::string explain(JobId id) const {
    const auto e = engine_.explain(id, now_);
    if (!e) return "? no such job waits\n";
    auto text =
        fmt::format("? {}: {}\n", boost::describe::enum_to_string(e->reason, "?"), e->message);
    for (const auto& site : e->sites) {
      text += fmt::format("?   {} {}\n", boost::describe::enum_to_string(site.reason, "?"),
                          site.message);
    }
    for (const auto& way : e->unblocks) text += "? would start if: " + way + "\n";
    return text;
  }

  // forecast 3, or forecast name=x gpus=4 …: of a job that is not submitted
  std::string forecast_of(const Words& words) const {
    const auto digest = engine_.digest();
    const bool known = words.at(1).find('=') == std::string::npos;
    const auto f = known ? forecast(engine_, JobId(std::stoll(words.at(1))), now_, {})
                         : forecast(engine_, submit(words), now_, {});
    CHECK(engine_.digest() == digest);
    if (f.refusal) return fmt::format("~ refused: {}\n", f.refusal->message);
    if (!f.starts) return fmt::format("~ not before {}\n", to_text(f.looked_until));
    auto text = fmt::format("~ job {} starts at {}", f.job.value(), to_text(*f.starts));
    if (f.place) text += fmt::format(" at {} on {}", f.place->site, to_text(f.place->nodes));
    for (const auto& attempt : f.preempts) text += fmt::format("; {} is stopped for it", attempt);
    return text + "\n";
  }

  std::string lease(const std::string& name) const {
    for (const auto& lease : engine_.state().portfolio->leases) {
      if (lease.name != name) continue;
      const auto s = engine_.lease_statement(lease, now_);
      CHECK(s.used_cost + s.unused_cost == s.committed_cost);
      CHECK(s.used_energy + s.unused_energy == s.committed_energy);
      return fmt::format("= committed {} used {} unused {}; energy used {}\n",
                         to_text(s.committed_cost), to_text(s.used_cost), to_text(s.unused_cost),
                         to_text(s.used_energy));
    }
    return "no such lease\n";
  }

  Engine engine_;
  Engine twin_;
  Instant now_ = test::day("2026-03-01");
};

// The file again, with the answers that the engine gives now.
std::string replayed(const std::string& file) {
  std::istringstream in(file);
  std::string out;
  std::string line;
  Conversation conversation;
  std::vector<std::string> pending;
  bool answering = false;
  const auto is_command = [](const std::string& text) { return text.rfind("  ", 0) == 0; };
  while (std::getline(in, line)) {
    if (answering && !line.empty()) continue;  // an old answer
    answering = false;
    if (line == "----") {
      out += "----\n";
      for (const auto& command : pending) out += conversation.run(command);
      pending.clear();
      answering = true;
      continue;
    }
    if (is_command(line)) pending.push_back(line);
    out += line + "\n";
  }
  return out;
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("golden traces") {
  const char* source = std::getenv("AMPACITY_SOURCE");
  REQUIRE(source != nullptr);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(source) / "tests/traces")) {
    if (entry.path().extension() == ".trace") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 8);
  for (const auto& file : files) {
    CAPTURE(file.string());
    const auto expected = slurp(file);
    const auto actual = replayed(expected);
    if (std::getenv("AMPACITY_REWRITE") != nullptr && actual != expected) {
      std::ofstream(file) << actual;
      continue;
    }
    CHECK(actual == expected);
  }
}

}  // namespace ampacity
