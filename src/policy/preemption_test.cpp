// SPDX-License-Identifier: Apache-2.0
// Whom to stop, against all subsets of small fleets: whoever is stopped makes the job fit, nobody
// of them is stopped for nothing, nobody is stopped where no subset helps, and the loss is not far
// from the least that there is.
#include "policy/preemption.hpp"

#include <doctest/doctest.h>

#include <random>

#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

struct Gang {
  Demand demand;
  std::vector<Share> shares;
  std::int64_t loss = 0;
};

class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t seed) : random_(seed) {
    auto portfolio = test::small_portfolio({{"north", 2, 4, "azure"}});
    portfolio.sites[0].halls[0].pods = 2;
    portfolio.sites[0].halls[0].racks_per_pod = 2;
    portfolio_ = portfolio;
    fleet_ = Fleet(portfolio_);
    for (std::uint32_t i = 0; i < fleet_.halls().size(); ++i) {
      fleet_.set_usable(HallIndex(i), true);
    }
    for (int i = 0; i < 30 && gangs_.size() < 9; ++i) {
      const auto demand = some_demand();
      if (!fleet_.fits(PoolIndex(0), demand)) continue;
      gangs_.push_back({demand, fleet_.find(PoolIndex(0), demand), upto(100)});
      fleet_.take(gangs_.back().shares);
    }
  }

  Demand some_demand() {
    Demand demand;
    demand.gpus = 1 + upto(11);
    if (upto(3) == 0) demand.within = upto(1) == 0 ? Level::Rack : Level::Pod;
    if (demand.within == Level::Rack) demand.gpus = std::min<std::int64_t>(demand.gpus, 8);
    return demand;
  }

  std::vector<Victim> victims() const {
    std::vector<Victim> all;
    for (std::size_t i = 0; i < gangs_.size(); ++i) {
      all.push_back(
          {JobId(static_cast<std::int64_t>(i) + 1), gangs_[i].loss, &gangs_[i].shares, Power()});
    }
    return all;
  }

  // Does it fit without these?
  bool fits_without(std::uint64_t who, const Demand& demand) {
    for (std::size_t i = 0; i < gangs_.size(); ++i) {
      if ((who >> i & 1U) != 0) fleet_.give_back(gangs_[i].shares);
    }
    const bool fits = fleet_.fits(PoolIndex(0), demand);
    for (std::size_t i = 0; i < gangs_.size(); ++i) {
      if ((who >> i & 1U) != 0) fleet_.take(gangs_[i].shares);
    }
    return fits;
  }

  std::optional<std::int64_t> least_loss(const Demand& demand) {
    std::optional<std::int64_t> least;
    for (std::uint64_t who = 1; who < 1ULL << gangs_.size(); ++who) {
      std::int64_t loss = 0;
      for (std::size_t i = 0; i < gangs_.size(); ++i) {
        loss += (who >> i & 1U) != 0 ? gangs_[i].loss : 0;
      }
      if ((!least || loss < *least) && fits_without(who, demand)) least = loss;
    }
    return least;
  }

  Fleet& fleet() { return fleet_; }

 private:
  std::int64_t upto(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n + 1));
  }

  std::mt19937_64 random_;
  Portfolio portfolio_;
  Fleet fleet_;
  std::vector<Gang> gangs_;
};

}  // namespace

TEST_CASE("over small fleets, against every subset") {
  int found = 0;
  int optimal = 0;
  std::int64_t loss = 0;
  std::int64_t least = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    SmallWorld world(seed);
    const auto demand = world.some_demand();
    if (world.fleet().fits(PoolIndex(0), demand)) continue;
    const auto victims = world.victims();
    PreemptionRules rules;
    int away = 0;
    rules.may_go = [](const Victim&) { return true; };
    rules.went = [&](const Victim&, std::int64_t sign) { away -= static_cast<int>(sign); };
    rules.enough = [&] { return world.fleet().fits(PoolIndex(0), demand); };
    const auto eviction = cheapest_eviction(world.fleet(), PoolIndex(0), demand, victims, rules);
    CHECK(away == 0);  // all are back
    const auto best = world.least_loss(demand);
    REQUIRE(eviction.has_value() == best.has_value());
    if (!eviction) continue;
    std::uint64_t who = 0;
    for (const auto job : eviction->jobs) who |= 1ULL << static_cast<unsigned>(job.value() - 1);
    REQUIRE(world.fits_without(who, demand));
    for (const auto job : eviction->jobs) {
      const auto others = who & ~(1ULL << static_cast<unsigned>(job.value() - 1));
      REQUIRE((others == 0 || !world.fits_without(others, demand)));
    }
    ++found;
    loss += eviction->loss;
    least += *best;
    optimal += eviction->loss == *best ? 1 : 0;
  }
  CAPTURE(optimal);
  CAPTURE(loss);
  CAPTURE(least);
  CHECK(found > 200);
  CHECK(optimal * 10 > found * 7);  // seven of ten are the best that there is
  CHECK(loss * 10 < least * 14);    // and all together lose less than 40 % more
}

}  // namespace ampacity
