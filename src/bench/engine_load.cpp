// SPDX-License-Identifier: Apache-2.0
#include "bench/engine_load.hpp"

#include <algorithm>
#include <chrono>

#include "bench/allocated.hpp"
#include "bench/bench_fleet.hpp"
#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

SubmitJob gang(std::int64_t nodes, Duration walltime) {
  JobSpec spec;
  spec.command = {"true"};
  spec.gpus = GpuCount::of(4 * nodes);
  spec.walltime = walltime;
  return {"", std::move(spec), ""};
}

std::int64_t placed_by(const std::vector<Outcome>& outcomes) {
  std::int64_t placed = 0;
  for (const auto& outcome : outcomes) {
    for (const auto& effect : outcome.effects)
      placed += std::holds_alternative<StartGang>(effect) ? 1 : 0;
  }
  return placed;
}

void configure(Engine& engine, const Portfolio& portfolio) {
  const auto outcome = engine.decide(Configure{portfolio}, bench_epoch());
  AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
}

// Gangs from one node to 1,152, small ones most often; whole hours and odd minutes of walltime.
class MadeLoad {
 public:
  SubmitJob next() {
    constexpr std::int64_t sizes[] = {1, 1,  1,  1,  2,  2,  4,   4,   8,
                                      9, 16, 18, 18, 36, 72, 144, 288, 1'152};
    const auto size = sizes[numbers_.below(std::size(sizes))];
    const auto minutes = 30 + numbers_.below(2'880);
    return gang(size, Duration(minutes * 60'000));
  }

 private:
  Numbers numbers_;
};

// The steady state: a full fleet, running attempts to end one after another, jobs to replace them.
class Steady {
 public:
  explicit Steady(const DecideLoad& load) : load_(load) {
    configure(engine_, bench_portfolio((load.gpus + 71) / 72, 8));
    for (const auto& pool : engine_.fleet().pools()) gpus_ += pool.nodes * pool.gpus_per_node;
    // Until nothing more fits, and then as many again as are to wait.
    while (free_gpus() > 0 && engine_.waiting() < 1'000) submit(1'000);
    const auto before = allocated_bytes();
    const auto waiting = static_cast<std::int64_t>(engine_.waiting());
    while (static_cast<std::int64_t>(engine_.waiting()) < load.waiting) {
      submit(std::min<std::int64_t>(10'000,
                                    load.waiting - static_cast<std::int64_t>(engine_.waiting())));
    }
    const auto grown = allocated_bytes() - before;
    const auto more =
        std::max<std::int64_t>(static_cast<std::int64_t>(engine_.waiting()) - waiting, 1);
    bytes_per_job_ = grown / more;
  }

  DecideResult run() {
    DecideResult result;
    Numbers numbers;
    for (std::int64_t i = 0; i < load_.decisions; ++i) {
      now_ += Duration(1'000);
      const auto pick =
          static_cast<std::size_t>(numbers.below(static_cast<std::int64_t>(running_.size())));
      const ReportEnded ended{running_[pick], {}};
      running_[pick] = running_.back();
      running_.pop_back();
      const auto begin = Clock::now();
      const auto outcome = engine_.decide(ended, now_);
      result.latencies_ns.push_back(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
      result.started += follow({&outcome, 1});
      while (static_cast<std::int64_t>(engine_.waiting()) < load_.waiting) submit(1);
    }
    std::sort(result.latencies_ns.begin(), result.latencies_ns.end());
    result.gpus = gpus_;
    result.running = static_cast<std::int64_t>(running_.size());
    result.waiting = static_cast<std::int64_t>(engine_.waiting());
    result.bytes_per_waiting_job = bytes_per_job_;
    result.digest = engine_.digest();
    const auto begin = Clock::now();
    const auto copy = std::make_unique<Engine>(engine_);
    result.copy_seconds = seconds_since(begin);
    AMPACITY_ASSERT(copy->digest() == result.digest, "the copy is another engine");
    return result;
  }

 private:
  std::int64_t free_gpus() const {
    std::int64_t free = 0;
    for (const auto& pool : engine_.fleet().pools()) free += pool.gpus_free;
    return free;
  }

  void submit(std::int64_t jobs) {
    std::vector<Command> commands;
    for (std::int64_t i = 0; i < jobs; ++i) commands.push_back(workload_.next());
    follow(engine_.decide(commands, now_));
  }

  // What starts runs at once.
  std::int64_t follow(std::span<const Outcome> outcomes) {
    std::vector<Command> started;
    for (const auto& outcome : outcomes) {
      for (const auto& effect : outcome.effects) {
        const auto* start = std::get_if<StartGang>(&effect);
        if (start == nullptr) continue;
        running_.push_back(start->attempt);
        started.push_back(ReportStarted{start->attempt});
      }
    }
    if (!started.empty()) engine_.decide(started, now_);
    return static_cast<std::int64_t>(started.size());
  }

  DecideLoad load_;
  Engine engine_;
  MadeLoad workload_;
  Instant now_ = bench_epoch();
  std::vector<AttemptId> running_;
  std::int64_t gpus_ = 0;
  std::int64_t bytes_per_job_ = 0;
};

}  // namespace

FillResult run_fill() {
  struct Kind {
    std::int64_t nodes;
    std::int64_t gangs;
  };
  constexpr Kind kinds[] = {{1, 6'228}, {18, 255}, {72, 69}, {288, 16}, {1'152, 4}};
  FillResult result;
  Engine engine;
  configure(engine, bench_portfolio(25'002 / 18, 1));
  std::vector<Command> commands;
  for (const auto& kind : kinds) {
    for (std::int64_t i = 0; i < kind.gangs; ++i) {
      commands.push_back(gang(kind.nodes, Duration(24 * 3'600'000)));
    }
    result.gangs += kind.gangs;
    result.nodes += kind.gangs * kind.nodes;
  }
  Numbers numbers;  // large and small mixed, as they come
  for (auto i = commands.size(); i > 1; --i) {
    std::swap(commands[i - 1],
              commands[static_cast<std::size_t>(numbers.below(static_cast<std::int64_t>(i)))]);
  }
  const auto begin = Clock::now();
  const auto outcomes = engine.decide(commands, bench_epoch());
  result.seconds = seconds_since(begin);
  result.placed = placed_by(outcomes);
  engine.verify();
  result.digest = engine.digest();
  return result;
}

DecideResult run_decide(const DecideLoad& load) {
  return Steady(load).run();
}

}  // namespace ampacity::bench
