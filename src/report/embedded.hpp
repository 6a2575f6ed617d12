// SPDX-License-Identifier: Apache-2.0
// The files of the report page, put into the binary by cmake/embed.cmake at build time, so that the
// page needs neither a network nor an installation. Used by html.cpp. Any byte may occur.
#pragma once

#include <string_view>

namespace ampacity::report::embedded {

extern const std::string_view page_html;  // the frame, with {{places}} that html.cpp fills
extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view d3_min_js;  // Debian's libjs-d3

}  // namespace ampacity::report::embedded
