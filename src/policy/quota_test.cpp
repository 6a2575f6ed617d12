// SPDX-License-Identifier: Apache-2.0
// The algebra of quotas: said by example, and held against the sentence that it stands for, over
// random trees and histories.
#include "policy/quota.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace ampacity {
namespace {

Team team(const std::string& name, const std::string& group, std::int64_t guaranteed,
          std::optional<std::int64_t> borrow = {}, std::optional<std::int64_t> lend = {}) {
  Team t{name, 1, {}, group, Quota{GpuCount::of(guaranteed), {}, {}}};
  if (borrow) t.quota->borrow = GpuCount::of(*borrow);
  if (lend) t.quota->lend = GpuCount::of(*lend);
  return t;
}

Quotas of(std::vector<Team> teams) {
  Portfolio portfolio;
  portfolio.teams = std::move(teams);
  return Quotas(portfolio);
}

}  // namespace

TEST_CASE("without a quota there is none, and everybody may have what is free") {
  const auto quotas = of({Team{"a", 1, {}, "", {}}});
  CHECK(quotas.none());
  CHECK(quotas.may_start(quotas.team("a"), 7) == 7);
  CHECK(quotas.may_start(quotas.team("nobody"), 7) == 7);
}

TEST_CASE("borrow bounds a team from above, lend keeps its own free for it") {
  auto quotas = of({team("a", "", 4, 2), team("b", "", 4, {}, 1)});
  const auto a = quotas.team("a");
  const auto b = quotas.team("b");
  CHECK(quotas.promised() == 8);
  CHECK(quotas.may_start(a, 8) == 5);  // 8 free, 3 of b held back
  CHECK(quotas.may_start(b, 8) == 8);
  quotas.use(b, 2);
  CHECK(quotas.may_start(a, 6) == 5);  // one of b is still held back
  CHECK(quotas.may_start(b, 6) == 6);
  quotas.use(a, 5);
  CHECK(quotas.may_start(a, 1) == 0);
  CHECK(quotas.limit(a) == 1);
  CHECK(quotas.lacks(a, 2) > Quotas::unlimited);
  quotas.use(a, -5);
  quotas.use(b, -2);
  CHECK(quotas.may_start(a, 8) == 5);
}

TEST_CASE("who is covered, and who borrows from whom") {
  auto quotas = of({team("research", "", 6), team("vision", "research", 2),
                    Team{"audio", 1, {}, "research", {}}, team("product", "", 2)});
  const auto vision = quotas.team("vision");
  const auto audio = quotas.team("audio");
  const auto product = quotas.team("product");
  const auto own = quotas.team("research");  // what the group submits itself
  CHECK(quotas.covered_by(vision, 2) == vision);
  const auto group = quotas.entry(vision).group;
  CHECK(quotas.covered_by(vision, 3) == group);
  CHECK(quotas.covered_by(audio, 1) == group);
  CHECK(quotas.covered_by(own, 6) == group);
  CHECK_FALSE(quotas.covered_by(audio, 7));
  quotas.use(product, 3);
  quotas.use(audio, 4);
  CHECK(quotas.borrows_from(product, vision));
  CHECK(quotas.borrows_from(product, group));
  CHECK(quotas.borrows_from(audio, vision));         // it has no guarantee of its own in the group
  CHECK_FALSE(quotas.borrows_from(audio, group));    // a member takes from its own group
  CHECK_FALSE(quotas.borrows_from(audio, product));  // research is within its six
  CHECK_FALSE(quotas.borrows_from(vision, vision));
}

TEST_CASE("a group whose guarantee is not stated has that of its members") {
  const auto quotas = of({Team{"g", 1, {}, "", {}}, team("a", "g", 3), team("b", "g", 4)});
  CHECK(quotas.entry(quotas.entry(quotas.team("a")).group).guaranteed == 7);
}

TEST_CASE("over random histories: what is held back for a team is there for it, and for no other") {
  std::mt19937_64 random(7);
  const auto upto = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n + 1));
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<Team> teams;
    for (int g = 0; g < 3; ++g) {
      const auto group = "g" + std::to_string(g);
      std::int64_t sum = 0;
      std::vector<Team> members;
      for (int i = 0; i < 3; ++i) {
        const auto guaranteed = upto(10);
        sum += guaranteed;
        members.push_back(
            team(group + "m" + std::to_string(i), group, guaranteed, upto(5), upto(guaranteed)));
      }
      const auto all = sum + upto(5);
      teams.push_back(team(group, "", all, upto(9), upto(all)));
      teams.insert(teams.end(), members.begin(), members.end());
    }
    auto quotas = of(teams);
    std::int64_t free = quotas.promised() + upto(20);  // the fleet honours its promises
    std::vector<std::pair<TeamIndex, std::int64_t>> running;
    for (int step = 0; step < 60; ++step) {
      if (!running.empty() && random() % 3 == 0) {
        const auto [who, amount] = running.back();
        running.pop_back();
        quotas.use(who, -amount);
        free += amount;
        continue;
      }
      const auto who = quotas.team(teams[static_cast<std::size_t>(upto(11))].name);
      const auto amount = 1 + upto(6);
      const auto may = quotas.may_start(who, free);
      const auto group = quotas.entry(who).group;
      const bool halves =
          quotas.lacks(who, amount) <= quotas.inside(group, free) && quotas.limit(group) >= amount;
      CHECK(halves == (amount <= may));
      if (amount > may) continue;
      quotas.use(who, amount);
      free -= amount;
      running.emplace_back(who, amount);
      CHECK(free >= 0);
      for (std::uint32_t i = 0; i < quotas.entries().size(); ++i) {
        const auto& e = quotas.entry(TeamIndex(i));
        const auto used = quotas.use_of(TeamIndex(i)).used;
        // Whoever kept something of its guarantee can have it now, whatever the others did.
        if (e.members.empty() && e.kept > used) {
          CHECK(quotas.inside(quotas.team(e.name), free) >= e.kept - used);
        }
        CHECK((e.borrow == Quotas::unlimited || used <= e.guaranteed + e.borrow));
      }
    }
  }
}

}  // namespace ampacity
