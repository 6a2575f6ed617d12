// SPDX-License-Identifier: Apache-2.0
// Plays a workload through the engine on virtual time: one pool of nodes of one GPU, so that
// processors are counted and topology does not matter.
#pragma once

#include "model/portfolio.hpp"
#include "schedules/workload.hpp"

namespace ampacity::test {

Starts engine_starts(const Workload& workload, Backfill backfill);

}  // namespace ampacity::test
