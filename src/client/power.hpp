// SPDX-License-Identifier: Apache-2.0
// The commands about power: what sites draw, what their meters show, and calls to draw less.
#pragma once

#include "client/commands.hpp"

namespace ampacity::client {

void add_power(CLI::App& app, const std::shared_ptr<Options>& options, Run& run);

}  // namespace ampacity::client
