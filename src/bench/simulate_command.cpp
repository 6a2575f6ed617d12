// SPDX-License-Identifier: Apache-2.0
#include "bench/simulate_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "bench/bench_fleet.hpp"
#include "bench/server_process.hpp"
#include "bench/simulate_load.hpp"
#include "client/exit_code.hpp"
#include "sim/synthetic.hpp"
#include "wire/faults_file.hpp"
#include "wire/workload_file.hpp"

namespace ampacity::bench {
namespace {

using client::say;
using terminal::Exit;

struct PlayCall {
  std::string examples = "examples";
  std::optional<std::int64_t> jobs;  // of the year, instead of all
  bool year_only = false;
  bool json = false;
};

void print_text(const SimulateResult& r) {
  fmt::print("{}: {} jobs on {} GPUs in {:.2f} s ({} decisions); digest {}\n", r.name, r.jobs,
             r.gpus, r.seconds, r.decisions, r.digest);
}

// The workloads of the reference schedules; left out where the folder of traces is not there.
Exit play_reference(const PlayCall& call, const char* name, std::int64_t procs,
                    std::vector<SimulateResult>& results) {
  const auto path = std::filesystem::path(call.examples) / "traces" / (std::string(name) + ".yaml");
  auto source = load_workload(path.string());
  if (!source) {
    fmt::print(stderr, "note: {} is left out: {}", name, to_text(source.error()));
    return Exit::Ok;
  }
  auto r = play(name, flat_machine(procs), std::get<Workload>(*source), {});
  r.excludes = "reading the trace";
  results.push_back(std::move(r));
  return Exit::Ok;
}

// Four million GPUs at eight sites, the teams of the workload, failures.
Exit play_year(const PlayCall& call, std::vector<SimulateResult>& results) {
  const auto path = std::filesystem::path(call.examples) / "workloads" / "stargate-year.yaml";
  auto source = load_workload(path.string());
  if (!source) return say(source.error());
  auto spec = std::get<SyntheticSpec>(*source);
  if (call.jobs) {  // so many, at the same rate
    const auto all = jobs_of(spec);
    spec.until = spec.from + Duration((end_of(spec) - spec.from).count() / all * *call.jobs);
    spec.jobs = call.jobs;
  }
  const auto faults =
      load_faults((std::filesystem::path(call.examples) / "faults" / "site-events.yaml").string());
  if (!faults) return say(faults.error());
  const auto workload = synthesize(spec, static_cast<std::uint64_t>(spec.seed));
  auto portfolio = bench_portfolio(55'556, 8);
  portfolio.policy.max_walltime = Duration(365LL * 86'400'000);
  portfolio.priority_classes = {{"spare", -10}, {"normal", 0}};
  for (const auto& team : spec.teams) portfolio.teams.push_back({team.name, 1, {}, "", {}});
  for (auto& lease : portfolio.leases) lease.ends = spec.from + Duration(3'650LL * 86'400'000);
  SimulationOptions options;
  options.faults = faults->spec;
  options.from = spec.from;
  options.until = end_of(spec);
  auto r = play("stargate-year", portfolio, workload, options);
  r.excludes = "making the workload";
  results.push_back(std::move(r));
  return Exit::Ok;
}

Exit bench_simulate(const PlayCall& call) {
  std::vector<SimulateResult> results;
  if (!call.year_only) {
    play_reference(call, "synth-100k", 4'096, results);
    play_reference(call, "philly-82k", 400, results);
  }
  if (const auto exit = play_year(call, results); exit != Exit::Ok) return exit;
  if (!call.json) {
    for (const auto& r : results) print_text(r);
    return Exit::Ok;
  }
  std::string runs;
  for (const auto& r : results) {
    runs += fmt::format(R"({}{{"name":"{}","seconds":{:.3f},"jobs":{},"gpus":{},"decisions":{},)"
                        R"("jobs_per_second":{:.0f},"digest":"{}","excludes":"{}"}})",
                        runs.empty() ? "" : ",", r.name, r.seconds, r.jobs, r.gpus, r.decisions,
                        static_cast<double>(r.jobs) / r.seconds, r.digest, r.excludes);
  }
  double seconds = 0;
  for (const auto& r : results) seconds += r.seconds;
  fmt::print(
      R"({{"bench":"simulate","seconds":{:.3f},"runs":[{}],"peak_rss_bytes":{},"digest":"{}",)"
      R"("excludes":"reading traces, making the workload, writing reports"}})"
      "\n",
      seconds, runs, own_peak_rss_bytes(), results.back().digest);
  return Exit::Ok;
}

}  // namespace

void add_simulate(CLI::App& bench, terminal::Run& run) {
  auto call = std::make_shared<PlayCall>();
  auto* sub = bench.add_subcommand(
      "simulate", "The reference workloads, and a year of ten million jobs on four million GPUs");
  sub->add_option("--examples", call->examples, "The folder examples/ of the repository")
      ->capture_default_str();
  sub->add_option("--jobs", call->jobs, "Of the year, only so many at the same rate")
      ->check(CLI::Range(1'000, 10'000'000));
  sub->add_flag("--year-only", call->year_only, "Leave the reference workloads out");
  sub->add_flag("--json", call->json, "Print one JSON object");
  sub->callback([call, &run] { run = [call] { return bench_simulate(*call); }; });
}

}  // namespace ampacity::bench
