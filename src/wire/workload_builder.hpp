// SPDX-License-Identifier: Apache-2.0
// From the jobs of a trace to a Workload: what the readers of traces share. Used by swf.cpp and
// trace_map.cpp. Promises: what is left out and what is repaired is counted by its reason, and
// read = kept + left out; the jobs are in order of submission, then of the file; each kind stands
// once. Bounds: limits::workload_jobs, limits::workload_kinds, limits::job_gpus; run times of at
// most a year. Cost: 100 ns a job, and a sort if the file is out of order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/workload.hpp"

namespace ampacity {

// A job as a trace has it; absent is what the trace does not say.
struct TraceJob {
  std::optional<Instant> submit;
  std::optional<Duration> runtime;
  std::optional<Duration> walltime;  // absent: as long as it runs
  std::optional<std::int64_t> gpus;
  std::int64_t source = 0;
  std::int16_t exit_code = 0;
};

// What jobs have in common, by which they share a kind.
struct TraceKind {
  std::string team;
  std::string priority_class;
  std::string accelerator;
  std::string site;
  auto operator<=>(const TraceKind&) const = default;
};

// A job that ran for longer than it asked for (systems kill late) asks for as long as it ran, or
// ran for no longer than it asked.
enum class Overrun { Extend, Cut };

class WorkloadBuilder {
 public:
  WorkloadBuilder(std::string name, Overrun overrun);

  // One more job of the file: kept, repaired or left out.
  void add(const TraceJob& job, const TraceKind& kind);
  // One more job of the file that is left out.
  void refuse(const std::string& reason);
  void repaired(const std::string& what) { ++workload_.repairs.repaired[what]; }
  // Every submission so much later.
  void move(Duration by, const std::string& what);

  // What stops the reader: too many jobs or kinds.
  const std::string& full() const { return full_; }
  std::size_t kept() const { return workload_.jobs.size(); }
  Workload take();

 private:
  std::uint32_t index_of(const TraceKind& kind);
  const char* whats_wrong(const TraceJob& job) const;

  Workload workload_;
  Overrun overrun_;
  std::map<TraceKind, std::uint32_t> kinds_;
  std::optional<TraceKind> last_kind_;  // most jobs follow one of their own kind
  std::uint32_t last_index_ = 0;
  std::string full_;
};

// A name as portfolios have it: lower-case letters, digits and '-'.
std::string slug(std::string_view text);

}  // namespace ampacity
