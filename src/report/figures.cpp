// SPDX-License-Identifier: Apache-2.0
#include "report/figures.hpp"

#include <fmt/format.h>

#include <cmath>

#include "units/text.hpp"

namespace ampacity::report {
namespace {

std::string rounded(double value) {
  const auto size = std::fabs(value);
  if (size >= 99.95 || value == 0) return grouped(std::llround(value));
  return fmt::format("{:.{}f}", value, size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
}

}  // namespace

std::string shown(std::string name) {
  for (auto& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return name;
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string megawatt_hours(double mwh) {
  return rounded(mwh) + " MWh";
}

std::string tonnes(double t) {
  return rounded(t) + " t";
}

std::string dollars(double usd) {
  const auto size = std::fabs(usd);
  const auto* sign = usd < 0 ? "-" : "";
  if (size >= 9.995e8) return fmt::format("{}${:.2f}B", sign, size / 1e9);
  if (size >= 9.995e5) return fmt::format("{}${:.2f}M", sign, size / 1e6);
  if (size >= 999.5) return fmt::format("{}${}", sign, grouped(std::llround(size)));
  return fmt::format("{}${:.2f}", sign, size);
}

std::string span_text(double ms) {
  const auto text = to_text(Duration(std::llround(std::fabs(ms))));
  return (ms < 0 && text != "0 ms" ? "-" : "") + text;
}

std::string figure(Unit unit, double value) {
  switch (unit) {
    case Unit::Milliseconds:
      return span_text(value);
    case Unit::Share:
      return percent(value);
    case Unit::Count:
      return rounded(value);
    case Unit::Dollars:
      return dollars(value);
    case Unit::MegawattHours:
      return megawatt_hours(value);
    case Unit::Tonnes:
      return tonnes(value);
  }
  return {};
}

std::string signed_figure(Unit unit, double value) {
  // A difference of shares is in percentage points: "+10 %" would read as a tenth more.
  auto text = unit == Unit::Share ? fmt::format("{:.2f} points", value * 100) : figure(unit, value);
  return value > 0 ? "+" + text : text;
}

}  // namespace ampacity::report
