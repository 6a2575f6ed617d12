// SPDX-License-Identifier: Apache-2.0
// Any file that describes a workload: an SWF log (.swf, .swf.gz), a mapping file (`kind:
// TraceMap`), or a made one (`kind: Synthetic`). Called by `ampacity workload` and `ampacity
// simulate`. A made one comes back as its specification, for sim/synthetic.hpp: wire makes no jobs.
// Bounds and problems as those readers have them. Cost: that of reading all of the trace.
#pragma once

#include <string>
#include <variant>

#include "model/synthetic.hpp"
#include "model/workload.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

using WorkloadSource = std::variant<Workload, SyntheticSpec>;

Loaded<WorkloadSource> load_workload(const std::string& path);

enum class WorkloadFile { Swf, TraceMap, Synthetic, Unknown };
// By the name and, of a YAML file, its `kind:`.
WorkloadFile recognise_workload(const std::string& path, std::string_view text);

}  // namespace ampacity
