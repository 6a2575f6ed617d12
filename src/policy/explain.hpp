// SPDX-License-Identifier: Apache-2.0
// Why a job that waits does not go to a site right now, with figures, and what would let it start.
// Called for `ampacity explain`; nothing here changes anything. Cost: O(halls + pools).
#pragma once

#include <string>
#include <vector>

#include "policy/demand.hpp"

namespace ampacity {

// Why a job that waits does not go to the pools of `site` right now.
struct Asker {
  const JobSpec& spec;
  const Shape& shape;
  JobId job;
  Duration walltime{};
};
SiteExplanation explain_site(const Fleet& fleet, const Planner& planner, const Asker& asker,
                             SiteIndex site, Instant now);

// What would let it start now, each on its own: "without 'within: rack', at north". As far as the
// fleet is concerned; promises to others are not looked at.
std::vector<std::string> ways_to_start(const Fleet& fleet, const Asker& asker);

}  // namespace ampacity
