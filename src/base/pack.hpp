// SPDX-License-Identifier: Apache-2.0
// pack / unpack: the one binary form of described values (Boost.Describe). Called by the engine for
// its digest (packed straight into a hash) and its snapshot (packed into bytes). Integers are
// zigzag LEB128, so the bytes do not depend on compiler, optimisation or machine; containers carry
// their length. Promise: unpack(pack(x)) == x; unpack of foreign bytes never reads out of bounds,
// it returns false. Cost: linear in the value. No hash map can be packed: its order is nobody's.
#pragma once

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/tagged.hpp"

namespace ampacity {

template <class T>
inline constexpr bool is_described =
    boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

// A value that is one counted integer: the quantities of units/.
template <class T>
concept Counted = requires(const T t) {
  { t.count() } -> std::same_as<std::int64_t>;
  T::of(std::int64_t{});
};

class ByteSink {
 public:
  void bytes(const void* data, std::size_t size) {
    out_.append(static_cast<const char*>(data), size);
  }
  std::string take() { return std::move(out_); }
  std::size_t size() const { return out_.size(); }

 private:
  std::string out_;
};

template <class Sink>
void pack_integer(Sink& sink, std::int64_t value) {
  auto bits = (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
  unsigned char buffer[10];
  std::size_t size = 0;
  while (bits >= 0x80U) {
    buffer[size++] = static_cast<unsigned char>(bits | 0x80U);
    bits >>= 7U;
  }
  buffer[size++] = static_cast<unsigned char>(bits);
  sink.bytes(buffer, size);
}

template <class T>
struct Packing;  // how one kind of value is packed; specialised below

template <class Sink, class T>
void pack(Sink& sink, const T& value) {
  Packing<T>::put(sink, value);
}

// Reads what pack wrote. After the first failure every further read fails.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  std::int64_t integer() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      bits |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) {
        return static_cast<std::int64_t>((bits >> 1U) ^ (~(bits & 1U) + 1U));
      }
    }
    return fail();
  }

  // A length that the remaining bytes can hold (each element takes at least `least` bytes).
  std::size_t length(std::size_t least = 1) {
    const auto n = integer();
    if (!ok_ || n < 0 || static_cast<std::uint64_t>(n) * least > rest_.size()) {
      return static_cast<std::size_t>(fail());
    }
    return static_cast<std::size_t>(n);
  }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const auto head = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return head;
  }

  std::int64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

template <class T>
bool unpack(Unpacker& from, T& value) {
  Packing<T>::get(from, value);
  return from.ok();
}

template <class T>
requires(std::is_integral_v<T> || std::is_enum_v<T>) struct Packing<T> {
  template <class Sink>
  static void put(Sink& sink, T value) {
    pack_integer(sink, static_cast<std::int64_t>(value));
  }
  static void get(Unpacker& from, T& value) { value = static_cast<T>(from.integer()); }
};

template <Counted T>
struct Packing<T> {
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    pack_integer(sink, value.count());
  }
  static void get(Unpacker& from, T& value) { value = T::of(from.integer()); }
};

template <class Rep, class Period>
struct Packing<std::chrono::duration<Rep, Period>> {
  using T = std::chrono::duration<Rep, Period>;
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.count()));
  }
  static void get(Unpacker& from, T& value) { value = T(static_cast<Rep>(from.integer())); }
};

template <class Clock, class D>
struct Packing<std::chrono::time_point<Clock, D>> {
  using T = std::chrono::time_point<Clock, D>;
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    pack(sink, value.time_since_epoch());
  }
  static void get(Unpacker& from, T& value) {
    D since{};
    unpack(from, since);
    value = T(since);
  }
};

template <class Tag, class Rep>
struct Packing<Tagged<Tag, Rep>> {
  using T = Tagged<Tag, Rep>;
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.value()));
  }
  static void get(Unpacker& from, T& value) { value = T(static_cast<Rep>(from.integer())); }
};

template <>
struct Packing<std::string> {
  template <class Sink>
  static void put(Sink& sink, const std::string& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.size()));
    sink.bytes(value.data(), value.size());
  }
  static void get(Unpacker& from, std::string& value) { value = from.take(from.length()); }
};

template <class T>
struct Packing<std::optional<T>> {
  template <class Sink>
  static void put(Sink& sink, const std::optional<T>& value) {
    pack_integer(sink, value ? 1 : 0);
    if (value) pack(sink, *value);
  }
  static void get(Unpacker& from, std::optional<T>& value) {
    value.reset();
    if (from.integer() != 0) unpack(from, value.emplace());
  }
};

template <class A, class B>
struct Packing<std::pair<A, B>> {
  template <class Sink>
  static void put(Sink& sink, const std::pair<A, B>& value) {
    pack(sink, value.first);
    pack(sink, value.second);
  }
  static void get(Unpacker& from, std::pair<A, B>& value) {
    unpack(from, value.first);
    unpack(from, value.second);
  }
};

template <class T>
struct Packing<std::vector<T>> {
  template <class Sink>
  static void put(Sink& sink, const std::vector<T>& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.size()));
    for (const auto& item : value) pack(sink, item);
  }
  static void get(Unpacker& from, std::vector<T>& value) {
    value.clear();
    value.resize(from.length());
    for (auto& item : value) {
      if (!unpack(from, item)) return;
    }
  }
};

template <class K, class V>
struct Packing<std::map<K, V>> {
  template <class Sink>
  static void put(Sink& sink, const std::map<K, V>& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.size()));
    for (const auto& [key, item] : value) {
      pack(sink, key);
      pack(sink, item);
    }
  }
  static void get(Unpacker& from, std::map<K, V>& value) {
    value.clear();
    for (auto n = from.length(); n > 0 && from.ok(); --n) {
      K key{};
      unpack(from, key);
      unpack(from, value[key]);
    }
  }
};

template <class K>
struct Packing<std::set<K>> {
  template <class Sink>
  static void put(Sink& sink, const std::set<K>& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.size()));
    for (const auto& key : value) pack(sink, key);
  }
  static void get(Unpacker& from, std::set<K>& value) {
    value.clear();
    for (auto n = from.length(); n > 0 && from.ok(); --n) {
      K key{};
      unpack(from, key);
      value.insert(value.end(), std::move(key));
    }
  }
};

template <class T>
struct Packing<std::shared_ptr<const T>> {  // shared and immutable: packed by value, never null
  template <class Sink>
  static void put(Sink& sink, const std::shared_ptr<const T>& value) {
    pack(sink, *value);
  }
  static void get(Unpacker& from, std::shared_ptr<const T>& value) {
    auto item = std::make_shared<T>();
    unpack(from, *item);
    value = std::move(item);
  }
};

template <class... Ts>
struct Packing<std::variant<Ts...>> {
  using T = std::variant<Ts...>;
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    pack_integer(sink, static_cast<std::int64_t>(value.index()));
    std::visit([&](const auto& item) { pack(sink, item); }, value);
  }
  static void get(Unpacker& from, T& value) {
    const auto index = from.integer();
    if (index < 0 || static_cast<std::size_t>(index) >= sizeof...(Ts)) {
      from.fail();
      return;
    }
    boost::mp11::mp_with_index<sizeof...(Ts)>(static_cast<std::size_t>(index), [&](auto i) {
      unpack(from, value.template emplace<decltype(i)::value>());
    });
  }
};

template <class T>
requires(is_described<T>&& std::is_class_v<T> && !Counted<T>) struct Packing<T> {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  template <class Sink>
  static void put(Sink& sink, const T& value) {
    boost::mp11::mp_for_each<Members>([&](auto member) { pack(sink, value.*member.pointer); });
  }
  static void get(Unpacker& from, T& value) {
    boost::mp11::mp_for_each<Members>([&](auto member) { unpack(from, value.*member.pointer); });
  }
};

// The shape of a packed type as text: it changes when a member is added, removed or renamed, so a
// snapshot of another shape is recognised and refused by name instead of being misread.
template <class T>
void describe_shape(std::string& out) {
  if constexpr (is_described<T> && std::is_class_v<T> && !Counted<T>) {
    out += '{';
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          out += member.name;
          describe_shape<std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>>(out);
          out += ';';
        });
    out += '}';
  }
}

}  // namespace ampacity
