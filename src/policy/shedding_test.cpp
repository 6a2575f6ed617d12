// SPDX-License-Identifier: Apache-2.0
// Who gives up power: the order of harm, one pace for all, least lost work for a watt, and nobody
// for nothing; by example and over random sites.
#include "policy/shedding.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"
#include "model/curtailment.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

constexpr auto per_cent = [](std::int64_t n) { return Ratio::of(n * 10'000); };

const Accelerator plain;  // power by the cube law

Load gang(std::int64_t job, std::int64_t kilowatts) {
  Load load;
  load.job = JobId(job);
  load.power = GangPower(Power::of(kilowatts * 200));
  load.power.add(plain, Power::of(kilowatts * 800), one);
  load.gpus = kilowatts;
  return load;
}

bool contains(const std::vector<JobId>& jobs, JobId job) {
  return std::find(jobs.begin(), jobs.end(), job) != jobs.end();
}

Load some_gang(std::int64_t job, Random& random) {
  auto load = gang(job, 1 + static_cast<std::int64_t>(random.below(500)));
  if (random.below(2) == 0) {
    load.least_pace = per_cent(50 + static_cast<std::int64_t>(random.below(51)));
  }
  if (random.below(3) == 0) load.spare = load.gpus / 2;
  load.may_pause = random.below(3) == 0;
  load.may_move = random.below(3) == 0;
  load.loss = static_cast<std::int64_t>(random.below(1'000'000));
  return load;
}

// What is saved if these gangs do that, by the definition.
Power saved(const std::vector<Load>& loads, const Relief& relief) {
  Power sum;
  for (const auto& load : loads) {
    auto pace = load.pace;
    for (const auto& s : relief.slowed) pace = s.job == load.job ? s.pace : pace;
    if (contains(relief.paused, load.job) || contains(relief.moved, load.job)) {
      sum += draw_at(load, load.pace);
      continue;
    }
    sum += draw_at(load, load.pace);
    if (contains(relief.shrunk, load.job)) {
      const auto keeps = load.gpus - load.spare;
      sum -= Power::of(scaled(draw_at(load, one).count(), keeps, load.gpus));
    } else {
      sum -= draw_at(load, pace);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("power falls with the cube of the pace") {
  CHECK(dynamic_power_at(one) == one);
  CHECK(dynamic_power_at(per_cent(50)) == Ratio::of(125'000));
  CHECK(dynamic_power_at(per_cent(90)) == Ratio::of(729'000));
}

TEST_CASE("gangs that may work slower share one pace, as far as each accepts it") {
  auto a = gang(1, 100);
  auto b = gang(2, 100);
  auto c = gang(3, 100);
  a.least_pace = per_cent(70);
  b.least_pace = per_cent(95);
  const auto relief = shed({a, b, c}, Power::of(30'000));
  // At 91 % the first saves 80 kW x (1 - 0.91^3) = 19.7 kW, the second at 95 % 11.4 kW.
  CHECK(relief.slowed ==
        std::vector<Relief::Slowed>{{JobId(1), per_cent(91)}, {JobId(2), per_cent(95)}});
  CHECK(relief.power.count() == 31'124);
  CHECK(relief.paused.empty());
}

TEST_CASE(
    "what slower work does not save is saved by smaller gangs, then by pauses, then by moves") {
  auto slow = gang(1, 100);
  slow.least_pace = per_cent(90);
  auto elastic = gang(2, 100);
  elastic.spare = 50;
  auto pausable = gang(3, 100);
  pausable.may_pause = true;
  auto other = gang(4, 100);
  other.may_move = true;
  auto rigid = gang(5, 100);
  const std::vector<Load> all{slow, elastic, pausable, other, rigid};
  CHECK(shed(all, Power::of(70'000)).shrunk == std::vector{JobId(2)});
  CHECK(shed(all, Power::of(150'000)).paused == std::vector{JobId(3)});
  CHECK(shed(all, Power::of(150'000)).moved.empty());
  const auto most = shed(all, Power::of(900'000));
  CHECK(most.moved == std::vector{JobId(4)});
  CHECK(most.power.count() == 21'680 + 50'000 + 100'000 + 100'000);
}

TEST_CASE("of gangs that may pause those go that lose least work for a watt") {
  auto dear = gang(1, 100);
  auto cheap = gang(2, 100);
  auto large = gang(3, 300);
  for (auto* load : {&dear, &cheap, &large}) load->may_pause = true;
  dear.loss = 100;
  cheap.loss = 10;
  large.loss = 60;
  CHECK(shed({dear, cheap, large}, Power::of(90'000)).paused == std::vector{JobId(2)});
  // The cheap one goes first and is not needed once the large one has to go.
  CHECK(shed({dear, cheap, large}, Power::of(290'000)).paused == std::vector{JobId(3)});
}

TEST_CASE(
    "over random sites: enough if it can be had, no step before its turn, nobody for nothing") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<Load> loads;
    Power all;
    for (std::int64_t job = 1; job <= 12; ++job) {
      loads.push_back(some_gang(job, random));
      all += draw_at(loads.back(), one);
    }
    const auto wanted = Power::of(
        1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(all.count()))));
    const auto relief = shed(loads, wanted);
    CHECK(saved(loads, relief) == relief.power);
    const bool enough = relief.power >= wanted;
    for (const auto& load : loads) {
      const bool goes = contains(relief.paused, load.job) || contains(relief.moved, load.job);
      if (!enough) CHECK((goes || !(load.may_pause || load.may_move)));
      if (contains(relief.moved, load.job)) CHECK(load.may_move);
      if (contains(relief.paused, load.job)) CHECK(load.may_pause);
    }
    if (!enough) continue;
    // Without any one of them, or a percent faster, it would not be enough.
    for (const auto* gone : {&relief.shrunk, &relief.paused, &relief.moved}) {
      for (const auto job : *gone) {
        auto less = relief;
        for (auto* jobs : {&less.shrunk, &less.paused, &less.moved}) std::erase(*jobs, job);
        CHECK(saved(loads, less) < wanted);
      }
    }
    if (relief.slowed.empty()) continue;
    auto faster = relief;
    auto common = one;
    for (const auto& s : relief.slowed) common = std::min(common, s.pace);
    for (auto& s : faster.slowed) {
      s.pace = slowed_to(*std::find_if(loads.begin(), loads.end(),
                                       [&](const Load& load) { return load.job == s.job; }),
                         common + a_percent);
    }
    CHECK(saved(loads, faster) < wanted);
  }
}

TEST_CASE(
    "what a later step makes needless is undone: one large gang moves, and nobody else suffers") {
  auto slow = gang(1, 4);
  slow.least_pace = per_cent(60);
  auto pausable = gang(2, 4);
  pausable.may_pause = true;
  pausable.loss = 1'000;
  auto large = gang(3, 24);
  large.may_move = true;
  large.loss = 9'000;
  const auto relief = shed({slow, pausable, large}, Power::of(15'000));
  CHECK(relief.moved == std::vector{JobId(3)});
  CHECK(relief.paused.empty());
  CHECK(relief.slowed.empty());
  CHECK(relief.power == Power::of(24'000));
}

}  // namespace ampacity
