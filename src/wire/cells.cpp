// SPDX-License-Identifier: Apache-2.0
#include "wire/cells.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "units/text.hpp"

namespace ampacity {

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "NA" || cell == "nan" || cell == "NaN" || cell == "None" ||
         cell == "null" || cell == "NULL" || cell == "\\N" || cell == "-";
}

std::optional<double> decimal_in(std::string_view cell) {
  if (!cell.empty() && cell.front() == '+') cell.remove_prefix(1);
  double value = 0;
  const auto* end = cell.data() + cell.size();
  const auto [at, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Instant> instant_in(std::string_view cell) {
  if (cell.size() < 10) return std::nullopt;
  std::string text(cell.substr(0, 19));
  if (text.size() == 16) text += ":00";
  if (text.size() == 19) {
    if (text[10] != ' ' && text[10] != 'T') return std::nullopt;
    text[10] = 'T';
    auto rest = cell.substr(std::min<std::size_t>(cell.size(), 19));
    if (!rest.empty() && rest.back() == 'Z') rest.remove_suffix(1);
    const bool plain = rest.empty() || (rest.front() == '.' && rest.size() > 1 &&
                                        rest.find_first_not_of("0123456789", 1) == rest.npos);
    if (!plain) return std::nullopt;
    text += 'Z';
  }
  const auto parsed = parse_instant(text);
  if (!parsed) return std::nullopt;
  return *parsed;
}

}  // namespace ampacity
