// SPDX-License-Identifier: Apache-2.0
#include "simulate/advise_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/exit_code.hpp"
#include "fleet/topology.hpp"
#include "model/job.hpp"
#include "report/advice.hpp"
#include "units/text.hpp"
#include "wire/faults_file.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"

namespace ampacity::simulate {
namespace {

using client::say;
using terminal::Exit;

struct AdviseCall {
  std::int64_t gpus = 0;
  std::string faults;
  std::string portfolio;
  std::string checkpoint_time;
  std::string interval;
  bool json = false;
};

Exit refuse(const std::string& message) {
  fmt::print(stderr, "ampacity advise checkpoint: {}\n", message);
  return Exit::Usage;
}

// What the gang holds of the portfolio's largest pool; without one, of nodes of 8 GPUs that share
// one rack, pod, hall and site.
Loaded<GangExtent> extent_in(const AdviseCall& call) {
  if (call.portfolio.empty()) return extent_of(call.gpus, 8, INT64_MAX / 2, 1, 1);
  const auto portfolio = load_portfolio(call.portfolio);
  if (!portfolio) return portfolio.error();
  const Topology topology(*portfolio);
  const auto& pools = topology.pools();
  if (pools.empty()) return GangExtent{.gpus = call.gpus};
  const auto& pool = *std::max_element(
      pools.begin(), pools.end(), [](const auto& a, const auto& b) { return a.nodes < b.nodes; });
  const auto& hall = topology.hall(pool.halls.front());
  return extent_of(call.gpus, pool.gpus_per_node, hall.nodes_per_rack, hall.racks_per_pod,
                   hall.pods.size());
}

std::optional<std::string> take(const std::string& text, const char* option, Duration& value) {
  if (text.empty()) return std::nullopt;
  const auto parsed = parse_duration(text);
  if (!parsed) return fmt::format("{}: {}", option, parsed.error().message);
  if (*parsed <= Duration(0)) return fmt::format("{}: must be more than 0", option);
  value = *parsed;
  return std::nullopt;
}

Exit advise(const AdviseCall& call) {
  auto faults = load_faults(call.faults);
  if (!faults) return say(faults.error());
  const auto extent = extent_in(call);
  if (!extent) return say(extent.error());
  auto checkpoint = faults->spec.checkpoint_time;
  Duration interval{};
  if (auto wrong = take(call.checkpoint_time, "--checkpoint-time", checkpoint)) {
    return refuse(*wrong);
  }
  if (auto wrong = take(call.interval, "--interval", interval)) return refuse(*wrong);
  if (checkpoint <= Duration(0)) {
    return refuse(call.faults + " says nothing of `checkpoint_time`: give --checkpoint-time");
  }
  const auto between = mean_between(faults->spec, *extent);
  if (!between) {
    return refuse(call.faults +
                  ": nothing fails by it, so that no checkpoint is needed; `causes` or "
                  "`lifetimes` say what does");
  }
  const auto advice =
      report::advice_for(call.gpus, *between, checkpoint, faults->spec.restart_time,
                         interval > Duration(0) ? std::optional(interval) : std::nullopt);
  fmt::print("{}", call.json ? json::to_json(advice) + "\n" : report::advice_text(advice));
  return Exit::Ok;
}

}  // namespace

void add_advise(CLI::App& app, terminal::Run& run) {
  auto call = std::make_shared<AdviseCall>();
  auto* group = app.add_subcommand("advise", "What to choose, by figures");
  group->require_subcommand(1);
  auto* sub = group->add_subcommand(
      "checkpoint", "How often a gang should save itself under given failures (Young, Daly)");
  sub->footer(
      "Examples:\n"
      "  ampacity advise checkpoint --gpus 16384 --faults examples/faults/llama3.yaml\n"
      "  ampacity advise checkpoint --gpus 4096 --faults f.yaml --interval '2 h' --checkpoint-time "
      "'20 s' --json");
  sub->add_option("--gpus", call->gpus, "GPUs of the gang")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, limits::job_gpus));
  sub->add_option("--faults", call->faults, "What breaks: a file of kind Faults")->required();
  sub->add_option("--portfolio", call->portfolio,
                  "Its largest pool says how many nodes, racks, … the gang holds; left out: nodes "
                  "of 8 GPUs, in one rack");
  sub->add_option("--checkpoint-time", call->checkpoint_time,
                  "That a checkpoint takes, such as '30 s'; left out: as in the faults");
  sub->add_option("--interval", call->interval, "The job's own, to compare, such as '30 min'");
  sub->add_flag("--json", call->json, "Print JSON instead of text");
  sub->callback([call, &run] { run = [call] { return advise(*call); }; });
}

}  // namespace ampacity::simulate
