// SPDX-License-Identifier: Apache-2.0
// The file of `kind: Faults`: what breaks in a simulation and what a restart costs. Called by
// `ampacity simulate --faults`. Errors name file:line:column, the value, what was expected.
#pragma once

#include <string>
#include <string_view>

#include "model/faults.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

Loaded<FaultSpec> parse_faults(std::string_view text, const std::string& file);
Loaded<FaultSpec> load_faults(const std::string& path);
std::string faults_schema();

}  // namespace ampacity
