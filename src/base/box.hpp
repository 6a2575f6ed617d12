// SPDX-License-Identifier: Apache-2.0
// An optional that keeps its value on the heap: for the large member that most of a million things
// lack. Copies copy the value. Empty: 8 bytes.
#pragma once

#include <memory>
#include <utility>

#include "base/pack.hpp"

namespace ampacity {

template <class T>
class Box {
 public:
  Box() = default;
  Box(const Box& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    value_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  Box& operator=(T value) {
    value_ = std::make_unique<T>(std::move(value));
    return *this;
  }
  ~Box() = default;

  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

template <class T>
struct Packing<Box<T>> {
  template <class Sink>
  static void put(Sink& sink, const Box<T>& value) {
    pack_integer(sink, value ? 1 : 0);
    if (value) pack(sink, *value);
  }
  static void get(Unpacker& from, Box<T>& value) {
    value.reset();
    if (from.integer() == 0) return;
    T item{};
    unpack(from, item);
    value = std::move(item);
  }
};

}  // namespace ampacity
