// SPDX-License-Identifier: Apache-2.0
// A result as text for the terminal: what it came to in a dozen lines, then the tables by size
// class, team, site and lease. Called by `ampacity report` and `simulate`. Fits the terminal; in a
// pipe nothing is cut and nothing is coloured. Control characters of names are shown as '?'.
#pragma once

#include <string>

#include "sim/result.hpp"

namespace ampacity::report {

std::string summary(const SimulationResult& result);

}  // namespace ampacity::report
