// SPDX-License-Identifier: Apache-2.0
#include "base/id_table.hpp"

#include <doctest/doctest.h>

#include <map>

#include "base/box.hpp"
#include "base/tagged.hpp"

namespace ampacity {
namespace {

using Id = Tagged<struct TestTag, std::int64_t>;
using Table = IdTable<Id, std::int64_t>;

std::map<std::int64_t, std::int64_t> items(const Table& table) {
  std::map<std::int64_t, std::int64_t> all;
  for (const auto& [id, value] : table) all[id.value()] = value;
  return all;
}

}  // namespace

TEST_CASE("a table is a map of ids, whatever is erased") {
  Table table;
  std::map<std::int64_t, std::int64_t> plain;
  std::uint64_t seed = 3;
  std::int64_t next = 1;
  for (int i = 0; i < 5'000; ++i) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto number = static_cast<std::int64_t>((seed >> 33U) % static_cast<std::uint64_t>(next));
    if (plain.count(number) > 0 && i % 3 != 0) {
      table.erase(Id(number));
      plain.erase(number);
    } else {
      table.append(Id(next), i);
      plain[next++] = i;
    }
    REQUIRE(table.size() == plain.size());
    REQUIRE((table.find(Id(number)) != nullptr) == (plain.count(number) > 0));
  }
  CHECK(items(table) == plain);
  CHECK(table.change(Id(next)) == nullptr);
}

TEST_CASE("after the highest has gone a lower one may come") {
  Table table;
  table.append(Id(1), 1);
  table.append(Id(1'000), 2);
  table.erase(Id(1'000));
  table.append(Id(70), 3);
  table.append(Id(500), 4);
  CHECK(items(table) == std::map<std::int64_t, std::int64_t>{{1, 1}, {70, 3}, {500, 4}});
  for (const auto id : {1, 70, 500}) table.erase(Id(id));
  table.append(Id(7), 5);
  CHECK(items(table) == std::map<std::int64_t, std::int64_t>{{7, 5}});
}

TEST_CASE("a copy shares pages and no changes") {
  Table table;
  for (int i = 1; i <= 1'000; ++i) table.append(Id(i), i);
  auto copy = table;
  *copy.change(Id(500)) = -1;
  copy.erase(Id(1));
  table.erase(Id(1'000));
  CHECK(*table.find(Id(500)) == 500);
  CHECK(table.find(Id(1)) != nullptr);
  CHECK(*copy.find(Id(500)) == -1);
  CHECK(*copy.find(Id(1'000)) == 1'000);
}

TEST_CASE("tables and boxes pack and come back; ids out of order are refused") {
  Table table;
  for (int i = 5; i < 300; i += 3) table.append(Id(i), i * i);
  ByteSink sink;
  pack(sink, table);
  const auto bytes = sink.take();
  Unpacker from(bytes);
  Table back;
  CHECK(unpack(from, back));
  CHECK(items(back) == items(table));

  ByteSink wrong;
  pack(wrong, std::map<std::int64_t, std::int64_t>{{7, 1}});
  auto twice = wrong.take();
  twice[0] = static_cast<char>(twice[0] * 2);
  twice += twice.substr(1);
  Unpacker bad(twice);
  CHECK_FALSE(unpack(bad, back));

  Box<std::string> box;
  box = std::string("held");
  ByteSink boxes;
  pack(boxes, box);
  pack(boxes, Box<std::string>());
  const auto boxed = boxes.take();
  Unpacker unboxing(boxed);
  Box<std::string> first;
  Box<std::string> second;
  unpack(unboxing, first);
  unpack(unboxing, second);
  CHECK(*first == "held");
  CHECK_FALSE(second);
}

}  // namespace ampacity
