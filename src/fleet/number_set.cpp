// SPDX-License-Identifier: Apache-2.0
#include "fleet/number_set.hpp"

#include <bit>

#include "base/assert.hpp"

namespace ampacity {
namespace {

constexpr std::uint64_t bit(std::size_t number) {
  return std::uint64_t{1} << (number % 64);
}

}  // namespace

NumberSet::NumberSet(std::size_t size) {
  do {
    size = (size + 63) / 64;
    levels_.emplace_back(size == 0 ? 1 : size, 0);
  } while (size > 1);
}

void NumberSet::insert(std::size_t number) {
  AMPACITY_ASSERT(!levels_.empty() && number / 64 < levels_[0].size(), "number {} of the set",
                  number);
  if (contains(number)) return;
  ++count_;
  for (auto& level : levels_) {
    auto& word = level[number / 64];
    const bool known = word != 0;  // above
    word |= bit(number);
    if (known) return;
    number /= 64;
  }
}

void NumberSet::erase(std::size_t number) {
  if (!contains(number)) return;
  --count_;
  for (auto& level : levels_) {
    auto& word = level[number / 64];
    word &= ~bit(number);
    if (word != 0) return;
    number /= 64;
  }
}

bool NumberSet::contains(std::size_t number) const {
  return !levels_.empty() && number / 64 < levels_[0].size() &&
         (levels_[0][number / 64] & bit(number)) != 0;
}

std::optional<std::size_t> NumberSet::first_from(std::size_t number) const {
  for (std::size_t up = 0; up < levels_.size(); ++up) {
    if (number / 64 >= levels_[up].size()) return std::nullopt;
    const auto rest = levels_[up][number / 64] & (~std::uint64_t{0} << (number % 64));
    if (rest == 0) {  // nothing in this word: look for the next word that has something
      number = number / 64 + 1;
      continue;
    }
    number = number / 64 * 64 + static_cast<std::size_t>(std::countr_zero(rest));
    for (auto level = up; level-- > 0;) {
      number = number * 64 + static_cast<std::size_t>(std::countr_zero(levels_[level][number]));
    }
    return number;
  }
  return std::nullopt;
}

std::optional<std::size_t> NumberSet::last() const {
  if (count_ == 0) return std::nullopt;
  std::size_t number = 0;
  for (auto level = levels_.size(); level-- > 0;) {
    number = number * 64 + static_cast<std::size_t>(std::bit_width(levels_[level][number]) - 1);
  }
  return number;
}

}  // namespace ampacity
