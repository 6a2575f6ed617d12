// SPDX-License-Identifier: Apache-2.0
// Where a gang goes: filter and choose over every pool. The order of preference is that of the
// contracts (policy/order.hpp): what is paid for already, then the provider, so that the next is
// used only when the ones before it have no room; then a pool where the gang stands as close
// together as it prefers, then the marginal cost, then the one left with the fewest free GPUs
// (least fragmentation), then file order. A flexible job (policy/wasted.hpp) looks first where a
// commitment is being wasted. A choice that is not the first of that order says what
// the ones before it lacked, and the first lack as a reason. A pool whose free
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
#include "policy/order.hpp"
#include "policy/planner.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// All that a choice is made from.
struct Scene {
  Fleet& fleet;
  const Planner& planner;
  const Portfolio& portfolio;
  const std::vector<Standing>& standings;
  const LeaseUses& uses;
  Instant now;
};

struct Applicant {
  const Shape& shape;
  JobId job;
  Duration walltime{};  // at full speed
  // Where it was when a node of it failed, or where it is to go on, or null. It stays in that pool
  // if it fits there, on as many of these nodes as are free.
  const std::vector<Share>* last = nullptr;
  std::int64_t at_most = 0;            // GPUs that its quota allows
  std::optional<PlaceKey> not_beyond;  // no place that comes after this one
  bool flexible = false;               // goes first where a commitment is being wasted
};

struct Choice {
  PoolIndex pool;  // of its first share
  std::vector<Share> shares;
  Duration walltime{};
  Ratio speed = one;
  std::string why;                // for people: what the preferred pools lacked
  bool waits = false;             // no shares: it is better off there later
  std::optional<Reason> spilled;  // what the first of the preferred pools lacked
};

std::optional<Choice> choose(const Scene& scene, const Applicant& job);

}  // namespace ampacity
