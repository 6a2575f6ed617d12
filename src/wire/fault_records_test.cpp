// SPDX-License-Identifier: Apache-2.0
// Files of outages and of lifetimes: every row is kept, or left out and counted; what is no time is
// refused by its place.
#include "wire/fault_records.hpp"

#include <doctest/doctest.h>

#include "units/text.hpp"
#include "wire/faults_file.hpp"

using namespace ampacity;

namespace {

constexpr Duration hour(3'600'000);
constexpr Duration day = 24 * hour;
using Counts = std::map<std::string, std::int64_t>;

Instant at(const char* text) {
  return *parse_instant(text);
}

OutageColumns columns_of(const std::string& keys) {
  const auto text = "kind: Faults\noutages_file:\n  file: o.csv\n" + keys;
  auto file = parse_faults(text, "f.yaml");
  if (!file) FAIL(to_text(file.error()));
  return *file->outages_file;
}

std::string refused_map(const std::string& text) {
  const auto file = parse_faults(text, "f.yaml");
  return file ? "read" : to_text(file.error());
}

constexpr const char* plain_map =
    "  target: place\n  from: {column: down, unit: text}\n  until: {column: up, unit: text}\n"
    "  cause: why\n";

RecordedOutages read(const std::string& keys, const std::string& rows) {
  auto read = read_outages(columns_of(keys), LineReader::over(rows, "o.csv"));
  if (!read) FAIL(to_text(read.error()));
  return *read;
}

RecordedLives lives_of(LifetimeColumns columns, const std::string& rows) {
  auto read = read_lives(columns, LineReader::over(rows, "l.csv"));
  if (!read) FAIL(to_text(read.error()));
  return *read;
}

}  // namespace

TEST_CASE("outages: rows become outages by date, under other names") {
  const auto recorded = read(std::string(plain_map) + "  targets: {A1: north/h}\n",
                             "place,down,up,why\n"
                             "south,2028-03-02 00:00:00,2028-03-02 06:00:00,grid\n"
                             "A1,2028-03-01 00:00:00,2028-03-01 01:30:00,\n");
  REQUIRE(recorded.outages.size() == 2);
  CHECK(recorded.outages[0] == Outage{"north/h", at("2028-03-01"), hour * 3 / 2, ""});
  CHECK(recorded.outages[1] == Outage{"south", at("2028-03-02"), 6 * hour, "grid"});
  CHECK(recorded.repairs.read == 2);
  CHECK(recorded.repairs.refused.empty());
}

TEST_CASE("outages: durations in a unit, times relative to a start, filters") {
  const auto recorded = read(
      "  start: 2028-01-01\n  target: place\n  from: {column: at, unit: hours}\n"
      "  lasts: {column: for, unit: minutes}\n  where: [{column: kind, equals: hard}]\n",
      "place,at,for,kind\nnorth,24,90,hard\nnorth,48,90,soft\n");
  REQUIRE(recorded.outages.size() == 1);
  CHECK(recorded.outages[0] == Outage{"north", at("2028-01-02"), hour * 3 / 2, ""});
  CHECK(recorded.repairs.refused == Counts{{"not chosen by 'where'", 1}});
}

TEST_CASE("outages: what cannot be is left out, what overlaps is joined, both are counted") {
  const auto recorded = read(plain_map,
                             "place,down,up,why\n"
                             "a,2028-03-01,,x\n"
                             "a,,2028-03-01,x\n"
                             "a,2028-03-02,2028-03-01,x\n"
                             "a,2028-03-02,2028-03-02,x\n"
                             "a,2000-01-01,2200-06-01,x\n"
                             ",2028-03-01,2028-03-02,x\n"
                             "a,2028-03-01,2028-03-05,x\n"
                             "a,2028-03-02,2028-03-03,inside\n"
                             "a,2028-03-04,2028-03-08,over the end\n"
                             "b,2028-03-04,2028-03-08,another place\n");
  CHECK(recorded.repairs.read == 10);
  CHECK(recorded.repairs.refused == Counts{{"ends before it begins", 1},
                                           {"lasts no time", 1},
                                           {"outside of the years 2000 to 2200", 1},
                                           {"without a beginning or an end", 2},
                                           {"without a place", 1}});
  CHECK(recorded.repairs.repaired == Counts{{"overlaps the one before it: joined", 2}});
  REQUIRE(recorded.outages.size() == 2);
  CHECK(recorded.outages[0] == Outage{"a", at("2028-03-01"), 7 * day, "x"});
  CHECK(recorded.outages[1].target == "b");
}

TEST_CASE("outages: a cell that is no time and a column that is not there are refused by place") {
  const auto bad = read_outages(
      columns_of(plain_map), LineReader::over("place,down,up,why\na,soon,2028-03-01,\n", "o.csv"));
  REQUIRE_FALSE(bad.has_value());
  CHECK(
      to_text(bad.error()) ==
      "o.csv:2:3: down: expected a time such as '2017-10-09 07:01:55', from 2000 on, got 'soon'\n");
  const auto missing =
      read_outages(columns_of(plain_map), LineReader::over("place,dwn,up,why\n", "o.csv"));
  REQUIRE_FALSE(missing.has_value());
  CHECK(to_text(missing.error()).find("no column 'down' for 'from' (did you mean 'dwn'?)") !=
        std::string::npos);
}

TEST_CASE("outages: the mapping itself is checked") {
  const std::string head = "kind: Faults\noutages_file: {file: o.csv, target: t, from: f";
  CHECK(refused_map(head + "}\n") ==
        "f.yaml:2:15: outages_file: expected exactly one of 'until' and 'lasts', got none\n");
  CHECK(refused_map(head + ", until: u, lasts: l}\n").find("got both") != std::string::npos);
  CHECK(refused_map(head + ", lasts: {column: l, unit: unix}}\n").find("is a duration") !=
        std::string::npos);
  CHECK(refused_map(head + ", untl: u}\n").find("did you mean 'until'?") != std::string::npos);
}

TEST_CASE("outages: a CSV file alone has columns of known names") {
  auto read = read_plain_outages(
      LineReader::over("from,until,target,cause\n2028-03-01,2028-03-02,north,fire\n", "o.csv"));
  REQUIRE(read.has_value());
  CHECK(read->outages.at(0) == Outage{"north", at("2028-03-01"), day, "fire"});
  read = read_plain_outages(LineReader::over("target,from,lasts\nnorth,2028-03-01,60\n", "o.csv"));
  REQUIRE(read.has_value());
  CHECK(read->outages.at(0) == Outage{"north", at("2028-03-01"), Duration(60'000), ""});
  CHECK_FALSE(read_plain_outages(LineReader::over("place,from,until\n", "o.csv")).has_value());
}

TEST_CASE("lifetimes: the age of a unit counts from its first row, an empty event is no failure") {
  LifetimeColumns columns;
  columns.id = "sn";
  columns.from = {"in", TimeUnit::Text};
  columns.until = {"out", TimeUnit::Text};
  columns.event = "event";
  columns.failures = {"DBE"};
  columns.bin = 10 * day;
  const auto recorded = lives_of(columns,
                                 "sn,in,out,event\n"
                                 "1,2028-01-01,2028-01-06,DBE\n"
                                 "1,2028-01-20,2028-01-22,\n"     // 19 to 21 days old
                                 "2,2028-01-01,2028-01-06,OTB\n"  // not one of the failures
                                 "2,2028-01-05,2028-01-08,\n"     // from the 6th on
                                 "3,,2028-01-08,DBE\n");
  CHECK(recorded.repairs.read == 5);
  CHECK(recorded.repairs.refused == Counts{{"without a beginning or an end", 1}});
  CHECK(recorded.repairs.repaired ==
        Counts{{"begins before the life in front of it ends: begins then", 1}});
  REQUIRE(recorded.table.bins.size() == 1);
  CHECK(recorded.table.bins[0].failed == 1);
  CHECK(recorded.table.bins[0].watched == (5 + 2 + 5 + 2) * day);
}

TEST_CASE("lifetimes: rows of their own; a file without a failure is refused by name") {
  LifetimeColumns columns;
  columns.lasts = {"hours", TimeUnit::Hours};
  columns.event = "event";
  CHECK(lives_of(columns, "hours,event\n10,x\n20,\n").table.bins.at(0).watched == 30 * hour);
  const auto none = read_lives(columns, LineReader::over("hours,event\n10,\n", "l.csv"));
  REQUIRE_FALSE(none.has_value());
  CHECK(to_text(none.error()).find("l.csv: no row of it is a failure") == 0);
  CHECK(refused_map("kind: Faults\nlifetimes: {file: f, lasts: l, event: e, unit: rack}\n") ==
        "f.yaml:2:48: lifetimes.unit: expected gpu or node\n");
  CHECK(refused_map("kind: Faults\nlifetimes: {file: f, id: i, lasts: l, event: e}\n")
            .find("'id' and 'until' need 'from'") != std::string::npos);
}
