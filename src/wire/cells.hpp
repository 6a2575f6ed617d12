// SPDX-License-Identifier: Apache-2.0
// The cells of CSV files that other people wrote, as values. Used by trace_rows.cpp and
// series_file.cpp. None: it is not one.
#pragma once

#include <optional>
#include <string_view>

#include "units/time.hpp"

namespace ampacity {

// Empty, or one of the words for "nothing" that tools write: NA, nan, None, null, \N, -.
bool is_missing(std::string_view cell);
// "1.5", "-3e-05"; finite.
std::optional<double> decimal_in(std::string_view cell);
// '2017-10-09 07:01:55', with 'T' between, with decimals and 'Z' behind if need be; to the minute
// or the day too. UTC.
std::optional<Instant> instant_in(std::string_view cell);

}  // namespace ampacity
