// SPDX-License-Identifier: Apache-2.0
#include "policy/planner.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

constexpr PoolIndex pool(0);

// One hall of four nodes of four GPUs, in service.
struct OneHall {
  Portfolio portfolio = test::small_portfolio({{"north", 4, 4, "azure"}});
  Fleet fleet{portfolio};
  Planner planner{fleet};
  std::vector<std::pair<JobId, std::vector<Share>>> gangs;

  OneHall() {
    fleet.set_usable(HallIndex(0), true);
    planner = Planner(fleet);
  }
  void run(std::int64_t job, std::int64_t gpus, int until) {
    const auto shares = fleet.find(pool, {gpus, std::nullopt});
    fleet.take(shares);
    planner.occupy(fleet, JobId(job), shares, Power(), at(until));
    gangs.emplace_back(JobId(job), shares);
  }
  void end(std::int64_t job) {
    for (const auto& [id, shares] : gangs) {
      if (id != JobId(job)) continue;
      fleet.give_back(shares);
      planner.vacate(id);
    }
  }
  static Instant at(int minute) { return test::day("2026-03-01") + Duration(60'000 * minute); }
  Capacity free() const { return Planner::free_now(fleet, pool); }
  std::optional<Instant> earliest(const Capacity& need, int minutes = 10) const {
    return planner.earliest(pool, free(), need, Duration(60'000 * minutes), at(0));
  }
  Duration window(const Capacity& need) const { return planner.window(pool, free(), need, at(0)); }
  void reserve(std::int64_t job, int from, int until, const Capacity& need) {
    planner.reserve(pool, {JobId(job), at(from), at(until), need, {}, ""});
  }
};

}  // namespace

TEST_CASE("what is free ahead rises as gangs are expected to end") {
  OneHall hall;
  hall.run(1, 8, 30);
  hall.run(2, 4, 60);
  CHECK(hall.earliest({3, 12, 0}) == OneHall::at(30));
  CHECK(hall.earliest({4, 16, 0}) == OneHall::at(60));
  CHECK_FALSE(hall.earliest({5, 20, 0}));
  hall.end(2);
  CHECK(hall.earliest({4, 16, 0}) == OneHall::at(30));
}

TEST_CASE("a gang that should have ended counts as ending in the next millisecond") {
  OneHall hall;
  hall.run(1, 16, -5);
  CHECK(hall.earliest({1, 4, 0}) == OneHall::at(0) + Duration(1));
}

TEST_CASE("a shared node is whole again when its last tenant has ended") {
  OneHall hall;
  hall.run(1, 1, 10);
  hall.run(2, 1, 50);
  CHECK(hall.free().nodes == 3);
  CHECK(hall.free().gpus == 14);
  CHECK(hall.earliest({4, 16, 0}) == OneHall::at(50));
  CHECK(hall.earliest({0, 15, 0}) == OneHall::at(10));
  hall.end(2);
  CHECK(hall.earliest({4, 16, 0}) == OneHall::at(10));
}

TEST_CASE("a reservation limits for how long others may run, unless both fit") {
  OneHall hall;
  hall.run(1, 12, 60);
  hall.reserve(2, 60, 120, {3, 12, 0});
  CHECK(hall.window({1, 4, 0}) == Planner::unlimited);
  hall.reserve(3, 60, 90, {1, 4, 0});
  CHECK(hall.window({1, 4, 0}) == Duration(60 * 60'000));
  CHECK(hall.window({0, 1, 0}) == Duration(60 * 60'000));
}

TEST_CASE("a place between two reservations is found if it is long enough") {
  OneHall hall;
  hall.run(1, 16, 10);
  hall.reserve(2, 10, 30, {4, 16, 0});
  hall.reserve(3, 50, 70, {4, 16, 0});
  CHECK(hall.earliest({1, 4, 0}, 20) == OneHall::at(30));
  CHECK(hall.earliest({1, 4, 0}, 21) == OneHall::at(70));
}

TEST_CASE("a closed pool takes nobody") {
  OneHall hall;
  hall.planner.close(pool, JobId(7));
  CHECK(hall.window({1, 4, 0}) == Duration(0));
  CHECK_FALSE(hall.earliest({1, 4, 0}));
  hall.planner.forget_reservations();
  CHECK(hall.window({1, 4, 0}) == Planner::unlimited);
}

TEST_CASE("what lies on nodes out of service does not come back") {
  OneHall hall;
  hall.run(1, 8, 30);
  hall.fleet.set_drained({0, 1}, true);
  hall.planner.occupy(hall.fleet, JobId(1), hall.gangs[0].second, Power(), OneHall::at(30));
  CHECK(hall.earliest({3, 12, 0}) == OneHall::at(30));
  CHECK_FALSE(hall.earliest({4, 16, 0}));
  CHECK(hall.planner.tenants({0, 4}) == std::vector{JobId(1)});
}

// What an instant has, told by all that was put in.
struct Told {
  struct Change {
    int at;
    Capacity change;
  };
  Capacity free;
  std::vector<Change> changes;

  bool covers(const Capacity& need, int minute) const {
    auto there = free;
    for (const auto& c : changes) {
      if (c.at <= minute) there = there + c.change;
    }
    return there.covers(need);
  }
  // By looking at every minute.
  std::optional<Instant> earliest(const Capacity& need, int minutes, int until) const {
    int since = 1;
    for (int m = 1; m <= until + minutes; ++m) {
      if (!covers(need, m)) since = m + 1;
      if (m - since + 1 >= minutes) return OneHall::at(since);
    }
    return std::nullopt;
  }
};

TEST_CASE("the first instant is the one that is found by looking at every minute") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto up_to = [&](std::uint64_t n) { return static_cast<int>(1 + random.next() % n); };
    OneHall hall;
    Told told;
    for (int job = 1; job <= 3; ++job) {
      const auto until = up_to(60);
      hall.run(job, 4, until);
      told.changes.push_back({until, {1, 4, 0}});
    }
    told.free = hall.free();
    for (int job = 10; job < 40; ++job) {
      const auto nodes = up_to(4);
      const auto minutes = up_to(40);
      const Capacity need{nodes, 4 * nodes, 0};
      const auto expected = told.earliest(need, minutes, 2'000);
      const auto from = hall.planner.earliest(pool, hall.free(), need, Duration(60'000 * minutes),
                                              OneHall::at(1) - Duration(1));
      REQUIRE(from == expected);
      const auto at = static_cast<int>((*from - OneHall::at(0)).count() / 60'000);
      hall.reserve(job, at, at + minutes, need);
      told.changes.push_back({at, Capacity{} - need});
      told.changes.push_back({at + minutes, need});
    }
  }
}

}  // namespace ampacity
