// SPDX-License-Identifier: Apache-2.0
#include "wire/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "units/text.hpp"
#include "wire/cells.hpp"

namespace ampacity {
namespace {

constexpr double most_ms = 9e15;

double ms_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::Milliseconds:
    case TimeUnit::UnixMilliseconds:
      return 1;
    case TimeUnit::Minutes:
      return 60'000;
    case TimeUnit::Hours:
      return 3'600'000;
    case TimeUnit::Seconds:
    case TimeUnit::Unix:
    case TimeUnit::Text:
      return 1'000;
  }
  return 1'000;
}

}  // namespace

std::string renamed(const Names& names, std::string text) {
  const auto it = names.find(text);
  return it == names.end() ? text : it->second;
}

MappedRows::MappedRows(CsvReader rows, Instant start)
    : rows_(std::move(rows)), problems_(rows_.file()), start_(start) {}

MappedRows::Column MappedRows::find(const char* key, const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto column = rows_.column(name);
  if (!column) {
    problems_.say({1, 1}, "",
                  fmt::format("no column '{}' for '{}'{}; the file has {}", name, key,
                              did_you_mean(name, rows_.columns()), listed(rows_.columns())));
  }
  return column;
}

void MappedRows::choose(const std::vector<RowFilter>& where) {
  for (const auto& filter : where) where_.emplace_back(&filter, find("where", filter.column));
}

bool MappedRows::next() {
  if (problems_.size() > limits::file_problems || !rows_.next()) return false;
  ++row_;
  return true;
}

bool MappedRows::chosen() {
  for (const auto& [filter, column] : where_) {
    const auto text = cell(*column);
    if (filter->equals && text != *filter->equals) return false;
    if (filter->not_ && text == *filter->not_) return false;
    if (!filter->at_least) continue;
    const auto value = number(column);
    if (!value || *value < static_cast<double>(*filter->at_least)) return false;
  }
  return true;
}

std::string MappedRows::named(Column column, const Names& names) const {
  if (!column) return "";
  const auto text = cell(*column);
  return renamed(names, is_missing(text) ? std::string() : std::string(text));
}

std::optional<double> MappedRows::number(Column column) {
  if (!column || is_missing(cell(*column))) return std::nullopt;
  const auto value = decimal_in(cell(*column));
  if (!value) bad(*column, "a number");
  return value;
}

std::optional<Duration> MappedRows::duration(Column column, TimeUnit unit) {
  const auto value = number(column);
  if (!value) return std::nullopt;
  const auto ms = *value * ms_of(unit);
  if (std::abs(ms) < most_ms) return Duration(std::llround(ms));
  bad(*column, "a time");
  return std::nullopt;
}

std::optional<Instant> MappedRows::time(Column column, TimeUnit unit) {
  if (!column || is_missing(cell(*column))) return std::nullopt;
  if (unit == TimeUnit::Text) {
    const auto at = instant_in(cell(*column));
    if (!at) bad(*column, "a time such as '2017-10-09 07:01:55', from 2000 on");
    return at;
  }
  const auto passed = duration(column, unit);
  if (!passed) return std::nullopt;
  return (unit < TimeUnit::Unix ? start_ : Instant()) + *passed;
}

void MappedRows::bad(std::size_t column, const std::string& what) {
  problems_.say(rows_.position(column), rows_.columns()[column],
                fmt::format("expected {}, got {}", what, shown_cell(cell(column))));
}

void MappedRows::say(const std::string& message) {
  problems_.say(rows_.position(0), "", message);
}

std::vector<FileProblem> MappedRows::problems() {
  if (rows_.problem()) return {*rows_.problem()};
  return problems_.take();
}

}  // namespace ampacity
