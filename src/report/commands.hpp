// SPDX-License-Identifier: Apache-2.0
// `ampacity report RESULT.json` (summary; --html, --csv) and `ampacity compare A.json B.json …`,
// added to the command line of apps/ampacity. No server is needed.
#pragma once

#include <CLI/App.hpp>

#include "terminal/exit_code.hpp"

namespace ampacity::report {

void add_commands(CLI::App& app, terminal::Run& run);

}  // namespace ampacity::report
