// SPDX-License-Identifier: Apache-2.0
#include "wire/json.hpp"

namespace ampacity::json {

void write_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += hex[static_cast<unsigned char>(c) >> 4U];
          out += hex[static_cast<unsigned char>(c) & 15U];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

Result<Value> parse(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Error{ErrorCode::LimitExceeded,
                 fmt::format("{} bytes of JSON, at most {}", text.size(), max_bytes)};
  }
  boost::json::stream_parser parser({}, {.max_depth = 32});
  boost::json::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) {
    return invalid(fmt::format("JSON: text after the value at byte {}", used));
  }
  if (!error) parser.finish(error);
  if (error) return invalid(fmt::format("JSON: {} at byte {}", error.message(), used));
  return parser.release();
}

Error unexpected(const std::string& path, std::string_view expected, const Value& got) {
  auto text = boost::json::serialize(got);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return invalid(
      fmt::format("{}: expected {}, got {}", path.empty() ? "(top)" : path, expected, text));
}

}  // namespace ampacity::json
