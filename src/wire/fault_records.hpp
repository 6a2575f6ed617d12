// SPDX-License-Identifier: Apache-2.0
// Files that say what broke and when: outages of places, and lifetimes of units, as CSV (.gz or
// not) whose columns a file of `kind: Faults` names. Called by faults_file.hpp. Promises: every row
// is kept, or left out with a count by its reason (no beginning or end, ends before it begins,
// outside of 2000 to 2200, not chosen); what is mended is counted too (outages of a place that
// overlap are joined). How it says no: as trace_map.hpp does, with file, line and column; also when
// nothing can be used. Bounds: limits::outages, limits::lives. Cost: one pass and a sort.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/faults.hpp"
#include "model/workload.hpp"
#include "wire/columns.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t outages = 1'000'000;
}  // namespace limits

struct OutageColumns {
  std::string file;  // as written: from the folder of the file that names it
  std::optional<Instant> start;
  std::string target;
  Names targets;
  TimeColumn from, until, lasts;
  std::string cause;
  std::vector<RowFilter> where;
};

struct LifetimeColumns {
  std::string file;
  std::optional<Instant> start;
  std::string id;  // of the unit: its age counts from its first row; none: each row begins anew
  TimeColumn from, until, lasts;
  std::string event;
  std::vector<std::string> failures;  // events that are; none: any
  Duration bin{30LL * 86'400'000};
  std::vector<RowFilter> where;
};

std::vector<Problem> check(const OutageColumns& columns, const std::string& at);
std::vector<Problem> check(const LifetimeColumns& columns, const std::string& at);

struct RecordedOutages {
  std::vector<Outage> outages;  // by date
  WorkloadRepairs repairs;
};
Loaded<RecordedOutages> read_outages(const OutageColumns& columns, LineReader lines);
// The same of a file whose columns are called target, from (as text), until or lasts (seconds), and
// cause.
Loaded<RecordedOutages> read_plain_outages(LineReader lines);

struct RecordedLives {
  LifeTable table;
  WorkloadRepairs repairs;
};
Loaded<RecordedLives> read_lives(const LifetimeColumns& columns, LineReader lines);

}  // namespace ampacity
