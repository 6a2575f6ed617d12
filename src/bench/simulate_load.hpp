// SPDX-License-Identifier: Apache-2.0
// The figures of `ampacity bench simulate`: real and made-up workloads played through the
// simulation as `ampacity simulate` plays them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/simulation.hpp"

namespace ampacity::bench {

struct SimulateResult {
  std::string name;
  double seconds = 0;
  std::int64_t jobs = 0;
  std::int64_t decisions = 0;
  std::int64_t gpus = 0;
  std::string digest;
  std::string excludes;
};

// Plays it to its end.
SimulateResult play(const std::string& name, const Portfolio& portfolio, const Workload& workload,
                    const SimulationOptions& options);

// One pool of `procs` nodes of one GPU, with EASY: the machine of the reference schedules.
Portfolio flat_machine(std::int64_t procs);

}  // namespace ampacity::bench
