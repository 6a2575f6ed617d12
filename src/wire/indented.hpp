// SPDX-License-Identifier: Apache-2.0
// JSON for people and for version control: indented by two, lists of plain words on one line,
// ending in a line break.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace ampacity {

std::string indented(const boost::json::value& value);

}  // namespace ampacity
