// SPDX-License-Identifier: Apache-2.0
#include "wire/sbatch_shape.hpp"

#include <fmt/format.h>

namespace ampacity {
namespace {

using Count = std::optional<std::int64_t>;

// The number of nodes, as far as the request fixes it.
Result<Count> nodes_of(const GangRequest& r) {
  if (r.nodes) return r.nodes;
  if (r.gpus && r.gpus_per_node) {
    if (*r.gpus % *r.gpus_per_node != 0) {
      return invalid(fmt::format("--gpus={} does not divide into nodes of --gpus-per-node={}",
                                 *r.gpus, *r.gpus_per_node));
    }
    return Count(*r.gpus / *r.gpus_per_node);
  }
  if (r.tasks && r.tasks_per_node) {
    return Count((*r.tasks + *r.tasks_per_node - 1) / *r.tasks_per_node);
  }
  return r.gpus_per_node || r.tasks_per_node ? Count(1) : Count();
}

Result<std::int64_t> tasks_of(const GangRequest& r, Count nodes) {
  const auto n = nodes.value_or(1);
  if (r.tasks) {
    if (nodes && r.tasks_per_node && *r.tasks > n * *r.tasks_per_node) {
      return invalid(fmt::format("--ntasks={} is more than {} nodes x --ntasks-per-node={} ({})",
                                 *r.tasks, n, *r.tasks_per_node, n * *r.tasks_per_node));
    }
    return *r.tasks;
  }
  if (r.tasks_per_node) return n * *r.tasks_per_node;
  if (!r.gpus_per_task) return n;
  if (!r.gpus && !r.gpus_per_node) return n;
  const auto gpus = r.gpus ? *r.gpus : n * *r.gpus_per_node;
  if (gpus % *r.gpus_per_task != 0) {
    return invalid(fmt::format("{} GPUs do not divide into tasks of --gpus-per-task={}", gpus,
                               *r.gpus_per_task));
  }
  return gpus / *r.gpus_per_task;
}

Result<std::int64_t> gpus_of(const GangRequest& r, Count nodes, std::int64_t tasks) {
  const auto n = nodes.value_or(1);
  const auto gpus = r.gpus            ? *r.gpus
                    : r.gpus_per_node ? n * *r.gpus_per_node
                                      : tasks * r.gpus_per_task.value_or(1);
  if (r.gpus_per_node && gpus != n * *r.gpus_per_node) {
    return invalid(fmt::format("--gpus={} contradicts {} nodes x {} GPUs a node ({})", gpus, n,
                               *r.gpus_per_node, n * *r.gpus_per_node));
  }
  if (r.gpus_per_task && gpus != tasks * *r.gpus_per_task) {
    return invalid(fmt::format("{} GPUs contradict {} tasks x --gpus-per-task={} ({})", gpus, tasks,
                               *r.gpus_per_task, tasks * *r.gpus_per_task));
  }
  return gpus;
}

}  // namespace

Result<GangShape> resolve(const GangRequest& request) {
  const auto nodes = nodes_of(request);
  if (!nodes) return nodes.error();
  const auto tasks = tasks_of(request, *nodes);
  if (!tasks) return tasks.error();
  const auto gpus = gpus_of(request, *nodes, *tasks);
  if (!gpus) return gpus.error();
  GangShape shape;
  shape.gpus = *gpus;
  shape.tasks = *tasks;
  shape.tasks_per_node = request.tasks_per_node;
  shape.gpus_assumed = !request.gpus && !request.gpus_per_node && !request.gpus_per_task;
  shape.gpus_per_node = request.gpus_per_node;
  if (*nodes && !shape.gpus_per_node) {
    if (*gpus % **nodes != 0) {
      return invalid(fmt::format("{} GPUs do not divide evenly over {} nodes", *gpus, **nodes));
    }
    shape.gpus_per_node = *gpus / **nodes;
  }
  return shape;
}

}  // namespace ampacity
