// SPDX-License-Identifier: Apache-2.0
// The job file: one job as YAML. Called by `ampacity submit` and `ampacity check`;
// schema/job.schema.json is generated from the same description. Promises, bounds and problems as
// portfolio_file.hpp has them: a loaded job has no problem left that check(JobSpec) knows; what it
// names (team, site, accelerator) is checked against the portfolio when it is submitted.
#pragma once

#include <string>
#include <string_view>

#include "model/job.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t job_file_bytes = 2U << 20U;  // a script of a MiB, and its frame
}  // namespace limits

Loaded<JobSpec> load_job(const std::string& path);
Loaded<JobSpec> parse_job(std::string_view text, const std::string& file);

// '700 W/GPU', or a share of the TDP: '70 %'.
Result<PowerCap> parse_power_cap(std::string_view text);

// JSON Schema (draft-07) of the file, indented, ending in a line break.
std::string job_schema();

}  // namespace ampacity
