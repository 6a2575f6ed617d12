// SPDX-License-Identifier: Apache-2.0
// A job as a researcher states it: a gang that gets all of its GPUs or none. Made by
// wire/job_file.hpp (YAML), wire/sbatch.hpp (sbatch scripts) and the API; checked by check();
// immutable once accepted.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::int64_t job_gpus = 4'000'000;
inline constexpr std::int64_t job_tasks = 1'000'000;
inline constexpr std::size_t job_name_length = 128;
inline constexpr std::size_t script_bytes = 1U << 20U;
inline constexpr std::size_t command_words = 4'096;
inline constexpr std::size_t environment_bytes = 128U << 10U;
inline constexpr std::int64_t retries = 1'000;
}  // namespace limits

// Script: run once, on the first node; it starts its ranks itself with srun. Tasks: the command is
// started `tasks` times, one process group each.
enum class Launch { Tasks, Script };
BOOST_DESCRIBE_ENUM(Launch, Tasks, Script)

// Signal `number` goes out `lead` before the walltime ends, to the batch script alone or to every
// rank.
struct EarlySignal {
  std::int64_t number = 0;
  Duration lead{60'000};
  bool batch_only = false;
  bool operator==(const EarlySignal&) const = default;
};
BOOST_DESCRIBE_STRUCT(EarlySignal, (), (number, lead, batch_only))

// How close together a gang stands. A rack is one NVLink domain, a pod one non-blocking fabric.
enum class Level { Rack, Pod, Hall, Site };
BOOST_DESCRIBE_ENUM(Level, Rack, Pod, Hall, Site)
inline constexpr const char* level_names[] = {"rack", "pod", "hall", "site"};
constexpr const char* name_of(Level level) {
  return level_names[static_cast<std::size_t>(level)];
}
std::optional<Level> parse_level(const std::string& name);

// An accelerator that a job accepts, and how fast the job is on it: its walltime is that at 100 %.
struct Accepted {
  std::string name;
  Ratio speed = one;
  bool operator==(const Accepted&) const = default;
};
BOOST_DESCRIBE_STRUCT(Accepted, (), (name, speed))

// What one GPU of a job may draw at most: watts, or a share of its TDP.
struct PowerCap {
  Power watts;  // 0: the share
  Ratio of_tdp;
  friend auto operator<=>(const PowerCap&, const PowerCap&) = default;
};
BOOST_DESCRIBE_STRUCT(PowerCap, (), (watts, of_tdp))
std::string to_text(const PowerCap& cap);  // "700 W/GPU", "70 % of TDP"

struct JobSpec {
  std::string name = "job";
  std::string team;
  std::string project;
  std::string priority_class;

  GpuCount gpus = GpuCount::of(1);  // of the whole gang
  // Elastic: it runs on any size from here up to `gpus`, is made smaller before anybody is stopped,
  // and larger when GPUs idle. Each change is a new attempt, from its checkpoint.
  std::optional<GpuCount> gpus_min;
  std::optional<std::int64_t>
      gpus_per_node;                    // exactly so many on each node; absent: whole nodes first
  std::optional<Level> within;          // all of it in one such unit, or it waits
  std::optional<Level> prefer;          // in one such unit if possible
  std::optional<std::int64_t> segment;  // GPUs: cut into such pieces, each in one rack
  std::vector<Accepted> accelerators;   // acceptable ones; empty: any, all of one speed
  bool mixed = false;                   // one gang may span several of them, at one site
  std::vector<std::string> sites;       // allowed ones; empty: any
  std::string booking;                  // runs in this booking only; empty: outside of all
  Ratio draw = Ratio::of(800'000);      // of the span between idle and TDP, for the energy account

  std::optional<Duration> walltime;  // the policy's default unless given
  std::int64_t retries = 0;          // restarts after the job itself failed
  bool requeue = true;               // restart after the infrastructure failed
  std::optional<EarlySignal> early_signal;
  // How often it saves itself: what a preemption loses is counted from the last time. Absent: all
  // of the attempt is lost.
  std::optional<Duration> checkpoint_interval;

  Launch launch = Launch::Tasks;
  std::string script;                // Launch::Script
  std::vector<std::string> command;  // Launch::Tasks; for a script, its arguments
  std::int64_t tasks = 1;
  std::optional<std::int64_t> tasks_per_node;
  std::map<std::string, std::string> environment;
  std::string directory;  // working directory; empty: the attempt's own folder
  std::string output;     // file pattern as sbatch has it (%j %x); empty: in the attempt's folder
  std::string error;

  // While its site has to draw less (policy/shedding.hpp): how slow it may become, and whether it
  // may stand still. Whoever says neither is moved only as the last of all.
  std::optional<Ratio> slowest;  // of its pace
  bool pausable = false;
  // Where the cluster can cap: the gang draws less, and is slower by its accelerator's curve.
  std::optional<PowerCap> power_cap;

  // From its submission on: so long it rather waits for capacity that is known to come on a place
  // that comes first for it than to spill over to a later one.
  std::optional<Duration> wait_for_capacity;

  // On simulated clusters only: how long it runs, and how it ends.
  std::optional<Duration> simulated_runtime;  // else four fifths of its walltime
  std::int64_t simulated_exit = 0;

  bool operator==(const JobSpec&) const = default;

  // The smallest gang that it runs as.
  GpuCount least() const { return gpus_min.value_or(gpus); }
};
BOOST_DESCRIBE_STRUCT(JobSpec, (),
                      (name, team, project, priority_class, gpus, gpus_min, gpus_per_node, within,
                       prefer, segment, accelerators, mixed, sites, booking, draw, walltime,
                       retries, requeue, early_signal, checkpoint_interval, launch, script, command,
                       tasks, tasks_per_node, environment, directory, output, error,
                       simulated_runtime, simulated_exit, slowest, pausable, wait_for_capacity,
                       power_cap))

// How long it runs at full speed on a simulated cluster.
Duration simulated_work(const JobSpec& job, Duration walltime);

// What is wrong with the job alone, whatever the portfolio.
std::vector<Problem> check(const JobSpec& job);

}  // namespace ampacity
