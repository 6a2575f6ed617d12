// SPDX-License-Identifier: Apache-2.0
#include "wire/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ampacity {

bool CsvReader::fail(Position at, std::string why) {
  ProblemList list(lines_.file());  // makes one line of it, whatever is quoted
  list.say(at, "", why);
  problem_ = list.take().front();
  return false;
}

// Names of teams and the like go from cells to terminals and JSON: only text may.
bool CsvReader::is_text() {
  const auto odd = [](char c) { return c == 0x7F || static_cast<signed char>(c) < 0x20; };
  if (std::none_of(text_.begin(), text_.end(), odd)) return true;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    ProblemList ignored("");
    if (check_text(cell(i), ignored)) continue;
    return fail(cells_[i].at, fmt::format("{} is not UTF-8 text", shown_cell(cell(i))));
  }
  return true;
}

// From behind the opening quote to behind the closing one; over line breaks if need be.
bool CsvReader::read_quoted(std::string_view& line, std::size_t& i, int& column) {
  const Position opened{lines_.line(), column};
  ++i;
  ++column;
  while (true) {
    if (i >= line.size()) {
      const auto more = lines_.next();
      if (!more) {
        if (lines_.problem()) problem_ = lines_.problem();
        return problem_ ? false : fail(opened, "a quote that is never closed");
      }
      if (text_.size() > limits::trace_line_bytes) return fail(opened, "a cell without end");
      text_ += '\n';
      line = *more;
      i = 0;
      column = 1;
      continue;
    }
    if (line[i] == '"' && (i + 1 >= line.size() || line[i + 1] != '"')) break;
    if (line[i] == '"') ++i;
    text_ += line[i++];
    ++column;
  }
  ++i;
  ++column;
  if (i < line.size() && line[i] != ',') {
    return fail({lines_.line(), column}, "text behind a closing quote; expected ','");
  }
  return true;
}

bool CsvReader::read_record() {
  text_.clear();
  cells_.clear();
  auto next = lines_.next();
  while (next && next->empty()) next = lines_.next();
  if (!next) {
    problem_ = lines_.problem();
    return false;
  }
  auto line = *next;
  int column = 1;
  for (std::size_t i = 0;; ++i, ++column) {
    Cell cell{text_.size(), 0, {lines_.line(), column}};
    if (i < line.size() && line[i] == '"') {
      if (!read_quoted(line, i, column)) return false;
    } else {
      const auto end = std::min(line.find(',', i), line.size());
      text_ += line.substr(i, end - i);
      column += static_cast<int>(end - i);
      i = end;
    }
    cell.end = text_.size();
    cells_.push_back(cell);
    if (cells_.size() > limits::csv_columns) {
      return fail(cell.at, fmt::format("more than {} columns", limits::csv_columns));
    }
    if (i >= line.size()) return is_text();
  }
}

Loaded<CsvReader> CsvReader::begin(LineReader lines) {
  CsvReader reader(std::move(lines));
  if (!reader.read_record() && !reader.problem_) {
    reader.fail({}, "is empty; expected a line with the names of the columns");
  }
  for (std::size_t i = 0; !reader.problem_ && i < reader.cells_.size(); ++i) {
    const std::string name(reader.cell(i));
    if (reader.column(name)) {
      reader.fail(reader.position(i), fmt::format("column {} is given twice", shown_cell(name)));
    }
    reader.columns_.push_back(name);
  }
  if (reader.problem_) return std::vector<FileProblem>{*reader.problem_};
  return reader;
}

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
  const auto it = std::find(columns_.begin(), columns_.end(), name);
  if (it == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - columns_.begin());
}

bool CsvReader::next() {
  if (problem_ || !read_record()) return false;
  if (cells_.size() == columns_.size()) return true;
  return fail({cells_.front().at.line, cells_.back().at.column},
              fmt::format("{} cells; the header has {}", cells_.size(), columns_.size()));
}

std::string_view CsvReader::cell(std::size_t column) const {
  const auto& cell = cells_[column];
  return std::string_view(text_).substr(cell.begin, cell.end - cell.begin);
}

Position CsvReader::position(std::size_t column) const {
  return cells_[column].at;
}

}  // namespace ampacity
