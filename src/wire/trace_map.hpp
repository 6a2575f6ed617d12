// SPDX-License-Identifier: Apache-2.0
// How a trace that somebody published is read: a YAML file (`kind: TraceMap`) that names the
// columns of a CSV file and their units, or the options of an SWF log (swf.hpp). Called by
// load_workload() and by `ampacity check`; described once (trace_map.cpp), from which
// schema/trace-map.schema.json comes; docs/reference/workloads.md explains it; examples/traces/ has
// a dozen. Promises, bounds and problems of the mapping file as portfolio_file.hpp has them. Rows:
// every job of the file is kept, or left out with a count by its reason (filter, no submit or run
// time, no GPUs, negative values, above `most_gpus` or `capacity`); what is rounded or repaired is
// counted too. How it says no: a cell that is no number, a record of the wrong length, an unknown
// column, with file, line and column; nothing is loaded then. Cost: one pass; a million rows a
// second.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/workload.hpp"
#include "wire/columns.hpp"
#include "wire/swf.hpp"

namespace ampacity {

enum class TraceFormat { Csv, Swf };

struct TraceMap {
  std::string name;
  std::string description;
  std::string source;
  std::string file;  // as written: from the folder of the mapping file
  TraceFormat format = TraceFormat::Csv;
  std::optional<Instant> start;

  // CSV: names of columns.
  TimeColumn submit, begin, runtime, end, walltime;
  Ratio walltime_factor = one;
  std::string job, gpus, cpus, gpu_share;
  std::optional<std::int64_t> cpus_per_gpu;
  std::string priority_class, accelerator, state;
  std::vector<RowFilter> where;
  std::map<std::string, std::string> accelerators, priority_classes, states;

  Ratio scale_gpus = one;
  std::optional<std::int64_t> most_gpus;
  std::map<std::string, std::int64_t> capacity;  // by accelerator

  SwfProcessors processors = SwfProcessors::Requested;  // SWF

  // Both. SWF: team is user, group, queue or partition; site is partition.
  Overrun overrun = Overrun::Extend;
  std::string team, site;
  std::map<std::string, std::string> teams, sites;
};

std::vector<Problem> check(const TraceMap& map);

Loaded<TraceMap> parse_trace_map(std::string_view text, const std::string& file);
Loaded<TraceMap> load_trace_map(const std::string& path);
// The rows that `map` describes.
Loaded<Workload> read_trace(const TraceMap& map, LineReader lines);
// Where map.file is, for a mapping file at `path`.
std::string trace_path(const TraceMap& map, const std::string& path);

// JSON Schema (draft-07) of the file, indented, ending in a line break.
std::string trace_map_schema();

}  // namespace ampacity
