// SPDX-License-Identifier: Apache-2.0
// The one binary: wires the rooms to the command line.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "bench/commands.hpp"
#include "client/commands.hpp"
#include "exec/shim.hpp"
#include "exec/srun.hpp"
#include "finance/commands.hpp"
#include "report/commands.hpp"
#include "serve/replay.hpp"
#include "serve/serve.hpp"
#include "simulate/commands.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"

namespace {

using namespace ampacity;
using client::Exit;

Exit run_serve(const std::string& file, const std::string& series, ServeOptions options,
               const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("ampacity"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(level));
  const auto portfolio = load_portfolio(file, series);
  if (!portfolio) {
    fmt::print(stderr, "{}", to_text(portfolio.error()));
    return Exit::BadFile;
  }
  options.program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto status = serve(*portfolio, options);
  if (status) return Exit::Ok;
  fmt::print(stderr, "ampacity serve: {}\n", status.error().message);
  return client::exit_for(status.error());
}

void add_serve(CLI::App& app, client::Run& run) {
  struct Call {
    std::string file;
    std::string series;
    ServeOptions options;
    std::string level = "info";
  };
  auto call = std::make_shared<Call>();
  auto* sub = app.add_subcommand("serve", "Hold a portfolio, run its jobs, answer the API");
  sub->footer(
      "Examples:\n  ampacity serve examples/desk/portfolio.yaml\n"
      "  ampacity serve portfolio.yaml --data /var/lib/ampacity --port 7070");
  sub->add_option("portfolio", call->file, "The portfolio file")->required();
  sub->add_option("--series", call->series, "Folder of its hourly series; else beside it");
  sub->add_option("--data", call->options.data, "Data folder: journal, token, attempts")
      ->envname("AMPACITY_DATA")
      ->capture_default_str();
  sub->add_option("--listen", call->options.address, "Address to listen on")->capture_default_str();
  sub->add_option("--port", call->options.port, "Port; 0 picks a free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  sub->add_flag("--allow-remote", call->options.allow_remote,
                "Allow an address other than loopback");
  sub->add_option("--log-level", call->level, "debug (every event), info, warn, error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  sub->callback([call, &run] {
    run = [call] { return run_serve(call->file, call->series, call->options, call->level); };
  });
}

Exit run_redecide(const std::filesystem::path& data, bool as_json) {
  const auto result = redecide(data);
  if (!result) {
    fmt::print(stderr, "ampacity replay: {}\n", result.error().message);
    return client::exit_for(result.error());
  }
  const bool same = result->departs.empty();
  const auto digest = result->digest.text();
  if (as_json) {
    fmt::print("{{\"commands\":{},\"events\":{},\"digest\":\"{}\",\"same\":{},\"departs\":{}}}\n",
               result->commands, result->events, digest, same, json::to_json(result->departs));
  } else {
    fmt::print("{} commands decided again, {} events, digest {}{}\n", result->commands,
               result->events, digest, same ? ": as recorded" : "");
  }
  if (!same) fmt::print(stderr, "it departs from the journal: {}\n", result->departs);
  return same ? Exit::Ok : Exit::Data;
}

void add_replay(CLI::App& app, client::Run& run) {
  struct Call {
    std::filesystem::path data = ".ampacity";
    std::optional<std::int64_t> until;
    bool decide = false;
    bool json = false;
  };
  auto call = std::make_shared<Call>();
  auto* sub = app.add_subcommand("replay",
                                 "Audit a journal: replay its events and print the state's digest");
  sub->footer(
      "Examples:\n  ampacity replay --data .ampacity --json\n"
      "  ampacity replay --decide      decide every command again: is it what was recorded?");
  sub->add_option("--data", call->data, "Data folder")
      ->envname("AMPACITY_DATA")
      ->capture_default_str();
  auto* until = sub->add_option("--until", call->until, "Stop after this event");
  sub->add_flag("--decide", call->decide,
                "Decide the commands again and compare every event; differs: exit 7")
      ->excludes(until);
  sub->add_flag("--json", call->json, "Print JSON instead of text");
  sub->callback([call, &run] {
    run = [call] {
      if (call->decide) return run_redecide(call->data, call->json);
      const auto result = replay(call->data, call->until);
      if (!result) {
        fmt::print(stderr, "ampacity replay: {}\n", result.error().message);
        return client::exit_for(result.error());
      }
      const auto digest = result->digest.text();
      if (call->json) {
        fmt::print("{{\"events\":{},\"digest\":\"{}\",\"jobs_live\":{}}}\n", result->events, digest,
                   result->jobs_live);
      } else {
        fmt::print("{} events, digest {}, {} jobs not ended\n", result->events, digest,
                   result->jobs_live);
      }
      return Exit::Ok;
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  // Inside jobs this binary is also srun, and the shim that stands over a job's processes.
  const auto name = std::filesystem::path(argv[0]).filename();
  if (name == "srun") return exec::run_srun(argc, argv);
  if (argc > 2 && std::string_view(argv[1]) == "shim") return exec::run_shim(argv[2]);
  if (argc > 1 && std::string_view(argv[1]) == "srun") return exec::run_srun(argc - 1, argv + 1);
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App app{"Ampacity: the AI training that your contracts, your sites and your power can carry",
               "ampacity"};
  app.require_subcommand(1);
  app.set_version_flag("--version", AMPACITY_VERSION);
  app.footer(
      "Exit codes: 0 ok, 1 the job failed, 2 wrong call, 3 a file has problems, 4 no server, 5 "
      "refused,\n"
      "            6 not found, 7 data folder, 8 timeout, 9 ended early.  'ampacity COMMAND "
      "--help' has "
      "examples.");
  auto options = std::make_shared<client::Options>();
  client::Run run;
  add_serve(app, run);
  add_replay(app, run);
  client::add_commands(app, options, run);
  finance::add_commands(app, options, run);
  simulate::add_commands(app, run);
  report::add_commands(app, run);
  bench::add_commands(app, run);
  const auto dashes = std::find(argv, argv + argc, std::string_view("--"));
  if (dashes != argv + argc) options->after_dashes.assign(dashes + 1, argv + argc);
  try {
    app.parse(static_cast<int>(dashes - argv), argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::Usage);
  }
  return static_cast<int>(run());
}
