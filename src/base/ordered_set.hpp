// SPDX-License-Identifier: Apache-2.0
// A set in order, in sorted blocks of some hundred members beside an array of their bounds: for
// things that come and go by the million and of which the first is asked for, such as deadlines. A
// tree of nodes pays a miss of the cache for each level; here the bounds stay in the cache and a
// block is two or three lines. Called by the engine and the simulation. Costs: first O(1); pop O(1)
// amortised; insert, erase and has O(log size + block); a copy is a copy of the blocks.
#pragma once

#include <algorithm>
#include <vector>

#include "base/assert.hpp"

namespace ampacity {

template <class T>
class OrderedSet {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { *this = {}; }
  // Requires that it is not empty.
  const T& first() const { return blocks_.back().back(); }
  void pop() {
    blocks_.back().pop_back();
    --size_;
    if (blocks_.back().empty()) remove(blocks_.size() - 1);
  }

  bool has(const T& member) const {
    if (blocks_.empty()) return false;
    const auto& block = blocks_[block_of(member)];
    const auto at = place(block, member);
    return at != block.end() && *at == member;
  }

  // Nothing, if it is there already.
  void insert(const T& member) {
    if (blocks_.empty()) add(0, {});
    const auto number = block_of(member);
    auto& block = blocks_[number];
    const auto at = place(block, member);
    if (at != block.end() && *at == member) return;
    if (bounds_[number] < member) bounds_[number] = member;
    block.insert(at, member);
    ++size_;
    if (block.size() == most) split(number);
  }

  // Nothing, if it is not there.
  void erase(const T& member) {
    if (blocks_.empty()) return;
    const auto number = block_of(member);
    auto& block = blocks_[number];
    const auto at = place(block, member);
    if (at == block.end() || *at != member) return;
    block.erase(at);
    --size_;
    if (block.empty()) {
      remove(number);
    } else if (number > 0 && block.size() + blocks_[number - 1].size() < most / 4) {
      auto& greater = blocks_[number - 1];
      greater.insert(greater.end(), block.begin(), block.end());
      remove(number);
    }
  }

 private:
  static constexpr std::size_t most = 128;
  using Block = std::vector<T>;  // descending, so that the first of all is at an end

  template <class AnyBlock>
  static auto place(AnyBlock& block, const T& member) {
    return std::partition_point(block.begin(), block.end(),
                                [&](const T& other) { return member < other; });
  }
  // Where it is, or belongs. Requires a block.
  std::size_t block_of(const T& member) const {
    const auto lower = std::partition_point(bounds_.begin(), bounds_.end(),
                                            [&](const T& bound) { return !(bound < member); });
    const auto above = static_cast<std::size_t>(lower - bounds_.begin());
    return above == 0 ? 0 : above - 1;
  }
  void add(std::size_t number, Block block) {
    const auto at = static_cast<std::ptrdiff_t>(number);
    block.reserve(most);
    bounds_.insert(bounds_.begin() + at, block.empty() ? T() : block.front());
    blocks_.insert(blocks_.begin() + at, std::move(block));
  }
  void remove(std::size_t number) {
    const auto at = static_cast<std::ptrdiff_t>(number);
    bounds_.erase(bounds_.begin() + at);
    blocks_.erase(blocks_.begin() + at);
  }
  void split(std::size_t number) {
    auto& block = blocks_[number];
    const auto middle = block.begin() + static_cast<std::ptrdiff_t>(block.size() / 2);
    Block lower(middle, block.end());
    block.erase(middle, block.end());
    add(number + 1, std::move(lower));
  }

  // Greater blocks first. No member of a block is above its bound, or at or below the next one's.
  std::vector<Block> blocks_;
  std::vector<T> bounds_;
  std::size_t size_ = 0;
};

}  // namespace ampacity
