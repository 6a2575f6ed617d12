// SPDX-License-Identifier: Apache-2.0
// srun for local clusters: what a batch script calls to start its ranks. It understands the options
// that training scripts use; others are refused by name (docs/reference/local-cluster.md).
#pragma once

namespace ampacity::exec {

// Exit code: that of the first rank that failed, 128 + signal if it was killed; 2 for a wrong call.
int run_srun(int argc, char** argv);

}  // namespace ampacity::exec
