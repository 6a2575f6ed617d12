// SPDX-License-Identifier: Apache-2.0
// The commands about contracts and money: lease, invoice, chargeback, programme, export, article.
// Added to the command line by apps/ampacity. They ask a running server, or reckon from a portfolio
// file alone (--portfolio), where nobody used anything and no month is closed.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "client/connection.hpp"
#include "client/exit_code.hpp"

namespace ampacity::finance {

void add_commands(CLI::App& app, const std::shared_ptr<client::Options>& options, client::Run& run);

}  // namespace ampacity::finance
