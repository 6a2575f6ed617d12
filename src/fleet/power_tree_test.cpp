// SPDX-License-Identifier: Apache-2.0
#include "fleet/power_tree.hpp"

#include <doctest/doctest.h>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

constexpr auto kw(std::int64_t n) {
  return Power::of(n * 1'000);
}

// Four nodes of four GPUs of 1.1 kW at each of three sites: 17.6 kW each.
Portfolio three_sites() {
  return test::small_portfolio({{"north", 4}, {"south", 4}, {"west", 4, 4, "oracle"}});
}

struct Made {
  explicit Made(const Portfolio& p, const char* at = "2026-03-01")
      : topology(p), tree(p, topology, test::day(at)) {}
  Topology topology;
  PowerTree tree;
};

const PowerFeed* feed_called(const std::vector<PowerFeed>& feeds, const std::string& name) {
  for (const auto& feed : feeds) {
    if (feed.name == name) return &feed;
  }
  return nullptr;
}

TEST_CASE("a lease that carries all that stands at its sites is no level") {
  auto p = three_sites();
  CHECK(Made(p).tree.feeds().empty());
  p.leases[0].power = Power::of(17'599);
  const Made made(p);
  REQUIRE(made.tree.feeds().size() == 1);
  CHECK(made.tree.feeds()[0].name == "north-lease");
  CHECK(made.tree.feeds_of(SiteIndex(0)).size() == 1);
  CHECK(made.tree.feeds_of(SiteIndex(1)).empty());
}

TEST_CASE("halls that are not energised yet do not count") {
  auto p = three_sites();
  p.leases[0].power = kw(10);
  p.sites[0].halls[0].energised = test::day("2026-04-01");
  CHECK(Made(p).tree.feeds().empty());
  CHECK(Made(p, "2026-04-01").tree.feeds().size() == 1);
}

TEST_CASE("leases that share a site are one level, and each of their sites one more") {
  auto p = three_sites();
  p.leases[0].power = kw(10);
  p.leases[0].sites = {"north", "south"};
  p.leases[1].power = kw(6);
  p.leases[1].oversubscription = Ratio::of(1'500'000);
  const Made made(p);
  const auto& feeds = made.tree.feeds();
  REQUIRE(feed_called(feeds, "north-lease + south-lease") != nullptr);
  CHECK(feed_called(feeds, "north-lease + south-lease")->limit == kw(19));
  CHECK(feed_called(feeds, "north-lease at north")->limit == kw(10));
  CHECK(feed_called(feeds, "north-lease + south-lease at south") == nullptr);  // carries all
  CHECK(made.tree.feeds_of(SiteIndex(0)).size() == 2);
  CHECK(made.tree.feeds_of(SiteIndex(2)).empty());
}

TEST_CASE("a provider is a level where it states its power") {
  auto p = three_sites();
  p.providers[0].power = kw(20);
  p.providers[0].oversubscription = Ratio::of(1'100'000);
  const Made made(p);
  REQUIRE(made.tree.feeds().size() == 1);
  CHECK(made.tree.feeds()[0].level == PowerLevel::Provider);
  CHECK(made.tree.feeds()[0].limit == kw(22));
  CHECK(made.tree.feeds()[0].sites.size() == 2);
}

TEST_CASE("steps of leases and of interconnections are known ahead, and the ends of leases") {
  auto p = three_sites();
  p.leases[0].power = kw(12);
  p.leases[0].ramp = {{p.leases[0].starts, kw(4)}, {test::day("2026-05-01"), kw(12)}};
  p.sites[1].interconnection = {{test::day("2026-01-01"), kw(12)},
                                {test::day("2026-06-01"), kw(30)}};
  const Made made(p);
  const auto& ahead = made.tree.ahead();
  REQUIRE(ahead.size() == 3);
  CHECK(feed_called(made.tree.feeds(), "north-lease")->limit == kw(4));
  CHECK(ahead[0].from == test::day("2026-05-01"));
  CHECK(feed_called(ahead[0].feeds, "north-lease")->limit == kw(12));
  CHECK(feed_called(ahead[0].feeds, "south")->limit == kw(10));  // over the PUE of 1.2
  CHECK(feed_called(ahead[1].feeds, "south") == nullptr);
  CHECK(ahead[2].from == test::day("2030-01-01"));
  CHECK(feed_called(ahead[2].feeds, "north-lease")->limit == Power());
}

TEST_CASE("an amendment is a step; a proposed lease is none") {
  auto p = three_sites();
  Amendment less;
  less.from = test::day("2026-07-01");
  less.power = kw(5);
  p.leases[1].amendments.push_back(less);
  p.leases[2].proposed = true;
  const Made made(p);
  CHECK(feed_called(made.tree.feeds(), "")->limit == Power());  // west has no lease
  CHECK(made.tree.ahead()[0].from == test::day("2026-07-01"));
  CHECK(feed_called(made.tree.ahead()[0].feeds, "south-lease")->limit == kw(5));
}

}  // namespace
}  // namespace ampacity
