// SPDX-License-Identifier: Apache-2.0
// `ampacity workload FILE…`: what a workload comes to, what was left out of it, and how near it is
// to published figures. Called by bench/commands.cpp.
#pragma once

#include <CLI/App.hpp>

#include "client/commands.hpp"

namespace ampacity::bench {

void add_workload(CLI::App& app, client::Run& run);

}  // namespace ampacity::bench
