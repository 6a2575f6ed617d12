// SPDX-License-Identifier: Apache-2.0
#include "schedules/engine_run.hpp"

#include "model/small_portfolio.hpp"
#include "sim/simulation.hpp"

namespace ampacity::test {
namespace {

// `procs` nodes of one GPU, in racks that the index likes.
Portfolio machine_of(std::int64_t procs, Backfill backfill) {
  auto portfolio = small_portfolio({{"site", procs, 1, "provider"}});
  auto& hall = portfolio.sites[0].halls[0];
  std::int64_t racks = 1;
  while (procs % racks != 0 || procs / racks > 64) ++racks;
  hall.racks_per_pod = racks;
  hall.nodes_per_rack = procs / racks;
  portfolio.policy.backfill = backfill;
  portfolio.policy.max_walltime = Duration(365LL * 86'400'000);
  portfolio.leases[0].ends = day("2150-01-01");
  return portfolio;
}

}  // namespace

Starts engine_starts(const Workload& workload, Backfill backfill) {
  const auto epoch = day("2026-03-01");
  std::vector<ampacity::Workload> all(1);
  all[0].kinds.resize(1);
  for (std::size_t i = 0; i < workload.jobs.size(); ++i) {
    const auto& job = workload.jobs[i];
    all[0].jobs.push_back({epoch + Duration(job.submit * 1'000), Duration(job.runtime * 1'000),
                           Duration(job.estimate * 1'000), static_cast<std::int64_t>(i),
                           static_cast<std::uint32_t>(job.procs), 0, 0});
  }
  Engine engine;
  const auto outcome = engine.decide(Configure{machine_of(workload.procs, backfill)}, epoch);
  AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
  Simulation simulation(std::move(engine), epoch, all, {});
  while (simulation.step()) {
  }
  Starts starts(workload.jobs.size(), -1);
  simulation.each_fate([&](const JobFate& fate) {
    if (!fate.start) return;
    starts[static_cast<std::size_t>(fate.source->source)] = (*fate.start - epoch).count() / 1'000;
  });
  return starts;
}

}  // namespace ampacity::test
