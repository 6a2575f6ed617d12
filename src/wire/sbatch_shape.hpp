// SPDX-License-Identifier: Apache-2.0
// The arithmetic between nodes, tasks and GPUs that sbatch leaves to its user: what is given
// decides what is not, and what contradicts itself is refused with its figures. Called by
// sbatch.cpp. Pure.
//   tasks   -n, else N x --ntasks-per-node, else GPUs / --gpus-per-task, else one a node
//   GPUs    --gpus, else N x --gpus-per-node (or --gres), else tasks x --gpus-per-task, else one a
//   task
// The last rule is ours (Slurm would give none): here a job without a GPU has no place to run.
// Requires every number to be from 1 to limits::job_gpus.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"

namespace ampacity {

struct GangRequest {
  std::optional<std::int64_t> nodes;
  std::optional<std::int64_t> tasks;
  std::optional<std::int64_t> tasks_per_node;
  std::optional<std::int64_t> gpus;
  std::optional<std::int64_t> gpus_per_node;
  std::optional<std::int64_t> gpus_per_task;
};

struct GangShape {
  std::int64_t gpus = 1;
  std::optional<std::int64_t> gpus_per_node;
  std::int64_t tasks = 1;
  std::optional<std::int64_t> tasks_per_node;
  bool gpus_assumed = false;  // no GPU option was given
  bool operator==(const GangShape&) const = default;
};

Result<GangShape> resolve(const GangRequest& request);

}  // namespace ampacity
