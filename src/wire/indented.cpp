// SPDX-License-Identifier: Apache-2.0
#include "wire/indented.hpp"

namespace ampacity {
namespace {

void print(std::string& out, const boost::json::value& value, std::size_t indent);

// Lists of plain words stay on one line.
bool is_short(const boost::json::array& list) {
  for (const auto& item : list) {
    if (item.is_object() || item.is_array()) return false;
  }
  return true;
}

void print_list(std::string& out, const boost::json::array& list, std::size_t indent) {
  const bool flat = is_short(list);
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += flat ? ", " : ",";
    if (!flat) out += '\n' + std::string(indent + 2, ' ');
    print(out, list[i], indent + 2);
  }
  out += flat ? "]" : '\n' + std::string(indent, ' ') + ']';
}

void print_object(std::string& out, const boost::json::object& object, std::size_t indent) {
  out += '{';
  bool first = true;
  for (const auto& [key, item] : object) {
    if (!first) out += ',';
    first = false;
    out += '\n' + std::string(indent + 2, ' ') + boost::json::serialize(key) + ": ";
    print(out, item, indent + 2);
  }
  out += '\n' + std::string(indent, ' ') + '}';
}

void print(std::string& out, const boost::json::value& value, std::size_t indent) {
  if (value.is_object() && !value.get_object().empty()) {
    print_object(out, value.get_object(), indent);
  } else if (value.is_array()) {
    print_list(out, value.get_array(), indent);
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string indented(const boost::json::value& value) {
  std::string text;
  print(text, value, 0);
  return text + '\n';
}

}  // namespace ampacity
