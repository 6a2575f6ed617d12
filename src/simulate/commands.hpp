// SPDX-License-Identifier: Apache-2.0
// `ampacity simulate`, added to the command line of apps/ampacity.
#pragma once

#include <CLI/App.hpp>

#include "terminal/exit_code.hpp"

namespace ampacity::simulate {

void add_commands(CLI::App& app, terminal::Run& run);

}  // namespace ampacity::simulate
