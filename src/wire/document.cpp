// SPDX-License-Identifier: Apache-2.0
#include "wire/document.hpp"

#include "wire/indented.hpp"

namespace ampacity {

std::string schema_text(const boost::json::object& schema, std::string_view title,
                        std::string_view about) {
  boost::json::object out{{"$schema", "http://json-schema.org/draft-07/schema#"},
                          {"title", title},
                          {"description", about}};
  for (const auto& [key, value] : schema) out[key] = value;
  return indented(out);
}

}  // namespace ampacity
