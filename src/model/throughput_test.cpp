// SPDX-License-Identifier: Apache-2.0
// Pace and power of GPUs, by the cube law and by a measured curve: there and back, and under a cap.
#include "model/throughput.hpp"

#include <doctest/doctest.h>

#include "model/curtailment.hpp"

namespace ampacity {
namespace {

constexpr auto percent = [](std::int64_t n) { return Ratio::of(n * 10'000); };

Accelerator slot(std::vector<ThroughputPoint> curve = {}) {
  Accelerator a;
  a.name = "slot";
  a.tdp = Power::of(1'000);
  a.idle = Power::of(100);
  a.throughput_curve = std::move(curve);
  return a;
}

}  // namespace

TEST_CASE("without a curve power goes with the cube of the pace") {
  CHECK(power_at_pace(slot(), percent(50)) == Ratio::of(125'000));
  CHECK(pace_at_power(slot(), Ratio::of(125'000)) == percent(50));
  CHECK(pace_at_power(slot(), one) == one);
}

TEST_CASE("a measured curve counts between its points, and down to nothing") {
  const auto a = slot({{percent(40), percent(70)}, {one, one}});
  CHECK(pace_at_power(a, percent(40)) == percent(70));
  CHECK(pace_at_power(a, percent(70)) == percent(85));
  CHECK(pace_at_power(a, percent(20)) == percent(35));
  CHECK(power_at_pace(a, percent(85)) == percent(70));
}

TEST_CASE("there and back: the pace for a power is the highest that draws no more") {
  const auto curved = slot({{percent(30), percent(50)}, {percent(60), percent(90)}, {one, one}});
  for (const auto& a : {slot(), curved}) {
    for (std::int64_t power = 10'000; power <= 1'000'000; power += 7'777) {
      const auto pace = pace_at_power(a, Ratio::of(power));
      CAPTURE(power);
      CHECK(power_at_pace(a, pace) <= Ratio::of(power + 2));
      CHECK(power_at_pace(a, std::min(pace + Ratio::of(20), one)) >= Ratio::of(power - 2));
    }
  }
}

TEST_CASE("a cap leaves a share of what the job draws above idle") {
  // 80 % of 900 W above 100 W idle: 820 W. 460 W leave half of the 720 W.
  const auto by_watts = capped(slot(), percent(80), {Power::of(460), Ratio()});
  CHECK(by_watts.draw == percent(40));
  CHECK(by_watts.pace == pace_at_power(slot(), percent(50)));
  const auto by_share = capped(slot(), percent(80), {Power(), percent(46)});
  CHECK(by_share.draw == by_watts.draw);
  CHECK(capped(slot(), percent(80), {Power::of(820), Ratio()}).pace == one);
  CHECK(capped(slot(), percent(80), {Power::of(819), Ratio()}).pace < one);
}

TEST_CASE("a cap that is not above idle power leaves no pace") {
  CHECK(capped(slot(), one, {Power::of(100), Ratio()}).pace == Ratio());
  CHECK(capped(slot(), one, {Power::of(60), Ratio()}).pace == Ratio());
  const auto steep = slot({{percent(50), Ratio::of(5'000)}, {one, one}});
  CHECK(capped(steep, one, {Power::of(500), Ratio()}).pace == Ratio());  // less than a percent
}

TEST_CASE("a gang of two accelerators: each part goes along its own curve") {
  const auto plain = slot();
  const auto curved = slot({{percent(50), percent(90)}, {one, one}});
  GangPower gang(Power::of(1'000));
  gang.add(plain, Power::of(800), one);
  gang.add(curved, Power::of(600), one);
  CHECK(gang.at(one) == Power::of(2'400));
  CHECK(gang.at(percent(90)) == Power::of(1'000 + 583 + 300));  // 0.9 cubed of 800; half of 600
  CHECK(gang.at(Ratio::of(0)) == Power::of(1'000));
}

TEST_CASE("the fastest pace below a power and the slowest above it, in whole percent") {
  GangPower gang(Power::of(200));
  gang.add(slot(), Power::of(800), one);
  for (std::int64_t watts = 150; watts <= 1'100; watts += 13) {
    CAPTURE(watts);
    const auto most = gang.fastest_below(Power::of(watts));
    CHECK((gang.at(most) <= Power::of(watts) || most == percent(1)));
    CHECK((most == one || gang.at(most + percent(1)) > Power::of(watts)));
    const auto least = gang.slowest_above(Power::of(watts));
    CHECK((gang.at(least) >= Power::of(watts) || least == one));
    CHECK((least == percent(1) || gang.at(least - percent(1)) < Power::of(watts)));
  }
}

}  // namespace ampacity
