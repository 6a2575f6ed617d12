// SPDX-License-Identifier: Apache-2.0
#include "model/accelerator.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

Power watts(std::int64_t w) {
  return Power::of(w);
}

// Idle draw is an assumption where no source gives one: a tenth of TDP.
Accelerator entry(std::string name, std::string vendor, std::int64_t memory_gb, std::int64_t bf16,
                  std::int64_t fp8, std::int64_t tdp, std::int64_t gpus_per_node,
                  std::int64_t nodes_per_rack, std::int64_t rack_watts, std::string source) {
  return {.name = std::move(name),
          .vendor = std::move(vendor),
          .memory_gb = memory_gb,
          .bf16_tflops = bf16,
          .fp8_tflops = fp8,
          .tdp = watts(tdp),
          .idle = watts(tdp / 10),
          .gpus_per_node = gpus_per_node,
          .nodes_per_rack = nodes_per_rack,
          .rack_power = watts(rack_watts),
          .source = std::move(source)};
}

}  // namespace

Power Accelerator::host_share() const {
  const auto gpus = gpus_per_node * nodes_per_rack;
  const auto rest = rack_power - tdp * gpus;
  return rest.count() > 0 ? Power::of(scaled(rest.count(), 1, gpus)) : Power();
}

Power it_power(const Accelerator& accelerator, GpuCount gpus, Ratio draw) {
  const auto one_gpu =
      accelerator.idle + times(accelerator.tdp - accelerator.idle, draw) + accelerator.host_share();
  return one_gpu * gpus.count();
}

Power full_power(const Accelerator& accelerator, GpuCount gpus) {
  const auto in_rack = accelerator.gpus_per_node * accelerator.nodes_per_rack;
  const auto rack = std::max(accelerator.rack_power, accelerator.tdp * in_rack);
  return Power::of(scaled(rack.count(), gpus.count(), in_rack));
}

const std::vector<Accelerator>& built_in_accelerators() {
  static const std::vector<Accelerator> catalogue = {
      entry("H100", "NVIDIA", 80, 989, 1979, 700, 8, 4, 40'800,
            "rooflinenotes.dev/accelerators; DGX 10.2 kW x 4 nodes a rack"),
      entry("H200", "NVIDIA", 141, 989, 1979, 700, 8, 4, 40'800,
            "rooflinenotes.dev/accelerators; HGX as H100"),
      entry("B200", "NVIDIA", 192, 2250, 4500, 1000, 8, 4, 57'200,
            "rooflinenotes.dev/accelerators; rack power assumed 14.3 kW a node"),
      entry("GB200", "NVIDIA", 186, 2500, 5000, 1200, 4, 18, 120'000,
            "aiwiki.ai nvidia_gb200_nvl72; rack 120 kW nominal; TDP recalled (P)"),
      entry("GB300", "NVIDIA", 288, 2500, 5000, 1400, 4, 18, 132'000,
            "aiwiki.ai nvidia_gb300_nvl72; power shelves 132 kW; TDP recalled (P)"),
      entry("VR200", "NVIDIA", 288, 0, 0, 1800, 4, 18, 200'000,
            "Vera Rubin NVL72 rack 180-220 kW (secondary page); the GPU figures are assumptions"),
      entry("MI300X", "AMD", 192, 1307, 2614, 750, 8, 4, 41'600,
            "rooflinenotes.dev/accelerators; rack power assumed 10.4 kW a node"),
      entry("MI355X", "AMD", 288, 2500, 5000, 1400, 8, 4, 62'400,
            "rooflinenotes.dev/accelerators; TDP recalled (P); rack power assumed"),
  };
  return catalogue;
}

}  // namespace ampacity
