// SPDX-License-Identifier: Apache-2.0
// Who gives up power at a site that has to draw less, in the order of harm: gangs that accept to
// work slower do so, all of them at one pace as far as each accepts it; then elastic gangs become
// smaller; then gangs that may pause do, from their checkpoint; then others move: they are stopped,
// and start again where there is power. Within a step those go first that lose the least work for a
// watt, and whoever turns out not to be needed, in that step or once a later one is done, stays as
// it is, the dearest first. One pace for all, because power falls with the cube of the pace: the
// first percent of everybody saves more than the tenth of somebody. Called by engine/curtailments.
// Pure arithmetic. Cost: O(gangs x log gangs).
#pragma once

#include <vector>

#include "model/throughput.hpp"
#include "protocol/ids.hpp"
#include "units/quantity.hpp"

namespace ampacity {

// A gang at the site, and what it would put up with. Power is IT.
struct Load {
  JobId job;
  GangPower power;
  std::int64_t priority = 0;
  Ratio pace = one;        // now
  Ratio least_pace = one;  // that it accepts
  std::int64_t gpus = 0;
  std::int64_t spare = 0;  // GPUs that it could do without
  bool may_pause = false;
  bool may_move = false;
  std::int64_t loss = 0;  // GPU*ms that a stop would cost
};

struct Relief {
  struct Slowed {
    JobId job;
    Ratio pace;
    bool operator==(const Slowed&) const = default;
  };
  std::vector<Slowed> slowed;  // those whose pace changes, ascending
  std::vector<JobId> shrunk;   // ascending, as are the others
  std::vector<JobId> paused;
  std::vector<JobId> moved;
  Power power;  // that all of it saves
  bool operator==(const Relief&) const = default;
};

Power draw_at(const Load& load, Ratio pace);
// Its pace where all are slowed to this one: no slower than it accepts, nor faster than it is.
Ratio slowed_to(const Load& load, Ratio common);

// Saves at least `wanted`, or all that can be saved.
Relief shed(const std::vector<Load>& loads, Power wanted);

}  // namespace ampacity
