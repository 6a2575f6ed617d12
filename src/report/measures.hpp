// SPDX-License-Identifier: Apache-2.0
// The figures by which simulations are judged, each defined once: the page, the summary of the
// terminal and `ampacity compare` take them from here. docs/reference/simulation-results.md has the
// definitions in words. Doubles: these are estimates for people; the result itself is integers.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/result.hpp"

namespace ampacity::report {

enum class Unit { Milliseconds, Share, Count, Dollars, MegawattHours, Tonnes };
BOOST_DESCRIBE_ENUM(Unit, Milliseconds, Share, Count, Dollars, MegawattHours, Tonnes)

enum class Better { Less, More };

struct Measure {
  const char* name;  // as people read it: "mean wait"
  Unit unit;
  Better better;
  double (*of)(const SimulationResult&);  // never NaN: a share of nothing is 0
};

// In the order in which they are shown.
const std::vector<Measure>& measures();

// GPU time that attempts held: useful, lost, saving, starting, being stopped.
std::int64_t allocated_gpu_ms(const GpuTimeSplit& time);
std::int64_t all_gpu_ms(const GpuTimeSplit& time);
double utilisation(const GpuTimeSplit& time);  // allocated / (allocated + idle)
double goodput(const GpuTimeSplit& time);      // useful / allocated
// What is paid: what leases owe, and energy where their price does not include it.
std::int64_t cost_micro_usd(const SimulationResult& result);

}  // namespace ampacity::report
