// SPDX-License-Identifier: Apache-2.0
// Where ranks sit and what they find in their environment: AMPACITY_*, and the SLURM_* variables
// that sbatch scripts and torchrun-like launchers read. Pure; used by the shim and by srun.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/vocabulary.hpp"

namespace ampacity::exec {

using Environment = std::map<std::string, std::string>;

struct RankPlace {
  std::size_t node = 0;  // index in the allocation
  std::int64_t local_rank = 0;
};

// Ranks of the attempt: as the job says, and of an elastic job in proportion to the GPUs that it
// got, at least one.
std::int64_t task_count(const StartGang& order);

// Ranks in blocks over the nodes: `per_node` on each if given, otherwise in proportion to the GPUs.
std::vector<RankPlace> lay_out(const std::vector<NodeShare>& nodes, std::int64_t tasks,
                               const std::optional<std::int64_t>& per_node);

// "%x-%j.out" as sbatch has it: %j %A job, %x name, %N first node, %t task (0), %a attempt - 1, %u
// user, %%.
std::string expand_pattern(const std::string& pattern, const StartGang& order,
                           const std::string& user);

// What every process of the attempt gets. `base` is the server's environment: only PATH, HOME,
// USER, LOGNAME, SHELL, LANG, LC_ALL, TZ and TMPDIR of it are passed on. The job's own variables
// win over `base`; ours win over the job's.
Environment attempt_environment(const StartGang& order, const Environment& base,
                                const std::string& folder, const std::string& bin, int master_port);

// What rank `rank` of `places.size()` gets on top.
void add_rank(Environment& environment, const StartGang& order,
              const std::vector<RankPlace>& places, std::size_t rank);

// "site/hall/p1/r1/n2" as a host name: "site-hall-p1-r1-n2".
std::string host_name(const std::string& node);

}  // namespace ampacity::exec
