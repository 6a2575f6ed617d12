// SPDX-License-Identifier: Apache-2.0
#include "wire/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace ampacity {
namespace {

const YamlNode* find(const YamlNode& mapping, std::string_view key) {
  for (std::size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
    if (mapping.children[i]->text == key) return mapping.children[i + 1];
  }
  return nullptr;
}

boost::json::array& array_at(boost::json::object& object, std::string_view key) {
  auto& value = object[key];
  if (!value.is_array()) value = boost::json::array();
  return value.get_array();
}

std::string quoted_list(std::initializer_list<const char*> keys) {
  std::vector<std::string> words;
  for (const auto* key : keys) words.push_back(fmt::format("'{}'", key));
  return listed(words);
}

}  // namespace

void Source::expected(std::string_view what) const {
  say(fmt::format("expected {}, got {}", what, found(*node)));
}

Source Source::child(const YamlNode& item, std::string_view key) const {
  return {&item, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key), problems};
}

Source Source::child(const YamlNode& item, std::size_t index) const {
  return {&item, fmt::format("{}[{}]", path, index), problems};
}

void Fields::exactly_one_of(std::initializer_list<const char*> keys) {
  if (schema_ != nullptr) {
    for (const auto* key : keys) {
      boost::json::object alone;
      alone["required"] = boost::json::array{key};
      array_at(*schema_, "oneOf").emplace_back(std::move(alone));
    }
    return;
  }
  const auto given = std::count_if(keys.begin(), keys.end(), [&](auto* key) { return has(key); });
  if (given == 1) return;
  source_->say(fmt::format("expected exactly one of {}, got {}", quoted_list(keys),
                           given == 0 ? "none" : "more"));
}

void Fields::only_with(const char* key, const char* other) {
  if (schema_ != nullptr) {
    auto& rules = (*schema_)["dependencies"];
    if (!rules.is_object()) rules = boost::json::object();
    rules.get_object()[key] = boost::json::array{other};
  } else if (has(key) && !has(other)) {
    at(key).say(fmt::format("is only allowed with '{}'", other));
  }
}

bool Fields::has(std::string_view key) const {
  return source_ != nullptr && find(*source_->node, key) != nullptr;
}

Source Fields::at(std::string_view key) const {
  return source_->child(*find(*source_->node, key), key);
}

void Fields::add(const char* key, const boost::json::object& schema,
                 const boost::json::value& initial, const char* doc, bool required) {
  boost::json::object property{{"description", doc}};
  for (const auto& [name, value] : schema) property[name] = value;
  if (!initial.is_null()) property["default"] = initial;
  auto& properties = (*schema_)["properties"];
  if (!properties.is_object()) properties = boost::json::object();
  properties.get_object()[key] = std::move(property);
  if (required) array_at(*schema_, "required").emplace_back(key);
}

const YamlNode* Fields::take(const char* key, bool required) {
  known_.emplace_back(key);
  const auto* node = find(*source_->node, key);
  if (node == nullptr && required) source_->say(fmt::format("'{}' is missing", key));
  return node;
}

void Fields::finish() {
  if (schema_ != nullptr) {
    (*schema_)["additionalProperties"] = false;
    return;
  }
  std::map<std::string, Position> seen;
  const auto& children = source_->node->children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    const auto& key = *children[i];
    const auto [first, fresh] = seen.try_emplace(key.text, key.at);
    const auto say = [&](std::string message) {
      source_->problems->say(key.at, source_->path, std::move(message));
    };
    if (!fresh) {
      say(fmt::format("key '{}' is given twice; first in line {}", key.text, first->second.line));
    } else if (key.text == "<<") {
      say("merge keys ('<<') are not supported; write the keys out");
    } else if (std::find(known_.begin(), known_.end(), key.text) == known_.end()) {
      say(fmt::format("unknown key '{}'{}", key.text, did_you_mean(key.text, known_)));
    }
  }
}

}  // namespace ampacity
