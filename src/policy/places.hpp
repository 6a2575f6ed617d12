// SPDX-License-Identifier: Apache-2.0
// Where a gang goes: filter and choose over every pool. The order of preference is the portfolio's:
// the provider first, so that the next provider is used only when the ones before it have no room;
// among the pools of one provider one where the gang stands as close together as it prefers, then
// the one left with the fewest free GPUs (least fragmentation), then file order. A flexible job
// (policy/wasted.hpp) looks first where a commitment is being wasted. A pool whose free
// GPUs are promised to a job ahead, or booked, takes only what ends in time. A job whose
// accelerators differ in speed goes where price and delay together are least, which may be where it
// has to wait. Pure judgement: const state in, a choice out. Called by the engine in each
// scheduling pass. Cost: O(pools of the shape x reservations x log gangs); an elastic gang a
// logarithm of its sizes more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/demand.hpp"
#include "policy/planner.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// How a pool stands to the contracts at one moment.
struct Standing {
  std::int64_t provider = 0;         // index in the portfolio; the lower is filled first
  std::optional<std::size_t> lease;  // the active lease of its site, if any
};

// For each pool, the first lease in file order that covers its site at `at`.
std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet, Instant at);

// All that a choice is made from.
struct Scene {
  Fleet& fleet;
  const Planner& planner;
  const Portfolio& portfolio;
  const std::vector<Standing>& standings;
  Instant now;
};

struct Applicant {
  const Shape& shape;
  JobId job;
  Duration walltime{};  // at full speed
  // Where it was when a node of it failed, or where it is to go on, or null. It stays in that pool
  // if it fits there, on as many of these nodes as are free.
  const std::vector<Share>* last = nullptr;
  std::int64_t at_most = 0;  // GPUs that its quota allows
  bool flexible = false;     // goes first where a commitment is being wasted
};

struct Choice {
  PoolIndex pool;  // of its first share
  std::vector<Share> shares;
  Duration walltime{};
  Ratio speed = one;
  std::string why;     // for people: what the preferred pools lacked
  bool waits = false;  // no shares: it is better off there later
};

std::optional<Choice> choose(const Scene& scene, const Applicant& job);

}  // namespace ampacity
