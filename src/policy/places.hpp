// SPDX-License-Identifier: Apache-2.0
// Where a gang goes: filter and choose over every pool. The order of preference is the portfolio's:
// the provider first, so that the next provider is used only when the ones before it have no room;
// among the pools of one provider the one left with the fewest free GPUs (least fragmentation),
// then file order. A pool whose free GPUs are promised to a job ahead takes only what ends in time.
// Pure judgement: const state in, a choice out. Called by the engine in each scheduling pass.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.hpp"
#include "policy/planner.hpp"
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

// What a job asks of a pool.
Demand demand_of(const JobSpec& job);
// For people: " in one pod", ", 72 in each rack,", or nothing.
std::string together(const Demand& demand);

// Pools that a job accepts, by accelerators and sites. Requires known names.
std::vector<PoolIndex> accepted_pools(const Portfolio& portfolio, const Fleet& fleet,
                                      const JobSpec& job);

// What a demand needs of a pool at best, and what it takes if it starts now: a part of a node may
// have to break a whole one.
Capacity need_of(const Fleet& fleet, PoolIndex pool, const Demand& demand);
Capacity taken_now(const Fleet& fleet, PoolIndex pool, const Demand& demand);

// How long a gang of this shape could run if it started in this pool now; 0 when it does not fit.
// (The fleet of these is as it was when they return: what is promised to others is hidden
// on the way.)
Duration window(Fleet& fleet, const Planner& planner, PoolIndex pool, const Demand& demand,
                Instant now);
// The longest of its pools: no job of this shape with a longer walltime can start now.
Duration longest_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now);

struct Choice {
  PoolIndex pool;
  std::vector<Share> shares;
  std::string why;  // for people: what the preferred pools lacked
};

// `last`: where the job was when a node of it failed, or null. It stays in that pool if it fits
// there, on as many of its nodes as are free.
std::optional<Choice> choose(Fleet& fleet, const std::vector<Standing>& standings,
                             const Planner& planner, const WaitingQueue& queue,
                             const WaitingQueue::Candidate& job, const std::vector<Share>* last,
                             Instant now);

// Where and from when a job that cannot start is promised its place in this pool.
struct Promisee {
  JobId job;
  Duration walltime{};
  std::int64_t held_back = 0;  // GPUs that have to stay free for the guarantees of others
};
std::optional<Planner::Reservation> promise(const Fleet& fleet, const Planner& planner,
                                            PoolIndex pool, const Demand& demand,
                                            const Promisee& to, Instant now);

// Why a job that waits does not go to the pools of `site` right now.
struct Asker {
  const JobSpec& spec;
  const Shape& shape;
  JobId job;
  Duration walltime{};
};
SiteExplanation explain_site(const Fleet& fleet, const Planner& planner, const Asker& asker,
                             SiteIndex site, Instant now);

}  // namespace ampacity
