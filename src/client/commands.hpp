// SPDX-License-Identifier: Apache-2.0
// The commands that talk to a server or look at files, added to the command line of apps/ampacity.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "client/connection.hpp"
#include "client/exit_code.hpp"

namespace ampacity::client {

void add_commands(CLI::App& app, const std::shared_ptr<Options>& options, Run& run);

}  // namespace ampacity::client
