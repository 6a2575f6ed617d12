// SPDX-License-Identifier: Apache-2.0
// Plays simulations to their ends: one with a progress line, or many on the cores. Called by
// simulate/commands.cpp. Ctrl-C ends them cleanly, with what they have come to so far.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "simulate/inputs.hpp"

namespace ampacity::simulate {

struct Task {
  Engine engine;
  SimulationOptions options;
};

// Plays one; its starts go to `starts` if it is not null.
SimulationResult play(Task task, const Inputs& inputs, bool progress, std::ostream* starts);

// Plays all, as many at once as there are cores; results in the order of the tasks.
std::vector<SimulationResult> play_all(std::vector<Task> tasks, const Inputs& inputs,
                                       bool progress);

// From now on Ctrl-C asks simulations to end.
void end_on_interrupt();

}  // namespace ampacity::simulate
