// SPDX-License-Identifier: Apache-2.0
// The hourly prices and carbon of a portfolio, out of the CSV files (.gz or not) that its sites
// name. Called by portfolio_file.cpp after the YAML has been read; docs/reference/files.md
// explains the files. Promises: the rows of the zone come in order, an hour after the other from
// the first on; an hour that is missing, or whose cell is empty, has the value of the hour before,
// and is counted. How it says no: a row out of order or between hours, a cell that is no number, a
// hole of more than limits::series_hole hours, an unknown column or zone, with file, line, column
// and a suggestion; and the place in the portfolio where the file itself is the trouble. Bounds:
// those of wire/lines.hpp and of model/hourly_series.hpp. Cost: one pass over each file, however
// many sites name it; five million rows a second.
#pragma once

#include <functional>
#include <string>

#include "model/portfolio.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::int64_t series_hole = 7 * 24;  // hours in a row that may be missing
}  // namespace limits

// What a series is of, for its units.
enum class SeriesOf { Price, Co2 };
// As the file may state them, the usual one first.
std::vector<std::string> series_units(SeriesOf what);

// Fills every series of the sites. `folder`: where their files are, unless they are absolute.
// `where`: of a path such as "sites[2].carbon" in the portfolio's file, for its problems.
void read_series(Portfolio& portfolio, const std::string& folder,
                 const std::function<Position(const std::string&)>& where, ProblemList& problems);

}  // namespace ampacity
