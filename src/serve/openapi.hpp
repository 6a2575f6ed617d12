// SPDX-License-Identifier: Apache-2.0
// docs/reference/openapi.json, compiled in (cmake/embed.cmake), served at /openapi.json.
#pragma once

#include <string_view>

namespace ampacity {

std::string_view openapi_document();

}  // namespace ampacity
