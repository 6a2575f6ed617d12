// SPDX-License-Identifier: Apache-2.0
#include "base/lookup.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "base/tagged.hpp"

namespace ampacity {
namespace {

using LookupId = Tagged<struct LookupTestTag, std::int64_t>;
using LookupTable = Lookup<LookupId, std::string>;

void require_same(const LookupTable& table, const std::map<LookupId, std::string>& plain) {
  REQUIRE(table.size() == plain.size());
  std::vector<LookupId> keys;
  for (const auto& [id, text] : plain) {
    keys.push_back(id);
    REQUIRE(table.at(id) == text);
  }
  REQUIRE(table.keys() == keys);
}

}  // namespace

// Keys in sequence and far apart; slots are pushed on, and come back when one before them goes.
TEST_CASE("a table answers as a map does, whatever is erased") {
  LookupTable table;
  std::map<LookupId, std::string> plain;
  std::uint64_t seed = 5;
  for (int i = 0; i < 40'000; ++i) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto number = static_cast<std::int64_t>((seed >> 33U) % 700);
    const LookupId id(number % 2 == 0 ? number : number << 40U);
    if (plain.count(id) == 0) {
      REQUIRE(table.find(id) == nullptr);
      table[id] = plain[id] = std::to_string(i);
    } else if (i % 3 == 0) {
      REQUIRE(table.take(id) == plain.at(id));
      plain.erase(id);
    } else {
      table.erase(id);
      plain.erase(id);
    }
    REQUIRE(table.has(id) == (plain.count(id) > 0));
    if (i % 500 == 0) require_same(table, plain);
  }
  require_same(table, plain);
  const auto copy = table;
  table.erase_if([](const std::string& text) { return text.back() < '5'; });
  std::erase_if(plain, [](const auto& entry) { return entry.second.back() < '5'; });
  require_same(table, plain);
  CHECK(copy.size() > table.size());
  CHECK(table[LookupId(INT64_MAX)].empty());  // a room that is used again is empty
}

}  // namespace ampacity
