// SPDX-License-Identifier: Apache-2.0
// Shell completion, made from the commands themselves so that it cannot lag behind them.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace ampacity::client {

std::string completion_script(const CLI::App& app);

}  // namespace ampacity::client
