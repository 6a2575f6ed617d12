// SPDX-License-Identifier: Apache-2.0
#include "report/measures.hpp"

namespace ampacity::report {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::int64_t allocated_gpu_ms(const GpuTimeSplit& time) {
  return time.useful_gpu_ms + time.lost_gpu_ms + time.checkpoint_gpu_ms + time.restart_gpu_ms +
         time.draining_gpu_ms;
}

std::int64_t all_gpu_ms(const GpuTimeSplit& time) {
  return allocated_gpu_ms(time) + time.idle_gpu_ms + time.out_gpu_ms;
}

double utilisation(const GpuTimeSplit& time) {
  const auto allocated = allocated_gpu_ms(time);
  return share(allocated, allocated + time.idle_gpu_ms);
}

double goodput(const GpuTimeSplit& time) {
  return share(time.useful_gpu_ms, allocated_gpu_ms(time));
}

std::int64_t cost_micro_usd(const SimulationResult& result) {
  return result.bill.owed_micro_usd + result.bill.energy_micro_usd;
}

const std::vector<Measure>& measures() {
  using R = SimulationResult;
  static const std::vector<Measure> all = {
      {"mean wait", Unit::Milliseconds, Better::Less,
       [](const R& r) { return static_cast<double>(r.wait.mean_ms); }},
      {"p99 wait", Unit::Milliseconds, Better::Less,
       [](const R& r) { return static_cast<double>(r.wait.p99_ms); }},
      {"utilisation", Unit::Share, Better::More, [](const R& r) { return utilisation(r.time); }},
      {"goodput", Unit::Share, Better::More, [](const R& r) { return goodput(r.time); }},
      {"preemptions", Unit::Count, Better::Less,
       [](const R& r) { return static_cast<double>(r.preempted); }},
      {"cost", Unit::Dollars, Better::Less,
       [](const R& r) { return static_cast<double>(cost_micro_usd(r)) / 1e6; }},
      {"energy", Unit::MegawattHours, Better::Less,
       [](const R& r) { return static_cast<double>(r.facility_j) / 3.6e9; }},
      {"carbon", Unit::Tonnes, Better::Less,
       [](const R& r) { return static_cast<double>(r.carbon_g) / 1e6; }},
      {"makespan", Unit::Milliseconds, Better::Less,
       [](const R& r) { return static_cast<double>(r.makespan_ms); }},
  };
  return all;
}

}  // namespace ampacity::report
