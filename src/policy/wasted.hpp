// SPDX-License-Identifier: Apache-2.0
// Commitments that are being wasted: a lease owes a share of its power, or of its GPU-hours, used
// or not (take-or-pay, minimum bill); while gangs use less than that, what is between is paid for
// and lost. Flexible work goes there first, and elastic gangs grow there first. Called by the
// choice of a place and by the growth of elastic gangs. Pure; costs: O(sites and pools of the
// lease), only when flexible work looks for a place; what is owed, O(halls) more, is known with the
// standings (policy/order.hpp).
//
// The rule looks at the present rate alone, not at what was used in the month before: a commitment
// that an earlier week of overuse has met already still attracts. Power that no energised hall can
// carry is not owed.
#pragma once

#include <string>

#include "fleet/fleet.hpp"
#include "model/job.hpp"

namespace ampacity {

// What a lease owes at a moment: IT watts, or GPUs where GPU-hours are priced.
struct Owed {
  std::int64_t amount = 0;
  bool in_gpus = false;
};
Owed owed_at(const Portfolio& portfolio, const Lease& lease, Instant now);

// And what gangs use of it.
struct OwedUse {
  std::int64_t owed = 0;
  std::int64_t used = 0;
  bool in_gpus = false;
  bool is_wasted() const { return used < owed; }
  std::string text() const;  // "2 MW of the 3 MW that it owes are used"
};

OwedUse use_of(const Owed& owed, const Fleet& fleet, const Lease& lease);

// It says itself that it may stop and go on, or that it may be smaller.
inline bool is_flexible(const JobSpec& job) {
  return job.pausable || job.gpus_min.has_value();
}

}  // namespace ampacity
