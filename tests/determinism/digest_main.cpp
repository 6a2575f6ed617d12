// SPDX-License-Identifier: Apache-2.0
// Prints the digest after a fixed set of random conversations, a made workload and a simulation:
// of its engine, and of all that its result counts. same_digest.sh builds it four ways.
#include <cstdio>

#include "base/pack.hpp"
#include "sim/conversation.hpp"
#include "sim/simulation.hpp"
#include "sim/synthetic.hpp"

namespace {

using namespace ampacity;

void add_workload(DigestSink& sink) {
  SyntheticSpec spec;
  spec.name = "w";
  spec.from = test::day("2028-01-01");
  spec.until = test::day("2031-01-01");
  spec.jobs = 100'000;
  spec.growth = Ratio::of(333'333);
  spec.hours.assign(24, 3);
  spec.hours[7] = 50;
  spec.sizes = {{1, 5}, {8, 3}, {400'000, 1}};
  SyntheticBand band;
  band.p50 = Duration(61'000);
  band.p90 = Duration(1'234'567);
  band.p99 = Duration(98'765'432);
  band.longest = Duration(2'000'000'000);
  spec.durations = {band};
  spec.walltimes = {{Ratio::of(1'300'000), 1}, {Ratio::of(2'700'001), 1}};
  for (const auto& job : synthesize(spec, 11).jobs) {
    const std::int64_t values[] = {to_ms(job.submit), job.runtime.count(), job.walltime.count(),
                                   job.gpus};
    sink.bytes(values, sizeof values);
  }
}

// Of everything: teams, elastic gangs, checkpoints, failures of each kind, preemption, a ramp.
void add_simulation(DigestSink& sink) {
  auto portfolio = test::small_portfolio({{"north", 6, 4, "azure"}, {"south", 4, 8, "oracle"}});
  const auto from = portfolio.leases[0].starts;
  portfolio.sites[0].halls[0].racks_per_pod = 6;
  portfolio.sites[1].halls[0].energised = from + Duration(86'400'000);
  portfolio.priority_classes[2].preempts = true;
  portfolio.teams = {{"vision", 2, {}, "", {}}, {"audio", 1, {}, "", {}}};
  SyntheticSpec spec;
  spec.name = "w";
  spec.from = from;
  spec.until = from + Duration(40LL * 86'400'000);
  spec.jobs = 3'000;
  spec.sizes = {{1, 5}, {8, 3}, {32, 2}, {96, 1}};
  SyntheticBand band;
  band.p50 = Duration(600'000);
  band.p90 = Duration(36'000'000);
  band.p99 = Duration(100'000'000);
  band.longest = Duration(200'000'000);
  spec.durations = {band};
  spec.walltimes = {{Ratio::of(1'300'000), 1}};
  spec.teams = {{"vision", 3, "high"}, {"audio", 1, "low"}};
  spec.elastic.share = Ratio::of(300'000);
  spec.checkpoints = {Ratio::of(700'000), Duration(1'800'000)};
  SimulationOptions options;
  auto& faults = options.faults;
  const Duration hour(3'600'000);
  faults.causes = {{"gpu", FaultUnit::Gpu, hour * 20'000, hour * 5},
                   {"rack", FaultUnit::Rack, hour * 3'000, hour * 2}};
  faults.lifetimes = Lifetimes{};
  faults.lifetimes->table.bins = {{Duration(0), 100, 9, hour * 123'457},
                                  {hour * 300, 70, 11, hour * 45'679}};
  faults.lemon_share = Ratio::of(50'000);
  faults.lemon_factor = 30;
  faults.start_time = Duration(60'000);
  faults.restart_time = Duration(180'000);
  faults.checkpoint_time = Duration(20'000);
  options.latency = Duration(2'000);
  Engine engine;
  engine.decide(Configure{portfolio}, from);
  const std::vector<Workload> workloads{synthesize(spec, 5)};
  Simulation simulation(std::move(engine), from, workloads, options);
  while (simulation.step()) {
  }
  const auto result = simulation.finish(false);
  AMPACITY_ASSERT(result.interrupted > 50 && result.resized > 0 && result.preempted > 0 &&
                      result.samples.size() > 100,
                  "{} interrupted, {} resized, {} preempted: it shows too little",
                  result.interrupted, result.resized, result.preempted);
  pack(sink, result);  // the engine's digest is part of it
}

}  // namespace

int main() {
  DigestSink sink;
  add_workload(sink);
  add_simulation(sink);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    Conversation driver;
    for (int i = 0; i < 60; ++i) driver.step(random.next());
    const auto digest = driver.engine().digest();
    sink.bytes(&digest.high, sizeof digest.high);
    sink.bytes(&digest.low, sizeof digest.low);
  }
  std::puts(sink.finish().text().c_str());
}
