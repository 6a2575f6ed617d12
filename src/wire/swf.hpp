// SPDX-License-Identifier: Apache-2.0
// The Standard Workload Format of the Parallel Workloads Archive (version 2.2, 18 fields), plain or
// .gz, as a Workload. Called by load_workload() and by trace_map.hpp. A processor is a GPU; times
// are seconds. Submit: the header's UnixStartTime + field 2; without that header field 2 alone, as
// Unix time if it is from 2000 on, else after 2000-01-01. A log from before 2000, which Ampacity's
// years do not know, is moved by 28 years, after which dates have their weekdays again; counted.
// Processors: requested, else used; walltime: requested, else the run. Status 0: exit code 1; 5:
// cancelled. Left out with a count: no run time (status 4 and jobs cancelled while they waited
// among them), no processors. Repaired with a count: a walltime shorter than the run, jobs out of
// order (sorted), more than 18 fields (the rest ignored). How it says no: every malformed line with
// line and column, up to limits::file_problems of them; nothing is loaded then. Cost: one pass, a
// million jobs a second.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/workload.hpp"
#include "wire/lines.hpp"
#include "wire/workload_builder.hpp"

namespace ampacity {

enum class SwfTeam { None, User, Group, Queue, Partition };
// Fields 8 and 5; where a log lacks the one, the other.
enum class SwfProcessors { Requested, Used };

struct SwfOptions {
  std::string name;              // of the workload; empty: from the file's
  std::optional<Instant> start;  // instead of UnixStartTime
  SwfTeam team = SwfTeam::None;  // "user-74"; no number: no team
  SwfProcessors processors = SwfProcessors::Requested;
  Overrun overrun = Overrun::Extend;
  bool partition_is_site = false;
  // By the number of the partition; else the name that the header gives it, else "partition-3".
  std::map<std::string, std::string> sites;
  std::map<std::string, std::string> teams;  // by the number of the user, group, …
};

struct SwfHeader {
  std::map<std::string, std::string> fields;      // "MaxProcs" -> "128": the first of each
  std::map<std::string, std::string> partitions;  // "1" -> "grid.ici.ro"
};

Loaded<Workload> load_swf(const std::string& path, const SwfOptions& options);
// `header`, if given, is filled with what the comments say.
Loaded<Workload> read_swf(LineReader lines, const SwfOptions& options, SwfHeader* header = nullptr);

}  // namespace ampacity
