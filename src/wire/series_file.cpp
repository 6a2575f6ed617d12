// SPDX-License-Identifier: Apache-2.0
#include "wire/series_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "units/text.hpp"
#include "wire/cells.hpp"
#include "wire/csv.hpp"

namespace ampacity {
namespace {

constexpr std::size_t most_zones = 1'000;  // that a message may choose from

struct Unit {
  std::string_view name;
  SeriesOf what;
  double scale;  // micro-USD/MWh or mg/kWh in one of it
};
constexpr Unit units[] = {{"USD/MWh", SeriesOf::Price, 1e6},
                          {"USD/kWh", SeriesOf::Price, 1e9},
                          {"g/kWh", SeriesOf::Co2, 1e3},
                          {"kg/MWh", SeriesOf::Co2, 1e3},
                          {"lb/MWh", SeriesOf::Co2, 453.59237}};

double scale_of(const std::string& name) {
  const auto unit = std::find_if(std::begin(units), std::end(units),
                                 [&](const Unit& u) { return u.name == name; });
  AMPACITY_ASSERT(unit != std::end(units), "the form lets no unit '{}' through", name);
  return unit->scale;
}

// A series that a site asks for, of the file that is being read.
struct Wanted {
  HourlySeries* series;
  std::string path;
  double scale = 1;
  double least = 0, most = 0;                 // scaled
  std::size_t zone = 0, time = 0, value = 0;  // columns
  bool skip = false;                          // something is wrong with it
};

class SeriesRows {
 public:
  SeriesRows(CsvReader rows, std::vector<Wanted>& wanted, ProblemList& problems)
      : rows_(std::move(rows)), wanted_(wanted), in_file_(rows_.file()), problems_(problems) {}

  void run(const std::function<Position(const std::string&)>& where) {
    for (auto& wanted : wanted_) find_columns(wanted, where);
    while (in_file_.empty() && rows_.next()) {
      for (auto& wanted : wanted_) row(wanted);
    }
    if (rows_.problem()) return problems_.add({*rows_.problem()});
    if (!in_file_.empty()) return problems_.add(in_file_.take());
    for (const auto& wanted : wanted_) found(wanted, where);
  }

 private:
  void find_columns(Wanted& wanted, const std::function<Position(const std::string&)>& where) {
    const auto column = [&](const char* key, const std::string& name, std::size_t& to) {
      if (const auto at = rows_.column(name)) {
        to = *at;
        return;
      }
      wanted.skip = true;
      const auto path = fmt::format("{}.{}", wanted.path, key);
      problems_.say(where(path), path,
                    fmt::format("{} has no column '{}'{}; it has {}", rows_.file(), name,
                                did_you_mean(name, rows_.columns()), listed(rows_.columns())));
    };
    const auto& file = wanted.series->file;
    column("time", file.time, wanted.time);
    column("value", file.value, wanted.value);
    if (!file.zone.empty()) column("zone_column", file.zone_column, wanted.zone);
  }

  void bad(std::size_t column, const std::string& what) {
    in_file_.say(rows_.position(column), rows_.columns()[column], what);
  }

  void row(Wanted& wanted) {
    if (wanted.skip) return;
    auto& series = *wanted.series;
    if (!series.file.zone.empty() && rows_.cell(wanted.zone) != series.file.zone) {
      return remember(rows_.cell(wanted.zone));
    }
    const auto cell = rows_.cell(wanted.time);
    const auto at = instant_in(cell);
    if (!at) {
      return bad(wanted.time, fmt::format("expected a time such as '2024-03-01 06:00', UTC, from "
                                          "2000 on, got {}",
                                          shown_cell(cell)));
    }
    if (!reach(wanted, *at)) return;
    const auto value = value_in(wanted);
    if (!value && in_file_.empty()) {
      if (series.values.empty()) return;  // begins with the first value that there is
      repair(series);
    }
    if (value) series.values.push_back(*value);
  }

  // Up to the hour of this row: what is missing goes on as it was. Whether the row is next.
  bool reach(Wanted& wanted, Instant at) {
    auto& series = *wanted.series;
    if (series.values.empty()) {
      series.from = at;
      return true;
    }
    const auto expected = series.until();
    const auto late = at - expected;
    const auto cell = shown_cell(rows_.cell(wanted.time));
    if (late < Duration(0)) {
      bad(wanted.time, fmt::format("{} is not after the row before it; expected {} or later", cell,
                                   to_text(expected)));
      return false;
    }
    if (late % HourlySeries::hour != Duration(0)) {
      bad(wanted.time,
          fmt::format("{} is between two hours: the series has one value an hour, from "
                      "{} on",
                      cell, to_text(series.from)));
      return false;
    }
    const auto hole = late / HourlySeries::hour;
    if (hole > limits::series_hole) {
      bad(wanted.time, fmt::format("{} comes after a hole of {} hours; at most {} are filled in",
                                   cell, hole, limits::series_hole));
      return false;
    }
    for (std::int64_t i = 0; i < hole; ++i) repair(series);
    if (series.values.size() < limits::series_hours) return true;
    bad(wanted.time, fmt::format("more than {} hours (ten years)", limits::series_hours));
    return false;
  }

  static void repair(HourlySeries& series) {
    series.values.push_back(series.values.back());
    ++series.repaired;
  }

  std::optional<std::int64_t> value_in(const Wanted& wanted) {
    const auto cell = rows_.cell(wanted.value);
    if (is_missing(cell)) return std::nullopt;
    const auto number = decimal_in(cell);
    const auto scaled = number.value_or(0) * wanted.scale;
    if (number && scaled >= wanted.least && scaled <= wanted.most) return std::llround(scaled);
    bad(wanted.value,
        fmt::format("expected {} to {} {}, got {}", wanted.least / wanted.scale,
                    wanted.most / wanted.scale, wanted.series->file.unit, shown_cell(cell)));
    return std::nullopt;
  }

  void remember(std::string_view zone) {
    if (zone == last_zone_ || zones_.size() >= most_zones) return;
    last_zone_ = zone;
    if (std::find(zones_.begin(), zones_.end(), zone) == zones_.end()) zones_.emplace_back(zone);
  }

  void found(const Wanted& wanted, const std::function<Position(const std::string&)>& where) {
    if (wanted.skip || !wanted.series->values.empty()) return;
    const auto& zone = wanted.series->file.zone;
    const auto path = wanted.path + (zone.empty() ? ".series" : ".zone");
    auto why = fmt::format("{} has no values", rows_.file());
    if (!zone.empty()) {
      auto some = zones_;
      if (some.size() > 30) some.resize(30);
      why += fmt::format(" of zone '{}'{}; it has {}{}", zone, did_you_mean(zone, zones_),
                         listed(some), some.size() < zones_.size() ? ", …" : "");
    }
    problems_.say(where(path), path, why);
  }

  CsvReader rows_;
  std::vector<Wanted>& wanted_;
  ProblemList in_file_;
  ProblemList& problems_;
  std::vector<std::string> zones_;  // other ones
  std::string last_zone_;
};

}  // namespace

std::vector<std::string> series_units(SeriesOf what) {
  std::vector<std::string> names;
  for (const auto& unit : units) {
    if (unit.what == what) names.emplace_back(unit.name);
  }
  return names;
}

void read_series(Portfolio& portfolio, const std::string& folder,
                 const std::function<Position(const std::string&)>& where, ProblemList& problems) {
  constexpr double price = limits::series_price;
  std::map<std::string, std::vector<Wanted>> by_file;
  for (std::size_t i = 0; i < portfolio.sites.size(); ++i) {
    const auto want = [&](const char* key, std::optional<HourlySeries>& series, double least,
                          double most) {
      if (!series) return;
      const auto path = std::filesystem::path(folder) / series->file.series;
      by_file[path.lexically_normal().string()].push_back(
          {&*series, fmt::format("sites[{}].{}", i, key), scale_of(series->file.unit), least,
           most});
    };
    want("energy_price", portfolio.sites[i].energy_price_by_hour, -price, price);
    want("carbon", portfolio.sites[i].carbon_by_hour, 0, limits::series_carbon);
  }
  for (auto& [path, wanted] : by_file) {
    auto lines = LineReader::open(path);
    if (!lines) {
      const auto at = wanted.front().path + ".series";
      problems.say(where(at), at, to_text(lines.error().front()));
      continue;
    }
    auto rows = CsvReader::begin(std::move(*lines));
    if (!rows) {
      problems.add(rows.error());
      continue;
    }
    SeriesRows(std::move(*rows), wanted, problems).run(where);
  }
}

}  // namespace ampacity
