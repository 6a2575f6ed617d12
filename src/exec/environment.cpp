// SPDX-License-Identifier: Apache-2.0
#include "exec/environment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity::exec {
namespace {

std::int64_t gpus_of(const std::vector<NodeShare>& nodes) {
  std::int64_t sum = 0;
  for (const auto& node : nodes) sum += node.gpus;
  return sum;
}

// "2(x3),1": how Slurm writes counts by node.
std::string counts_text(const std::vector<std::int64_t>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size();) {
    auto end = i + 1;
    while (end < counts.size() && counts[end] == counts[i]) ++end;
    if (!text.empty()) text += ',';
    text +=
        end - i == 1 ? fmt::format("{}", counts[i]) : fmt::format("{}(x{})", counts[i], end - i);
    i = end;
  }
  return text;
}

std::vector<std::int64_t> tasks_by_node(const StartGang& order) {
  std::vector<std::int64_t> counts(order.nodes.size(), 0);
  for (const auto& place : lay_out(order.nodes, task_count(order), order.spec->tasks_per_node)) {
    ++counts[place.node];
  }
  return counts;
}

std::string get(const Environment& environment, const std::string& key) {
  const auto it = environment.find(key);
  return it == environment.end() ? "" : it->second;
}

Environment passed_on(const Environment& base) {
  Environment kept;
  for (const auto* key :
       {"HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "PATH"}) {
    if (const auto it = base.find(key); it != base.end()) kept.insert(*it);
  }
  kept.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  return kept;
}

void add_slurm(Environment& e, const StartGang& order, const std::string& submit_directory) {
  const auto job = fmt::format("{}", order.attempt.job.value());
  const auto nodes = fmt::format("{}", order.nodes.size());
  const auto tasks = fmt::format("{}", task_count(order));
  std::string list;
  for (const auto& node : order.nodes) list += (list.empty() ? "" : ",") + host_name(node.node);
  e["SLURM_JOB_ID"] = e["SLURM_JOBID"] = job;
  e["SLURM_JOB_NAME"] = order.spec->name;
  e["SLURM_NTASKS"] = e["SLURM_NPROCS"] = tasks;
  e["SLURM_NNODES"] = e["SLURM_JOB_NUM_NODES"] = nodes;
  e["SLURM_JOB_NODELIST"] = e["SLURM_NODELIST"] = list;
  e["SLURM_TASKS_PER_NODE"] = counts_text(tasks_by_node(order));
  e["SLURM_GPUS"] = fmt::format("{}", gpus_of(order.nodes));
  e["SLURM_GPUS_ON_NODE"] = fmt::format("{}", order.nodes.front().gpus);
  e["SLURM_RESTART_COUNT"] = fmt::format("{}", order.attempt.number - 1);
  e["SLURM_CLUSTER_NAME"] = e["SLURM_JOB_PARTITION"] = order.site;
  e["SLURM_SUBMIT_DIR"] = submit_directory;
}

}  // namespace

std::string host_name(const std::string& node) {
  auto name = node;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

std::int64_t task_count(const StartGang& order) {
  const auto& spec = *order.spec;
  if (!spec.gpus_min) return spec.tasks;
  std::int64_t held = 0;
  for (const auto& share : order.nodes) held += share.nodes * share.gpus;
  return std::max<std::int64_t>(scaled(spec.tasks, held, spec.gpus.count()), 1);
}

std::vector<RankPlace> lay_out(const std::vector<NodeShare>& nodes, std::int64_t tasks,
                               const std::optional<std::int64_t>& per_node) {
  std::vector<RankPlace> places;
  std::vector<std::int64_t> seen(nodes.size(), 0);
  const auto gpus = std::max<std::int64_t>(gpus_of(nodes), 1);
  for (std::int64_t rank = 0; rank < tasks; ++rank) {
    std::size_t node = 0;
    if (per_node) {
      node = std::min(static_cast<std::size_t>(rank / *per_node), nodes.size() - 1);
    } else {  // the node that holds the GPU at this share of the allocation
      auto at = rank * gpus / tasks;
      while (node + 1 < nodes.size() && at >= nodes[node].gpus) at -= nodes[node++].gpus;
    }
    places.push_back({node, seen[node]++});
  }
  return places;
}

std::string expand_pattern(const std::string& pattern, const StartGang& order,
                           const std::string& user) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    std::size_t width = 0;  // "%4j" pads with zeros
    while (i + 1 < pattern.size() && pattern[i + 1] >= '0' && pattern[i + 1] <= '9' && width < 10) {
      width = width * 10 + static_cast<std::size_t>(pattern[++i] - '0');
    }
    std::string text;
    switch (i + 1 < pattern.size() ? pattern[++i] : '%') {
      case 'j':
      case 'A':
        text = fmt::format("{}", order.attempt.job.value());
        break;
      case 'a':
        text = fmt::format("{}", order.attempt.number - 1);
        break;
      case 'x':
        text = order.spec->name;
        break;
      case 'N':
        text = host_name(order.nodes.front().node);
        break;
      case 't':
        text = "0";
        break;
      case 'u':
        text = user;
        break;
      case '%':
        text = "%";
        break;
      default:
        text = std::string("%") + pattern[i];
    }
    if (text.size() < width) text.insert(0, std::min<std::size_t>(width, 10) - text.size(), '0');
    out += text;
  }
  return out;
}

Environment attempt_environment(const StartGang& order, const Environment& base,
                                const std::string& folder, const std::string& bin,
                                int master_port) {
  auto e = passed_on(base);
  for (const auto& [key, value] : order.spec->environment) e[key] = value;
  e["PATH"] = bin + ":" + e["PATH"];
  const auto submitted_from = get(order.spec->environment, "SLURM_SUBMIT_DIR");
  const auto directory = order.spec->directory.empty() ? folder : order.spec->directory;
  add_slurm(e, order, submitted_from.empty() ? directory : submitted_from);
  e["AMPACITY_JOB_ID"] = fmt::format("{}", order.attempt.job.value());
  e["AMPACITY_ATTEMPT"] = fmt::format("{}", order.attempt.number);
  e["AMPACITY_ATTEMPT_DIR"] = folder;
  e["AMPACITY_SITE"] = order.site;
  e["AMPACITY_GPUS"] = fmt::format("{}", gpus_of(order.nodes));
  e["AMPACITY_NODE"] = order.nodes.front().node;
  e["AMPACITY_WORLD_SIZE"] = fmt::format("{}", task_count(order));
  e.try_emplace("MASTER_ADDR", "127.0.0.1");
  e.try_emplace("MASTER_PORT", fmt::format("{}", master_port));
  return e;
}

void add_rank(Environment& e, const StartGang& order, const std::vector<RankPlace>& places,
              std::size_t rank) {
  const auto& place = places[rank];
  const auto& node = order.nodes[place.node];
  const auto on_node = std::count_if(places.begin(), places.end(),
                                     [&](const RankPlace& p) { return p.node == place.node; });
  const auto id = fmt::format("{}", rank);
  const auto world = fmt::format("{}", places.size());
  const auto local = fmt::format("{}", place.local_rank);
  e["AMPACITY_RANK"] = e["SLURM_PROCID"] = e["RANK"] = id;
  e["AMPACITY_WORLD_SIZE"] = e["SLURM_NTASKS"] = e["SLURM_NPROCS"] = e["WORLD_SIZE"] = world;
  e["SLURM_LOCALID"] = e["LOCAL_RANK"] = local;
  e["LOCAL_WORLD_SIZE"] = fmt::format("{}", on_node);
  e["SLURM_NODEID"] = fmt::format("{}", place.node);
  e["SLURMD_NODENAME"] = host_name(node.node);
  e["AMPACITY_NODE"] = node.node;
  e["SLURM_GPUS_ON_NODE"] = fmt::format("{}", node.gpus);
  std::string slots;  // the slots of the node that are this rank's, split evenly
  for (std::int64_t slot = 0; slot < node.gpus; ++slot) {
    if (slot * on_node / std::max<std::int64_t>(node.gpus, 1) != place.local_rank) continue;
    slots += fmt::format("{}{}", slots.empty() ? "" : ",", slot);
  }
  e["AMPACITY_SLOT_IDS"] = slots;
}

}  // namespace ampacity::exec
