// SPDX-License-Identifier: Apache-2.0
#include "bench/commands.hpp"

namespace ampacity::bench {

void add_commands(CLI::App&, client::Run&) {}

}  // namespace ampacity::bench
