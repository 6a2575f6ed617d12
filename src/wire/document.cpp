// SPDX-License-Identifier: Apache-2.0
#include "wire/document.hpp"

#include "wire/indented.hpp"

namespace ampacity {

std::string schema_text(boost::json::object schema, std::string_view title,
                        std::string_view about) {
  boost::json::object out{{"$schema", "http://json-schema.org/draft-07/schema#"},
                          {"title", title},
                          {"description", about}};
  for (auto& [key, value] : schema) out[key] = std::move(value);
  return indented(out);
}

}  // namespace ampacity
