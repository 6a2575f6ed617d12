// SPDX-License-Identifier: Apache-2.0
#include "ledger/bearers.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

using test::day;
using Parts = std::vector<std::pair<std::string, Reading>>;

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
  std::map<std::string, Instant> held;

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

  Parts of(const char* from, const char* until, const std::string& site = "north") const {
    const Reading reading{
        site, "vision", "", day(from), day(until), GpuCount::of(4), Power::of(3'000)};
    return Bearers(portfolio, held).of("old", reading);
  }
};

TEST_CASE(
    "the lease that was held first bears what outlives another, whatever the order in the file") {
  Succession s;
  const auto parts = s.of("2026-10-01", "2026-10-20");
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].first == "old");
  CHECK(parts[0].second.until == day("2026-10-10"));
  CHECK(parts[1].first == "first");
  CHECK(parts[1].second.from == day("2026-10-10"));
  std::swap(s.portfolio.leases[1], s.portfolio.leases[2]);
  CHECK(s.of("2026-10-01", "2026-10-20")[1].first == "first");
  CHECK(s.of("2026-10-25", "2026-10-26")[0].first == "first");  // as if it were not cut there
}

TEST_CASE("and so on, until the next one ends; where nobody follows, the old one goes on") {
  Succession s;
  const auto chain = s.of("2026-12-30", "2027-01-03");
  REQUIRE(chain.size() == 2);
  CHECK(chain[0].first == "first");
  CHECK(chain[1].first == "late");
  CHECK(s.of("2026-10-01", "2026-10-20", "south")[1].first == "old");  // nobody else is there

  s.held.erase("first");
  s.held.erase("second");
  const auto gap = s.of("2026-10-01", "2026-12-20");
  REQUIRE(gap.size() == 3);
  CHECK(gap[1].first == "old");
  CHECK(gap[1].second.until == day("2026-12-05"));
  CHECK(gap[2].first == "late");
  Energy sum;
  for (const auto& [name, part] : gap) sum += part.energy(part.until - part.from);
  CHECK(sum == energy_of(Power::of(3'000), day("2026-12-20") - day("2026-10-01")));
}

}  // namespace
}  // namespace ampacity
