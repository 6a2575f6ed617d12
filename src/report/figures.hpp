// SPDX-License-Identifier: Apache-2.0
// Figures as people read them, for the tables of the terminal: thousands separated by commas, a
// unit on every number, three significant digits where more would only be noise. Used by text.cpp
// and compare.cpp. Locale never matters.
#pragma once

#include <cstdint>
#include <string>

#include "report/measures.hpp"
#include "terminal/figures.hpp"

namespace ampacity::report {

// A name without what would move a terminal's cursor: control characters become '?'.
std::string shown(std::string name);

using terminal::grouped;
std::string percent(double share);                   // 0.8231 -> "82.3 %"
std::string megawatt_hours(double mwh);              // "1,234 MWh", "12.3 MWh"
std::string tonnes(double t);                        // "1,234 t"
std::string dollars(double usd);                     // "$1.23M", "$-12.30"
std::string span_text(double ms);                    // "3 h 05 min"; of either sign
std::string figure(Unit unit, double value);         // in that unit
std::string signed_figure(Unit unit, double value);  // with its sign: "+3.1 points", "-12 min"

}  // namespace ampacity::report
