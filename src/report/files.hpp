// SPDX-License-Identifier: Apache-2.0
// A result on disk: RESULT.json (written by `ampacity simulate`, read by `report` and `compare`)
// and what is made from it. A file is written beside its place and then renamed, so that nobody
// reads half of one. Errors name the file and, in JSON, the member. Results are at most 512 MB.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sim/result.hpp"

namespace ampacity::report {

Status write_file(const std::filesystem::path& file, std::string_view text);

Status write_result(const std::filesystem::path& file, const SimulationResult& result);

// Strict about kinds and ranges; keeps defaults for members that an older writer did not know,
// ignores those of a newer one. What is no result at all (no portfolio, no samples) is refused, and
// so are samples that do not fit the sites and classes.
Result<SimulationResult> read_result(const std::filesystem::path& file);
Result<SimulationResult> parse_result(std::string_view json);

// The tables of report/csv.hpp into a folder, which is made if it is not there.
Status write_tables(const std::filesystem::path& folder, const SimulationResult& result);

}  // namespace ampacity::report
