// SPDX-License-Identifier: Apache-2.0
#include "model/job.hpp"

#include <algorithm>

#include "units/text.hpp"

namespace ampacity {
namespace {

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

class JobChecker {
 public:
  explicit JobChecker(const JobSpec& job) : job_(job) {}

  std::vector<Problem> run() {
    name();
    within("gpus", job_.gpus.count(), 1, limits::job_gpus);
    if (job_.gpus_min) elastic();
    if (job_.slowest) pace();
    if (job_.wait_for_capacity) wait();
    if (job_.power_cap) cap();
    if (job_.gpus_per_node) per_node();
    if (job_.segment) segment();
    names();
    times();
    program();
    environment();
    return std::move(problems_);
  }

 private:
  void say(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  void within(const std::string& path, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value >= least && value <= most) return;
    say(path, fmt::format("expected {} to {}, got {}", least, most, value));
  }

  void name() {
    if (job_.name.empty() || job_.name.size() > limits::job_name_length ||
        !is_printable(job_.name) || job_.name.find('/') != std::string::npos) {
      say("name", fmt::format("expected 1 to {} printable characters without '/'",
                              limits::job_name_length));
    }
  }

  void names() {
    const auto at_most = [&](const std::string& path, std::size_t size, std::size_t most) {
      if (size > most) say(path, fmt::format("{} is more than {}", size, most));
    };
    at_most("team", job_.team.size(), limits::job_name_length);
    at_most("project", job_.project.size(), limits::job_name_length);
    at_most("priority_class", job_.priority_class.size(), limits::job_name_length);
    at_most("accelerators", job_.accelerators.size(), limits::accelerators);
    at_most("sites", job_.sites.size(), limits::sites);
    at_most("booking", job_.booking.size(), limits::name_length);
    for (std::size_t i = 0; i < job_.accelerators.size(); ++i) {
      const auto speed = job_.accelerators[i].speed;
      if (speed >= Ratio::of(10'000) && speed <= Ratio::of(100'000'000)) continue;
      say(fmt::format("accelerators[{}].speed", i),
          fmt::format("expected 1 % to 10000 %, got {}", to_text(speed)));
    }
    if (job_.mixed && (job_.segment || (job_.within && *job_.within != Level::Site))) {
      say("mixed",
          "a gang of several accelerators stands in several racks, pods and halls; leave "
          "within and segment out");
    }
    if (job_.mixed && !job_.booking.empty()) {
      say("mixed", "a gang in a booking has one kind of accelerator");
    }
  }

  void elastic() {
    const auto least = job_.gpus_min->count();
    within("gpus_min", least, 1, job_.gpus.count());
    const auto divides = [&](std::optional<std::int64_t> by) {
      return !by || *by < 1 || least % *by == 0;
    };
    if (divides(job_.segment) && divides(job_.gpus_per_node)) return;
    say("gpus_min", fmt::format("{} GPUs do not divide into {} of {}", least,
                                job_.segment ? "segments" : "nodes",
                                job_.segment ? *job_.segment : *job_.gpus_per_node));
  }

  void pace() {
    const auto percent = job_.slowest->count() / 10'000;
    if (*job_.slowest >= Ratio::of(10'000) && *job_.slowest <= one) return;
    say("slowest", fmt::format("expected 1 % to 100 %, got {} %", percent));
  }

  void wait() {
    const auto days = std::chrono::hours(24);
    if (*job_.wait_for_capacity > Duration(0) && *job_.wait_for_capacity <= 1'000 * days) return;
    say("wait_for_capacity", "expected more than 0 and at most 1,000 days");
  }

  void cap() {
    const auto& cap = *job_.power_cap;
    const bool watts = cap.watts > Power() && cap.watts < Power::of(1'000'000);
    const bool share = cap.of_tdp >= Ratio::of(10'000) && cap.of_tdp <= one;
    if ((watts && cap.of_tdp == Ratio()) || (share && cap.watts == Power())) return;
    say("power_cap", "expected a power of each GPU ('700 W/GPU'), or 1 % to 100 % of its TDP");
  }

  void per_node() {
    within("gpus_per_node", *job_.gpus_per_node, 1, limits::gpus_per_node);
    if (*job_.gpus_per_node > 0 && job_.gpus.count() % *job_.gpus_per_node != 0) {
      say("gpus_per_node", fmt::format("{} GPUs do not divide into nodes of {}", job_.gpus.count(),
                                       *job_.gpus_per_node));
    }
  }

  void segment() {
    const auto segment = *job_.segment;
    within("segment", segment, 1, limits::job_gpus);
    if (segment > 0 && job_.gpus.count() % segment != 0) {
      say("segment",
          fmt::format("{} GPUs do not divide into segments of {}", job_.gpus.count(), segment));
    }
    if (segment > 0 && job_.gpus_per_node &&
        segment % std::max<std::int64_t>(*job_.gpus_per_node, 1) != 0) {
      say("segment",
          fmt::format("{} GPUs do not divide into nodes of {}", segment, *job_.gpus_per_node));
    }
  }

  void times() {
    if (job_.walltime && *job_.walltime <= Duration(0)) say("walltime", "must be more than 0");
    if (job_.walltime && *job_.walltime > Duration(365LL * 86'400'000)) {
      say("walltime", fmt::format("{} is more than a year", to_text(*job_.walltime)));
    }
    if (job_.checkpoint_interval && *job_.checkpoint_interval <= Duration(0)) {
      say("checkpoint_interval", "must be more than 0");
    }
    within("retries", job_.retries, 0, limits::retries);
    if (job_.draw < Ratio() || job_.draw > one) say("draw", "expected a share from 0 % to 100 %");
    if (job_.early_signal) {
      within("early_signal.number", job_.early_signal->number, 1, 64);
      if (job_.early_signal->lead < Duration(0) || job_.early_signal->lead > Duration(65'535'000)) {
        say("early_signal.lead", "expected 0 s to 65535 s");
      }
    }
    if (job_.simulated_runtime && (*job_.simulated_runtime < Duration(0) ||
                                   *job_.simulated_runtime > Duration(3'650LL * 86'400'000))) {
      say("simulated_runtime", "expected 0 s to 10 years");
    }
    within("simulated_exit", job_.simulated_exit, 0, 255);
  }

  void program() {
    if (job_.launch == Launch::Script && job_.script.empty()) say("script", "the script is empty");
    if (job_.launch == Launch::Tasks && job_.command.empty()) say("command", "there is no command");
    if (job_.script.size() > limits::script_bytes) {
      say("script", fmt::format("{} bytes, at most {}", job_.script.size(), limits::script_bytes));
    }
    if (has_nul(job_.script)) say("script", "contains a NUL byte");
    if (job_.command.size() > limits::command_words) {
      say("command",
          fmt::format("{} words, at most {}", job_.command.size(), limits::command_words));
    }
    std::size_t bytes = 0;
    for (const auto& word : job_.command) {
      bytes += word.size();
      if (has_nul(word)) say("command", "contains a NUL byte");
    }
    if (bytes > limits::environment_bytes) say("command", "is longer than 128 KiB");
    within("tasks", job_.tasks, 1, limits::job_tasks);
    if (job_.tasks_per_node) within("tasks_per_node", *job_.tasks_per_node, 1, limits::job_tasks);
    path("directory", job_.directory);
    path("output", job_.output);
    path("error", job_.error);
  }

  void path(const std::string& field, const std::string& text) {
    if (text.size() > 4'000 || has_nul(text)) say(field, "a path is too long or has a NUL");
  }

  void environment() {
    std::size_t bytes = 0;
    for (const auto& [key, value] : job_.environment) {
      bytes += key.size() + value.size() + 2;
      if (key.empty() || key.find('=') != std::string::npos || has_nul(key) || has_nul(value)) {
        say("environment", fmt::format("'{}' cannot be a variable", key));
      }
    }
    if (bytes > limits::environment_bytes) {
      say("environment", fmt::format("{} bytes, at most {}", bytes, limits::environment_bytes));
    }
  }

  const JobSpec& job_;
  std::vector<Problem> problems_;
};

}  // namespace

std::optional<Level> parse_level(const std::string& name) {
  for (std::size_t i = 0; i < std::size(level_names); ++i) {
    if (name == level_names[i]) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Duration simulated_work(const JobSpec& job, Duration walltime) {
  return job.simulated_runtime.value_or(Duration(walltime.count() * 4 / 5));
}

std::vector<Problem> check(const JobSpec& job) {
  return JobChecker(job).run();
}

}  // namespace ampacity
