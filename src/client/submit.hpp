// SPDX-License-Identifier: Apache-2.0
// `ampacity submit`: a job from a YAML file, an sbatch script or a command after "--".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/connection.hpp"
#include "client/exit_code.hpp"

namespace ampacity::client {

struct SubmitCall {
  std::string file;                  // YAML or script; "-" reads a script from standard input
  std::vector<std::string> command;  // after "--": a command, or the script's arguments
  std::optional<std::int64_t> gpus;
  std::optional<std::int64_t> gpus_min;
  std::string slowest;  // "75 %"
  bool pausable = false;
  std::string wait_for_capacity;          // "72 h"
  std::string power_cap;                  // "700 W/GPU", "70 %"
  std::vector<std::string> accelerators;  // "GB200" or "H100=40 %"
  bool mixed = false;
  std::optional<std::int64_t> tasks;
  std::string within;  // a level
  std::string prefer;
  std::optional<std::int64_t> segment;
  std::string name;
  std::string walltime;
  std::vector<std::string> sites;
  std::string team;
  std::string booking;
  std::string priority;
  std::optional<std::int64_t> retries;
  std::string runtime;  // simulated clusters
  std::string request;
  bool dry_run = false;
  bool wait = false;
  bool follow = false;
};

Exit submit(const Options& options, const SubmitCall& call);

}  // namespace ampacity::client
