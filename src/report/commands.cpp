// SPDX-License-Identifier: Apache-2.0
#include "report/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "report/compare.hpp"
#include "report/files.hpp"
#include "report/html.hpp"
#include "report/text.hpp"
#include "wire/json.hpp"

namespace ampacity::report {
namespace {

using terminal::Exit;

struct ReportCall {
  std::filesystem::path file, html, csv;
};

struct CompareCall {
  std::vector<std::string> files;
  bool json = false;
};

// A file that is there and is not right is exit 3, as for portfolios and jobs.
Exit say(const char* command, const Error& error) {
  fmt::print(stderr, "ampacity {}: {}\n", command, error.message);
  return error.code == ErrorCode::InvalidInput ? Exit::BadFile : terminal::exit_for(error);
}

Exit run_report(const ReportCall& call) {
  const auto result = read_result(call.file);
  if (!result) return say("report", result.error());
  fmt::print("{}", summary(*result));
  if (!call.html.empty()) {
    const auto page = html_page(*result);
    if (const auto s = write_file(call.html, page); !s) return say("report", s.error());
    fmt::print("\nwrote {} ({:.1f} MB): open it in a browser\n", call.html.string(),
               static_cast<double>(page.size()) / 1e6);
  }
  if (!call.csv.empty()) {
    if (const auto s = write_tables(call.csv, *result); !s) return say("report", s.error());
    fmt::print("\nwrote sites, teams, leases, classes, series and samples as CSV into {}\n",
               call.csv.string());
  }
  return Exit::Ok;
}

Exit run_compare(const CompareCall& call) {
  std::vector<Replica> replicas;
  for (const auto& file : call.files) {
    const auto result = read_result(file);
    if (!result) return say("compare", result.error());
    replicas.push_back(replica_of(file, *result));
  }
  const auto comparison = compare(replicas);
  if (!comparison) return say("compare", comparison.error());
  fmt::print("{}", call.json ? json::to_json(*comparison) + "\n" : comparison_text(*comparison));
  return Exit::Ok;
}

void add_report(CLI::App& app, terminal::Run& run) {
  auto call = std::make_shared<ReportCall>();
  auto* sub = app.add_subcommand("report", "What a simulation came to: text, a web page, tables");
  sub->footer(
      "Examples:\n"
      "  ampacity report result.json                              a summary here\n"
      "  ampacity report result.json --html out.html --csv tables charts and tables as files");
  sub->add_option("result", call->file, "The result of ampacity simulate, as JSON")->required();
  sub->add_option("--html", call->html, "Write one self-contained web page to this file");
  sub->add_option("--csv", call->csv, "Write CSV tables into this folder");
  sub->callback([call, &run] { run = [call] { return run_report(*call); }; });
}

void add_compare(CLI::App& app, terminal::Run& run) {
  auto call = std::make_shared<CompareCall>();
  auto* sub = app.add_subcommand(
      "compare", "Simulations against each other, with 95 % intervals: is it more than chance?");
  sub->footer(
      "Results of the same portfolio, workloads and policy are replicas, told apart by seed.\n"
      "Examples:\n"
      "  ampacity compare easy-*.json conservative-*.json\n"
      "  ampacity compare a.json b.json --json");
  sub->add_option("results", call->files, "Results of ampacity simulate; the first is the base")
      ->required()
      ->expected(1, 10'000);
  sub->add_flag("--json", call->json, "Print JSON instead of text");
  sub->callback([call, &run] { run = [call] { return run_compare(*call); }; });
}

}  // namespace

void add_commands(CLI::App& app, terminal::Run& run) {
  add_report(app, run);
  add_compare(app, run);
}

}  // namespace ampacity::report
