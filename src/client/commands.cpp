// SPDX-License-Identifier: Apache-2.0
#include "client/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "client/command.hpp"
#include "client/completion.hpp"
#include "client/follow.hpp"
#include "client/operations.hpp"
#include "client/power.hpp"
#include "client/requests.hpp"
#include "client/show.hpp"
#include "client/submit.hpp"
#include "units/text.hpp"
#include "wire/faults_file.hpp"
#include "wire/job_file.hpp"
#include "wire/openapi.hpp"
#include "wire/portfolio_file.hpp"
#include "wire/sbatch.hpp"
#include "wire/synthetic_file.hpp"
#include "wire/trace_map.hpp"
#include "wire/variants_file.hpp"
#include "wire/workload_file.hpp"

namespace ampacity::client {
namespace {

void add_submit(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* sub =
      command(app, options, "submit", "Submit a job: a YAML file, an sbatch script, or a command",
              "  ampacity submit train.sh                       an sbatch script, unchanged\n"
              "  ampacity submit job.yaml --gpus 16             the file, with more GPUs\n"
              "  ampacity submit --gpus 2 --tasks 2 -- python3 train.py\n"
              "  ampacity submit train.sh --gpus 64 --gpus-min 16    elastic\n"
              "  ampacity submit train.sh --accelerator GB200 --accelerator 'H100=40 %'\n"
              "  ampacity submit train.sh --follow              stay and see its output\n"
              "  ampacity submit train.sh --dry-run             when and where would it start?");
  auto call = std::make_shared<SubmitCall>();
  sub->add_option("file", call->file,
                  "YAML file or sbatch script; - reads a script from standard input");
  sub->add_option("--gpus", call->gpus, "GPUs of the whole gang");
  sub->add_option("--gpus-min", call->gpus_min, "Elastic: any size from here up to --gpus");
  sub->add_option("--slowest", call->slowest,
                  "While its site has to draw less: how slow it may become, such as '75 %'");
  sub->add_flag("--pausable", call->pausable,
                "While its site has to draw less: it may stand still, from its checkpoint");
  sub->add_option(
      "--wait-for-capacity", call->wait_for_capacity,
      "So long rather wait for capacity that is to come on a place that comes first, such "
      "as '72 h', than spill over");
  sub->add_option("--power-cap", call->power_cap,
                  "What a GPU may draw at most: '700 W/GPU', or '70 %' of its TDP");
  sub->add_option("--accelerator", call->accelerators,
                  "Acceptable: GB200, or 'H100=40 %' with the job's speed there (repeatable)")
      ->allow_extra_args(false);
  sub->add_flag("--mixed", call->mixed, "One gang may span several accelerators, at one site");
  sub->add_option("--within", call->within, "All of it in one rack, pod, hall or site, or it waits")
      ->check(levels());
  sub->add_option("--prefer", call->prefer, "In one rack, pod, hall or site if possible")
      ->check(levels());
  sub->add_option("--segment", call->segment, "GPUs: cut into such pieces, each in one rack");
  sub->add_option("--tasks", call->tasks, "Processes to start (ranks)");
  sub->add_option("--name", call->name, "Name of the job");
  sub->add_option("--walltime", call->walltime, "Longest run, such as '90 min'");
  sub->add_option("--site", call->sites, "Only at this site (repeatable)")->allow_extra_args(false);
  sub->add_option("--team", call->team, "Team that it counts for");
  sub->add_option("--booking", call->booking, "Run in this booking");
  sub->add_option("--priority", call->priority, "Priority class");
  sub->add_option("--retries", call->retries, "Restarts after the job itself failed");
  sub->add_option("--runtime", call->runtime, "On simulated clusters: how long it runs");
  sub->add_option("--request", call->request, "Request id: the same id submits once");
  sub->add_flag("--dry-run", call->dry_run,
                "Say when and where it would start, and submit nothing");
  sub->add_flag("--wait", call->wait, "Wait until it has ended; exit code 1 unless it completed");
  sub->add_flag("-f,--follow", call->follow, "Follow its output, then wait");
  sub->callback([call, options, &run] {
    call->command = options->after_dashes;
    run = [call, options] { return submit(*options, *call); };
  });
}

void add_jobs(CLI::App& app, const OptionsPtr& options, Run& run) {
  struct Call {
    std::string state, team, name;
    bool unfinished = false;
    std::int64_t limit = 50, before = 0;
  };
  auto* sub = command(app, options, "jobs", "List jobs, the newest first",
                      "  ampacity jobs --unfinished\n  ampacity jobs --state Failed --json");
  auto call = std::make_shared<Call>();
  sub->add_option("--state", call->state,
                  "Waiting, Starting, Running, Stopping, Completed, Failed, Cancelled, TimedOut");
  sub->add_option("--team", call->team, "Of this team");
  sub->add_option("--name", call->name, "With this name");
  sub->add_flag("-u,--unfinished", call->unfinished, "Only jobs that have not ended");
  sub->add_option("--limit", call->limit, "At most so many")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--before", call->before, "Older than this job");
  sub->callback([call, options, &run] {
    run = [call, options] {
      auto target = fmt::format("/v1/jobs?limit={}&before={}&unfinished={}", call->limit,
                                call->before, call->unfinished ? 1 : 0);
      if (!call->state.empty()) target += "&state=" + http::encoded(call->state);
      if (!call->team.empty()) target += "&team=" + http::encoded(call->team);
      if (!call->name.empty()) target += "&name=" + http::encoded(call->name);
      return get<api::JobList>(*options, target);
    };
  });
}

CLI::App* with_job(CLI::App* sub, const std::shared_ptr<std::int64_t>& job) {
  sub->add_option("job", *job, "Job number")->required()->check(CLI::PositiveNumber);
  return sub;
}

void add_job(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto job = std::make_shared<std::int64_t>(0);
  auto* sub = with_job(
      command(app, options, "job", "Show a job: its attempts, where, why there, energy and cost",
              "  ampacity job 12"),
      job);
  sub->callback([job, options, &run] {
    run = [job, options] {
      return get<api::JobDetail>(*options, fmt::format("/v1/jobs/{}", *job));
    };
  });
}

void add_explain(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto job = std::make_shared<std::int64_t>(0);
  auto* sub =
      with_job(command(app, options, "explain", "Why a job waits, site by site, with numbers",
                       "  ampacity explain 12"),
               job);
  sub->callback([job, options, &run] {
    run = [job, options] {
      const auto body = ask(*options, "GET", fmt::format("/v1/jobs/{}/explanation", *job));
      if (!body) return say(body.error());
      const auto e = json::from_json<Explanation>(*body);
      if (!e) return say(e.error());
      if (options->json) {
        fmt::print("{}\n", *body);
      } else {
        show(*e, *job);
      }
      return Exit::Ok;
    };
  });
}

void add_forecast(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto job = std::make_shared<std::int64_t>(0);
  auto* sub = with_job(
      command(app, options, "forecast",
              "When and where a job will start: the engine played forward on a copy",
              "  ampacity forecast 12\n  ampacity submit train.sh --dry-run    before submitting"),
      job);
  sub->callback([job, options, &run] {
    run = [job, options] {
      return get<api::ForecastView>(*options, fmt::format("/v1/jobs/{}/forecast", *job));
    };
  });
}

void add_logs(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto job = std::make_shared<std::int64_t>(0);
  auto call = std::make_shared<LogCall>();
  auto* sub = with_job(
      command(app, options, "logs", "The output of a job",
              "  ampacity logs 12 -f            as it comes, through restarts, to its end\n"
              "  ampacity logs 12 --attempt 1"),
      job);
  sub->add_flag("-f,--follow", call->follow, "Stay until the job has ended");
  sub->add_option("--attempt", call->attempt, "Of this attempt (default: the latest)");
  sub->callback([job, call, options, &run] {
    run = [job, call, options] {
      call->job = *job;
      return follow_log(*options, *call);
    };
  });
}

void add_wait(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto jobs = std::make_shared<std::vector<std::int64_t>>();
  auto timeout = std::make_shared<std::string>();
  auto* sub =
      command(app, options, "wait", "Wait until jobs have ended; exit code 1 unless all completed",
              "  ampacity wait 12 13 --timeout '2 h'");
  sub->add_option("jobs", *jobs, "Job numbers")->required();
  sub->add_option("--timeout", *timeout, "Give up after this long (exit code 8)");
  sub->callback([jobs, timeout, options, &run] {
    run = [jobs, timeout, options] {
      std::optional<Duration> limit;
      if (!timeout->empty()) {
        const auto parsed = parse_duration(*timeout);
        if (!parsed) return say(parsed.error().within("--timeout"));
        limit = *parsed;
      }
      return wait_for(*options, *jobs, limit);
    };
  });
}

void add_cancel(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto jobs = std::make_shared<std::vector<std::int64_t>>();
  auto* sub =
      command(app, options, "cancel", "Cancel jobs: TERM, then KILL after the policy's grace",
              "  ampacity cancel 12 13");
  sub->add_option("jobs", *jobs, "Job numbers")->required();
  sub->callback([jobs, options, &run] {
    run = [jobs, options] {
      auto worst = Exit::Ok;
      for (const auto job : *jobs) {
        const auto exit = change(*options, "DELETE", fmt::format("/v1/jobs/{}", job), "",
                                 fmt::format("job {} is being cancelled", job));
        if (exit != Exit::Ok) worst = exit;
      }
      return worst;
    };
  });
}

void add_listings(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* sites =
      command(app, options, "sites", "Sites: GPUs, what is free, power", "  ampacity sites");
  sites->callback(
      [options, &run] { run = [options] { return get<api::SiteList>(*options, "/v1/sites"); }; });
  auto* teams = command(app, options, "teams", "Teams: quota, what they use and may start",
                        "  ampacity teams");
  teams->callback(
      [options, &run] { run = [options] { return get<api::TeamList>(*options, "/v1/teams"); }; });
  auto* leases = command(app, options, "leases", "Leases: contracted, used and unused",
                         "  ampacity leases --json");
  leases->callback(
      [options, &run] { run = [options] { return get<api::LeaseList>(*options, "/v1/leases"); }; });
}

void add_events(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<EventsCall>();
  auto* sub =
      command(app, options, "events", "What happened, event by event",
              "  ampacity events            the last 20\n  ampacity events -f         from now on\n"
              "  ampacity events --after 0 --json");
  sub->add_flag("-f,--follow", call->follow, "Stay and print events as they come");
  sub->add_option("--after", call->after, "Events after this one");
  sub->callback(
      [call, options, &run] { run = [call, options] { return show_events(*options, *call); }; });
}

// ---- files: no server ----

// A file of a simulation: what is wrong with it, if `text` is one.
std::optional<std::vector<FileProblem>> check_workload(const std::string& file,
                                                       const std::string& text, std::string& kind,
                                                       std::string& summary) {
  if (text.rfind("kind:", 0) != 0 && text.find("\nkind:") == std::string::npos) return std::nullopt;
  const auto which = recognise_workload(file, text);
  if (which == WorkloadFile::TraceMap) {
    kind = "trace map";
    const auto map = parse_trace_map(text, file);
    if (!map) return map.error();
    summary = fmt::format("trace '{}' in {}", map->name, trace_path(*map, file));
  } else if (which == WorkloadFile::Synthetic) {
    kind = "synthetic workload";
    const auto spec = parse_synthetic(text, file);
    if (!spec) return spec.error();
    summary = fmt::format("workload '{}', {} jobs", spec->name, jobs_of(*spec));
  } else if (text.find("kind: Faults") != std::string::npos) {
    kind = "faults";
    const auto faults = parse_faults(text, file);
    if (!faults) return faults.error();
    summary = fmt::format("{} causes, {} outages", faults->spec.causes.size(),
                          faults->spec.outages.size());
    if (faults->outages_file) summary += ", outages in " + faults->outages_file->file;
    if (faults->lifetimes) summary += ", lifetimes in " + faults->lifetimes->columns.file;
  } else if (text.find("kind: Variants") != std::string::npos) {
    kind = "variants";
    const auto list = parse_variants(text, file);
    if (!list) return list.error();
    summary = fmt::format("{} variants", list->variants.size());
  } else {
    return std::nullopt;
  }
  return std::vector<FileProblem>();
}

// What kind of file it is decides how it is checked. Returns whether it is sound.
bool check_one(const std::string& file, const std::string& series_folder, bool json,
               std::string& report) {
  std::vector<FileProblem> problems;
  std::string kind = "portfolio";
  std::string summary;
  if (auto text = read_text_file(file); !text) {
    problems = text.error();
  } else if (const auto workload = check_workload(file, *text, kind, summary)) {
    problems = *workload;
  } else if (looks_like_script(*text)) {
    kind = "sbatch script";
    if (auto script = parse_sbatch(*text, file); !script)
      problems = script.error();
    else
      summary = fmt::format("job '{}', {} GPUs", script->spec.name, script->spec.gpus.count());
  } else if (text->rfind("job:", 0) == 0 || text->find("\njob:") != std::string::npos) {
    kind = "job";
    if (auto job = parse_job(*text, file); !job)
      problems = job.error();
    else
      summary = fmt::format("job '{}', {} GPUs", job->name, job->gpus.count());
  } else if (auto portfolio = parse_portfolio(*text, file, series_folder_of(file, series_folder));
             !portfolio) {
    problems = portfolio.error();
  } else {
    summary = fmt::format("{} sites, {} leases{}", portfolio->sites.size(),
                          portfolio->leases.size(), series_in_words(*portfolio));
  }
  if (json) {
    report += report.empty() ? "" : ",";
    report += R"({"file":)" + json::to_json(file) + R"(,"kind":")" + kind + R"(","problems":[)";
    for (std::size_t i = 0; i < problems.size(); ++i) {
      const auto& p = problems[i];
      report +=
          fmt::format(R"({}{{"line":{},"column":{},"path":{},"message":{}}})", i > 0 ? "," : "",
                      p.at.line, p.at.column, json::to_json(p.path), json::to_json(p.message));
    }
    report += "]}";
  } else if (problems.empty()) {
    fmt::print("{}: ok ({}, {})\n", file, kind, summary);
  } else {
    fmt::print(stderr, "{}", to_text(problems));
  }
  return problems.empty();
}

void add_check(CLI::App& app, Run& run) {
  auto files = std::make_shared<std::vector<std::string>>();
  auto as_json = std::make_shared<bool>(false);
  auto series = std::make_shared<std::string>();
  auto* sub = app.add_subcommand(
      "check", "Check portfolios, job files, sbatch scripts, trace maps and made workloads");
  sub->footer("Examples:\n  ampacity check examples/desk/portfolio.yaml train.sh");
  sub->add_option("files", *files, "Files")->required();
  sub->add_option("--series", *series,
                  "Folder of the hourly series that portfolios name; else beside each");
  sub->add_flag("--json", *as_json, "Print JSON instead of text");
  sub->callback([files, as_json, series, &run] {
    run = [files, as_json, series] {
      bool sound = true;
      std::string report;
      for (const auto& file : *files) sound = check_one(file, *series, *as_json, report) && sound;
      if (*as_json) fmt::print("[{}]\n", report);
      return sound ? Exit::Ok : Exit::BadFile;
    };
  });
}

void add_schema(CLI::App& app, Run& run) {
  auto what = std::make_shared<std::string>();
  auto* sub = app.add_subcommand("schema",
                                 "Print the JSON Schema of a file format, or the OpenAPI document");
  sub->footer("Examples:\n  ampacity schema portfolio > schema/portfolio.schema.json");
  sub->add_option("format", *what, "portfolio, job, trace-map, synthetic, faults, variants or api")
      ->required()
      ->check(CLI::IsMember(
          {"portfolio", "job", "trace-map", "synthetic", "faults", "variants", "api"}));
  sub->callback([what, &run] {
    run = [what] {
      fmt::print("{}", *what == "api"         ? openapi_document()
                       : *what == "job"       ? job_schema()
                       : *what == "trace-map" ? trace_map_schema()
                       : *what == "synthetic" ? synthetic_schema()
                       : *what == "faults"    ? faults_schema()
                       : *what == "variants"  ? variants_schema()
                                              : portfolio_schema());
      return Exit::Ok;
    };
  });
}

void add_completion(CLI::App& app, Run& run) {
  auto* sub = app.add_subcommand("completion", "Print the completion script for bash");
  sub->footer("Examples:\n  source <(ampacity completion)");
  sub->callback([&app, &run] {
    run = [&app] {
      fmt::print("{}", completion_script(app));
      return Exit::Ok;
    };
  });
}

}  // namespace

void add_commands(CLI::App& app, const OptionsPtr& options, Run& run) {
  add_check(app, run);
  add_submit(app, options, run);
  add_jobs(app, options, run);
  add_job(app, options, run);
  add_explain(app, options, run);
  add_forecast(app, options, run);
  add_logs(app, options, run);
  add_wait(app, options, run);
  add_cancel(app, options, run);
  add_listings(app, options, run);
  add_operations(app, options, run);
  add_power(app, options, run);
  add_requests(app, options, run);
  add_events(app, options, run);
  add_schema(app, run);
  add_completion(app, run);
}

}  // namespace ampacity::client
