// SPDX-License-Identifier: Apache-2.0
#include "model/synthetic.hpp"

#include <fmt/format.h>

#include <numeric>

#include "model/workload.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr Duration year(365 * day_ms);

class SpecChecker {
 public:
  explicit SpecChecker(const SyntheticSpec& spec) : spec_(spec) {}

  std::vector<Problem> run() {
    if (spec_.name.empty() || spec_.name.size() > limits::job_name_length ||
        spec_.name.find('/') != std::string::npos) {
      say("workload", "expected a name without '/'");
    }
    span();
    pattern("hours", spec_.hours, 24);
    pattern("weekdays", spec_.weekdays, 7);
    if (spec_.growth < Ratio::of(-900'000) || spec_.growth > Ratio::of(10'000'000)) {
      say("growth", "expected -90 % to 1000 % a year");
    }
    if (problems_.empty()) some_hour();
    sizes();
    durations();
    walltimes();
    teams();
    shares();
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

  void span() {
    const int given = (spec_.until ? 1 : 0) + (spec_.jobs ? 1 : 0) + (spec_.per_day ? 1 : 0);
    const auto most = static_cast<std::int64_t>(limits::workload_jobs);
    if (spec_.jobs) within("jobs", *spec_.jobs, 1, most);
    if (spec_.per_day) within("per_day", *spec_.per_day, 1, most);
    if (spec_.until && *spec_.until <= spec_.from) say("until", "must be after 'from'");
    if (given != 2) return say("", "expected two of 'until', 'jobs' and 'per_day'");
    if (!problems_.empty()) return;
    const auto span = end_of(spec_) - spec_.from;
    if (span > Duration(limits::synthetic_days * day_ms)) return say("from", "more than 20 years");
    if (span < Duration(3'600'000)) return say("from", "less than an hour");
    within(spec_.jobs ? "jobs" : "per_day", jobs_of(spec_), 1, most);
  }

  // A short span may miss every hour that has a weight.
  void some_hour() {
    const auto end = to_ms(end_of(spec_));
    const auto begin = to_ms(spec_.from);
    for (auto at = begin; at < end && at < begin + 8 * day_ms; at += 3'600'000 - at % 3'600'000) {
      const auto hour = static_cast<std::size_t>(at % day_ms / 3'600'000);
      const auto weekday = static_cast<std::size_t>((at / day_ms + 3) % 7);
      if ((spec_.hours.empty() || spec_.hours[hour] > 0) &&
          (spec_.weekdays.empty() || spec_.weekdays[weekday] > 0)) {
        return;
      }
    }
    say("from", "no hour up to 'until' has a weight");
  }

  template <class Weights>
  void sum(const std::string& path, const Weights& items) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      within(fmt::format("{}[{}].weight", path, i), items[i].weight, 0, limits::synthetic_weight);
      sum += items[i].weight;
    }
    if (!items.empty() && sum <= 0) say(path, "all weights are 0");
  }

  void pattern(const char* path, const std::vector<std::int64_t>& weights, std::size_t count) {
    if (weights.empty()) return;
    if (weights.size() != count) {
      return say(path, fmt::format("expected {} weights, got {}", count, weights.size()));
    }
    for (std::size_t i = 0; i < count; ++i) {
      within(fmt::format("{}[{}]", path, i), weights[i], 0, limits::synthetic_hour_weight);
    }
    if (std::accumulate(weights.begin(), weights.end(), std::int64_t{0}) <= 0) {
      say(path, "all weights are 0");
    }
  }

  void sizes() {
    const auto& sizes = spec_.sizes;
    if (sizes.empty() || sizes.size() > limits::synthetic_sizes) {
      say("sizes", fmt::format("expected 1 to {} sizes", limits::synthetic_sizes));
    }
    for (std::size_t i = 0; i < sizes.size() && i < limits::synthetic_sizes; ++i) {
      within(fmt::format("sizes[{}].gpus", i), sizes[i].gpus, 1, limits::job_gpus);
    }
    if (sizes.size() <= limits::synthetic_sizes) sum("sizes", sizes);
  }

  void durations() {
    if (spec_.durations.empty() || spec_.durations.size() > limits::synthetic_sizes) {
      return say("durations", fmt::format("expected 1 to {} bands", limits::synthetic_sizes));
    }
    for (std::size_t i = 0; i < spec_.durations.size(); ++i) {
      const auto& band = spec_.durations[i];
      const auto path = fmt::format("durations[{}]", i);
      if (i > 0 && band.up_to <= spec_.durations[i - 1].up_to) {
        say(path + ".up_to", "must be more than that of the band before");
      }
      if (band.shortest <= Duration(0) || band.shortest > band.p50 || band.p50 > band.p90 ||
          band.p90 > band.p99 || band.p99 > band.longest || band.longest > year) {
        say(path, "expected 0 < shortest <= p50 <= p90 <= p99 <= longest <= 365 d");
      }
      outcomes(path + ".", band.failed.value_or(spec_.failed),
               band.cancelled.value_or(spec_.cancelled));
    }
    for (std::size_t i = 0; i < spec_.sizes.size() && i < limits::synthetic_sizes; ++i) {
      if (spec_.sizes[i].gpus <= spec_.durations.back().up_to) continue;
      say(fmt::format("sizes[{}].gpus", i),
          fmt::format("{} is above the last band of durations, which goes up to {}",
                      spec_.sizes[i].gpus, spec_.durations.back().up_to));
    }
  }

  void walltimes() {
    if (spec_.walltimes.size() > limits::synthetic_sizes) return say("walltimes", "too many");
    for (std::size_t i = 0; i < spec_.walltimes.size(); ++i) {
      const auto factor = spec_.walltimes[i].factor;
      if (factor >= one && factor <= Ratio::of(1'000'000'000)) continue;
      say(fmt::format("walltimes[{}].factor", i), "expected 1 to 1000");
    }
    sum("walltimes", spec_.walltimes);
  }

  void teams() {
    if (spec_.teams.size() > limits::synthetic_teams) return say("teams", "too many");
    for (std::size_t i = 0; i < spec_.teams.size(); ++i) {
      const auto& team = spec_.teams[i];
      if (team.name.empty()) say(fmt::format("teams[{}].name", i), "is empty");
      if (team.slowest && (*team.slowest < Ratio::of(10'000) || *team.slowest > one)) {
        say(fmt::format("teams[{}].slowest", i), "expected 1 % to 100 %");
      }
    }
    sum("teams", spec_.teams);
  }

  bool is_share(Ratio ratio) const { return ratio >= Ratio::of(0) && ratio <= one; }

  void outcomes(const std::string& path, Ratio failed, Ratio cancelled) {
    if (is_share(failed) && is_share(cancelled) && failed + cancelled <= one) return;
    say(path + "failed", "failed and cancelled together: expected 0 % to 100 %");
  }

  void shares() {
    const auto share = [&](const char* path, Ratio ratio) {
      if (!is_share(ratio)) say(path, fmt::format("expected 0 % to 100 %, got {}", to_text(ratio)));
    };
    outcomes("", spec_.failed, spec_.cancelled);
    share("elastic.share", spec_.elastic.share);
    share("elastic.least", spec_.elastic.least);
    share("checkpoints.share", spec_.checkpoints.share);
    if (spec_.checkpoints.interval <= Duration(0) || spec_.checkpoints.interval > year) {
      say("checkpoints.interval", "expected more than 0 and at most a year");
    }
  }

  const SyntheticSpec& spec_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(const SyntheticSpec& spec) {
  return SpecChecker(spec).run();
}

Instant end_of(const SyntheticSpec& spec) {
  if (spec.until) return *spec.until;
  // At most 50 million jobs at one a day: 4.3e15 ms.
  return spec.from + Duration((*spec.jobs * day_ms + *spec.per_day - 1) / *spec.per_day);
}

std::int64_t jobs_of(const SyntheticSpec& spec) {
  if (spec.jobs) return *spec.jobs;
  // At most 20 years of 50 million a day: 3.2e19 would not fit, so by whole days and the rest.
  const auto span = (*spec.until - spec.from).count();
  return span / day_ms * *spec.per_day + span % day_ms * *spec.per_day / day_ms;
}

}  // namespace ampacity
