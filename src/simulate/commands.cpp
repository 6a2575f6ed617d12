// SPDX-License-Identifier: Apache-2.0
#include "simulate/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "report/compare.hpp"
#include "report/files.hpp"
#include "report/html.hpp"
#include "report/text.hpp"
#include "simulate/advise_command.hpp"
#include "simulate/player.hpp"
#include "wire/json.hpp"
#include "wire/variants_file.hpp"

namespace ampacity::simulate {
namespace {

using client::say;
using terminal::Exit;

Exit say(const Trouble& trouble) {
  if (!trouble.problems.empty()) {
    fmt::print(stderr, "{}", to_text(trouble.problems));
    return Exit::BadFile;
  }
  fmt::print(stderr, "ampacity simulate: {}\n", trouble.message);
  return Exit::Usage;
}

std::string in_words(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key, value);
  }
  return text;
}

// What was asked for, after the result is there.
Exit deliver(const Call& call, const SimulationResult& result) {
  if (!call.out.empty()) {
    if (const auto s = report::write_result(call.out, result); !s) return say(s.error());
  }
  if (!call.report.empty()) {
    if (const auto s = report::write_file(call.report, report::html_page(result)); !s) {
      return say(s.error());
    }
  }
  if (!call.csv.empty()) {
    if (const auto s = report::write_tables(call.csv, result); !s) return say(s.error());
  }
  if (call.json) {
    fmt::print("{}\n", json::to_json(result));
  } else {
    fmt::print("{}", report::summary(result));
  }
  return Exit::Ok;
}

Exit play_one(const Call& call, Inputs inputs) {
  std::ofstream starts;
  if (!call.starts.empty()) {
    starts.open(call.starts);
    if (!starts) return say(Error{ErrorCode::Io, "cannot write " + call.starts});
  }
  Task task{std::move(inputs.engine), inputs.options};
  const bool progress = ::isatty(STDERR_FILENO) != 0;
  const auto result =
      play(std::move(task), inputs, progress, call.starts.empty() ? nullptr : &starts);
  starts.flush();
  if (!call.starts.empty() && !starts) {
    return say(Error{ErrorCode::Io, "writing " + call.starts + " failed; is the disk full?"});
  }
  const auto exit = deliver(call, result);
  return exit == Exit::Ok && result.partial ? Exit::Interrupted : exit;
}

// "out.json" -> "out-easy-3.json"
std::filesystem::path numbered(const std::string& out, const std::string& name,
                               std::uint64_t seed) {
  std::filesystem::path path(out);
  return path.replace_filename(
      fmt::format("{}-{}-{}{}", path.stem().string(), name, seed, path.extension().string()));
}

Exit play_variants(const Call& call, Inputs inputs, const std::vector<Variant>& variants) {
  std::vector<Task> tasks;
  std::vector<std::string> names;
  for (const auto& variant : variants) {
    auto engine = with_policy(inputs.engine, inputs.now, variant.policy,
                              call.vary + ": variant " + variant.name);
    if (auto* trouble = std::get_if<Trouble>(&engine)) return say(*trouble);
    for (std::int64_t i = 0; i < call.replicas; ++i) {
      auto options = inputs.options;
      options.seed = call.seed + static_cast<std::uint64_t>(i);
      options.policy_text = variant.policy.empty() ? variant.name : in_words(variant.policy);
      tasks.push_back({std::get<Engine>(engine), options});
      names.push_back(variant.name);
    }
  }
  const auto results = play_all(std::move(tasks), inputs, ::isatty(STDERR_FILENO) != 0);
  std::vector<report::Replica> replicas;
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto file = fmt::format("{} (seed {})", names[i], results[i].seed);
    if (!call.out.empty()) {
      const auto path = numbered(call.out, names[i], results[i].seed);
      if (const auto s = report::write_result(path, results[i]); !s) return say(s.error());
      file = path.string();
    }
    replicas.push_back(report::replica_of(file, results[i]));
  }
  const auto comparison = report::compare(replicas);
  if (!comparison) return say(comparison.error());
  fmt::print("{}",
             call.json ? json::to_json(*comparison) + "\n" : report::comparison_text(*comparison));
  return Exit::Ok;
}

Exit run_simulate(const Call& call) {
  auto read = read_inputs(call);
  if (auto* trouble = std::get_if<Trouble>(&read)) return say(*trouble);
  auto inputs = std::move(std::get<Inputs>(read));
  Trouble trouble;
  const auto settings = settings_from(call.policy, trouble);
  if (!trouble.message.empty()) return say(trouble);
  auto engine = with_policy(inputs.engine, inputs.now, settings, "--policy");
  if (auto* wrong = std::get_if<Trouble>(&engine)) return say(*wrong);
  inputs.engine = std::move(std::get<Engine>(engine));
  inputs.options.policy_text = in_words(settings);
  end_on_interrupt();
  if (call.vary.empty() && call.replicas == 1) return play_one(call, std::move(inputs));
  std::vector<Variant> variants{{"as-it-is", {}}};
  if (!call.vary.empty()) {
    auto list = load_variants(call.vary);
    if (!list) return say(Trouble{list.error(), ""});
    variants = std::move(list->variants);
  }
  return play_variants(call, std::move(inputs), variants);
}

}  // namespace

void add_commands(CLI::App& app, terminal::Run& run) {
  add_advise(app, run);
  auto call = std::make_shared<Call>();
  auto* sub = app.add_subcommand("simulate",
                                 "Play a workload, or what a running server has, on virtual time");
  sub->footer(
      "Examples:\n"
      "  ampacity simulate examples/stargate/portfolio.yaml --workload "
      "examples/workloads/stargate-year.yaml --report out.html\n"
      "  ampacity simulate p.yaml --workload log.swf.gz --from 2028-03-01 --starts starts.csv\n"
      "  ampacity simulate p.yaml --workload w.yaml --vary policies.yaml --replicas 10\n"
      "  ampacity simulate --from http://127.0.0.1:7070 --policy backfill=conservative\n"
      "  ampacity simulate lease-more.yaml --from http://127.0.0.1:7070 --faults outage.yaml");
  sub->add_option("portfolio", call->portfolio,
                  "Portfolio; with --from http://…: instead of its own");
  sub->add_option("--series", call->series,
                  "Folder of the portfolio's hourly series; else beside it");
  sub->add_option("--workload", call->workloads, "SWF log, trace map or synthetic workload")
      ->allow_extra_args(false);
  sub->add_option("--from", call->from,
                  "A date to which the workload is moved, or a running server to copy");
  sub->add_option("--until", call->until, "Stop at this date; else when every job has ended");
  sub->add_option("--policy", call->policy, "Setting of the policy, key=value")
      ->allow_extra_args(false);
  sub->add_option("--seed", call->seed, "Of failures and of made workloads")->capture_default_str();
  sub->add_option("--faults", call->faults,
                  "What breaks: a file of kind Faults, or a CSV file of outages");
  sub->add_option("--latency", call->latency,
                  "From a decision until the gang is told, such as '2 s'");
  sub->add_option("--vary", call->vary, "Policies to compare: a file of kind Variants");
  sub->add_option("--replicas", call->replicas, "Seeds of each variant")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  sub->add_option("--report", call->report, "Write one self-contained web page");
  sub->add_option("--out", call->out, "Write the result as JSON");
  sub->add_option("--csv", call->csv, "Write CSV tables into this folder");
  sub->add_option("--starts", call->starts, "Write when each job started, as CSV");
  sub->add_option("--data", call->data, "Data folder with the server's token")
      ->envname("AMPACITY_DATA")
      ->capture_default_str();
  sub->add_flag("--json", call->json, "Print JSON instead of text");
  sub->callback([call, &run] { run = [call] { return run_simulate(*call); }; });
}

}  // namespace ampacity::simulate
