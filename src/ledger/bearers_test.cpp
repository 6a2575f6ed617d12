// SPDX-License-Identifier: Apache-2.0
#include "ledger/bearers.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

using test::day;

Lease lease_of(const char* name, const char* starts, const char* ends) {
  auto lease = test::small_portfolio({{"north", 2, 4, "azure"}}).leases[0];
  lease.name = name;
  lease.starts = day(starts);
  lease.ends = day(ends);
  return lease;
}

// Old until the 10th of October; two that follow it, and one that comes later.
struct Succession {
  Portfolio portfolio = test::small_portfolio({{"north", 2, 4, "azure"}, {"south", 2, 4, "azure"}});
  HeldSince held;

  Succession() {
    portfolio.leases = {lease_of("old", "2026-01-01", "2026-10-10"),
                        lease_of("second", "2026-01-01", "2026-12-01"),
                        lease_of("first", "2026-01-01", "2027-01-01"),
                        lease_of("late", "2026-12-01", "2028-01-01")};
    held = {{"old", day("2026-01-01")},
            {"second", day("2026-03-01")},
            {"first", day("2026-02-01")},
            {"late", day("2026-12-05")}};
  }

  // "old 10-01, first 10-10": each with the day that it bears from.
  std::string of(const char* from, const char* until, const std::string& site = "north") const {
    std::string all;
    for (const auto& [lease, since] :
         bearers(portfolio, held, "old", site, day(from), day(until))) {
      all += (all.empty() ? "" : ", ") + lease + " " + to_text(since).substr(5, 5);
    }
    return all;
  }
};

TEST_CASE(
    "the lease that was held first bears what outlives another, whatever the order in the file") {
  Succession s;
  CHECK(s.of("2026-10-01", "2026-10-09") == "old 10-01");
  CHECK(s.of("2026-10-01", "2026-10-10") == "old 10-01, first 10-10");  // at its very end
  CHECK(s.of("2026-10-01", "2026-10-20") == "old 10-01, first 10-10");
  std::swap(s.portfolio.leases[1], s.portfolio.leases[2]);
  CHECK(s.of("2026-10-01", "2026-10-20") == "old 10-01, first 10-10");
  CHECK(s.of("2026-10-25", "2026-10-26") == "first 10-25");  // as if one had looked before
}

TEST_CASE("and so on, until the next one ends; where nobody follows, the old one goes on") {
  Succession s;
  CHECK(s.of("2026-12-30", "2027-01-03") == "first 12-30, late 01-01");
  CHECK(s.of("2026-10-01", "2026-10-20", "south") == "old 10-01");  // nobody else is there
  s.held.erase("first");
  s.held.erase("second");
  CHECK(s.of("2026-10-01", "2026-12-20") == "old 10-01, late 12-05");
}

}  // namespace
}  // namespace ampacity
