// SPDX-License-Identifier: Apache-2.0
#include "fleet/number_set.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "fleet/count_bytes.hpp"

namespace ampacity {
namespace {

class Chance {
 public:
  std::size_t below(std::size_t bound) {
    seed_ = seed_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(seed_ >> 33U) % bound;
  }

 private:
  std::uint64_t seed_ = 9;
};

}  // namespace

TEST_CASE("a tree of words is a set of numbers") {
  Chance chance;
  for (const std::size_t size : {1U, 64U, 65U, 4'096U, 5'000U}) {
    NumberSet words(size);
    std::set<std::size_t> tree;
    for (int i = 0; i < 5'000; ++i) {
      const auto number = chance.below(size);
      if (chance.below(2) == 0) {
        words.insert(number);
        tree.insert(number);
      } else {
        words.erase(number);
        tree.erase(number);
      }
      const auto from = chance.below(size);
      const auto next = tree.lower_bound(from);
      REQUIRE(words.first_from(from).has_value() == (next != tree.end()));
      if (next != tree.end()) REQUIRE(words.first_from(from) == *next);
      REQUIRE(words.last().has_value() == !tree.empty());
      if (!tree.empty()) REQUIRE(words.last() == *tree.rbegin());
      REQUIRE(words.count() == static_cast<std::int64_t>(tree.size()));
    }
  }
}

TEST_CASE("bytes are counted eight at a time as they are one by one") {
  Chance chance;
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::uint8_t> bytes(chance.below(40));
    const auto kinds = 1 + chance.below(256);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(chance.below(kinds));
    const auto value = static_cast<std::uint8_t>(chance.below(256));
    const auto begin = bytes.empty() ? 0 : chance.below(bytes.size());
    std::int64_t one_by_one = 0;
    for (auto k = begin; k < bytes.size(); ++k) one_by_one += bytes[k] == value ? 1 : 0;
    REQUIRE(count_bytes(bytes.data() + begin, bytes.data() + bytes.size(), value) == one_by_one);
  }
}

}  // namespace ampacity
