// SPDX-License-Identifier: Apache-2.0
// `ampacity bench NAME [--json]`: whole-system figures with inputs, counts and a digest of the
// answer.
#pragma once

#include <CLI/App.hpp>

#include "client/commands.hpp"

namespace ampacity::bench {

void add_commands(CLI::App& app, client::Run& run);

}  // namespace ampacity::bench
