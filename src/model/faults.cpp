// SPDX-License-Identifier: Apache-2.0
#include "model/faults.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

std::int64_t root(Wide square) {
  std::int64_t low = 0;
  std::int64_t high = 3'000'000'000'000;
  while (low < high) {
    const auto middle = (low + high + 1) / 2;
    if (Wide{middle} * middle <= square) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

std::vector<Problem> check(const FaultSpec& faults) {
  std::vector<Problem> problems;
  const auto say = [&](std::string path, std::string message) {
    problems.push_back({std::move(path), std::move(message)});
  };
  for (std::size_t i = 0; i < faults.causes.size(); ++i) {
    const auto& cause = faults.causes[i];
    const auto at = fmt::format("causes[{}]", i);
    if (cause.mean_between <= Duration(0)) say(at + ".mean_between", "must be more than 0");
    if (cause.mean_repair < Duration(0)) say(at + ".mean_repair", "must not be negative");
  }
  for (std::size_t i = 0; i < faults.outages.size(); ++i) {
    if (faults.outages[i].lasts <= Duration(0)) {
      say(fmt::format("outages[{}].lasts", i), "must be more than 0");
    }
  }
  if (faults.lemon_share < Ratio() || faults.lemon_share > one) {
    say("lemon_share", "expected a share from 0 % to 100 %");
  }
  for (const auto& [name, factor] : {std::pair("lemon_factor", faults.lemon_factor),
                                     std::pair("infant_factor", faults.infant_factor)}) {
    if (factor < 1 || factor > 10'000) {
      say(name, fmt::format("expected 1 to 10000, got {}", factor));
    }
  }
  for (const auto& [name, time] :
       {std::pair("infant_period", faults.infant_period),
        std::pair("start_time", faults.start_time), std::pair("restart_time", faults.restart_time),
        std::pair("checkpoint_time", faults.checkpoint_time)}) {
    if (time < Duration(0)) say(name, "must not be negative");
  }
  return problems;
}

Duration best_checkpoint_interval(Duration checkpoint, Duration mtbf) {
  const auto d = checkpoint.count();
  const auto m = std::max<std::int64_t>(mtbf.count(), 1);
  if (d >= 2 * m) return mtbf;
  const auto young = root(Wide{2} * d * m);
  // (1 + sqrt(d / 2M) / 3 + d / 18M), in millionths
  const auto correction =
      1'000'000 + root(Wide{d} * 1'000'000'000'000 / (2 * m)) / 3 + scaled(d, 1'000'000, 18 * m);
  return Duration(std::max<std::int64_t>(scaled(young, correction, 1'000'000) - d, 1));
}

}  // namespace ampacity
