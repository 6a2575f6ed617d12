// SPDX-License-Identifier: Apache-2.0
// How the columns of a CSV file are written in a mapping file. Used by trace_map.cpp and
// faults_file.cpp only.
#pragma once

#include "wire/columns.hpp"
#include "wire/forms.hpp"

namespace ampacity {

template <>
struct Words<TimeUnit> {
  static std::vector<std::string> all() {
    return {"seconds", "milliseconds", "minutes", "hours", "unix", "unix_ms", "text"};
  }
  static std::vector<std::string> later() { return {}; }
};

// A time column with its unit, or only its name: seconds.
struct TimeColumnFields {
  TimeColumn& value;
};

inline void describe(Fields& f, TimeColumnFields& time) {
  f.required("column", time.value.column, "Its name.");
  f.optional("unit", time.value.unit,
             "seconds, milliseconds, minutes or hours after `start` (decimals allowed); unix and "
             "unix_ms: after 1970; text: '2017-10-09 07:01:55'.");
}

// Any scalar as its text: `equals: 4` is as good as `equals: '4'`.
struct ScalarText {
  std::optional<std::string>& text;
};

template <>
struct Form<TimeColumn> {
  static boost::json::object schema() {
    TimeColumn value;
    TimeColumnFields described{value};
    boost::json::object out{{"type", "object"}};
    Fields fields(out);
    describe(fields, described);
    fields.finish();
    return {{"oneOf", {Form<std::string>::schema(), out}}};
  }
  static boost::json::value shown(const TimeColumn&) { return nullptr; }
  static void read(const Source& from, TimeColumn& value) {
    if (from.node->kind == YamlNode::Kind::Scalar) {
      return Form<std::string>::read(from, value.column);
    }
    if (from.node->kind != YamlNode::Kind::Mapping) {
      return from.expected("the name of a column, or a mapping of column and unit");
    }
    TimeColumnFields described{value};
    Fields fields(from);
    describe(fields, described);
    fields.finish();
  }
};

template <>
struct Form<ScalarText> {
  static boost::json::object schema() { return {{"type", {"string", "number", "boolean"}}}; }
  static boost::json::value shown(const ScalarText&) { return nullptr; }
  static void read(const Source& from, ScalarText& value) {
    if (from.node->kind != YamlNode::Kind::Scalar) return from.expected("text or a number");
    value.text = from.node->text;
  }
};

inline void describe(Fields& f, RowFilter& filter) {
  f.required("column", filter.column, "The column that is looked at.");
  f.exactly_one_of({"equals", "not", "at_least"});
  f.optional("equals", ScalarText{filter.equals}, "Rows with exactly this are taken.");
  f.optional("not", ScalarText{filter.not_}, "Rows with exactly this are left out.");
  f.optional("at_least", filter.at_least, "Rows with a number from here up are taken.");
}

}  // namespace ampacity
