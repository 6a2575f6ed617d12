// SPDX-License-Identifier: Apache-2.0
#include "bench/queue_load.hpp"

#include <chrono>

#include "bench/bench_fleet.hpp"
#include "sim/ahead.hpp"

namespace ampacity::bench {
namespace {

constexpr std::int64_t guaranteed = 20;  // GPUs a queue
constexpr std::int64_t groups = 10;

Portfolio portfolio_with(const QueueLoad& load) {
  auto portfolio = bench_portfolio((load.queues * guaranteed + 71) / 72, 1);
  for (std::int64_t g = 0; g < groups; ++g) {
    portfolio.teams.push_back({fmt::format("group{}", g), 1, {}, "", {}});
  }
  for (std::int64_t q = 0; q < load.queues; ++q) {
    portfolio.teams.push_back({fmt::format("queue{}", q),
                               1,
                               {},
                               fmt::format("group{}", q % groups),
                               Quota{GpuCount::of(guaranteed), {}, {}}});
  }
  return portfolio;
}

SubmitJob workload(const QueueLoad& load, std::int64_t number, Numbers& numbers) {
  constexpr std::int64_t sizes[] = {1, 1, 1, 1, 1, 1, 1, 5, 5, 20};
  const auto size = sizes[static_cast<std::size_t>(numbers.below(std::size(sizes)))];
  auto queue = number % load.queues;
  if (queue % 2 == 1 && numbers.below(2) == 0) --queue;
  JobSpec spec;
  spec.command = {"true"};
  spec.gpus = GpuCount::of(size);
  spec.team = fmt::format("queue{}", queue);
  spec.walltime = Duration(3'600'000);
  spec.simulated_runtime = Duration(size * 60'000 + numbers.below(60'000));
  return {"", std::move(spec), ""};
}

std::int64_t borrowed(const Engine& engine) {
  std::int64_t sum = 0;
  const auto& quotas = engine.quotas();
  for (std::uint32_t i = 1; i < quotas.entries().size(); ++i) {
    const auto& e = quotas.entry(TeamIndex(i));
    if (!e.members.empty()) continue;
    sum += std::max<std::int64_t>(quotas.use_of(TeamIndex(i)).used - e.guaranteed, 0);
  }
  return sum;
}

}  // namespace

QueueResult run_queues(const QueueLoad& load) {
  QueueResult result;
  result.workloads = load.workloads;
  Ahead ahead(Engine(), bench_epoch());
  ahead.tell(Configure{portfolio_with(load)});
  for (const auto& pool : ahead.engine().fleet().pools()) {
    result.gpus += pool.nodes * pool.gpus_per_node;
  }
  const auto count = [&] {
    for (const auto& event : ahead.events()) {
      result.started += std::holds_alternative<AttemptPlaced>(event.body) ? 1 : 0;
      const auto* ended = std::get_if<AttemptEnded>(&event.body);
      result.preempted += ended != nullptr && ended->result == AttemptResult::Preempted ? 1 : 0;
    }
  };
  Numbers numbers;
  std::vector<Command> commands;
  for (std::int64_t i = 0; i < load.workloads; ++i) commands.push_back(workload(load, i, numbers));
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& command : commands) {
    ahead.tell(command);
    count();
  }
  result.most_borrowed = borrowed(ahead.engine());
  while (!ahead.engine().state().jobs.empty() && ahead.step()) count();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  AMPACITY_ASSERT(ahead.engine().state().jobs.empty(), "{} workloads never ended",
                  ahead.engine().state().jobs.size());
  result.passes = ahead.decisions();
  ahead.engine().verify();
  result.digest = ahead.engine().digest();
  return result;
}

}  // namespace ampacity::bench
