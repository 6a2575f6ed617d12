// SPDX-License-Identifier: Apache-2.0
// A set of numbers 0 … size-1 as a tree of 64-bit words: the lowest member at or after a
// number in O(log64 size), insert and erase likewise; size/63 words of memory. Used by Fleet, one
// set for each pool and number of free GPUs, so that "the first whole free node" never scans the
// fleet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ampacity {

class NumberSet {
 public:
  NumberSet() = default;
  explicit NumberSet(std::size_t size);

  void insert(std::size_t number);  // idempotent
  void erase(std::size_t number);   // idempotent
  bool contains(std::size_t number) const;
  std::int64_t count() const { return count_; }
  std::optional<std::size_t> first_from(std::size_t number) const;
  std::optional<std::size_t> last() const;

 private:
  std::vector<std::vector<std::uint64_t>>
      levels_;  // [0]: a bit a number; above: a bit a non-empty word
  std::int64_t count_ = 0;
};

}  // namespace ampacity
