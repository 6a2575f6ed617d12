// SPDX-License-Identifier: Apache-2.0
#include "simulate/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "client/exit_code.hpp"
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

// Where the files of one simulation go; empty: nobody asked for them.
struct Places {
  std::string out;
  std::string report;
  std::string csv;
  std::string starts;
};

// "out.json" -> "out-easy-3.json"; of a folder: "tables" -> "tables-easy-3"
std::string numbered(const std::string& place, const std::string& name, std::uint64_t seed) {
  if (place.empty()) return place;
  std::filesystem::path path(place);
  if (!path.has_filename()) path = path.parent_path();
  path.replace_filename(
      fmt::format("{}-{}-{}{}", path.stem().string(), name, seed, path.extension().string()));
  return path.string();
}

Status write_files(const Places& places, const SimulationResult& result) {
  if (!places.out.empty()) {
    if (auto s = report::write_result(places.out, result); !s) return s;
  }
  if (!places.report.empty()) {
    if (auto s = report::write_file(places.report, report::html_page(result)); !s) return s;
  }
  if (!places.csv.empty()) return report::write_tables(places.csv, result);
  return {};
}

Exit play_one(const Call& call, Inputs inputs) {
  Task task{std::move(inputs.engine), inputs.options, call.starts};
  const auto played = play(std::move(task), inputs, ::isatty(STDERR_FILENO) != 0);
  if (!played) return say(played.error());
  const auto& result = *played;
  const Places places{call.out, call.report, call.csv, call.starts};
  if (const auto status = write_files(places, result); !status) return say(status.error());
  fmt::print("{}", call.json ? json::to_json(result) + "\n" : report::summary(result));
  return result.partial ? Exit::Interrupted : Exit::Ok;
}

// Simulations of variants, each under several seeds.
struct Batch {
  std::vector<Task> tasks;
  std::vector<std::string> variants;  // of each task
  std::vector<Places> places;
};

std::variant<Batch, Trouble> batch_of(const Call& call, const Inputs& inputs,
                                      const std::vector<Variant>& variants) {
  Batch batch;
  for (const auto& variant : variants) {
    auto engine = with_policy(inputs.engine, inputs.now, variant.policy,
                              call.vary + ": variant " + variant.name);
    if (auto* trouble = std::get_if<Trouble>(&engine)) return std::move(*trouble);
    for (std::int64_t i = 0; i < call.replicas; ++i) {
      auto options = inputs.options;
      options.seed = call.seed + static_cast<std::uint64_t>(i);
      options.policy_text = variant.policy.empty() ? variant.name : in_words(variant.policy);
      const auto own = [&](const std::string& place) {
        return numbered(place, variant.name, options.seed);
      };
      batch.places.push_back({own(call.out), own(call.report), own(call.csv), own(call.starts)});
      batch.tasks.push_back({std::get<Engine>(engine), options, batch.places.back().starts});
      batch.variants.push_back(variant.name);
    }
  }
  return batch;
}

// After Ctrl-C those that had begun are compared, as far as they came.
Exit compare_all(const Call& call, const std::vector<report::Replica>& replicas,
                 std::size_t asked) {
  const bool partial = std::any_of(replicas.begin(), replicas.end(),
                                   [](const report::Replica& r) { return r.partial; });
  const bool cut = partial || replicas.size() < asked;
  if (cut) {
    fmt::print(stderr, "ampacity: interrupted: {} of {} simulations were begun, not all ended\n",
               replicas.size(), asked);
  }
  if (replicas.empty()) return Exit::Interrupted;
  const auto comparison = report::compare(replicas);
  if (!comparison) return say(comparison.error());
  fmt::print("{}",
             call.json ? json::to_json(*comparison) + "\n" : report::comparison_text(*comparison));
  return cut ? Exit::Interrupted : Exit::Ok;
}

// A file that cannot be written costs none of the others, nor the comparison.
Exit play_variants(const Call& call, const Inputs& inputs, const std::vector<Variant>& variants) {
  auto made = batch_of(call, inputs, variants);
  if (auto* trouble = std::get_if<Trouble>(&made)) return say(*trouble);
  auto& batch = std::get<Batch>(made);
  const auto played = play_all(std::move(batch.tasks), inputs, ::isatty(STDERR_FILENO) != 0);
  std::vector<report::Replica> replicas;
  std::optional<Exit> failed;
  for (std::size_t i = 0; i < played.size(); ++i) {
    if (!played[i]) continue;
    if (!*played[i]) {
      failed = say(played[i]->error());
      continue;
    }
    const auto& result = **played[i];
    if (const auto s = write_files(batch.places[i], result); !s) failed = say(s.error());
    const auto& out = batch.places[i].out;
    const auto file =
        out.empty() ? fmt::format("{} (seed {})", batch.variants[i], result.seed) : out;
    replicas.push_back(report::replica_of(file, result));
  }
  const auto compared = compare_all(call, replicas, played.size());
  return failed.value_or(compared);
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
  return play_variants(call, inputs, variants);
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
