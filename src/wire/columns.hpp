// SPDX-License-Identifier: Apache-2.0
// The cells of a CSV file as a mapping file names and reads them: a column by its name, times in a
// unit, filters. What trace_map.hpp and faults_file.hpp share. How it says no: problems() has the
// cell that is no number or time with its line and column, and the column that the file has not,
// with a suggestion; empty cells and the words for nothing (NA, null, -, …) are missing, not wrong.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units/quantity.hpp"
#include "wire/csv.hpp"

namespace ampacity {

// Seconds to Hours count from `start`, Unix* from 1970; Text is '2017-10-09 07:01:55', UTC.
enum class TimeUnit { Seconds, Milliseconds, Minutes, Hours, Unix, UnixMilliseconds, Text };

struct TimeColumn {
  std::string column;  // empty: none
  TimeUnit unit = TimeUnit::Seconds;
};

struct RowFilter {
  std::string column;
  std::optional<std::string> equals;
  std::optional<std::string> not_;  // `not` in the file
  std::optional<std::int64_t> at_least;
};

using Names = std::map<std::string, std::string>;  // other names for things
std::string renamed(const Names& names, std::string text);

class MappedRows {
 public:
  using Column = std::optional<std::size_t>;

  MappedRows(CsvReader rows, Instant start);

  // None: `name` is empty, or there is no such column, which is a problem then.
  Column find(const char* key, const std::string& name);
  void choose(const std::vector<RowFilter>& where);  // they must outlive this

  // The next record; false: the end, or there were problems enough.
  bool next();
  std::int64_t row() const { return row_; }
  bool chosen();  // by the filters

  std::string_view cell(std::size_t column) const { return rows_.cell(column); }
  std::string named(Column column, const Names& names) const;  // "" where it is missing
  std::optional<double> number(Column column);
  std::optional<Duration> duration(Column column, TimeUnit unit);
  std::optional<Instant> time(Column column, TimeUnit unit);

  void bad(std::size_t column, const std::string& what);  // "expected <what>, got …"
  void say(const std::string& message);                   // of this row
  bool sound() const { return problems_.empty() && !rows_.problem(); }
  std::vector<FileProblem> problems();

 private:
  CsvReader rows_;
  ProblemList problems_;
  Instant start_;
  std::int64_t row_ = 0;
  std::vector<std::pair<const RowFilter*, Column>> where_;
};

}  // namespace ampacity
