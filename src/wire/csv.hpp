// SPDX-License-Identifier: Apache-2.0
// Comma-separated values as RFC 4180 has them: a header line, cells with or without double quotes
// ("" is a quote inside them; such a cell may hold commas and line breaks). Used by trace_map.hpp
// and by `ampacity workload --against`. Bounds: those of wire/lines.hpp, for a record too;
// limits::csv_columns. Blank lines are skipped. Cells are UTF-8. How it says no: next() gives
// nothing more and problem() says why, with line and column; a record of another length than the
// header is one. Cost: 300 MB/s.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/lines.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t csv_columns = 1'000;
}  // namespace limits

class CsvReader {
 public:
  // Reads the header.
  static Loaded<CsvReader> begin(LineReader lines);

  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::size_t> column(std::string_view name) const;

  // The next record, into cell(); false: the end, or a problem.
  bool next();
  std::string_view cell(std::size_t column) const;
  Position position(std::size_t column) const;
  const std::string& file() const { return lines_.file(); }
  const std::optional<FileProblem>& problem() const { return problem_; }

 private:
  struct Cell {
    std::size_t begin = 0;  // in text_
    std::size_t end = 0;
    Position at;
  };
  explicit CsvReader(LineReader lines) : lines_(std::move(lines)) {}
  bool read_record();
  bool read_quoted(std::string_view& line, std::size_t& i, int& column);
  bool is_text();
  bool fail(Position at, std::string why);

  LineReader lines_;
  std::vector<std::string> columns_;
  std::string text_;  // the cells of the record, without their quotes
  std::vector<Cell> cells_;
  std::optional<FileProblem> problem_;
};

}  // namespace ampacity
