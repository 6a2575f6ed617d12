// SPDX-License-Identifier: Apache-2.0
#include "base/aggregate_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

namespace ampacity {
namespace {

struct Sum {
  static std::int64_t nothing() { return 0; }
  static std::int64_t join(std::int64_t a, std::int64_t b) { return a + b; }
};
struct Least {
  static std::int64_t nothing() { return 1'000'000; }
  static std::int64_t join(std::int64_t a, std::int64_t b) { return std::min(a, b); }
};

// The same questions, answered by walking a std::map.
struct Plain {
  std::map<int, std::int64_t> items;
  std::int64_t through(int key) const {
    std::int64_t sum = 0;
    for (const auto& [k, v] : items) sum += k <= key ? v : 0;
    return sum;
  }
  std::optional<int> first_with_prefix(std::int64_t least) const {
    std::int64_t sum = 0;
    for (const auto& [k, v] : items) {
      if ((sum += v) >= least) return k;
    }
    return std::nullopt;
  }
  std::optional<int> first_at_most(std::optional<int> after, std::int64_t most) const {
    for (const auto& [k, v] : items) {
      if ((!after || k > *after) && v <= most) return k;
    }
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("a tree of aggregates answers as a walk over a map does") {
  std::uint64_t seed = 7;
  const auto random = [&](std::uint64_t below) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((seed >> 33U) % below);
  };
  AggregateTree<int, std::int64_t, Sum> sums;
  AggregateTree<int, std::int64_t, Least> leasts;
  Plain plain;
  for (int i = 0; i < 20'000; ++i) {
    const int key = random(300);
    const std::int64_t value = random(50);
    if (plain.items.erase(key) > 0) {
      sums.erase(key);
      leasts.erase(key);
    } else if (random(3) > 0) {
      plain.items[key] = value;
      sums.insert(key, value);
      leasts.insert(key, value);
    }
    const int probe = random(310);
    REQUIRE(sums.size() == plain.items.size());
    REQUIRE(sums.through(probe) == plain.through(probe));
    const auto least = random(9'000) + 1;
    REQUIRE(sums.first_with_prefix([&](std::int64_t sum) { return sum >= least; }) ==
            plain.first_with_prefix(least));
    const auto rank = std::distance(plain.items.begin(), plain.items.lower_bound(probe));
    REQUIRE(sums.rank(probe) == static_cast<std::size_t>(rank));
    const auto after = random(2) == 0 ? std::nullopt : std::optional(probe);
    const auto most = random(50);
    const auto found = leasts.first_where(after, [&](std::int64_t v) { return v <= most; });
    const auto expected = plain.first_at_most(after, most);
    REQUIRE(found.has_value() == expected.has_value());
    if (found) REQUIRE(found->first == *expected);
  }
}

TEST_CASE("a copy of a tree is another tree") {
  AggregateTree<int, std::int64_t, Sum> tree;
  for (int i = 0; i < 100; ++i) tree.insert(i, i);
  auto copy = tree;
  copy.erase(99);
  CHECK(tree.total() == 4'950);
  CHECK(copy.total() == 4'851);
}

}  // namespace ampacity
