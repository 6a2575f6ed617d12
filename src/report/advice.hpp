// SPDX-License-Identifier: Apache-2.0
// How often a gang should save itself, and what it costs to do so otherwise. Used by the summary of
// a simulation and by `ampacity advise checkpoint`. The best interval is Young's and Daly's
// (model/faults.hpp); the share that is lost is Daly's (2006) complete model: a gang that works for
// `interval`, saves for `checkpoint`, fails at random every `mean_between` and then restarts for
// `restart`, of all that it may use. Estimates for people, so doubles within; millionths outside.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "sim/result.hpp"
#include "units/quantity.hpp"

namespace ampacity::report {

struct CheckpointAdvice {
  std::int64_t gpus = 0;
  std::int64_t mean_between_failures_ms = 0;  // of all of its GPUs together
  std::int64_t checkpoint_ms = 0;
  std::int64_t restart_ms = 0;
  std::int64_t best_interval_ms = 0;
  std::int64_t best_lost_ppm = 0;
  std::optional<std::int64_t> interval_ms;  // the job's own
  std::optional<std::int64_t> lost_ppm;
};
BOOST_DESCRIBE_STRUCT(CheckpointAdvice, (),
                      (gpus, mean_between_failures_ms, checkpoint_ms, restart_ms, best_interval_ms,
                       best_lost_ppm, interval_ms, lost_ppm))

// Millionths of the time that are saving, work done again, and restarts. Requires interval,
// mean_between > 0.
std::int64_t lost_ppm(Duration interval, Duration checkpoint, Duration restart,
                      Duration mean_between);

CheckpointAdvice advice_for(std::int64_t gpus, Duration mean_between, Duration checkpoint,
                            Duration restart, std::optional<Duration> interval);
CheckpointAdvice advice_of(const CheckpointResult& result);

// "best every 47 min: 5.1 % lost; every 30 min, as now: 5.4 %"
std::string advice_line(const CheckpointAdvice& advice);
// Line by line, with what it stands on.
std::string advice_text(const CheckpointAdvice& advice);

}  // namespace ampacity::report
