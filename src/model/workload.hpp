// SPDX-License-Identifier: Apache-2.0
// A workload: the jobs that a simulation submits, in the order in which they come. Made by
// wire/swf.hpp (Standard Workload Format), wire/trace_map.hpp (CSV traces by a mapping file) and
// sim/synthetic.hpp (a generator); read by sim/simulation.hpp and sim/workload_summary.hpp. What
// many jobs have in common stands once, in a *kind*, so that ten million jobs take 480 MB.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/job.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t workload_jobs = 50'000'000;
inline constexpr std::size_t workload_kinds = 1'000'000;
}  // namespace limits

// How a job ends that its owner cancelled while it ran: as a shell reports an interrupted program.
inline constexpr std::int16_t cancelled_exit = 130;

struct WorkloadJob {
  Instant submit;
  Duration runtime{};       // at full speed, if nothing fails
  Duration walltime{};      // that it asks for
  std::int64_t source = 0;  // its number in the file, or its place in it
  std::uint32_t gpus = 1;
  std::uint32_t kind = 0;      // index into Workload::kinds
  std::int16_t exit_code = 0;  // how it ends by itself
  bool operator==(const WorkloadJob&) const = default;
};

// What was wrong with a trace, and what was done about it: "no run time" -> 355 jobs left out.
struct WorkloadRepairs {
  std::int64_t read = 0;                        // jobs in the file
  std::map<std::string, std::int64_t> refused;  // left out, by reason
  std::map<std::string, std::int64_t> repaired;
  bool operator==(const WorkloadRepairs&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkloadRepairs, (), (read, refused, repaired))

struct Workload {
  std::string name;
  // Everything of a job but what WorkloadJob says; gpus, walltime and simulated_* are not looked
  // at.
  std::vector<JobSpec> kinds;
  std::vector<WorkloadJob> jobs;  // by submit, then in the order of the file
  WorkloadRepairs repairs;
};

}  // namespace ampacity
