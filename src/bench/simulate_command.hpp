// SPDX-License-Identifier: Apache-2.0
// `ampacity bench simulate`: the reference workloads and a year of ten million jobs.
#pragma once

#include <CLI/App.hpp>

#include "terminal/exit_code.hpp"

namespace ampacity::bench {

void add_simulate(CLI::App& bench, terminal::Run& run);

}  // namespace ampacity::bench
