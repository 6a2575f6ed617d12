// SPDX-License-Identifier: Apache-2.0
// A result as one self-contained HTML page: charts, tables, and nothing fetched from anywhere.
// Called by `ampacity report --html` and `simulate --html`. The frame, the style and the drawing
// are page.html, page.css and page.js beside this file; D3 is Debian's. Promise: text of the result
// cannot become markup or code. It enters the page once, as JSON with every <, > and & escaped;
// page.js puts it on show as text; the Content-Security-Policy lets only our two scripts run (by
// their SHA-256) and lets nothing be loaded. Bounds: curves are thinned to 2,000 points, so 8 sites
// come to about 1.2 MB. Cost: linear.
#pragma once

#include <string>
#include <string_view>

#include "sim/result.hpp"

namespace ampacity::report {

std::string html_page(const SimulationResult& result);

// "&lt;" for "<" and the like, for element content and quoted attributes.
std::string html_escaped(std::string_view text);

// JSON that may stand inside a <script> element.
std::string script_safe(std::string_view json);

}  // namespace ampacity::report
