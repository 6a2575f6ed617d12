// SPDX-License-Identifier: Apache-2.0
// The portfolio file: YAML in, a sound Portfolio out. Called by serve at start, by `ampacity check`
// and by `ampacity schema`. The format is described once (portfolio_file.cpp);
// schema/portfolio.schema.json is generated from the same description, and
// docs/reference/portfolio.md explains it in words. Promises: a loaded portfolio has no problem
// left that check() knows. All problems of a file are reported together, in the order of the file's
// structure; what check() finds follows only on a file that reads well. Bounds: those of
// wire/yaml_reader.hpp and of model/portfolio.hpp. Cost: linear; 16 MiB in 2 to 5 seconds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/portfolio.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

// The series of its sites (wire/series_file.hpp) are files in `series_folder`; empty: beside it.
Loaded<Portfolio> load_portfolio(const std::string& path, const std::string& series_folder = "");
// `file` is the name that problems carry. No other file is read: a text that names a series is
// refused, unless `series_folder` says where it is.
Loaded<Portfolio> parse_portfolio(std::string_view text, const std::string& file,
                                  const std::optional<std::string>& series_folder = {});
// ", 2 series (3 hours repaired)", or "" if it has none.
std::string series_in_words(const Portfolio& portfolio);
// Where the series of a portfolio in this file are.
std::string series_folder_of(const std::string& path, const std::string& series_folder);

// '30 G$/year', '550 k$/MW-month', '2.05 USD/GPU-hour', as a lease's price is written.
Result<LeasePrice> parse_lease_price(std::string_view text);

// The policy, setting by setting, each as the file would have it: {"backfill", "easy"}.
using Settings = std::map<std::string, std::string>;
Settings settings_of(const Policy& policy);
// `policy` with these settings instead. Problems carry `file` and no line; what check() says of the
// result is for the caller to ask.
Loaded<Policy> with_settings(const Policy& policy, const Settings& settings,
                             const std::string& file);

// JSON Schema (draft-07) of the file, indented, ending in a line break.
std::string portfolio_schema();

}  // namespace ampacity
