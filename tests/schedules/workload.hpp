// SPDX-License-Identifier: Apache-2.0
// The workloads of ../shared/reference-schedules (README.md there): what was submitted when, and
// when independent simulators started it. Integer seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ampacity::test {

struct TraceJob {
  std::int64_t id = 0;
  std::int64_t submit = 0;
  std::int64_t runtime = 0;
  std::int64_t procs = 0;
  std::int64_t estimate = 0;
};

struct Workload {
  std::string name;
  std::int64_t procs = 0;
  std::vector<TraceJob> jobs;  // by submit
};

using Starts = std::vector<std::int64_t>;  // by job, in the order of Workload::jobs

// The folder, or empty where it is absent (AMPACITY_SHARED, or ../shared beside the repository).
std::filesystem::path reference_schedules();

Workload read_workload(const std::filesystem::path& folder, const std::string& name,
                       std::int64_t procs);
// The column of <name>.starts.csv.gz; empty when the file or the column is not there.
Starts read_starts(const std::filesystem::path& folder, const std::string& name,
                   const std::string& column);

}  // namespace ampacity::test
