// SPDX-License-Identifier: Apache-2.0
// `ampacity bench curtail`: the decision of a full site that is called to draw less.
#pragma once

#include <CLI/App.hpp>

#include "terminal/exit_code.hpp"

namespace ampacity::bench {

void add_curtail(CLI::App& bench, terminal::Run& run);

}  // namespace ampacity::bench
