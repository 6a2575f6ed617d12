// SPDX-License-Identifier: Apache-2.0
// How an accelerator is written in a portfolio file. Included by portfolio_file.cpp.
#pragma once

#include "model/accelerator.hpp"
#include "wire/document.hpp"

namespace ampacity {

// [0.5, 0.8], or with percents.
template <>
struct Form<ThroughputPoint> {
  static boost::json::object schema() {
    auto schema = Form<std::vector<Ratio>>::schema();
    schema["minItems"] = 2;
    schema["maxItems"] = 2;
    return schema;
  }
  static boost::json::value shown(const ThroughputPoint&) { return nullptr; }
  static void read(const Source& from, ThroughputPoint& value) {
    std::vector<Ratio> both;
    Form<std::vector<Ratio>>::read(from, both);
    if (from.node->kind != YamlNode::Kind::List) return;
    if (both.size() != 2) return from.say("expected [share of power, share of throughput]");
    value = {both[0], both[1]};
  }
};

inline void describe(Fields& f, Accelerator& a) {
  f.required("name", a.name,
             "What halls and jobs call it. A built-in name replaces the built-in entry.");
  f.optional("vendor", a.vendor, "Who makes it.");
  f.optional("memory_gb", a.memory_gb, "Memory of one GPU, in GB.");
  f.optional("bf16_tflops", a.bf16_tflops, "Dense BF16 TFLOPS of one GPU.");
  f.optional("fp8_tflops", a.fp8_tflops, "Dense FP8 TFLOPS of one GPU.");
  f.required("tdp", a.tdp, "What one GPU draws at full load.");
  f.required("idle", a.idle, "What one GPU draws doing nothing.");
  f.required("gpus_per_node", a.gpus_per_node, "GPUs in a node.");
  f.required("nodes_per_rack", a.nodes_per_rack, "Nodes in a rack (an NVLink domain).");
  f.required("rack_power", a.rack_power, "The whole rack at full load: GPUs, hosts and switches.");
  f.optional("throughput_curve", a.throughput_curve,
             "Measured: [share of the power above idle that is left, share of the work that is "
             "done], rising up to [1, 1]; left out: power goes with the cube of the pace.");
  f.optional("source", a.source, "Where the figures come from.");
}

}  // namespace ampacity
