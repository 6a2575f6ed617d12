// SPDX-License-Identifier: Apache-2.0
#include "bench/workload_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "base/text.hpp"
#include "client/exit_code.hpp"
#include "sim/synthetic.hpp"
#include "sim/workload_summary.hpp"
#include "terminal/figures.hpp"
#include "units/text.hpp"
#include "wire/csv.hpp"
#include "wire/json.hpp"
#include "wire/workload_file.hpp"

namespace ampacity::bench {
namespace {

using client::Exit;
using terminal::grouped;

struct SummaryCall {
  std::vector<std::string> files;
  std::optional<std::int64_t> seed;
  std::string against;
  std::string row;
  bool json = false;
};

// A figure of ours beside the published one.
struct Fit {
  std::string figure;
  double ours = 0;
  double theirs = 0;
};

double part(std::int64_t of, std::int64_t all) {
  return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
}

// As the summaries of public clusters have them (AcmeTrace, cluster_summary.csv).
std::vector<Fit> figures(const WorkloadSummary& s) {
  const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1'000; };
  return {
      {"gpu_job_num", static_cast<double>(s.jobs), 0},
      {"avg_run_time_gpu", seconds(s.mean_run_ms), 0},
      {"med_run_time_gpu", seconds(s.median_run_ms), 0},
      {"max_run_time_gpu", seconds(s.max_run_ms), 0},
      {"avg_gpu_num", seconds(s.mean_milli_gpus), 0},  // thousandths too
      {"med_gpu_num", static_cast<double>(s.median_gpus), 0},
      {"max_gpu", static_cast<double>(s.max_gpus), 0},
      {"complete_rate_gpu", part(s.completed.jobs, s.jobs), 0},
      {"cancel_rate_gpu", part(s.cancelled.jobs, s.jobs), 0},
      {"fail_rate_gpu", part(s.failed.jobs, s.jobs), 0},
      {"complete_gpu_time", seconds(s.completed.gpu_ms), 0},
      {"cancel_gpu_time", seconds(s.cancelled.gpu_ms), 0},
      {"fail_gpu_time", seconds(s.failed.gpu_ms), 0},
      {"complete_rate_gpu_time", part(s.completed.gpu_ms, s.gpu_ms), 0},
      {"cancel_rate_gpu_time", part(s.cancelled.gpu_ms, s.gpu_ms), 0},
      {"fail_rate_gpu_time", part(s.failed.gpu_ms, s.gpu_ms), 0},
  };
}

// The record whose first cell is `row`, next to ours; what it leaves empty is left out.
Loaded<std::vector<Fit>> compare(const WorkloadSummary& summary, const SummaryCall& call) {
  auto lines = LineReader::open(call.against);
  if (!lines) return lines.error();
  auto rows = CsvReader::begin(std::move(*lines));
  if (!rows) return rows.error();
  std::vector<std::string> names;
  while (rows->next()) {
    names.emplace_back(rows->cell(0));
    if (names.back() != call.row) continue;
    std::vector<Fit> fits;
    for (auto fit : figures(summary)) {
      const auto column = rows->column(fit.figure);
      if (!column) continue;
      const auto cell = rows->cell(*column);
      const auto end = cell.data() + cell.size();
      if (std::from_chars(cell.data(), end, fit.theirs).ec == std::errc()) fits.push_back(fit);
    }
    return fits;
  }
  if (rows->problem()) return std::vector<FileProblem>{*rows->problem()};
  return std::vector<FileProblem>{{call.against,
                                   {},
                                   "",
                                   fmt::format("no row '{}'{}; it has {}", call.row,
                                               did_you_mean(call.row, names), listed(names))}};
}

// "4,961 read, 4,606 kept: 355 without run time"
std::string told(const WorkloadRepairs& repairs, std::int64_t kept) {
  std::string text = fmt::format("{} read, {} kept", grouped(repairs.read), grouped(kept));
  auto glue = ": ";
  for (const auto& [reason, count] : repairs.refused) {
    text += fmt::format("{}{} {}", glue, grouped(count), reason);
    glue = ", ";
  }
  return text;
}

std::string amount(double value) {
  if (value >= 1'000) return grouped(static_cast<std::int64_t>(value + 0.5));
  return fmt::format("{:.3g}", value);
}

std::string gpu_hours(std::int64_t gpu_ms) {
  return grouped(gpu_ms / 3'600'000) + " GPU-hours";
}

void show_endings(const WorkloadSummary& s) {
  const std::pair<const char*, const WorkloadEnding*> endings[] = {
      {"completed", &s.completed}, {"failed", &s.failed}, {"cancelled", &s.cancelled}};
  for (const auto& [name, ending] : endings) {
    fmt::print("  {:<11}{:>12} jobs {:>6.1f} %  {:>24} {:>6.1f} %\n", name, grouped(ending->jobs),
               100 * part(ending->jobs, s.jobs), gpu_hours(ending->gpu_ms),
               100 * part(ending->gpu_ms, s.gpu_ms));
  }
}

void show(const WorkloadSummary& s) {
  fmt::print("{}: {} jobs of {} kind{}, {} to {}\n", s.name, grouped(s.jobs), grouped(s.kinds),
             s.kinds == 1 ? "" : "s", to_date(from_ms(s.first_submit_ms)),
             to_date(from_ms(s.last_submit_ms)));
  fmt::print("  {}\n", told(s.repairs, s.jobs));
  for (const auto& [what, count] : s.repairs.repaired) {
    fmt::print("  {} repaired: {}\n", grouped(count), what);
  }
  const auto time = [](std::int64_t ms) { return to_text(Duration(ms)); };
  fmt::print("  run time   mean {}, median {}, 99 % {}, longest {}\n", time(s.mean_run_ms),
             time(s.median_run_ms), time(s.p99_run_ms), time(s.max_run_ms));
  fmt::print("  GPUs       mean {:.3f}, median {}, 99 % {}, most {}\n",
             static_cast<double>(s.mean_milli_gpus) / 1'000, s.median_gpus, grouped(s.p99_gpus),
             grouped(s.max_gpus));
  fmt::print("  walltime   {:.2f} times the run; {} elastic, {} with checkpoints\n",
             static_cast<double>(s.mean_walltime_ppm) / 1'000'000, grouped(s.elastic_jobs),
             grouped(s.checkpointing_jobs));
  fmt::print("  GPU time   {}: {} GPUs busy on average\n", gpu_hours(s.gpu_ms),
             grouped(s.busy_gpus));
  show_endings(s);
}

void show(const std::vector<Fit>& fits, const SummaryCall& call) {
  fmt::print("\n  {:<24}{:>18}{:>18}{:>9}\n", "figure", "ours", call.row, "ratio");
  for (const auto& fit : fits) {
    const auto ratio =
        fit.theirs == 0 ? std::string("-") : fmt::format("{:.3f}", fit.ours / fit.theirs);
    fmt::print("  {:<24}{:>18}{:>18}{:>9}\n", fit.figure, amount(fit.ours), amount(fit.theirs),
               ratio);
  }
}

std::string as_json(const std::string& file, const WorkloadSummary& summary,
                    const std::vector<Fit>& fits) {
  auto text = fmt::format(R"({{"file":{},"summary":{},"against":[)", json::to_json(file),
                          json::to_json(summary));
  for (std::size_t i = 0; i < fits.size(); ++i) {
    text += fmt::format(R"({}{{"figure":"{}","ours":{},"theirs":{}}})", i > 0 ? "," : "",
                        fits[i].figure, fits[i].ours, fits[i].theirs);
  }
  return text + "]}";
}

// One file; what goes into the JSON report is appended to `report`.
bool workload_of(const std::string& file, const SummaryCall& call, std::string& report) {
  const auto no = [](const std::vector<FileProblem>& problems) {
    fmt::print(stderr, "{}", to_text(problems));
    return false;
  };
  auto source = load_workload(file);
  if (!source) return no(source.error());
  if (const auto* spec = std::get_if<SyntheticSpec>(&*source)) {
    const auto made = *spec;
    *source = synthesize(made, static_cast<std::uint64_t>(call.seed.value_or(made.seed)));
  }
  const auto summary = summarize(std::get<Workload>(*source));
  std::vector<Fit> fits;
  if (!call.against.empty()) {
    const auto compared = compare(summary, call);
    if (!compared) return no(compared.error());
    fits = *compared;
  }
  if (call.json) {
    report += (report.empty() ? "" : ",") + as_json(file, summary, fits);
    return true;
  }
  show(summary);
  if (!fits.empty()) show(fits, call);
  return true;
}

}  // namespace

void add_workload(CLI::App& app, client::Run& run) {
  auto call = std::make_shared<SummaryCall>();
  auto* sub = app.add_subcommand(
      "workload", "Read or make a workload: what it comes to and what was left out of it");
  sub->footer(
      "Examples:\n"
      "  ampacity workload examples/traces/philly-2017-sia.yaml\n"
      "  ampacity workload SDSC-SP2-1998.swf.gz --json\n"
      "  ampacity workload examples/workloads/acme.yaml --against acme-5-cluster-summary.csv --row "
      "Seren");
  sub->add_option("files", call->files, "SWF logs, trace maps, made workloads")->required();
  sub->add_option("--seed", call->seed, "Of a made workload, instead of its own");
  auto* against = sub->add_option("--against", call->against,
                                  "A CSV file of published figures (AcmeTrace's cluster_summary)");
  auto* row = sub->add_option("--row", call->row, "Its row: the name in the first column");
  against->needs(row);
  row->needs(against);
  sub->add_flag("--json", call->json, "Print JSON instead of text");
  sub->callback([call, &run] {
    run = [call] {
      bool sound = true;
      std::string report;
      for (const auto& file : call->files) sound = workload_of(file, *call, report) && sound;
      if (call->json) fmt::print("[{}]\n", report);
      return sound ? Exit::Ok : Exit::BadFile;
    };
  });
}

}  // namespace ampacity::bench
