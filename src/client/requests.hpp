// SPDX-License-Identifier: Apache-2.0
// The commands of those who look for capacity: requests, the answers of who has a right of first
// refusal, quotes and awards; the rights.
#pragma once

#include "client/commands.hpp"

namespace ampacity::client {

void add_requests(CLI::App& app, const std::shared_ptr<Options>& options, Run& run);

}  // namespace ampacity::client
