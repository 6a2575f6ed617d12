// SPDX-License-Identifier: Apache-2.0
// An accelerator of the catalogue: what one GPU of it draws and how nodes and racks are made of it.
// The built-in catalogue carries a source for every entry (shared/catalogue.md section 6.1); a
// portfolio may add its own entries or replace one by name.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "units/quantity.hpp"

namespace ampacity {

// Of the power above idle that a job draws at its full pace, so much is left; so much of its work
// is still done.
struct ThroughputPoint {
  Ratio power;
  Ratio throughput;
  bool operator==(const ThroughputPoint&) const = default;
};
BOOST_DESCRIBE_STRUCT(ThroughputPoint, (), (power, throughput))

struct Accelerator {
  std::string name;
  std::string vendor;
  std::int64_t memory_gb = 0;
  std::int64_t bf16_tflops = 0;  // dense
  std::int64_t fp8_tflops = 0;   // dense
  Power tdp;                     // one GPU at full draw
  Power idle;                    // one GPU doing nothing
  std::int64_t gpus_per_node = 1;
  std::int64_t nodes_per_rack = 1;
  Power rack_power;  // everything in the rack at full draw: GPUs, hosts, switches
  // Measured, both rising; the last is all of both. Absent: the cube law (model/throughput.hpp).
  std::vector<ThroughputPoint> throughput_curve = {};
  std::string source;

  // The part of a rack's power that is not its GPUs, per GPU; it is drawn whenever the rack is on.
  Power host_share() const;
  bool operator==(const Accelerator&) const = default;
};
BOOST_DESCRIBE_STRUCT(Accelerator, (),
                      (name, vendor, memory_gb, bf16_tflops, fp8_tflops, tdp, idle, gpus_per_node,
                       nodes_per_rack, rack_power, throughput_curve, source))

// What a gang draws: GPUs x (idle + (TDP - idle) x draw + host share of the rack). A full rack at
// full draw is its rack_power, so the rack's limit holds by construction.
Power it_power(const Accelerator& accelerator, GpuCount gpus, Ratio draw);
// The same at full draw, by whole racks: no watt of a GPU is rounded.
Power full_power(const Accelerator& accelerator, GpuCount gpus);

// H100 to Vera Rubin, MI300X, MI355X.
const std::vector<Accelerator>& built_in_accelerators();

}  // namespace ampacity
