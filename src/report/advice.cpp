// SPDX-License-Identifier: Apache-2.0
#include "report/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/faults.hpp"
#include "report/figures.hpp"
#include "units/text.hpp"

namespace ampacity::report {
namespace {

std::string time(std::int64_t ms) {
  return to_text(Duration(ms));
}

std::string share(std::int64_t ppm) {
  return percent(static_cast<double>(ppm) / 1e6);
}

}  // namespace

// Time for work W: M exp(R/M) (exp((T + d)/M) - 1) W/T.
std::int64_t lost_ppm(Duration interval, Duration checkpoint, Duration restart,
                      Duration mean_between) {
  const auto m = static_cast<double>(mean_between.count());
  const auto t = static_cast<double>(interval.count());
  const auto cycle = static_cast<double>((interval + checkpoint).count());
  const auto takes = m * std::exp(static_cast<double>(restart.count()) / m) * std::expm1(cycle / m);
  return std::clamp<std::int64_t>(std::llround((1 - t / takes) * 1e6), 0, 1'000'000);
}

CheckpointAdvice advice_for(std::int64_t gpus, Duration mean_between, Duration checkpoint,
                            Duration restart, std::optional<Duration> interval) {
  const auto best = best_checkpoint_interval(checkpoint, mean_between);
  CheckpointAdvice advice{gpus,
                          mean_between.count(),
                          checkpoint.count(),
                          restart.count(),
                          best.count(),
                          lost_ppm(best, checkpoint, restart, mean_between),
                          {},
                          {}};
  if (interval) {
    advice.interval_ms = interval->count();
    advice.lost_ppm = lost_ppm(*interval, checkpoint, restart, mean_between);
  }
  return advice;
}

CheckpointAdvice advice_of(const CheckpointResult& r) {
  return advice_for(r.gpus, Duration(r.mean_between_failures_ms), Duration(r.checkpoint_ms),
                    Duration(r.restart_ms), Duration(r.interval_ms));
}

std::string advice_line(const CheckpointAdvice& a) {
  auto text =
      fmt::format("best every {}: {} lost", time(a.best_interval_ms), share(a.best_lost_ppm));
  if (a.interval_ms) {
    text += fmt::format("; every {}, as now: {}", time(*a.interval_ms), share(*a.lost_ppm));
  }
  return text;
}

std::string advice_text(const CheckpointAdvice& a) {
  return fmt::format("{} GPUs fail every {}; a checkpoint takes {}, a restart {}\n{}\n",
                     grouped(a.gpus), time(a.mean_between_failures_ms), time(a.checkpoint_ms),
                     time(a.restart_ms), advice_line(a));
}

}  // namespace ampacity::report
