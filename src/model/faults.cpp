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

std::int64_t units_of(const GangExtent& gang, FaultUnit unit) {
  const std::int64_t of[] = {gang.gpus, gang.nodes, gang.racks, gang.pods, gang.halls, gang.sites};
  return of[static_cast<std::size_t>(unit)];
}

std::int64_t rounded_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / std::max<std::int64_t>(b, 1);
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
  for (std::size_t i = 0; i < faults.curtailments.size(); ++i) {
    const auto& call = faults.curtailments[i];
    const auto at = fmt::format("curtailments[{}]", i);
    if (call.power <= Power()) say(at + ".power", "must be more than 0");
    if (call.lasts <= Duration(0)) say(at + ".lasts", "must be more than 0");
    if (call.notice < Duration(0)) say(at + ".notice", "must not be negative");
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
  if (faults.lemon_repair <= Duration(0)) say("lemon_repair", "must be more than 0");
  if (const auto& lives = faults.lifetimes) {
    if (lives->unit > FaultUnit::Node) say("lifetimes.unit", "expected gpu or node");
    if (lives->mean_repair < Duration(0)) say("lifetimes.mean_repair", "must not be negative");
    if (lives->age < Duration(0) || lives->age > limits::life) {
      say("lifetimes.age", "expected 0 to 50 years");
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

GangExtent extent_of(std::int64_t gpus, std::int64_t gpus_per_node, std::int64_t nodes_per_rack,
                     std::int64_t racks_per_pod, std::int64_t pods_per_hall) {
  GangExtent gang;
  gang.gpus = gpus;
  gang.nodes = rounded_up(gang.gpus, gpus_per_node);
  gang.racks = rounded_up(gang.nodes, nodes_per_rack);
  gang.pods = rounded_up(gang.racks, racks_per_pod);
  gang.halls = rounded_up(gang.pods, pods_per_hall);
  return gang;
}

// In failures within so long a time that whole numbers keep every cause's share.
std::optional<Duration> mean_between(const FaultSpec& faults, const GangExtent& gang) {
  constexpr Wide long_time = Wide{100'000'000} * ms_per_year;  // as milliseconds, 63 bits
  Wide failures = 0;
  for (const auto& cause : faults.causes) {
    auto of_cause = long_time * units_of(gang, cause.unit) / cause.mean_between.count();
    if (cause.unit <= FaultUnit::Node) {
      const auto more = faults.lemon_share.count() * (faults.lemon_factor - 1);
      of_cause += of_cause * more / one.count();
    }
    failures += of_cause;
  }
  if (const auto& lives = faults.lifetimes) {
    failures += long_time * units_of(gang, lives->unit) / lives->table.mean_between().count();
  }
  if (failures == 0) return std::nullopt;
  return Duration(std::max<std::int64_t>(static_cast<std::int64_t>(long_time / failures), 1));
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
