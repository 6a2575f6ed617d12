// SPDX-License-Identifier: Apache-2.0
// Which gangs to stop so that another can start: those whose end frees a block that it can *use*
// (the right rack, not GPUs here and there), of these the ones that lose the least work, and nobody
// if it could not start after all. Called by the engine for a job that may preempt and does not
// fit. The search: by level from the smallest unit that could hold the gang (a node, a rack, a pod,
// a hall, the pool) the unit whose cheapest gangs make room at the least loss; these are taken away
// one by one until the job fits, and whoever turns out not to be needed stays, the dearest first.
// (Kueue's preemption takes away in order and adds back; what is new is the unit.) Cost: O(shares
// of the gangs that may be stopped x levels), plus the nodes of the units for gangs of parts of
// nodes. Not the optimum, which is a set cover; tests hold it against all subsets of small fleets.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "fleet/fleet.hpp"
#include "protocol/ids.hpp"

namespace ampacity {

struct Victim {
  JobId job;
  std::int64_t loss = 0;  // GPU*ms since its last checkpoint
  const std::vector<Share>* shares = nullptr;
  Power draws;
};

// What the caller knows: quotas, reservations. All are asked while gangs are away from the fleet.
struct PreemptionRules {
  std::function<bool(const Victim&)> may_go;                   // now, after those that went before
  std::function<void(const Victim&, std::int64_t sign)> went;  // -1: away; +1: back
  std::function<bool()> enough;                                // the job could start now
};

struct Eviction {
  std::vector<JobId> jobs;  // ascending
  std::int64_t loss = 0;
  std::vector<Share> place;  // of the job, once they are gone
};

// The fleet is as it was when this returns.
std::optional<Eviction> cheapest_eviction(Fleet& fleet, PoolIndex pool, const Demand& demand,
                                          const std::vector<Victim>& victims,
                                          const PreemptionRules& rules);

// Gangs taken away from the fleet for as long as it lives.
class Away {
 public:
  Away(Fleet& fleet, const PreemptionRules& rules) : fleet_(fleet), rules_(rules) {}
  Away(const Away&) = delete;
  Away& operator=(const Away&) = delete;
  ~Away();
  void take(const Victim& victim);
  void put_back(const Victim& victim);
  const std::vector<const Victim*>& gangs() const { return gangs_; }

 private:
  void move(const Victim& victim, std::int64_t sign);

  Fleet& fleet_;
  const PreemptionRules& rules_;
  std::vector<const Victim*> gangs_;
};

}  // namespace ampacity
