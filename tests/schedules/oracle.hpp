// SPDX-License-Identifier: Apache-2.0
// FCFS and EASY said as plainly as possible: a list of free processors, the running jobs, the
// queue, and a scan of both at every instant. Shares nothing with the engine. The rules, and where
// they come from: README.md of reference-schedules, section 3 (EASY, batch-per-instant).
#pragma once

#include "schedules/workload.hpp"

namespace ampacity::test {

enum class Rule { Fcfs, Easy };

Starts oracle_starts(const Workload& workload, Rule rule);

}  // namespace ampacity::test
