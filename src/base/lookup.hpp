// SPDX-License-Identifier: Apache-2.0
// A hash table that nobody can walk through in an order of its own, so that no decision can depend
// on one: find, add, erase, and all keys ascending. Keys are ids or numbers. Called by the planner
// and the simulator for gangs and by the engine for its specifications, where a tree's misses of
// the cache were measured. Open addressing with linear probing, and erasure that leaves no grave
// (Knuth, TAOCP 6.4, algorithm R): keys in one array, at most half full, values in another. Eight
// keys in sequence lie side by side. Costs: O(1); keys() O(size log size); a copy copies the
// arrays. Values that were erased leave their room to the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace ampacity {

template <class Key, class T>
class Lookup {
 public:
  std::size_t size() const { return size_; }
  bool has(Key key) const { return find(key) != nullptr; }
  // Null: there is none. A pointer lives until the next call that is not const.
  const T* find(Key key) const {
    const auto at = slot_of(key);
    return at == nowhere || slots_[at].value == none ? nullptr : &values_[slots_[at].value];
  }
  T& operator[](Key key) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto& slot = slots_[slot_of(key)];
    if (slot.value == none) {
      slot.key = key;
      slot.value = room();
      ++size_;
    }
    return values_[slot.value];
  }
  // Requires an entry.
  T& at(Key key) { return values_[slots_[known(key)].value]; }
  const T& at(Key key) const { return values_[slots_[known(key)].value]; }
  void erase(Key key) {
    const auto at = slot_of(key);
    if (at != nowhere && slots_[at].value != none) values_[free(at)] = T();
  }
  // Out of the table; requires that it is in.
  T take(Key key) { return std::exchange(values_[free(known(key))], T()); }
  template <class Gone>
  void erase_if(const Gone& gone) {
    std::vector<Key> all;
    for (const auto& slot : slots_) {
      if (slot.value != none && gone(values_[slot.value])) all.push_back(slot.key);
    }
    for (const auto key : all) erase(key);
  }
  void clear() { *this = {}; }
  std::vector<Key> keys() const {
    std::vector<Key> all;
    all.reserve(size_);
    for (const auto& slot : slots_) {
      if (slot.value != none) all.push_back(slot.key);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  using Link = std::uint32_t;
  static constexpr Link none = ~Link(0);
  static constexpr std::size_t nowhere = SIZE_MAX;
  struct Slot {
    Key key{};
    Link value = none;
  };

  static std::uint64_t number_of(Key key) {
    if constexpr (std::is_integral_v<Key>) {
      return static_cast<std::uint64_t>(key);
    } else {
      return static_cast<std::uint64_t>(key.value());
    }
  }
  // The upper bits of a product depend on all of the key (Knuth, TAOCP 6.4); eight share them.
  std::size_t home(Key key) const {
    const auto number = number_of(key);
    const auto block = (number >> 3U) * 0x9E3779B97F4A7C15ULL >> 29U;
    return static_cast<std::size_t>(block << 3U | (number & 7U)) & (slots_.size() - 1);
  }
  // Where it is, or would be put; nowhere: there are no slots.
  std::size_t slot_of(Key key) const {
    if (slots_.empty()) return nowhere;
    auto at = home(key);
    while (slots_[at].value != none && slots_[at].key != key) at = next(at);
    return at;
  }
  std::size_t known(Key key) const {
    const auto at = slot_of(key);
    AMPACITY_ASSERT(at != nowhere && slots_[at].value != none, "key {} is not in the table",
                    number_of(key));
    return at;
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }

  // Empties a slot and moves up those that were pushed beyond it; returns what it held.
  Link free(std::size_t at) {
    const auto gone = slots_[at].value;
    unused_.push_back(gone);
    --size_;
    for (auto behind = next(at); slots_[behind].value != none; behind = next(behind)) {
      const auto mask = slots_.size() - 1;
      const auto pushed = (behind - home(slots_[behind].key)) & mask;
      if (pushed < ((behind - at) & mask)) continue;  // it stands between its home and here
      slots_[at] = slots_[behind];
      at = behind;
    }
    slots_[at].value = none;
    return gone;
  }
  Link room() {
    if (unused_.empty()) {
      AMPACITY_ASSERT(values_.size() < none, "a table of {} entries", values_.size());
      values_.emplace_back();
      return static_cast<Link>(values_.size() - 1);
    }
    const auto link = unused_.back();
    unused_.pop_back();
    return link;
  }
  void grow() {
    auto before =
        std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(2 * slots_.size(), 16)));
    for (const auto& slot : before) {
      if (slot.value != none) slots_[slot_of(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::vector<T> values_;
  std::vector<Link> unused_;  // of these
  std::size_t size_ = 0;
};

}  // namespace ampacity
