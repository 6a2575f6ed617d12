// SPDX-License-Identifier: Apache-2.0
// Where a gang goes: filter and choose over every pool. The order of preference is the portfolio's:
// the provider first, so that the next provider is used only when the ones before it have no room;
// among the pools of one provider the one left with the fewest free GPUs (least fragmentation),
// then file order. Pure judgement: const state in, a choice out. Called by the engine in each
// scheduling pass.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.hpp"
#include "policy/waiting_queue.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// How a pool stands to the contracts at one moment.
struct Standing {
  std::int64_t provider = 0;         // index in the portfolio; the lower is filled first
  std::optional<std::size_t> lease;  // the active lease of its site, if any
};

// For each pool, the first lease in file order that covers its site at `at`.
std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet, Instant at);

// Pools that a job accepts, by accelerators and sites. Requires known names.
std::vector<PoolIndex> accepted_pools(const Portfolio& portfolio, const Fleet& fleet,
                                      const JobSpec& job);

// Jobs that come first and could use a pool, but do not fit, hold it: nobody behind them may take
// it. By pool; the job that holds it.
using Holds = std::vector<std::optional<JobId>>;

struct Choice {
  PoolIndex pool;
  std::string why;  // for people: what the preferred pools lacked
};

std::optional<Choice> choose(const Fleet& fleet, const std::vector<Standing>& standings,
                             const Holds& holds, const Shape& shape);

// Why `shape` does not go to the pools of `site` right now.
SiteExplanation explain_site(const Portfolio& portfolio, const Fleet& fleet, const Holds& holds,
                             const JobSpec& job, const Shape& shape, SiteIndex site);

}  // namespace ampacity
