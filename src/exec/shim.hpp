// SPDX-License-Identifier: Apache-2.0
// The shim stands over one attempt's processes on a local cluster (`ampacity shim FOLDER`). The
// server starts it and need not outlive it: it passes the gate (once), runs the job, and leaves the
// result in the folder.
#pragma once

#include <string>

namespace ampacity::exec {

int run_shim(const std::string& folder);

}  // namespace ampacity::exec
