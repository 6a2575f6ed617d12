// SPDX-License-Identifier: Apache-2.0
// The JSON form of every described value (Boost.Describe): the text of the journal, of the API and
// of --json.
//   double -> its shortest exact text, null if it is not finite
//   quantity -> integer in its base unit; Instant, Duration -> integer milliseconds; enum -> its
//   name; optional -> null or left out; variant -> {"kind": "JobSubmitted", …members…}; AttemptId
//   -> "12.1"; an Accepted may also be read from its name alone, as older writers and people have
//   it
// Writing never fails. Reading is strict about kinds and ranges, refuses unknown enumerators,
// ignores unknown members (a newer writer), keeps defaults for missing ones (an older writer).
// Errors carry the path. Header-only on purpose: templates over the vocabulary; include it in .cpp
// files of edges only (0.8 s).
#pragma once

#include <fmt/format.h>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "base/pack.hpp"
#include "base/result.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

// ---- writing ----

void write_string(std::string& out, std::string_view text);

template <class T>
void write(std::string& out, const T& value);

template <class T>
constexpr std::string_view kind_name();

namespace detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsShared : std::false_type {};
template <class T>
struct IsShared<std::shared_ptr<T>> : std::true_type {};
template <class T>
struct IsVariant : std::false_type {};
template <class... Ts>
struct IsVariant<std::variant<Ts...>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class V>
struct IsMap<std::map<std::string, V>> : std::true_type {};
template <class T>
struct IsDuration : std::false_type {};
template <class R, class P>
struct IsDuration<std::chrono::duration<R, P>> : std::true_type {};
template <class T>
struct IsInstant : std::false_type {};
template <class C, class D>
struct IsInstant<std::chrono::time_point<C, D>> : std::true_type {};
template <class T>
struct IsTagged : std::false_type {};
template <class Tag, class Rep>
struct IsTagged<Tagged<Tag, Rep>> : std::true_type {};

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

template <class T>
bool left_out(const T& value) {
  if constexpr (IsOptional<T>::value) return !value;
  return false;
}

// Writes the members without the braces; `first` says whether a comma is due.
template <class T>
void write_members(std::string& out, const T& value, bool& first) {
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    const auto& item = value.*member.pointer;
    if (left_out(item)) return;
    if (!first) out += ',';
    first = false;
    out += '"';
    out += member.name;
    out += "\":";
    write(out, item);
  });
}

}  // namespace detail

template <class T>
void write(std::string& out, const T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else if constexpr (std::is_floating_point_v<T>) {
    out += std::isfinite(value) ? fmt::format("{}", value) : "null";
  } else if constexpr (std::is_enum_v<T>) {
    write_string(out, boost::describe::enum_to_string(value, "?"));
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    write_string(out, value);
  } else if constexpr (std::is_same_v<T, AttemptId>) {
    write_string(out, to_text(value));
  } else if constexpr (Counted<T> || IsDuration<T>::value) {
    write(out, static_cast<std::int64_t>(value.count()));
  } else if constexpr (IsInstant<T>::value) {
    write(out, to_ms(value));
  } else if constexpr (IsTagged<T>::value) {
    write(out, value.value());
  } else if constexpr (IsOptional<T>::value || IsShared<T>::value) {
    if (value) {
      write(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (IsVector<T>::value) {
    out += '[';
    bool first = true;
    for (const auto& item : value) {
      if (!first) out += ',';
      first = false;
      write(out, item);
    }
    out += ']';
  } else if constexpr (IsMap<T>::value) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value) {
      if (!first) out += ',';
      first = false;
      write_string(out, key);
      out += ':';
      write(out, item);
    }
    out += '}';
  } else if constexpr (IsVariant<T>::value) {
    std::visit(
        [&](const auto& item) {
          using Item = std::remove_cvref_t<decltype(item)>;
          out += "{\"kind\":\"";
          out += kind_name<Item>();
          out += '"';
          bool first = false;
          write_members(out, item, first);
          out += '}';
        },
        value);
  } else {
    static_assert(is_described<T>, "describe this struct with BOOST_DESCRIBE_STRUCT");
    out += '{';
    bool first = true;
    write_members(out, value, first);
    out += '}';
  }
}

template <class T>
std::string to_json(const T& value) {
  std::string out;
  write(out, value);
  return out;
}

// The unqualified name of a described struct, from the compiler's spelling of the type.
template <class T>
constexpr std::string_view kind_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  const auto start = text.find("T = ") + 4;
  auto end = text.find_first_of(";]", start);
  text = text.substr(start, end - start);
  const auto colon = text.rfind("::");
  return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

// ---- reading ----

// Parses text of at most `max_bytes`, at most 32 levels deep. The error gives the byte offset.
Result<Value> parse(std::string_view text, std::size_t max_bytes = 64U << 20U);

template <class T>
Status read(const Value& from, T& value, const std::string& path = "");

Error unexpected(const std::string& path, std::string_view expected, const Value& got);

namespace detail {

inline Status read_integer(const Value& from, std::int64_t least, std::int64_t most,
                           const std::string& path, std::int64_t& out) {
  if (from.is_int64()) {
    out = from.get_int64();
  } else {
    return unexpected(path, "an integer", from);
  }
  if (out < least || out > most) {
    return unexpected(path, fmt::format("an integer from {} to {}", least, most), from);
  }
  return {};
}

template <class T>
Status read_members(const Object& from, T& value, const std::string& path) {
  Status status;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    if (!status) return;
    const auto* found = from.if_contains(member.name);
    if (found == nullptr) return;
    status = read(*found, value.*member.pointer,
                  path.empty() ? std::string(member.name) : path + "." + member.name);
  });
  return status;
}

template <class T>
Status read_variant(const Object& from, T& value, const std::string& path) {
  const auto* kind = from.if_contains("kind");
  if (kind == nullptr || !kind->is_string()) {
    return invalid(fmt::format("{}: expected an object with a \"kind\"", path));
  }
  const std::string_view wanted(kind->get_string().data(), kind->get_string().size());
  Status status = invalid(fmt::format("{}: unknown kind '{}'", path, wanted));
  boost::mp11::mp_for_each<boost::mp11::mp_iota_c<std::variant_size_v<T>>>([&](auto index) {
    using Item = std::variant_alternative_t<index, T>;
    if (kind_name<Item>() == wanted) {
      status = read_members(from, value.template emplace<index>(), path);
    }
  });
  return status;
}

}  // namespace detail

template <class T>
Status read(const Value& from, T& value, const std::string& path) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) return unexpected(path, "true or false", from);
    value = from.get_bool();
    return {};
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (!from.is_uint64() && (!from.is_int64() || from.get_int64() < 0)) {
      return unexpected(path, "an integer from 0 to 2^64 - 1", from);
    }
    value = from.is_uint64() ? from.get_uint64() : static_cast<T>(from.get_int64());
    return {};
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!from.is_number() && !from.is_null()) return unexpected(path, "a number", from);
    value = from.is_null() ? std::numeric_limits<T>::quiet_NaN() : from.to_number<T>();
    return {};
  } else if constexpr (std::is_integral_v<T>) {
    std::int64_t number = 0;
    if (auto s = read_integer(from, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(),
                              path, number);
        !s) {
      return s;
    }
    value = static_cast<T>(number);
    return {};
  } else if constexpr (std::is_enum_v<T>) {
    if (from.is_string()) {
      const std::string name(from.get_string().data(), from.get_string().size());
      if (boost::describe::enum_from_string(name.c_str(), value)) return {};
    }
    return unexpected(path, "one of its names", from);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return unexpected(path, "a string", from);
    value.assign(from.get_string().data(), from.get_string().size());
    return {};
  } else if constexpr (std::is_same_v<T, AttemptId>) {
    if (from.is_string()) {
      const auto& text = from.get_string();
      if (const auto id = parse_attempt_id({text.data(), text.size()})) {
        value = *id;
        return {};
      }
    }
    return unexpected(path, "an attempt such as \"12.1\"", from);
  } else if constexpr (std::is_same_v<T, Accepted>) {
    value = {};
    if (from.is_string()) return read(from, value.name, path);
    if (!from.is_object()) return unexpected(path, "a name, or an object of name and speed", from);
    return read_members(from.get_object(), value, path);
  } else if constexpr (Counted<T>) {
    std::int64_t number = 0;
    if (auto s = read(from, number, path); !s) return s;
    value = T::of(number);
    return {};
  } else if constexpr (IsDuration<T>::value) {
    std::int64_t number = 0;
    if (auto s = read(from, number, path); !s) return s;
    value = T(number);
    return {};
  } else if constexpr (IsInstant<T>::value) {
    std::int64_t number = 0;
    if (auto s = read_integer(from, 0, 7'289'654'400'000, path, number); !s) return s;
    value = from_ms(number);
    return {};
  } else if constexpr (IsTagged<T>::value) {
    typename T::rep number = 0;
    if (auto s = read(from, number, path); !s) return s;
    value = T(number);
    return {};
  } else if constexpr (IsOptional<T>::value) {
    if (from.is_null()) {
      value.reset();
      return {};
    }
    return read(from, value.emplace(), path);
  } else if constexpr (IsShared<T>::value) {
    auto item = std::make_shared<std::remove_const_t<typename T::element_type>>();
    if (auto s = read(from, *item, path); !s) return s;
    value = std::move(item);
    return {};
  } else if constexpr (IsVector<T>::value) {
    if (!from.is_array()) return unexpected(path, "a list", from);
    value.clear();
    value.reserve(from.get_array().size());
    for (std::size_t i = 0; i < from.get_array().size(); ++i) {
      if (auto s = read(from.get_array()[i], value.emplace_back(), fmt::format("{}[{}]", path, i));
          !s) {
        return s;
      }
    }
    return {};
  } else if constexpr (IsMap<T>::value) {
    if (!from.is_object()) return unexpected(path, "an object", from);
    value.clear();
    for (const auto& [key, item] : from.get_object()) {
      const std::string name(key.data(), key.size());
      if (auto s = read(item, value[name], fmt::format("{}.{}", path, name)); !s) return s;
    }
    return {};
  } else if constexpr (IsVariant<T>::value) {
    if (!from.is_object()) return unexpected(path, "an object", from);
    return read_variant(from.get_object(), value, path);
  } else {
    static_assert(is_described<T>, "describe this struct with BOOST_DESCRIBE_STRUCT");
    if (!from.is_object()) return unexpected(path, "an object", from);
    return read_members(from.get_object(), value, path);
  }
}

template <class T>
Result<T> from_json(std::string_view text, std::size_t max_bytes = 64U << 20U) {
  auto value = parse(text, max_bytes);
  if (!value) return value.error();
  T out{};
  if (auto status = read(*value, out); !status) return status.error();
  return out;
}

}  // namespace ampacity::json
