// SPDX-License-Identifier: Apache-2.0
// How each type of the model is written in a file: Form<T> reads a node and gives the JSON Schema
// of it. A quantity is text with its unit; wire/forms.cpp holds its wording, its pattern and its
// parser side by side (forms_test.cpp holds the pattern against the parser). Used by
// portfolio_file.cpp and job_file.cpp only.
#pragma once

#include <map>
#include <optional>

#include "units/text.hpp"
#include "wire/fields.hpp"

namespace ampacity {

// How a quantity is written: "a power", such as '1.2 GW', matching `pattern`.
struct Wording {
  std::string_view noun;
  std::string_view example;
  std::string_view pattern;
  bool number_too =
      false;  // "1.10" may stand there without quotes, which makes it a number of YAML
};

// "expected a power such as '1.2 GW', got a list"
bool is_scalar(const Source& from, const Wording& wording);
boost::json::object schema_of(const Wording& wording);

// static const Wording words; static Result<T> parse(std::string_view); and, where a default is
// worth showing, shown(T): exactly what parse() reads back.
template <class T>
struct Written;

template <>
struct Written<Power> {
  static const Wording words;
  static Result<Power> parse(std::string_view text) { return parse_power(text); }
};
template <>
struct Written<PowerRate> {
  static const Wording words;
  static Result<PowerRate> parse(std::string_view text) { return parse_power_rate(text); }
};
template <>
struct Written<Money> {
  static const Wording words;
  static Result<Money> parse(std::string_view text) { return parse_money(text); }
};
template <>
struct Written<Duration> {
  static const Wording words;
  static Result<Duration> parse(std::string_view text) { return parse_duration(text); }
  static boost::json::value shown(Duration value);
};
template <>
struct Written<Instant> {
  static const Wording words;
  static Result<Instant> parse(std::string_view text) { return parse_instant(text); }
};
template <>
struct Written<EnergyPrice> {
  static const Wording words;
  static Result<EnergyPrice> parse(std::string_view text) { return parse_energy_price(text); }
};
template <>
struct Written<Carbon> {
  static const Wording words;
  static Result<Carbon> parse(std::string_view text) { return parse_carbon(text); }
};
template <>
struct Written<GpuPrice> {
  static const Wording words;
  static Result<GpuPrice> parse(std::string_view text) { return parse_gpu_price(text); }
  static boost::json::value shown(GpuPrice value);
};
template <>
struct Written<Ratio> {
  static const Wording words;
  static Result<Ratio> parse(std::string_view text) { return parse_ratio(text); }
  static boost::json::value shown(Ratio value) { return boost::json::value(to_text(value)); }
};

template <class T>
concept IsWritten = requires(std::string_view text) {
  Written<T>::parse(text);
};

template <IsWritten T>
struct Form<T> {
  static boost::json::object schema() { return schema_of(Written<T>::words); }
  static boost::json::value shown(const T& value) {
    if constexpr (requires { Written<T>::shown(value); }) return Written<T>::shown(value);
    return nullptr;
  }
  static void read(const Source& from, T& value) {
    if (!is_scalar(from, Written<T>::words)) return;
    const auto parsed = Written<T>::parse(from.node->text);
    if (parsed) {
      value = *parsed;
    } else {
      from.say(parsed.error().message);
    }
  }
};

template <>
struct Form<std::string> {
  static boost::json::object schema() { return {{"type", "string"}}; }
  static boost::json::value shown(const std::string& value);
  static void read(const Source& from, std::string& value);
};

template <>
struct Form<std::int64_t> {
  static boost::json::object schema() { return {{"type", "integer"}}; }
  static boost::json::value shown(std::int64_t value) { return value; }
  static void read(const Source& from, std::int64_t& value);
};

template <>
struct Form<GpuCount> {
  static boost::json::object schema() { return {{"type", "integer"}}; }
  static boost::json::value shown(GpuCount value) { return value.count(); }
  static void read(const Source& from, GpuCount& value);
};

template <>
struct Form<bool> {
  static boost::json::object schema() { return {{"type", "boolean"}}; }
  static boost::json::value shown(bool value) { return value; }
  static void read(const Source& from, bool& value);
};

// Variables of a process: any scalar is taken as its text.
template <>
struct Form<std::map<std::string, std::string>> {
  static boost::json::object schema();
  static boost::json::value shown(const std::map<std::string, std::string>&) { return nullptr; }
  static void read(const Source& from, std::map<std::string, std::string>& value);
};

template <class T>
struct Form<std::optional<T>> {
  static boost::json::object schema() { return Form<T>::schema(); }
  static boost::json::value shown(const std::optional<T>&) { return nullptr; }
  static void read(const Source& from, std::optional<T>& value) {
    Form<T>::read(from, value.emplace());
  }
};

template <class T>
struct Form<std::vector<T>> {
  static boost::json::object schema() { return {{"type", "array"}, {"items", Form<T>::schema()}}; }
  static boost::json::value shown(const std::vector<T>&) { return nullptr; }
  static void read(const Source& from, std::vector<T>& value) {
    if (from.node->kind != YamlNode::Kind::List) return from.expected("a list");
    value.clear();
    for (std::size_t i = 0; i < from.node->children.size(); ++i) {
      Form<T>::read(from.child(*from.node->children[i], i), value.emplace_back());
    }
  }
};

// A noun: whatever has a describe(Fields&, T&).
template <class T>
requires requires(Fields& f, T& value) {
  describe(f, value);
}
struct Form<T> {
  static boost::json::object schema() {
    boost::json::object out{{"type", "object"}};
    Fields fields(out);
    T value{};
    describe(fields, value);
    fields.finish();
    return out;
  }
  static boost::json::value shown(const T&) { return nullptr; }
  static void read(const Source& from, T& value) {
    if (from.node->kind != YamlNode::Kind::Mapping) return from.expected("a mapping (key: value)");
    Fields fields(from);
    describe(fields, value);
    fields.finish();
  }
};

boost::json::object choice_schema(const std::vector<std::string>& words);
// The index in `words`, or none after saying why. `later` are words that this version refuses by
// name.
std::optional<std::size_t> read_choice(const Source& from, const std::vector<std::string>& words,
                                       const std::vector<std::string>& later);

// An enumeration written as one of a few words, in the order of its enumerators.
template <class E>
struct Words;  // static std::vector<std::string> all(); static std::vector<std::string> later();

template <class E>
requires std::is_enum_v<E>
struct Form<E> {
  static boost::json::object schema() { return choice_schema(Words<E>::all()); }
  static boost::json::value shown(E value) {
    return boost::json::value(Words<E>::all()[static_cast<std::size_t>(value)]);
  }
  static void read(const Source& from, E& value) {
    if (const auto i = read_choice(from, Words<E>::all(), Words<E>::later())) {
      value = static_cast<E>(*i);
    }
  }
};

}  // namespace ampacity
