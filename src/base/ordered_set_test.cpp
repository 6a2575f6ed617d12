// SPDX-License-Identifier: Apache-2.0
#include "base/ordered_set.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>

namespace ampacity {

// Waves of growth and shrinking, so that blocks are split, joined and removed.
TEST_CASE("blocks in order are the set that a tree of nodes is") {
  OrderedSet<std::int64_t> blocks;
  std::set<std::int64_t> tree;
  std::uint64_t seed = 11;
  const auto random = [&](std::uint64_t below) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>((seed >> 33U) % below);
  };
  for (int i = 0; i < 60'000; ++i) {
    const auto member = random(3'000);
    const bool grows = i / 5'000 % 2 == 0;
    if (random(10) < (grows ? 7 : 3)) {
      blocks.insert(member);
      tree.insert(member);
    } else if (random(4) == 0 && !tree.empty()) {
      blocks.pop();
      tree.erase(tree.begin());
    } else {
      blocks.erase(member);
      tree.erase(member);
    }
    REQUIRE(blocks.size() == tree.size());
    REQUIRE(blocks.empty() == tree.empty());
    if (!tree.empty()) REQUIRE(blocks.first() == *tree.begin());
    const auto other = random(3'000);
    REQUIRE(blocks.has(other) == (tree.count(other) > 0));
  }
  for (; !tree.empty(); tree.erase(tree.begin()), blocks.pop()) {
    REQUIRE(blocks.first() == *tree.begin());
  }
  CHECK(blocks.empty());
}

}  // namespace ampacity
