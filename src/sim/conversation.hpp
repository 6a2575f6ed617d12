// SPDX-License-Identifier: Apache-2.0
// Random conversations with the engine: submissions, ends, faults, drains, cancels, other
// portfolios and policies, time. Each step is a number, so that rapidcheck can shrink a
// conversation and a seed can repeat it. After each step: the invariants hold (Engine::verify and
// the checks here), and a twin that has only replayed the events has the same digest; if not, it
// asserts. Called by properties, by `ampacity soak` and by the test of determinism.
#pragma once

#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "engine/engine.hpp"
#include "ledger/bearers.hpp"
#include "model/small_portfolio.hpp"
#include "sim/power_check.hpp"

namespace ampacity {

class Conversation {
 public:
  Conversation() {
    portfolio_ = test::small_portfolio(
        {{"north", 3, 4, "azure"}, {"south", 2, 8, "oracle"}, {"west", 4, 2, "oracle"}});
    auto& north = portfolio_.sites[0].halls[0];  // 2 pods of 2 racks of 2 nodes
    north.pods = 2;
    north.racks_per_pod = 2;
    north.nodes_per_rack = 2;
    portfolio_.accelerators.push_back(portfolio_.accelerators.front());
    portfolio_.accelerators.back().name = "fast";
    auto fast = portfolio_.sites[1].halls[0];  // a generation more at south
    fast.name = "fast";
    fast.accelerator = "fast";
    portfolio_.sites[1].halls.push_back(fast);
    portfolio_.sites[1].interconnection = {{test::day("2026-01-01"), Power::of(20'000)},
                                           {test::day("2026-03-03"), Power::of(28'000)}};
    portfolio_.teams = {
        {"vision", 2, {"p"}, "research", Quota{GpuCount::of(6), {}, GpuCount::of(4)}},
        {"audio", 1, {}, "research", {}},
        {"research", 1, {}, "", Quota{GpuCount::of(14), GpuCount::of(20), {}}},
        {"product", 1, {}, "", Quota{GpuCount::of(8), GpuCount::of(6), {}}}};
    portfolio_.priority_classes[2].preempts = true;
    portfolio_.policy.min_runtime = Duration(600'000);
    portfolio_.policy.max_waiting = 60;
    portfolio_.policy.requeue_limit = 2;
    portfolio_.sites[2].halls[0].energised = test::day("2026-03-02");
    portfolio_.providers[0].right_of_first_refusal =
        RefusalRight{"all", Duration(40'000'000), test::day("2026-01-15"), std::nullopt};
    for (auto& lease : portfolio_.leases) lease.signed_on = test::day("2026-01-01");
    portfolio_.leases[1].take_or_pay = Ratio::of(2'000);  // used up after some 50 GPU-hours
    portfolio_.leases[2].gpu_hours = 60;
    tell(Configure{portfolio_});
  }

  // Swarm: each seed prefers other kinds of steps, and leaves some out, so that each run explores
  // another corner.
  explicit Conversation(std::uint64_t seed) : Conversation() {
    Random random(seed ^ 0x5EEDULL);
    constexpr std::uint64_t factors[] = {0, 1, 1, 4};
    for (auto& weight : weights_) weight *= factors[random.next() % std::size(factors)];
    weights_[Submit] = std::max<std::uint64_t>(weights_[Submit], 10);
    weights_[Pass] = std::max<std::uint64_t>(weights_[Pass], 2);
  }

  // One step, chosen and filled by the bits of `code`.
  void step(std::uint64_t code) {
    Random r(code);
    std::uint64_t all = 0;
    for (const auto weight : weights_) all += weight;
    auto choice = r.next() % all;
    std::size_t kind = 0;
    while (choice >= weights_[kind]) choice -= weights_[kind++];
    switch (kind) {
      case Submit:
        return submit(r);
      case Started:
        return report_started(r);
      case Ended:
        return report_ended(r);
      case Cancel:
        return tell(CancelJob{JobId(static_cast<std::int64_t>(r.next() % 40)), "someone"});
      case Node:
        return node(r);
      case Service:
        return drain(r);
      case Reconfigure:
        return reconfigure(r);
      case Book:
        return book(r);
      case Hold:
        return hold(r);
      case Call:
        return curtail(r);
      case Amend:
        return amend(r);
      case Measure:
        return measure(r);
      case Ask:
        for (auto n = r.next() % 8; n > 0; --n) ask(r);  // few words say little here
        return ask(r);
      default:
        return pass(Duration(static_cast<std::int64_t>(r.next() % 20'000'000)));
    }
  }

  // The portfolio again, with levels of power that bind.
  void tighten(std::uint64_t code) {
    Random r(code);
    auto portfolio = portfolio_;
    tighten(r, portfolio);
    tell(Configure{portfolio});
  }

  // Gangs that were placed so far.
  std::int64_t placed() const { return placed_; }
  // Times that a hall was above its limit and its gangs as slow as they may; gangs stopped for it.
  std::int64_t slow_halls() const { return slow_halls_; }
  std::int64_t stopped() const { return stopped_; }
  // Gangs that another lease bore from then on.
  std::int64_t passed_on() const { return passed_on_; }

  const Engine& engine() const { return engine_; }
  Instant now() const { return now_; }
  std::int64_t started_twice() const { return started_twice_; }
  std::int64_t commands() const { return commands_; }

  void tell(const Command& command) {
    ++commands_;
    const auto outcome = engine_.decide(command, now_);
    for (const auto& event : outcome.events) twin_.evolve(event);
    for (const auto& effect : outcome.effects) {
      const auto* start = std::get_if<StartGang>(&effect);
      if (start != nullptr && !started_.insert(start->attempt).second) ++started_twice_;
    }
    if (outcome.refusal) AMPACITY_ASSERT(!outcome.refusal->message.empty(), "a no without words");
    engine_.verify();
    check_gangs();
    check_power(outcome);
    check_leases(outcome);
    ramps_.look(engine_, now_);
    check_requests();
    AMPACITY_ASSERT(twin_.digest() == engine_.digest(), "the twin that replays has another state");
  }

 private:
  void submit(Random& r) {
    JobSpec spec;
    spec.command = {"true"};
    spec.gpus = GpuCount::of(static_cast<std::int64_t>(1 + r.next() % 18));
    if (r.next() % 4 == 0) {
      const auto per_node = static_cast<std::int64_t>(1 + r.next() % 4);
      spec.gpus = GpuCount::of(per_node * static_cast<std::int64_t>(1 + r.next() % 4));
      spec.gpus_per_node = per_node;
    }
    if (r.next() % 4 == 0) spec.within = static_cast<Level>(r.next() % 4);
    if (r.next() % 4 == 0) spec.prefer = static_cast<Level>(r.next() % 4);
    if (r.next() % 6 == 0)
      spec.segment = spec.gpus.count() / static_cast<std::int64_t>(1 + r.next() % 2);
    if (r.next() % 5 == 0) {
      const auto unit =
          std::max<std::int64_t>(spec.segment.value_or(spec.gpus_per_node.value_or(1)), 1);
      const auto units = static_cast<std::uint64_t>(spec.gpus.count() / unit);
      spec.gpus_min = GpuCount::of(unit * static_cast<std::int64_t>(1 + r.next() % units));
    }
    if (r.next() % 6 == 0) {
      spec.accelerators = {{"slot", one},
                           {"fast", Ratio::of(r.next() % 2 == 0 ? 3'000'000 : 400'000)}};
    }
    if (r.next() % 3 == 0) {
      spec.slowest = Ratio::of(static_cast<std::int64_t>(50 + r.next() % 51) * 10'000);
    }
    spec.pausable = r.next() % 3 == 0;
    if (spec.gpus.count() % 5 == 2) {
      spec.power_cap = PowerCap{Power::of(120 * spec.gpus.count()), Ratio()};
    }
    if (spec.gpus.count() % 3 == 1) spec.wait_for_capacity = Duration(90'000'000);
    if (r.next() % 6 == 0 && !spec.segment && spec.within.value_or(Level::Site) == Level::Site) {
      spec.mixed = true;
    } else if (r.next() % 6 == 0) {
      spec.booking = fmt::format("b{}", r.next() % 4);
    }
    constexpr const char* classes[] = {"", "low", "normal", "high", "unknown"};
    spec.priority_class = classes[r.next() % 5];
    if (r.next() % 5 == 0) spec.sites = {r.next() % 2 == 0 ? "north" : "west"};
    constexpr const char* teams[] = {"", "vision", "audio", "research", "product"};
    spec.team = teams[r.next() % 5];
    if (r.next() % 4 == 0) spec.checkpoint_interval = Duration(3'600'000);
    spec.project = r.next() % 3 == 0 ? "p" : "";
    spec.retries = static_cast<std::int64_t>(r.next() % 3);
    spec.requeue = r.next() % 4 != 0;
    if (r.next() % 3 == 0)
      spec.walltime = Duration(static_cast<std::int64_t>(1 + r.next() % 30'000'000));
    if (r.next() % 5 == 0) spec.early_signal = EarlySignal{10, Duration(60'000), false};
    const auto request = r.next() % 3 == 0 ? fmt::format("r{}", r.next() % 20) : std::string();
    tell(SubmitJob{request, spec, "someone"});
  }

  // A live attempt, or now and then one that is not.
  AttemptId some_attempt(Random& r) const {
    const auto live = engine_.live_attempts();
    if (live.empty() || r.next() % 8 == 0) {
      return {JobId(static_cast<std::int64_t>(1 + r.next() % 40)),
              static_cast<std::int64_t>(1 + r.next() % 3)};
    }
    return live[r.next() % live.size()].start.attempt;
  }

  void report_started(Random& r) { tell(ReportStarted{some_attempt(r)}); }

  void report_ended(Random& r) {
    Ending ending;
    switch (r.next() % 6) {
      case 0:
        ending.kind = EndKind::Signalled;
        ending.signal = 9;
        break;
      case 1:
        ending.code = 1;
        break;
      case 2:
        ending.kind = EndKind::Lost;
        break;
      case 3:
        ending.kind = EndKind::NotStarted;
        break;
      default:
        break;
    }
    tell(ReportEnded{some_attempt(r), ending});
  }

  std::string some_node(Random& r) const {
    const auto& fleet = engine_.fleet();
    return fleet.path(NodeIndex(static_cast<std::uint32_t>(r.next() % fleet.node_count())));
  }

  // A node, or a rack, a pod, … a site.
  std::string somewhere(Random& r, std::uint64_t up) const {
    auto target = some_node(r);
    for (; up > 0; --up) target = target.substr(0, target.rfind('/'));
    return target;
  }

  void node(Random& r) {
    const auto where = somewhere(r, r.next() % 3 == 0 ? r.next() % 5 : 0);
    tell(ReportNode{where, r.next() % 2 == 0 ? NodeState::Down : NodeState::Up, ""});
  }

  void book(Random& r) {
    const auto name = fmt::format("b{}", r.next() % 4);
    if (r.next() % 3 == 0) return tell(EndBooking{name, "ops"});
    Booking b;
    b.name = name;
    if (r.next() % 2 == 0) {
      b.target = somewhere(r, r.next() % 5);
      b.maintenance = r.next() % 2 == 0;
    } else {
      b.gpus = GpuCount::of(static_cast<std::int64_t>(1 + r.next() % 12));
      if (r.next() % 3 == 0) b.within = static_cast<Level>(r.next() % 4);
    }
    b.from = now_ + Duration(static_cast<std::int64_t>(r.next() % 40'000'000));
    b.until = b.from + Duration(static_cast<std::int64_t>(1 + r.next() % 60'000'000));
    if (!b.maintenance && r.next() % 3 == 0) b.team = "vision";
    tell(MakeBooking{b, "ops"});
  }

  void curtail(Random& r) {
    const auto name = fmt::format("c{}", r.next() % 3);
    if (r.next() % 4 == 0) return tell(EndCurtailment{name, "grid"});
    Curtailment c;
    c.name = name;
    c.site = portfolio_.sites[r.next() % portfolio_.sites.size()].name;
    c.power = Power::of(static_cast<std::int64_t>(1 + r.next() % 12'000));
    if (c.power.count() % 4 == 0) c.limit = std::exchange(c.power, Power());
    c.from = now_ + Duration(static_cast<std::int64_t>(r.next() % 10'000'000));
    c.until = c.from + Duration(static_cast<std::int64_t>(1 + r.next() % 30'000'000));
    tell(Curtail{c, "grid"});
  }

  // What a meter shows: somewhat more or less than the model, of now or of late.
  void measure(Random& r) {
    const auto site = r.next() % portfolio_.sites.size();
    const auto model = site < engine_.fleet().sites().size()
                           ? engine_.it_power_of(SiteIndex(static_cast<std::uint32_t>(site)))
                           : Power();
    PowerReading reading{portfolio_.sites[site].name, Power(), MeterPlace::It, now_};
    const auto& halls = portfolio_.sites[site].halls;
    if (r.next() % 2 == 0) reading.place += "/" + halls[r.next() % halls.size()].name;
    reading.power = Power::of(model.count() * static_cast<std::int64_t>(60 + r.next() % 90) / 100);
    reading.at -= Duration(static_cast<std::int64_t>(r.next() % 400'000));
    tell(ReportPower{{reading}, "scada"});
  }

  void hold(Random& r) {
    const JobId job(static_cast<std::int64_t>(r.next() % 40));
    if (r.next() % 2 == 0) return tell(HoldJob{job, "ops", ""});
    tell(ReleaseJob{job, "ops"});
  }

  // Another term, power or price: also of a lease that is over, not there, or in use.
  void amend(Random& r) {
    constexpr const char* leases[] = {"north-lease", "south-lease", "west-lease", "no-lease"};
    AmendLease command{leases[r.next() % 4], {}, "olga"};
    auto& a = command.amendment;
    const auto within = [&] { return Duration(static_cast<std::int64_t>(r.next() % 90'000'000)); };
    if (r.next() % 2 == 0) a.from = now_ + within() - Duration(45'000'000);
    if (r.next() % 2 == 0) a.ends = now_ + within();
    if (r.next() % 3 == 0) a.ends = test::day("2030-01-01");
    if (r.next() % 2 == 0) {
      const auto bits = r.next();  // every other time so little that it binds
      a.power = Power::of(static_cast<std::int64_t>(bits % (bits % 2 == 0 ? 2'000'000 : 40'000)));
    }
    if (r.next() % 3 == 0) {
      a.price = LeasePrice{PriceBasis::MwMonth,
                           Money::of(static_cast<std::int64_t>(r.next() % 1'000'000'000'000))};
    }
    tell(command);
  }

  // Capacity that is wanted, its answers and quotes, in any order; seldom another right.
  void ask(Random& r) {
    const auto name = fmt::format("r{}", r.next() % 3);
    const auto power = Power::of(static_cast<std::int64_t>(1 + r.next() % 3) * 10'000);
    constexpr const char* providers[] = {"azure", "oracle", ""};
    const std::string provider = providers[r.next() % 3];
    const auto later = now_ + Duration(static_cast<std::int64_t>(r.next() % 90'000'000));
    switch (r.next() % 6) {
      case 0:
        return tell(CreateRequest{{name, power, later, test::day("2029-01-01"), ""}, "olga"});
      case 1:
        return tell(AcceptRequest{name, provider, power, {}, "azure"});
      case 2:
        return tell(DeclineRequest{name, provider, "azure"});
      case 3:
        return quote(r, name, {.provider = providers[r.next() % 2], .power = power, .from = later});
      case 4:
        return tell(AwardQuote{name, fmt::format("q{}", r.next() % 3), "", "olga"});
      default:
        return tell(AmendRight{"azure",
                               {.from = later,
                                .response_window = Duration(power.count() * 1'000),
                                .ends = r.next() % 4 == 0 ? std::optional(later) : std::nullopt},
                               "olga"});
    }
  }

  void quote(Random& r, const std::string& request, Quote q) {
    q.name = fmt::format("q{}", r.next() % 3);
    q.site = portfolio_.sites[r.next() % portfolio_.sites.size()].name;
    q.price = {PriceBasis::MwMonth, Money::of(500'000'000'000)};
    tell(AddQuote{request, q, "oracle"});
  }

  void drain(Random& r) {
    auto target = somewhere(r, r.next() % 5);
    if (r.next() % 2 == 0) return tell(Drain{target, "ops", ""});
    tell(Resume{target, "ops"});
  }

  // A site more, a site less, another back-off.
  void reconfigure(Random& r) {
    auto portfolio = portfolio_;
    if (r.next() % 2 == 0) {
      portfolio.sites.pop_back();
      portfolio.leases.pop_back();
    }
    constexpr Backfill modes[] = {Backfill::None, Backfill::Easy, Backfill::Conservative};
    portfolio.policy.backfill = modes[r.next() % 3];
    portfolio.policy.reservations = static_cast<std::int64_t>(1 + r.next() % 3);
    if (r.next() % 3 == 0) portfolio.policy.fair_share_half_life = Duration(0);
    if (r.next() % 3 == 0) portfolio.sites[1].interconnection.pop_back();
    if (r.next() % 3 == 0) portfolio.policy.reclaim = false;
    if (r.next() % 3 == 0) portfolio.policy.min_runtime = Duration(0);
    if (r.next() % 3 == 0) portfolio.priority_classes[2].preempts = false;
    if (r.next() % 3 == 0) {
      for (auto& team : portfolio.teams) team.quota.reset();
    }
    if (r.next() % 3 == 0) {
      const auto cents = static_cast<std::int64_t>(1 + r.next() % 20'000);
      portfolio.teams[r.next() % portfolio.teams.size()].budget =
          TeamBudget{Money::of(cents * 10'000)};
    }
    portfolio.policy.requeue_backoff = Duration(static_cast<std::int64_t>(1 + r.next() % 8'000));
    portfolio.policy.resize_interval = Duration(static_cast<std::int64_t>(r.next() % 8'000'000));
    if (r.next() % 3 == 0) portfolio.policy.restart_walltime = RestartWalltime::Remaining;
    if (r.next() % 3 == 0) portfolio.policy.killer_attempts = 1;
    if (r.next() % 3 == 0) return tell(SetPolicy{portfolio.policy, "ops"});
    if (r.next() % 2 == 0) tighten(r, portfolio);
    tell(Configure{portfolio});
  }

  // Levels of power that bind: leases with ramps and over several sites, a provider, halls, racks.
  void tighten(Random& r, Portfolio& portfolio) const {
    const auto some = [&] {
      return Power::of(static_cast<std::int64_t>(5 + r.next() % 30) * 1'000);
    };
    const auto factor = [&] {
      return r.next() % 3 == 0 ? Ratio::of(static_cast<std::int64_t>(100 + r.next() % 60) * 10'000)
                               : one;
    };
    for (auto& lease : portfolio.leases) {
      if (r.next() % 2 == 0) continue;
      lease.power = some();
      lease.oversubscription = factor();
      const auto step = now_ + Duration(static_cast<std::int64_t>(1 + r.next() % 20'000'000));
      lease.ramp = {{lease.starts, some()}, {step, lease.power}};
      if (r.next() % 3 == 0) lease.ends = step + Duration(10'000'000);
    }
    if (r.next() % 3 == 0) portfolio.leases[0].sites.push_back("south");
    if (r.next() % 3 == 0) portfolio.providers.back().power = some();
    for (auto& site : portfolio.sites) {
      site.oversubscription = factor();
      if (r.next() % 3 == 0) {
        site.ramp_limit =
            PowerRate::of(static_cast<std::int64_t>(1 + r.next() % 20'000'000) % 9'000 + 1'000);
        if (r.next() % 2 == 0) site.swing_limit = Power::of(some().count() + 5'000);
        if (!site.swing_limit) site.ramp_limit = PowerRate::of(site.ramp_limit->count() + 8'000);
      }
      for (auto& hall : site.halls) {
        if (r.next() % 2 == 0) hall.power = some();
        if (r.next() % 3 == 0) hall.rack_power = Power::of(some().count() / 2);
        hall.oversubscription = factor();
      }
    }
  }

  void pass(Duration time) {
    const auto until = now_ + time;
    for (auto due = engine_.next_deadline(); due && *due <= until; due = engine_.next_deadline()) {
      now_ = std::max(now_, *due);
      tell(Tick{});
    }
    now_ = until;
    tell(Tick{});
  }

  void check_power(const Outcome& outcome) {
    slow_halls_ += PowerCheck(engine_, now_).slow_halls(engine_);
    for (const auto& event : outcome.events) {
      const auto* stopping = std::get_if<AttemptStopping>(&event.body);
      if (stopping != nullptr && stopping->cause == StopCause::Capped) ++stopped_;
      const auto* placed = std::get_if<AttemptPlaced>(&event.body);
      if (placed == nullptr) continue;
      ++placed_;
      for (const auto& [place, since] : engine_.state().capped) {
        const auto& fleet = engine_.fleet();
        const auto closed = *fleet.resolve(place);
        for (const auto& node : placed->nodes) {
          const auto first = fleet.resolve(node.node)->begin;
          const auto last = first + static_cast<std::uint32_t>(node.nodes);
          AMPACITY_ASSERT(last <= closed.begin || first >= closed.end, "{} is capped", place);
        }
      }
      PowerCheck(engine_, now_).placed(*engine_.state().jobs.find(placed->attempt.job)->live);
    }
  }

  // What ended was used of leases, once; and gangs are borne by who has to.
  void check_leases(const Outcome& outcome) {
    for (const auto& event : outcome.events) {
      if (const auto* end = std::get_if<AttemptEnded>(&event.body)) ended_ += end->usage;
      if (std::holds_alternative<BearerChanged>(event.body)) ++passed_on_;
    }
    Usage used;
    for (const auto& [name, account] : engine_.state().leases) used += account.used;
    AMPACITY_ASSERT(used == ended_, "leases have another use than the attempts that ended");
    const auto held = engine_.held_since();
    for (const auto id : engine_.live_jobs()) {
      const auto& live = *engine_.state().jobs.find(id)->live;
      const auto now = std::max(now_, live.paced);
      const auto due =
          bearers(*engine_.state().portfolio, held, live.lease, live.site, now, now).back().lease;
      AMPACITY_ASSERT(due == live.lease, "job {} is {}'s, not {}'s", id.value(), due, live.lease);
    }
  }

  // No award beyond what its provider accepted, or beyond what all holders left: from scratch.
  void check_requests() const {
    for (const auto& [name, asked] : engine_.state().capacity_requests) {
      Power accepted;
      Power rest;
      std::map<std::string, Power> own;
      for (const auto& offer : asked.offers) {
        accepted += offer.accepted;
        const bool open = offer.answer == OfferAnswer::Open;
        AMPACITY_ASSERT(!open || (!asked.settled && now_ <= offer.until), "{} is open", name);
      }
      AMPACITY_ASSERT(accepted <= asked.request.power, "{}: more than all is accepted", name);
      for (const auto& award : asked.awards) {
        const auto& quotes = asked.quotes;
        const auto q = std::find_if(quotes.begin(), quotes.end(),
                                    [&](const Quote& other) { return other.name == award.quote; });
        AMPACITY_ASSERT(q != quotes.end(), "{}: an award of no quote", name);
        (asked.accepted_by(q->provider) > Power() ? own[q->provider] : rest) += q->power;
      }
      AMPACITY_ASSERT(rest <= asked.request.power - accepted, "{}: more than is left", name);
      for (const auto& [provider, power] : own) {
        AMPACITY_ASSERT(power <= asked.accepted_by(provider), "{}: {} leases more than it accepted",
                        name, provider);
      }
    }
  }

  // No node gives more than it has, and every gang is whole: counted here from scratch.
  void check_gangs() const {
    std::map<std::string, std::int64_t> used;
    for (const auto& live : engine_.live_attempts()) {
      std::int64_t gang = 0;
      std::set<std::string> nodes;
      std::set<std::string> racks;
      for (const auto& share : node_by_node(live.start.nodes)) {
        gang += share.gpus;
        used[share.node] += share.gpus;
        AMPACITY_ASSERT(nodes.insert(share.node).second, "a gang has {} twice", share.node);
        racks.insert(share.node.substr(0, share.node.rfind('/')));
        if (live.start.spec->gpus_per_node) {
          AMPACITY_ASSERT(share.gpus == *live.start.spec->gpus_per_node, "not {} a node",
                          *live.start.spec->gpus_per_node);
        }
      }
      const auto& spec = *live.start.spec;
      AMPACITY_ASSERT(gang <= spec.gpus.count() && gang >= spec.least().count() &&
                          (!spec.segment || gang % *spec.segment == 0),
                      "a gang is not whole");
      AMPACITY_ASSERT(live.start.spec->within != Level::Rack || racks.size() == 1,
                      "a gang within a rack stands in {}", racks.size());
    }
    for (const auto& [path, gpus] : used) {
      const auto range = engine_.fleet().resolve(path);
      AMPACITY_ASSERT(range && gpus <= engine_.fleet().gpus(NodeIndex(range->begin)),
                      "{} gives {} GPUs, more than it has", path, gpus);
    }
  }

  enum Kind : std::size_t {
    Submit,
    Started,
    Ended,
    Cancel,
    Node,
    Service,
    Reconfigure,
    Book,
    Hold,
    Call,
    Amend,
    Ask,
    Measure,
    Pass,
    kinds
  };

  std::array<std::uint64_t, kinds> weights_{34, 20, 20, 5, 5, 5, 3, 4, 4, 3, 2, 4, 2, 8};
  Engine engine_;
  Engine twin_;
  RampCheck ramps_;
  Portfolio portfolio_;
  Instant now_ = test::day("2026-03-01");
  std::set<AttemptId> started_;
  std::int64_t started_twice_ = 0;
  std::int64_t commands_ = 0;
  std::int64_t placed_ = 0;
  std::int64_t slow_halls_ = 0;
  std::int64_t stopped_ = 0;
  std::int64_t passed_on_ = 0;
  Usage ended_;
};

}  // namespace ampacity
