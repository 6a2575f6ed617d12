// SPDX-License-Identifier: Apache-2.0
// Who works slower where too much is drawn: by priority, no more than it takes, and back; by
// example and over random sites.
#include "policy/capping.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/random.hpp"

namespace ampacity {
namespace {

constexpr auto percent = [](std::int64_t n) { return Ratio::of(n * 10'000); };
const Accelerator cubic;  // power by the cube law

Load load_of(std::int64_t job, std::int64_t priority, std::int64_t kilowatts) {
  Load load;
  load.job = JobId(job);
  load.priority = priority;
  load.power = GangPower(Power::of(kilowatts * 200));
  load.power.add(cubic, Power::of(kilowatts * 800), one);
  load.least_pace = percent(50);
  return load;
}

std::vector<Load> some_loads(Random& random) {
  std::vector<Load> loads;
  for (std::int64_t job = 1; job <= 1 + static_cast<std::int64_t>(random.below(12)); ++job) {
    loads.push_back(load_of(job, static_cast<std::int64_t>(random.below(3)) * 10,
                            1 + static_cast<std::int64_t>(random.below(400))));
    loads.back().least_pace = percent(30 + static_cast<std::int64_t>(random.below(71)));
  }
  return loads;
}

void put(std::vector<Load>& loads, const Pacing& pacing) {
  for (const auto& change : pacing.paces) {
    std::find_if(loads.begin(), loads.end(), [&](const Load& l) {
      return l.job == change.job;
    })->pace = change.pace;
  }
}

Power drawn(const std::vector<Load>& loads) {
  Power sum;
  for (const auto& load : loads) sum += draw_at(load, load.pace);
  return sum;
}

}  // namespace

TEST_CASE("the lowest priority is slowed first, and the next only when that is not enough") {
  const std::vector<Load> loads{load_of(1, 10, 10), load_of(2, -10, 10), load_of(3, 0, 10)};
  const auto little = slow_by_priority(loads, Power::of(3'000));
  REQUIRE(little.paces.size() == 1);
  CHECK(little.paces[0].job == JobId(2));
  CHECK(little.power >= Power::of(3'000));
  const auto more = slow_by_priority(loads, Power::of(9'000));  // 50 % saves 7 kW of each
  REQUIRE(more.paces.size() == 2);
  CHECK(more.paces[0] == Relief::Slowed{JobId(2), percent(50)});
  CHECK(more.paces[1].job == JobId(3));
  CHECK(more.paces[1].pace > percent(50));
}

TEST_CASE("nothing is wanted: nobody is slowed; everything is: all are as slow as they accept") {
  const std::vector<Load> loads{load_of(1, 0, 10), load_of(2, 10, 10)};
  CHECK(slow_by_priority(loads, Power()).paces.empty());
  const auto all = slow_by_priority(loads, Power::of(1'000'000));
  REQUIRE(all.paces.size() == 2);
  CHECK(all.paces[0].pace == percent(50));
  CHECK(all.power == Power::of(14'000));
}

TEST_CASE("whoever is stopped is of the lowest priority, and no more are than it takes") {
  std::int64_t enough = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto loads = some_loads(random);
    Power all;
    for (auto& load : loads) {
      load.gpus = 1;
      load.may_move = random.below(4) > 0;
      load.may_pause = load.may_move && random.below(2) == 0;
      load.loss = static_cast<std::int64_t>(random.below(1'000));
      if (load.may_move) all += draw_at(load, load.pace);
    }
    const auto wanted = Power::of(static_cast<std::int64_t>(random.below(1'500'000)));
    const auto stopping = stop_by_priority(loads, wanted);
    Power saved;
    std::int64_t highest = -100;
    for (const auto& load : loads) {
      if (!std::binary_search(stopping.gangs.begin(), stopping.gangs.end(), load.job)) continue;
      CHECK(load.may_move);
      saved += draw_at(load, load.pace);
      highest = std::max(highest, load.priority);
    }
    CHECK(saved == stopping.power);
    CHECK(saved >= std::min(wanted, all));
    enough += saved >= wanted && wanted > Power() ? 1 : 0;
    for (const auto& load : loads) {  // spared: none of a lower priority
      const bool stopped =
          std::binary_search(stopping.gangs.begin(), stopping.gangs.end(), load.job);
      if (!stopped && load.may_move) CHECK(load.priority >= highest);
    }
  }
  CHECK(enough > 500);
}

TEST_CASE("random sites: enough is saved if it can be, only then does a higher priority give") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto loads = some_loads(random);
    const auto before = loads;
    const auto wanted = Power::of(static_cast<std::int64_t>(random.below(900'000)));
    const auto pacing = slow_by_priority(loads, wanted);
    put(loads, pacing);
    CHECK(drawn(before) - drawn(loads) == pacing.power);
    std::map<std::int64_t, bool> all_slowest;  // by priority
    for (const auto& load : loads) {
      CHECK(load.pace >= load.least_pace);
      const auto [it, first] = all_slowest.try_emplace(load.priority, true);
      it->second = it->second && load.pace == load.least_pace;
    }
    for (std::size_t i = 0; i < loads.size(); ++i) {
      if (loads[i].pace == one) continue;
      for (const auto& [priority, slowest] : all_slowest) {
        CHECK((priority >= loads[i].priority || slowest));  // those below gave all
      }
    }
    if (pacing.power < wanted) {
      for (const auto& [priority, slowest] : all_slowest) CHECK(slowest);
    }
    // And back, with as much room as was made: never above it, all of it at their pace.
    const auto back = raise_by_priority(loads, pacing.power, percent(5));
    CHECK(back.power <= pacing.power);
    put(loads, back);
    for (const auto& load : loads) CHECK(load.pace == one);
  }
}

TEST_CASE("random sites: what is raised takes no more than there is, the highest first") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto loads = some_loads(random);
    put(loads, slow_by_priority(loads, Power::of(500'000)));
    const auto before = drawn(loads);
    const auto room = Power::of(static_cast<std::int64_t>(random.below(200'000)));
    const auto pacing = raise_by_priority(loads, room, percent(5));
    put(loads, pacing);
    CHECK(drawn(loads) - before == pacing.power);
    CHECK(pacing.power <= room);
    std::int64_t lowest_raised = 100;
    for (const auto& change : pacing.paces) {
      const auto& load = loads[static_cast<std::size_t>(change.job.value() - 1)];
      lowest_raised = std::min(lowest_raised, load.priority);
    }
    for (const auto& load : loads) CHECK((load.priority <= lowest_raised || load.pace == one));
  }
}

}  // namespace ampacity
