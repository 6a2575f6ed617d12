// SPDX-License-Identifier: Apache-2.0
// What a simulation starts from: files, settings of the command line, or a copy of a running
// server. Called by simulate/commands.cpp. Errors are complete: every problem of a file with its
// line and column, or one sentence that says what to do.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/engine.hpp"
#include "sim/simulation.hpp"
#include "wire/file_problem.hpp"
#include "wire/portfolio_file.hpp"

namespace ampacity::simulate {

struct Call {
  std::string portfolio;
  std::string series;  // the folder of its hourly series; empty: beside it
  std::vector<std::string> workloads;
  std::string from;  // a date, or http://… of a running server
  std::string until;
  std::vector<std::string> policy;  // key=value
  std::uint64_t seed = 1;
  std::string faults;
  std::string latency;
  std::string vary;
  std::int64_t replicas = 1;
  std::string report;
  std::string out;
  std::string csv;
  std::string starts;
  std::string data = ".ampacity";  // the token of the server
  bool json = false;
};

// One thing to play: shared by the variants, each of which has its own seed and policy.
struct Inputs {
  Engine engine;  // configured
  Instant now;
  std::vector<Workload> workloads;
  SimulationOptions options;
};

struct Trouble {
  std::vector<FileProblem> problems;  // of files
  std::string message;                // or this
};

std::variant<Inputs, Trouble> read_inputs(const Call& call);

// Another policy, on a copy. `text`: its name for people.
std::variant<Engine, Trouble> with_policy(const Engine& engine, Instant now,
                                          const Settings& settings, const std::string& file);
Settings settings_from(const std::vector<std::string>& pairs, Trouble& trouble);

}  // namespace ampacity::simulate
