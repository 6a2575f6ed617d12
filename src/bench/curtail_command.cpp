// SPDX-License-Identifier: Apache-2.0
#include "bench/curtail_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/curtail_load.hpp"
#include "bench/percentile.hpp"
#include "bench/server_process.hpp"
#include "units/text.hpp"

namespace ampacity::bench {
namespace {

double ms_at(const std::vector<std::int64_t>& sorted_ns, std::size_t per_thousand) {
  return static_cast<double>(percentile(sorted_ns, per_thousand)) / 1e6;
}

terminal::Exit bench_curtail(const CurtailLoad& load, bool json) {
  const auto r = run_curtail(load);
  if (json) {
    fmt::print(
        R"({{"bench":"curtail","p50_us":{:.1f},"p99_us":{:.1f},"p50_ms":{:.3f},"p99_ms":{:.3f},)"
        R"("max_ms":{:.3f},"ends_p50_ms":{:.3f},)"
        R"("return_p50_ms":{:.3f},"return_p99_ms":{:.3f},"repeats":{},"gpus":{},"running":{},)"
        R"("waiting":{},"drawn_w":{},"asked_w":{},"wanted_it_w":{},"planned_it_w":{},"slower":{},)"
        R"("smaller":{},"paused":{},"moved":{},"digest":"{}","peak_rss_bytes":{},)"
        R"("excludes":"filling the site, the copy for each repeat, the journal, the executors"}})"
        "\n",
        ms_at(r.calls_ns, 500) * 1e3, ms_at(r.calls_ns, 990) * 1e3, ms_at(r.calls_ns, 500),
        ms_at(r.calls_ns, 990), ms_at(r.calls_ns, 1'000), ms_at(r.ends_ns, 500),
        ms_at(r.returns_ns, 500), ms_at(r.returns_ns, 990), r.calls_ns.size(), r.gpus, r.running,
        r.waiting, r.drawn.count(), r.asked.count(), r.wanted.count(), r.planned.count(), r.slower,
        r.smaller, r.paused, r.moved, r.digest.text(), own_peak_rss_bytes());
  } else {
    fmt::print(
        "{} less of {} at {} GPUs, {} gangs run, {} wait: p50 {:.1f} ms, p99 {:.1f} ms; all that "
        "stop "
        "end: {:.1f} ms; the loads return: {:.1f} ms\n",
        to_text(r.asked), to_text(r.drawn), r.gpus, r.running, r.waiting, ms_at(r.calls_ns, 500),
        ms_at(r.calls_ns, 990), ms_at(r.ends_ns, 500), ms_at(r.returns_ns, 500));
    fmt::print("{} of {} IT will go: {} slower, {} smaller, {} paused, {} moved; digest {}\n",
               to_text(r.planned), to_text(r.wanted), r.slower, r.smaller, r.paused, r.moved,
               r.digest.text());
  }
  return terminal::Exit::Ok;
}

}  // namespace

void add_curtail(CLI::App& bench, terminal::Run& run) {
  auto load = std::make_shared<CurtailLoad>();
  auto json = std::make_shared<bool>(false);
  auto* sub = bench.add_subcommand(
      "curtail", "A full site is called to draw less: who gives up what, in one decision");
  sub->add_option("--gpus", load->gpus, "GPUs of the site, in NVL72 racks")
      ->check(CLI::Range(720, 16'000'000))
      ->capture_default_str();
  sub->add_option("--waiting", load->waiting, "Jobs that wait")
      ->check(CLI::Range(0, 5'000'000))
      ->capture_default_str();
  sub->add_option("--percent", load->percent, "So much less of what it draws")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  sub->add_option("--repeats", load->repeats, "Calls to time, each on a copy")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  sub->add_flag("--json", *json, "Print one JSON object");
  sub->callback([load, json, &run] { run = [load, json] { return bench_curtail(*load, *json); }; });
}

}  // namespace ampacity::bench
