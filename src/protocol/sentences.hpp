// SPDX-License-Identifier: Apache-2.0
// Events and effects as one line for people: `ampacity events`, a job's timeline, golden traces,
// logs.
#pragma once

#include <string>

#include "protocol/vocabulary.hpp"

namespace ampacity {

std::string sentence(const EventBody& event);
std::string sentence(const Effect& effect);
// Nodes as canonical intervals where their paths allow: "desk/hall/p1/r1/n[1-2]:4" (GPUs each).
std::string to_text(const std::vector<NodeShare>& nodes);

}  // namespace ampacity
