// SPDX-License-Identifier: Apache-2.0
// Plays simulations to their ends: one with a progress line, or many on the cores. Called by
// simulate/commands.cpp. Ctrl-C ends them cleanly, with what they have come to so far.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulate/inputs.hpp"

namespace ampacity::simulate {

struct Task {
  Engine engine;
  SimulationOptions options;
  std::string starts;  // a file for what became of each job; empty: none
};

// Says no to a file of starts that cannot be written: before it plays, where that is known then.
Result<SimulationResult> play(Task task, const Inputs& inputs, bool progress);

// Plays all, as many at once as there are cores; results in the order of the tasks. None: Ctrl-C
// came before it began.
std::vector<std::optional<Result<SimulationResult>>> play_all(std::vector<Task> tasks,
                                                              const Inputs& inputs, bool progress);

// From now on Ctrl-C asks simulations to end.
void end_on_interrupt();

}  // namespace ampacity::simulate
