// SPDX-License-Identifier: Apache-2.0
#include "bench/simulate_load.hpp"

#include <chrono>

#include "model/small_portfolio.hpp"

namespace ampacity::bench {

Portfolio flat_machine(std::int64_t procs) {
  auto portfolio = test::small_portfolio({{"site", procs, 1, "provider"}});
  auto& hall = portfolio.sites[0].halls[0];
  std::int64_t racks = 1;
  while (procs % racks != 0 || procs / racks > 64) ++racks;
  hall.racks_per_pod = racks;
  hall.nodes_per_rack = procs / racks;
  portfolio.policy.max_walltime = Duration(365LL * 86'400'000);
  portfolio.leases[0].starts = test::day("2000-01-01");
  portfolio.leases[0].ends = test::day("2150-01-01");
  return portfolio;
}

SimulateResult play(const std::string& name, const Portfolio& portfolio, const Workload& workload,
                    const SimulationOptions& options) {
  const std::vector<Workload> all{workload};
  const auto from = options.from.value_or(workload.jobs.front().submit);
  Engine engine;
  const auto configured = engine.decide(Configure{portfolio}, from);
  AMPACITY_ASSERT(!configured.refusal, "{}", configured.refusal->message);
  const auto begin = std::chrono::steady_clock::now();
  Simulation simulation(std::move(engine), from, all, options);
  while (simulation.step()) {
  }
  const auto result = simulation.finish(false);
  SimulateResult r;
  r.name = name;
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  r.jobs = result.submitted;
  r.decisions = result.decisions;
  r.gpus = result.gpus;
  r.digest = result.digest;
  return r;
}

}  // namespace ampacity::bench
