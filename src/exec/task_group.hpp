// SPDX-License-Identifier: Apache-2.0
// A gang of processes on this machine: started together, each in a process group of its own; when
// one fails the others get TERM and, after the grace, KILL: all or none. Used by the shim (for a
// job's tasks or its batch script) and by srun. Blocks the signals that it handles and takes them
// from a signalfd; one at a time in a process. The children die with this process
// (PR_SET_PDEATHSIG).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "exec/environment.hpp"
#include "exec/process.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity::exec {

struct Task {
  std::vector<std::string> argv;
  Environment environment;
  std::string directory;
  std::string output;  // empty: inherited
  std::string error;   // empty: the same as output
  bool append = true;
};

struct GroupOptions {
  Duration grace{30'000};
  bool end_on_failure = true;
  // Forward TERM, INT, HUP, USR1 and USR2 to the ranks as they come (srun). Otherwise TERM means
  // "stop", and a queued USR2 carries the signal to send in its value (the shim).
  bool forward_signals = false;
  std::function<void(std::size_t rank, const ProcessId& process)> on_start;
  std::function<Duration()> grace_of_stop;  // asked when TERM arrives
};

// USR2 with this value asks a shim to pass a signal on.
constexpr int passed_signal(int signal, bool batch_only) {
  return signal | (batch_only ? 1 << 8 : 0);
}

// Runs the gang to its end. Exited 0 only if every rank did; otherwise the first that ended badly.
Ending run_group(const std::vector<Task>& tasks, const GroupOptions& options);

// Ends and reaps every descendant that is left (this process must be a child subreaper).
void end_leftovers();

}  // namespace ampacity::exec
