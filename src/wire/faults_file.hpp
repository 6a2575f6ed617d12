// SPDX-License-Identifier: Apache-2.0
// The file of `kind: Faults`: what breaks in a simulation and what a restart costs. Called by
// `ampacity simulate --faults`. It may name files of records (fault_records.hpp), which are read
// from its folder; a CSV file in its place holds outages alone. Errors name file:line:column, the
// value, what was expected.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/faults.hpp"
#include "wire/fault_records.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

// The file alone, before the files that it names are read.
struct FaultsFile {
  FaultSpec spec;
  std::optional<OutageColumns> outages_file;
  struct Lives {
    Lifetimes lifetimes;
    LifetimeColumns columns;
  };
  std::optional<Lives> lifetimes;
};

// All of it.
struct FaultsInput {
  FaultSpec spec;
  // Of a file: some may be of places that the portfolio has not.
  std::vector<Outage> recorded;
  std::string recorded_in;
  std::map<std::string, WorkloadRepairs> records;  // by file
};

std::vector<Problem> check(const FaultsFile& file);
Loaded<FaultsFile> parse_faults(std::string_view text, const std::string& file);
Loaded<FaultsInput> load_faults(const std::string& path);
std::string faults_schema();

}  // namespace ampacity
