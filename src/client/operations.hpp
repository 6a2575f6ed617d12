// SPDX-License-Identifier: Apache-2.0
// The commands of those who run the fleet: out of service and back, bookings, holds, the portfolio
// and the policy in force.
#pragma once

#include "client/commands.hpp"

namespace ampacity::client {

void add_operations(CLI::App& app, const std::shared_ptr<Options>& options, Run& run);

}  // namespace ampacity::client
