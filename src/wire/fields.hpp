// SPDX-License-Identifier: Apache-2.0
// One description per noun, walked in two modes, so that what is loaded and what the schema
// promises cannot disagree. A description is a function
//   void describe(Fields& f, Lease& lease) { f.required("name", lease.name, "What people call it");
//   … }
// found by argument-dependent lookup. Load mode takes the keys out of a YAML mapping and collects
// every problem; Describe mode writes a JSON Schema (draft-07, which editors understand). Used by
// portfolio_file.cpp and job_file.cpp only. How one type is written stands in Form<T> (forms.hpp).
// Load promises: unknown and repeated keys are refused, with a suggestion; a missing key keeps its
// default.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "wire/yaml_reader.hpp"

namespace ampacity {

template <class T>
struct Form;  // static json::object schema(); static void read(Source, T&); static json::value
              // shown(const T&)

// A node of the file, where it is in the structure, and where its problems go.
struct Source {
  const YamlNode* node;
  std::string path;
  ProblemList* problems;

  void say(std::string message) const { problems->say(node->at, path, std::move(message)); }
  void expected(std::string_view what) const;  // "expected <what>, got <found>"
  Source child(const YamlNode& item, std::string_view key) const;
  Source child(const YamlNode& item, std::size_t index) const;
};

class Fields {
 public:
  explicit Fields(const Source& mapping) : source_(&mapping) {}
  explicit Fields(boost::json::object& schema) : schema_(&schema) {}

  template <class T>
  void required(const char* key, T&& value, const char* doc) {
    field(key, value, doc, true);
  }
  template <class T>
  void optional(const char* key, T&& value, const char* doc) {
    field(key, value, doc, false);
  }
  void exactly_one_of(std::initializer_list<const char*> keys);
  void only_with(const char* key, const char* other);
  bool loading() const { return source_ != nullptr; }
  bool has(std::string_view key) const;  // Load mode: the file gives it
  // The part of the file that `key` holds. Load mode, after has(key).
  Source at(std::string_view key) const;
  // After the last field: refuses what the description does not know, or closes the schema.
  void finish();

 private:
  template <class T>
  void field(const char* key, T& value, const char* doc, bool required) {
    using Kind = Form<std::remove_cv_t<T>>;
    if (schema_ != nullptr) {
      add(key, Kind::schema(), required ? nullptr : Kind::shown(value), doc, required);
    } else if (const auto* node = take(key, required)) {
      Kind::read(source_->child(*node, key), value);
    }
  }
  void add(const char* key, const boost::json::object& schema, const boost::json::value& initial,
           const char* doc, bool required);
  const YamlNode* take(const char* key, bool required);

  const Source* source_ = nullptr;
  boost::json::object* schema_ = nullptr;
  std::vector<std::string> known_;
};

}  // namespace ampacity
