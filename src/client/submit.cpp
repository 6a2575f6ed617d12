// SPDX-License-Identifier: Apache-2.0
#include "client/submit.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>

#include "client/follow.hpp"
#include "client/show.hpp"
#include "units/text.hpp"
#include "wire/job_file.hpp"
#include "wire/sbatch.hpp"

extern char** environ;

namespace ampacity::client {
namespace {

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos && equals > 0)
      all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return all;
}

Loaded<JobSpec> from_script(const SubmitCall& call, const std::string& text) {
  auto script = parse_sbatch(text, call.file == "-" ? "standard input" : call.file);
  if (!script) return script.error();
  for (const auto& note : script->notes) fmt::print(stderr, "note: {}\n", to_text(note));
  export_environment(*script, own_environment());
  auto spec = std::move(script->spec);
  const auto here = std::filesystem::current_path().string();
  spec.environment["SLURM_SUBMIT_DIR"] = here;
  if (spec.directory.empty()) spec.directory = here;
  if (spec.name == "job" && call.file != "-")
    spec.name = std::filesystem::path(call.file).filename();
  spec.command = call.command;
  return spec;
}

Loaded<JobSpec> from_file(const SubmitCall& call) {
  if (call.file == "-") {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    return from_script(call, text);
  }
  auto text = read_text_file(call.file);
  if (!text) return text.error();
  if (looks_like_script(*text)) return from_script(call, *text);
  auto job = parse_job(*text, call.file);
  if (job && job->directory.empty()) job->directory = std::filesystem::current_path().string();
  return job;
}

JobSpec from_command(const SubmitCall& call) {
  JobSpec spec;
  spec.name = std::filesystem::path(call.command.front()).filename().string();
  spec.command = call.command;
  spec.directory = std::filesystem::current_path().string();
  auto script = SbatchScript{};
  export_environment(script, own_environment());
  spec.environment = std::move(script.spec.environment);
  return spec;
}

Result<Accepted> accepted_in(const std::string& word) {
  const auto equals = word.find('=');
  Accepted accepted{word.substr(0, equals), one};
  if (equals == std::string::npos) return accepted;
  const auto speed = parse_ratio(word.substr(equals + 1));
  if (!speed) return speed.error().within("--accelerator " + accepted.name);
  accepted.speed = *speed;
  return accepted;
}

Status override_accelerators(const SubmitCall& call, JobSpec& spec) {
  if (call.mixed) spec.mixed = true;
  if (!call.accelerators.empty()) spec.accelerators.clear();
  for (const auto& word : call.accelerators) {
    auto accepted = accepted_in(word);
    if (!accepted) return accepted.error();
    spec.accelerators.push_back(std::move(*accepted));
  }
  return {};
}

// What was given on the command line wins over the file.
Status override_with(const SubmitCall& call, JobSpec& spec) {
  if (call.gpus) spec.gpus = GpuCount::of(*call.gpus);
  if (call.gpus_min) spec.gpus_min = GpuCount::of(*call.gpus_min);
  if (!call.slowest.empty()) {
    const auto slowest = parse_ratio(call.slowest);
    if (!slowest) return slowest.error().within("--slowest");
    spec.slowest = *slowest;
  }
  if (call.pausable) spec.pausable = true;
  if (!call.wait_for_capacity.empty()) {
    const auto wait = parse_duration(call.wait_for_capacity);
    if (!wait) return wait.error().within("--wait-for-capacity");
    spec.wait_for_capacity = *wait;
  }
  if (!call.power_cap.empty()) {
    const auto cap = parse_power_cap(call.power_cap);
    if (!cap) return cap.error().within("--power-cap");
    spec.power_cap = *cap;
  }
  if (auto status = override_accelerators(call, spec); !status) return status;
  if (!call.booking.empty()) spec.booking = call.booking;
  if (call.tasks) spec.tasks = *call.tasks;
  if (!call.within.empty()) spec.within = parse_level(call.within);
  if (!call.prefer.empty()) spec.prefer = parse_level(call.prefer);
  if (call.segment) spec.segment = *call.segment;
  if (!call.name.empty()) spec.name = call.name;
  if (!call.sites.empty()) spec.sites = call.sites;
  if (!call.team.empty()) spec.team = call.team;
  if (!call.priority.empty()) spec.priority_class = call.priority;
  if (call.retries) spec.retries = *call.retries;
  if (!call.walltime.empty()) {
    const auto walltime = parse_duration(call.walltime);
    if (!walltime) return walltime.error().within("--walltime");
    spec.walltime = *walltime;
  }
  if (!call.runtime.empty()) {
    const auto runtime = parse_duration(call.runtime);
    if (!runtime) return runtime.error().within("--runtime");
    spec.simulated_runtime = *runtime;
  }
  return {};
}

Exit dry_run(const Options& options, const api::SubmitBody& body) {
  const auto answer = ask(options, "POST", "/v1/forecast", json::to_json(body));
  if (!answer) return say(answer.error());
  const auto view = json::from_json<api::ForecastView>(*answer);
  if (!view) return say(view.error());
  if (options.json) {
    fmt::print("{}\n", *answer);
  } else {
    show(*view);
  }
  return Exit::Ok;
}

}  // namespace

Exit submit(const Options& options, const SubmitCall& call) {
  if (call.file.empty() && call.command.empty()) {
    return say(invalid(
        "nothing to submit: give a file, or a command after '--'; see 'ampacity submit --help'"));
  }
  api::SubmitBody body;
  if (call.file.empty()) {
    body.job = from_command(call);
  } else {
    auto loaded = from_file(call);
    if (!loaded) return say(loaded.error());
    body.job = std::move(*loaded);
  }
  if (const auto status = override_with(call, body.job); !status) return say(status.error());
  body.request = call.request;
  body.by = user_name();
  if (call.dry_run) return dry_run(options, body);
  const auto answer = ask(options, "POST", "/v1/jobs", json::to_json(body));
  if (!answer) return say(answer.error());
  const auto submitted = json::from_json<api::Submitted>(*answer);
  if (!submitted) return say(submitted.error());
  if (options.json) {
    fmt::print("{}\n", *answer);
  } else {
    fmt::print("job {}{}\n", submitted->job,
               submitted->known ? " (submitted before with this request id)" : "");
  }
  std::fflush(stdout);
  if (call.follow) {
    if (const auto status = follow_log(options, {.job = submitted->job, .follow = true});
        status != Exit::Ok) {
      return status;
    }
  }
  return call.wait || call.follow ? wait_for(options, {submitted->job}, std::nullopt) : Exit::Ok;
}

}  // namespace ampacity::client
