// SPDX-License-Identifier: Apache-2.0
// `ampacity advise checkpoint`: what a file of faults means for a gang. No server.
#pragma once

#include <CLI/App.hpp>

#include "terminal/exit_code.hpp"

namespace ampacity::simulate {

void add_advise(CLI::App& app, terminal::Run& run);

}  // namespace ampacity::simulate
