// SPDX-License-Identifier: Apache-2.0
// What a workload comes to: how many jobs, how large, how long, and how they end. Called by
// `ampacity workload` and written into the result of a simulation. Exact whole numbers; a median of
// an even number is the lower of the two in the middle. Cost: linear; 10 million jobs in half a
// second.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>

#include "model/workload.hpp"

namespace ampacity {

// Jobs that end one way, and the GPU time they ask for at full size.
struct WorkloadEnding {
  std::int64_t jobs = 0;
  std::int64_t gpu_ms = 0;
  bool operator==(const WorkloadEnding&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkloadEnding, (), (jobs, gpu_ms))

struct WorkloadSummary {
  std::string name;
  std::int64_t jobs = 0;
  std::int64_t kinds = 0;
  std::int64_t first_submit_ms = 0;  // since 1970
  std::int64_t last_submit_ms = 0;
  std::int64_t mean_run_ms = 0;
  std::int64_t median_run_ms = 0;
  std::int64_t p99_run_ms = 0;
  std::int64_t max_run_ms = 0;
  std::int64_t mean_milli_gpus = 0;  // thousandths of a GPU
  std::int64_t median_gpus = 0;
  std::int64_t p99_gpus = 0;
  std::int64_t max_gpus = 0;
  std::int64_t mean_walltime_ppm = 0;  // walltime over run time, of all jobs together
  std::int64_t elastic_jobs = 0;
  std::int64_t checkpointing_jobs = 0;
  std::int64_t gpu_ms = 0;
  std::int64_t busy_gpus =
      0;  // that would be busy on average from the first to the last submission
  WorkloadEnding completed;
  WorkloadEnding failed;
  WorkloadEnding cancelled;
  WorkloadRepairs repairs;
};
BOOST_DESCRIBE_STRUCT(WorkloadSummary, (),
                      (name, jobs, kinds, first_submit_ms, last_submit_ms, mean_run_ms,
                       median_run_ms, p99_run_ms, max_run_ms, mean_milli_gpus, median_gpus,
                       p99_gpus, max_gpus, mean_walltime_ppm, elastic_jobs, checkpointing_jobs,
                       gpu_ms, busy_gpus, completed, failed, cancelled, repairs))

WorkloadSummary summarize(const Workload& workload);

}  // namespace ampacity
