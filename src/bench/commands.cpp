// SPDX-License-Identifier: Apache-2.0
#include "bench/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>

#include "bench/curtail_command.hpp"
#include "bench/engine_load.hpp"
#include "bench/percentile.hpp"
#include "bench/queue_load.hpp"
#include "bench/server_process.hpp"
#include "bench/simulate_command.hpp"
#include "bench/soak.hpp"
#include "bench/submit_load.hpp"
#include "bench/workload_command.hpp"
#include "client/connection.hpp"

namespace ampacity::bench {
namespace {

namespace fs = std::filesystem;
using client::Exit;

constexpr const char* portfolio_text = R"(portfolio: bench
providers: [{name: one}]
leases:
  - {name: all, provider: one, sites: [north], power: 20 MW, price: 2 USD/GPU-hour,
     starts: 2026-01-01, ends: 2040-01-01}
sites:
  - name: north
    pue: 1.1
    energy_price: 50 USD/MWh
    carbon: 300 g/kWh
    interconnection: 20 MW
    cluster: {kind: simulated}
    halls: [{name: h, power: 20 MW, pods: 4, racks_per_pod: 64, accelerator: H100}]
policy: {max_waiting: 2000000}
)";

struct SubmitLoadCall {
  int clients = 64;
  std::int64_t jobs = 100'000;
  std::string folder;
  bool json = false;
};

Exit say(const Error& error) {
  fmt::print(stderr, "ampacity bench: {}\n", error.message);
  return client::exit_for(error);
}

Exit bench_submit(const SubmitLoadCall& call) {
  const auto folder = call.folder.empty()
                          ? fs::temp_directory_path() / fmt::format("ampacity-bench-{}", ::getpid())
                          : fs::path(call.folder);
  fs::create_directories(folder);
  const auto portfolio = folder / "portfolio.yaml";
  std::ofstream(portfolio) << portfolio_text;
  client::Options options;
  options.data = folder / "data";

  auto server = ServerProcess::start(folder, portfolio);
  if (!server) return say(server.error());
  const auto endpoint = client::find_server(options);
  const auto load = run_load({server->port(), endpoint->token, call.clients, call.jobs});
  if (!load) return say(load.error());
  const auto state = client::fetch<api::StateView>(options, "/v1/state");
  if (!state) return say(state.error());
  const auto rss = server->peak_rss_bytes();
  server->kill();  // a crash: the restart replays
  const auto begun = std::chrono::steady_clock::now();
  auto again = ServerProcess::start(folder, portfolio);
  if (!again) return say(again.error());
  const auto restart =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const auto after = client::fetch<api::StateView>(options, "/v1/state");
  if (!after) return say(after.error());
  const bool same = after->digest == state->digest;
  again->kill();
  std::error_code busy;
  if (call.folder.empty()) fs::remove_all(folder, busy);

  const auto rate = static_cast<double>(load->accepted) / load->seconds;
  if (call.json) {
    fmt::print(
        R"({{"bench":"submit","per_second":{:.0f},"seconds":{:.3f},"p50_us":{},"p99_us":{},"clients":{},"jobs":{},)"
        R"("restart_seconds":{:.3f},"digest":"{}","digest_after_restart_equal":{},"peak_rss_bytes":{},)"
        R"("excludes":"start of the server; the load generator runs on the same cores"}})"
        "\n",
        rate, load->seconds, percentile(load->latencies_us, 500),
        percentile(load->latencies_us, 990), call.clients, load->accepted, restart, state->digest,
        same, rss);
  } else {
    fmt::print(
        "{:.0f} durable submissions/s: {} jobs from {} clients in {:.2f} s (p50 {} us, p99 {} "
        "us)\n",
        rate, load->accepted, call.clients, load->seconds, percentile(load->latencies_us, 500),
        percentile(load->latencies_us, 990));
    fmt::print("after a SIGKILL it serves again in {:.2f} s, digest {}\n", restart,
               same ? "equal" : "DIFFERENT");
  }
  return same ? Exit::Ok : Exit::Data;
}

Exit bench_fill(bool json) {
  const auto r = run_fill();
  if (json) {
    fmt::print(
        R"({{"bench":"fill","seconds":{:.4f},"gangs":{},"placed":{},"nodes":{},"gpus":{},"digest":"{}",)"
        R"("peak_rss_bytes":{},"excludes":"the journal, the executors, the portfolio's set-up"}})"
        "\n",
        r.seconds, r.gangs, r.placed, r.nodes, r.nodes * 4, r.digest.text(), own_peak_rss_bytes());
  } else {
    fmt::print("{} gangs placed on {} nodes in {:.3f} s, digest {}\n", r.placed, r.nodes, r.seconds,
               r.digest.text());
  }
  return r.placed == r.gangs ? Exit::Ok : Exit::Data;
}

Exit bench_decide(const DecideLoad& load, bool json) {
  const auto r = run_decide(load);
  const auto us = [&](std::size_t per_thousand) {
    return static_cast<double>(percentile(r.latencies_ns, per_thousand)) / 1'000;
  };
  if (json) {
    fmt::print(
        R"({{"bench":"decide","p50_us":{:.2f},"p99_us":{:.2f},"max_us":{:.2f},"decisions":{},"started":{},)"
        R"("gpus":{},"running":{},"waiting":{},"copy_seconds":{:.4f},"bytes_per_waiting_job":{},"digest":"{}",)"
        R"("peak_rss_bytes":{},"excludes":"filling the fleet and the queue, the journal, the executors; )"
        R"(bytes_per_waiting_job includes the job's own specification"}})"
        "\n",
        us(500), us(990), us(1'000), r.latencies_ns.size(), r.started, r.gpus, r.running, r.waiting,
        r.copy_seconds, r.bytes_per_waiting_job, r.digest.text(), own_peak_rss_bytes());
  } else {
    fmt::print("a gang ends, what starts? p50 {:.1f} us, p99 {:.1f} us; {} GPUs, {} run, {} wait\n",
               us(500), us(990), r.gpus, r.running, r.waiting);
    fmt::print("a copy for a what-if: {:.1f} ms; {} bytes a waiting job; digest {}\n",
               r.copy_seconds * 1'000, r.bytes_per_waiting_job, r.digest.text());
  }
  return Exit::Ok;
}

Exit bench_queues(const QueueLoad& load, bool json) {
  const auto r = run_queues(load);
  const auto rate = static_cast<double>(r.workloads) / r.seconds;
  const auto decisions = static_cast<double>(r.passes) / r.seconds;
  if (json) {
    fmt::print(
        R"({{"bench":"queues","per_second":{:.0f},"workloads_per_second":{:.0f},"seconds":{:.3f},)"
        R"("queues":{},"workloads":{},"started":{},)"
        R"("preempted":{},"decisions":{},"most_borrowed":{},"gpus":{},"digest":"{}","peak_rss_bytes":{},)"
        R"("excludes":"the journal, the executors; per_second counts decisions: a submission, )"
        R"(a start, an end, each answered alone"}})"
        "\n",
        decisions, rate, r.seconds, load.queues, r.workloads, r.started, r.preempted, r.passes,
        r.most_borrowed, r.gpus, r.digest.text(), own_peak_rss_bytes());
  } else {
    fmt::print(
        "{} workloads of {} queues in {:.2f} s: {:.0f} decisions and {:.0f} workloads a second; "
        "{} preempted, at most {} of {} GPUs borrowed; digest {}\n",
        r.workloads, load.queues, r.seconds, decisions, rate, r.preempted, r.most_borrowed, r.gpus,
        r.digest.text());
  }
  return Exit::Ok;
}

void add_soak(CLI::App& app, client::Run& run) {
  auto call = std::make_shared<SoakCall>();
  auto* sub = app.add_subcommand(
      "soak", "Random conversations with the engine by seed, every step checked, until one fails");
  sub->footer(
      "Examples:\n"
      "  ampacity soak --seeds 10000                 an evening\n"
      "  ampacity soak --seed 17 --seeds 1           one again");
  sub->add_option("--seed", call->seed, "The first seed")->capture_default_str();
  sub->add_option("--seeds", call->seeds, "How many")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  sub->add_option("--steps", call->steps, "Steps of each")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  sub->add_flag("--canary", call->canary, "Fail on purpose half-way: what a failure looks like");
  sub->add_flag("--json", call->json, "Print one JSON object");
  sub->callback([call, &run] { run = [call] { return soak(*call); }; });
}

void add_fill(CLI::App& bench, client::Run& run) {
  auto json = std::make_shared<bool>(false);
  auto* fill =
      bench.add_subcommand("fill", "An empty fleet of 100,008 GPUs, filled in one decision");
  fill->add_flag("--json", *json, "Print one JSON object");
  fill->callback([json, &run] { run = [json] { return bench_fill(*json); }; });
}

void add_queues(CLI::App& bench, client::Run& run) {
  auto load = std::make_shared<QueueLoad>();
  auto json = std::make_shared<bool>(false);
  auto* queues = bench.add_subcommand(
      "queues", "Workloads of many teams that borrow from each other, first to last");
  queues->add_option("--queues", load->queues, "Teams, in ten groups")
      ->check(CLI::Range(10, 4'000))
      ->capture_default_str();
  queues->add_option("--workloads", load->workloads, "Jobs")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  queues->add_flag("--json", *json, "Print one JSON object");
  queues->callback(
      [load, json, &run] { run = [load, json] { return bench_queues(*load, *json); }; });
}

void add_decide(CLI::App& bench, client::Run& run) {
  auto load = std::make_shared<DecideLoad>();
  auto json = std::make_shared<bool>(false);
  auto* decide =
      bench.add_subcommand("decide", "A full fleet, a long queue: a gang ends, what starts?");
  decide->add_option("--gpus", load->gpus, "GPUs of the fleet, in NVL72 racks at eight sites")
      ->check(CLI::Range(7'200, 16'000'000))
      ->capture_default_str();
  decide->add_option("--waiting", load->waiting, "Jobs that wait")
      ->check(CLI::Range(0, 5'000'000))
      ->capture_default_str();
  decide->add_option("--decisions", load->decisions, "Ends to time")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  decide->add_flag("--json", *json, "Print one JSON object");
  decide->callback(
      [load, json, &run] { run = [load, json] { return bench_decide(*load, *json); }; });
}

}  // namespace

void add_commands(CLI::App& app, client::Run& run) {
  auto* bench = app.add_subcommand("bench", "Measure the whole system on this machine");
  bench->require_subcommand(1);
  bench->footer(
      "Examples:\n  ampacity bench submit --json\n"
      "  ampacity bench decide --gpus 4000000 --waiting 1000000 --json");
  add_fill(*bench, run);
  add_soak(app, run);
  add_workload(app, run);
  add_decide(*bench, run);
  add_curtail(*bench, run);
  add_queues(*bench, run);
  add_simulate(*bench, run);
  auto call = std::make_shared<SubmitLoadCall>();
  auto* submit = bench->add_subcommand(
      "submit", "Durable submissions a second over HTTP, then a crash and a restart");
  submit->add_option("--clients", call->clients, "Connections")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  submit->add_option("--jobs", call->jobs, "Submissions")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  submit->add_option("--folder", call->folder,
                     "Where to put the data (default: a temporary folder, removed)");
  submit->add_flag("--json", call->json, "Print one JSON object");
  submit->callback([call, &run] { run = [call] { return bench_submit(*call); }; });
}

}  // namespace ampacity::bench
