// SPDX-License-Identifier: Apache-2.0
// The exit codes under the client's name.
#pragma once

#include "terminal/exit_code.hpp"

namespace ampacity::client {

using terminal::Exit;
using terminal::exit_for;
using terminal::Run;  // set to what the chosen command does

}  // namespace ampacity::client
