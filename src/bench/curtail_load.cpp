// SPDX-License-Identifier: Apache-2.0
#include "bench/curtail_load.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "bench/bench_fleet.hpp"
#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity::bench {
namespace {

constexpr const char* site_name = "site1";

// Of ten gangs four work slower, by a tenth, a fifth or a third; two are elastic; two may pause;
// one moves, and one must not be touched. One node to 72, small ones most often.
JobSpec flexible(std::int64_t number, Numbers& numbers) {
  constexpr std::int64_t sizes[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2,  2,  2,  2, 2,
                                    4, 4, 4, 4, 8, 8, 8, 9, 1, 1, 18, 18, 36, 72};
  JobSpec spec;
  spec.command = {"true"};
  spec.gpus = GpuCount::of(4 * sizes[numbers.below(std::size(sizes))]);
  spec.walltime = Duration((240 + numbers.below(2'880)) * 60'000);
  spec.checkpoint_interval = Duration((15 + numbers.below(60)) * 60'000);
  const auto kind = number % 10;
  constexpr std::int64_t paces[] = {900'000, 800'000, 666'667, 800'000};
  if (kind < 4) spec.slowest = Ratio::of(paces[kind]);
  if (kind == 4 || kind == 5)
    spec.gpus_min = GpuCount::of(std::max<std::int64_t>(spec.gpus.count() / 2, 4));
  if (kind == 6 || kind == 7) spec.pausable = true;
  if (kind == 9) spec.requeue = false;
  return spec;
}

class FullSite {
 public:
  explicit FullSite(const CurtailLoad& load) {
    const auto outcome =
        engine_.decide(Configure{bench_portfolio((load.gpus + 71) / 72, 1)}, bench_epoch());
    AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
    while (static_cast<std::int64_t>(engine_.waiting()) < load.waiting || free() > 0) {
      if (free() == 0) {
        submit(load.waiting - static_cast<std::int64_t>(engine_.waiting()));
      } else {
        submit(500);
      }
      if (static_cast<std::int64_t>(engine_.waiting()) > load.waiting + 5'000) break;
    }
    now_ += Duration(7'200'000 + 123'456);  // some way into everybody's checkpoints
    engine_.decide(Tick{}, now_);
  }
  const Engine& engine() const { return engine_; }
  Instant now() const { return now_; }

 private:
  std::int64_t free() const {
    std::int64_t gpus = 0;
    for (const auto& pool : engine_.fleet().pools()) gpus += pool.gpus_free;
    return gpus;
  }
  void submit(std::int64_t jobs) {
    std::vector<Command> commands;
    for (std::int64_t i = 0; i < jobs; ++i) {
      commands.push_back(SubmitJob{"", flexible(submitted_++, numbers_), ""});
    }
    std::vector<Command> started;
    for (const auto& outcome : engine_.decide(commands, now_)) {
      for (const auto& effect : outcome.effects) {
        const auto* start = std::get_if<StartGang>(&effect);
        if (start != nullptr) started.push_back(ReportStarted{start->attempt});
      }
    }
    if (!started.empty()) engine_.decide(started, now_);
  }

  Engine engine_;
  Numbers numbers_;
  Instant now_ = bench_epoch();
  std::int64_t submitted_ = 0;
};

template <class Work>
std::int64_t nanoseconds_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() -
                                                              begin)
      .count();
}

void end_those_that_stop(Engine& engine, const Outcome& outcome, Instant now) {
  std::vector<Command> ended;
  for (const auto& effect : outcome.effects) {
    if (const auto* stop = std::get_if<StopGang>(&effect)) {
      ended.push_back(ReportEnded{stop->attempt, {EndKind::Signalled, 0, 15, {}, ""}});
    }
  }
  if (!ended.empty()) engine.decide(ended, now);
}

void note(const Outcome& outcome, CurtailTimes& result) {
  for (const auto& event : outcome.events) {
    const auto* begun = std::get_if<CurtailmentBegun>(&event.body);
    if (begun == nullptr) continue;
    result.wanted = begun->wanted;
    result.planned = begun->planned;
    result.slower = begun->slower;
    result.smaller = begun->smaller;
    result.paused = begun->paused;
    result.moved = begun->moved;
  }
}

}  // namespace

CurtailTimes run_curtail(const CurtailLoad& load) {
  const FullSite site(load);
  const auto& full = site.engine();
  CurtailTimes result;
  for (const auto& pool : full.fleet().pools()) result.gpus += pool.nodes * pool.gpus_per_node;
  result.running = static_cast<std::int64_t>(full.live_attempts().size());
  result.waiting = static_cast<std::int64_t>(full.waiting());
  result.drawn = full.facility_power_of(site_name);
  result.asked = Power::of(result.drawn.count() / 100 * load.percent);
  Curtailment call;
  call.name = "peak";
  call.site = site_name;
  call.power = result.asked;
  call.from = site.now();
  call.until = call.from + Duration(3 * 3'600'000);
  for (std::int64_t i = 0; i < load.repeats; ++i) {
    const auto engine = std::make_unique<Engine>(full);
    Outcome outcome;
    result.calls_ns.push_back(nanoseconds_of([&] {
      outcome = engine->decide(Curtail{call, "grid"}, site.now());
    }));
    AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
    note(outcome, result);
    result.digest = engine->digest();
    const auto later = site.now() + Duration(4'000);
    result.ends_ns.push_back(nanoseconds_of([&] { end_those_that_stop(*engine, outcome, later); }));
    result.returns_ns.push_back(nanoseconds_of([&] {
      engine->decide(EndCurtailment{"peak", "grid"}, later + Duration(3'600'000));
    }));
    if (i == 0) engine->verify();
  }
  std::sort(result.calls_ns.begin(), result.calls_ns.end());
  std::sort(result.ends_ns.begin(), result.ends_ns.end());
  std::sort(result.returns_ns.begin(), result.returns_ns.end());
  return result;
}

}  // namespace ampacity::bench
