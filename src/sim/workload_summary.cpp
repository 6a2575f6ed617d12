// SPDX-License-Identifier: Apache-2.0
#include "sim/workload_summary.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// The value that `per_thousand` of all do not exceed. Reorders `values`.
std::int64_t quantile(std::vector<std::int64_t>& values, std::size_t per_thousand) {
  const auto rank = (values.size() * per_thousand + 999) / 1'000;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::int64_t narrow(Wide value) {
  AMPACITY_ASSERT(value <= INT64_MAX, "the GPU time of a workload is beyond 64 bits");
  return static_cast<std::int64_t>(value);
}

WorkloadEnding& ending_of(WorkloadSummary& summary, const WorkloadJob& job) {
  if (job.exit_code == 0) return summary.completed;
  return job.exit_code == cancelled_exit ? summary.cancelled : summary.failed;
}

void add_quantiles(WorkloadSummary& summary, const Workload& workload) {
  std::vector<std::int64_t> values;
  values.reserve(workload.jobs.size());
  for (const auto& job : workload.jobs) values.push_back(job.runtime.count());
  summary.p99_run_ms = quantile(values, 990);
  summary.median_run_ms = quantile(values, 500);
  summary.max_run_ms = *std::max_element(values.begin(), values.end());
  values.clear();
  for (const auto& job : workload.jobs) values.push_back(job.gpus);
  summary.p99_gpus = quantile(values, 990);
  summary.median_gpus = quantile(values, 500);
  summary.max_gpus = *std::max_element(values.begin(), values.end());
}

}  // namespace

WorkloadSummary summarize(const Workload& workload) {
  WorkloadSummary summary;
  summary.name = workload.name;
  summary.jobs = static_cast<std::int64_t>(workload.jobs.size());
  summary.kinds = static_cast<std::int64_t>(workload.kinds.size());
  summary.repairs = workload.repairs;
  if (workload.jobs.empty()) return summary;
  Wide run = 0;
  Wide walltime = 0;
  Wide gpu_time = 0;
  std::int64_t gpus = 0;
  for (const auto& job : workload.jobs) {
    const auto& kind = workload.kinds[job.kind];
    const auto time = gpu_time_of(GpuCount::of(job.gpus), job.runtime).count();
    run += job.runtime.count();
    walltime += job.walltime.count();
    gpus += job.gpus;
    gpu_time += time;
    summary.elastic_jobs += kind.gpus_min ? 1 : 0;
    summary.checkpointing_jobs += kind.checkpoint_interval ? 1 : 0;
    auto& ending = ending_of(summary, job);
    ++ending.jobs;
    ending.gpu_ms = narrow(static_cast<Wide>(ending.gpu_ms) + time);
  }
  summary.first_submit_ms = to_ms(workload.jobs.front().submit);
  summary.last_submit_ms = to_ms(workload.jobs.back().submit);
  summary.mean_run_ms = narrow((run + summary.jobs / 2) / summary.jobs);
  summary.mean_milli_gpus = scaled(gpus, 1'000, summary.jobs);
  if (run > 0) summary.mean_walltime_ppm = narrow(walltime * 1'000'000 / run);
  summary.gpu_ms = narrow(gpu_time);
  const auto span = summary.last_submit_ms - summary.first_submit_ms;
  if (span > 0) summary.busy_gpus = narrow(gpu_time / span);
  add_quantiles(summary, workload);
  return summary;
}

}  // namespace ampacity
