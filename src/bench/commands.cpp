// SPDX-License-Identifier: Apache-2.0
#include "bench/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>

#include "bench/server_process.hpp"
#include "bench/submit_load.hpp"
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

struct Call {
  int clients = 64;
  std::int64_t jobs = 100'000;
  std::string folder;
  bool json = false;
};

Exit say(const Error& error) {
  fmt::print(stderr, "ampacity bench: {}\n", error.message);
  return client::exit_for(error);
}

std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t per_thousand) {
  return sorted.empty() ? 0
                        : sorted[std::min(sorted.size() - 1, sorted.size() * per_thousand / 1'000)];
}

Exit bench_submit(const Call& call) {
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

}  // namespace

void add_commands(CLI::App& app, client::Run& run) {
  auto* bench = app.add_subcommand("bench", "Measure the whole system on this machine");
  bench->require_subcommand(1);
  bench->footer("Examples:\n  ampacity bench submit --json");
  auto call = std::make_shared<Call>();
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
