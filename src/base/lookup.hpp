// SPDX-License-Identifier: Apache-2.0
// A hash table that nobody can walk through in an order of its own, so that no decision can depend
// on one: find, add, erase, and all keys ascending. Keys are ids or numbers. Called by the planner
// and the simulator for gangs and by the engine for its specifications, where a tree's misses of
// the cache were measured. Costs: O(1); keys() O(size log size); a copy copies the entries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/tagged.hpp"

namespace ampacity {

template <class Key, class T>
class Lookup {
 public:
  std::size_t size() const { return entries_.size(); }
  bool has(Key key) const { return entries_.count(key) > 0; }
  // Null: there is none. A pointer lives until the entry is erased.
  const T* find(Key key) const {
    const auto it = entries_.find(key);
    return it == entries_.end() ? nullptr : &it->second;
  }
  T& operator[](Key key) { return entries_[key]; }
  // Requires an entry.
  T& at(Key key) { return entries_.at(key); }
  const T& at(Key key) const { return entries_.at(key); }
  void erase(Key key) { entries_.erase(key); }
  // Out of the table; requires that it is in.
  T take(Key key) {
    const auto it = entries_.find(key);
    T value = std::move(it->second);
    entries_.erase(it);
    return value;
  }
  template <class Gone>
  void erase_if(const Gone& gone) {
    std::erase_if(entries_, [&](const auto& entry) { return gone(entry.second); });
  }
  void clear() { entries_.clear(); }
  std::vector<Key> keys() const {
    std::vector<Key> all;
    all.reserve(entries_.size());
    for (const auto& [key, value] : entries_) all.push_back(key);
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  struct Hash {
    std::size_t operator()(Key key) const {
      if constexpr (std::is_integral_v<Key>) {
        return static_cast<std::size_t>(key);
      } else {
        return static_cast<std::size_t>(key.value());
      }
    }
  };
  std::unordered_map<Key, T, Hash> entries_;
};

}  // namespace ampacity
