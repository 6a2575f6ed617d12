// SPDX-License-Identifier: Apache-2.0
// The tables of a result as CSV (RFC 4180: CR LF, quotes only where needed), for spreadsheets and
// notebooks. Called by files.cpp, and by a simulation for starts.csv while it runs. Every number is
// an integer in the unit that its column's name ends in, as in the JSON. Cost: linear.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "sim/result.hpp"

namespace ampacity::report {

// A field: quoted if it holds a comma, a quote or a line break, or begins or ends in a space.
std::string csv_field(std::string_view text);

struct CsvTable {
  std::string name;  // of the file: "sites.csv"
  std::string text;
};
// sites.csv, teams.csv, leases.csv, classes.csv, samples.csv.
std::vector<CsvTable> csv_tables(const SimulationResult& result);

// One job of starts.csv. Instants in ms since the epoch; not started or not ended: nothing.
struct StartRow {
  std::int64_t job = 0;                // as the engine numbers it
  std::optional<std::int64_t> source;  // its number in the trace; none: of a copied server
  std::int64_t submit_ms = 0;
  std::optional<std::int64_t> start_ms;  // of its first attempt
  std::optional<std::int64_t> end_ms;
  std::int64_t gpus = 0;
  std::int64_t attempts = 0;
  std::string team;
  std::string site;   // of its last attempt
  std::string state;  // JobState
  std::string workload;
};

// Writes starts.csv row by row, in the order given, so that ten million jobs need no memory:
//   job,source,submit_s,start_s,end_s,wait_s,gpus,attempts,team,site,state,workload
// Times in seconds since `origin_ms` (that of the first submission of all workloads), with three
// decimals only where the milliseconds are not 0; wait_s = start_s - submit_s; empty: not started,
// not ended. Whether all of it was written is the stream's state: ask it at the end.
class StartsWriter {
 public:
  StartsWriter(std::ostream& out, std::int64_t origin_ms);
  void add(const StartRow& row);

 private:
  std::ostream& out_;
  std::int64_t origin_ms_;
};

}  // namespace ampacity::report
