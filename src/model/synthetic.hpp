// SPDX-License-Identifier: Apache-2.0
// A workload that is made, not recorded: when jobs come, how large they are, how long they run,
// what becomes of them. Read by wire/synthetic_file.hpp (`kind: Synthetic`); turned into jobs by
// sim/synthetic.hpp; checked by check(). Weights count against their sum; ratios are parts per
// million.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/job.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::int64_t synthetic_weight = 1'000'000'000;
inline constexpr std::int64_t synthetic_hour_weight = 1'000;
inline constexpr std::size_t synthetic_sizes = 1'000;
inline constexpr std::size_t synthetic_teams = 1'000;
inline constexpr std::int64_t synthetic_days = 20 * 366;
}  // namespace limits

struct SyntheticSize {
  std::int64_t gpus = 1;
  std::int64_t weight = 1;
};

// Jobs of up to so many GPUs (and more than the band before): half of them run up to p50, …;
// between two figures, and from `shortest` to `longest`, evenly in the logarithm.
struct SyntheticBand {
  std::int64_t up_to = limits::job_gpus;
  Duration shortest{1'000};
  Duration p50{};
  Duration p90{};
  Duration p99{};
  Duration longest{};
  // Instead of those of all.
  std::optional<Ratio> failed;
  std::optional<Ratio> cancelled;
};

struct SyntheticWalltime {
  Ratio factor = one;  // of the run time
  std::int64_t weight = 1;
};

struct SyntheticTeam {
  std::string name;
  std::int64_t weight = 1;
  std::string priority_class;
  // What its jobs put up with while their site has to draw less (model/job.hpp).
  std::optional<Ratio> slowest;
  bool pausable = false;
  bool requeue = true;
};

struct SyntheticElastic {
  Ratio share = Ratio::of(0);
  Ratio least = Ratio::of(500'000);  // gpus_min, of its GPUs
  std::int64_t from_gpus = 2;        // smaller jobs are not elastic
};

struct SyntheticCheckpoints {
  Ratio share = Ratio::of(0);
  Duration interval{1'800'000};
  std::int64_t from_gpus = 1;
};

struct SyntheticSpec {
  std::string name;
  std::string description;
  std::string source;
  std::int64_t seed = 1;
  // Two of until, jobs and per_day; the third follows.
  Instant from;
  std::optional<Instant> until;
  std::optional<std::int64_t> jobs;
  std::optional<std::int64_t> per_day;
  std::vector<std::int64_t> hours;     // 24 weights, UTC; empty: even
  std::vector<std::int64_t> weekdays;  // 7, from Monday; empty: even
  Ratio growth = Ratio::of(0);         // of the rate of arrival, a year; up to a hundred-fold
  std::vector<SyntheticSize> sizes;
  std::vector<SyntheticBand> durations;  // by up_to, the last for all that are larger
  std::vector<SyntheticWalltime> walltimes;
  std::vector<SyntheticTeam> teams;
  SyntheticElastic elastic;
  SyntheticCheckpoints checkpoints;
  Ratio failed = Ratio::of(0);  // end with exit code 1
  Ratio cancelled = Ratio::of(0);
};

std::vector<Problem> check(const SyntheticSpec& spec);

// What follows from the two that are given. Requires: check() has nothing to say.
Instant end_of(const SyntheticSpec& spec);
std::int64_t jobs_of(const SyntheticSpec& spec);

}  // namespace ampacity
