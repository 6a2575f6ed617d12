// SPDX-License-Identifier: Apache-2.0
#include "units/calendar.hpp"

#include <doctest/doctest.h>

#include "units/text.hpp"

namespace ampacity {
namespace {

Instant at(const char* text) {
  return parse_instant(text).value();
}
constexpr Duration hour(3'600'000);

}  // namespace

TEST_CASE("months as text") {
  CHECK(to_text(Month{2028, 1}) == "2028-01");
  CHECK(parse_month("2199-12").value() == Month{2199, 12});
  CHECK(next(Month{2028, 12}) == Month{2029, 1});
  for (const auto* wrong : {"", "2028", "2028-13", "2028-00", "1999-12", "2200-01", "2028-1",
                            "28-01-01", "2028/01", "202x-01"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_month(wrong));
  }
  CHECK(parse_month("May").error().message == "expected a month such as '2028-01', got 'May'");
  CHECK(parse_month("1999-12").error().message == "1999-12 is outside the years 2000 to 2199");
}

TEST_CASE("in UTC a month begins at its midnight") {
  const Calendar utc;
  CHECK(utc.start_of({2028, 2}) == at("2028-02-01"));
  CHECK(utc.month_of(at("2028-02-01")) == Month{2028, 2});
  CHECK(utc.month_of(at("2028-02-01") - Duration(1)) == Month{2028, 1});
}

TEST_CASE("in a zone it begins at midnight there") {
  const Calendar west{"West", {{at("2000-01-01"), -5 * hour}}};
  CHECK(west.start_of({2028, 2}) == at("2028-02-01T05:00:00Z"));
  CHECK(west.month_of(at("2028-02-01T04:59:59Z")) == Month{2028, 1});
  CHECK(west.month_of(at("2028-02-01T05:00:00Z")) == Month{2028, 2});
}

TEST_CASE(
    "where clocks jump over midnight the day begins later; where it comes twice, at the first") {
  // Forward from 00:00 to 01:00 on 1 March; back from 00:30 to 23:30 on 1 October (local times).
  const Calendar c{"Odd",
                   {{at("2000-01-01"), Duration(0)},
                    {at("2028-03-01"), hour},
                    {at("2028-09-30T23:30:00Z"), Duration(0)}}};
  CHECK(c.start_of({2028, 3}) == at("2028-03-01"));
  CHECK(c.start_of({2028, 4}) == at("2028-03-31T23:00:00Z"));
  CHECK(c.start_of({2028, 10}) == at("2028-09-30T23:00:00Z"));
  // 23:30 to 24:00 comes again after October has begun: it is October's.
  CHECK(c.month_of(at("2028-09-30T23:45:00Z")) == Month{2028, 10});
  CHECK(c.month_of(at("2028-09-30T22:59:59Z")) == Month{2028, 9});
}

}  // namespace ampacity
