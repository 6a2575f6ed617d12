// SPDX-License-Identifier: Apache-2.0
// The file of a made workload (`kind: Synthetic`): YAML in, a sound SyntheticSpec out. Called by
// load_workload() and by `ampacity check`; described once (synthetic_file.cpp), from which
// schema/synthetic.schema.json comes; docs/reference/workloads.md explains it. Promises, bounds and
// problems as portfolio_file.hpp has them.
#pragma once

#include <string>
#include <string_view>

#include "model/synthetic.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

Loaded<SyntheticSpec> parse_synthetic(std::string_view text, const std::string& file);

// JSON Schema (draft-07) of the file, indented, ending in a line break.
std::string synthetic_schema();

}  // namespace ampacity
