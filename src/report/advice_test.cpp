// SPDX-License-Identifier: Apache-2.0
// What saving costs, against Daly's figures and against a gang that is played.
#include "report/advice.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.hpp"
#include "sim/progress.hpp"

using namespace ampacity;

namespace {

constexpr Duration second(1'000);
constexpr Duration minute(60'000);
constexpr Duration hour(3'600'000);

// The share that is lost of `work` by a gang that fails at random and plays on, failures included.
double played(Duration interval, Duration save, Duration restart, Duration mean, Duration work) {
  Random random(11);
  Duration total{};
  Duration done{};
  Pace pace{Duration(0), interval, save};
  while (true) {
    const auto ends = time_for(pace, work - done);
    const Duration fails(random.exponential(mean.count()));
    if (ends <= fails) {
      total += ends;
      break;
    }
    total += fails;
    done += progress(pace, fails).kept;
    pace.start = restart;
  }
  return 1 - static_cast<double>(work.count()) / static_cast<double>(total.count());
}

}  // namespace

TEST_CASE("the share that is lost is that of a gang which fails at random") {
  for (const auto interval : {10 * minute, 30 * minute, 2 * hour}) {
    CAPTURE(interval.count());
    const auto lost = report::lost_ppm(interval, minute, 5 * minute, 3 * hour);
    const auto plays = played(interval, minute, 5 * minute, 3 * hour, 50'000 * hour);
    CHECK(static_cast<double>(lost) / 1e6 == doctest::Approx(plays).epsilon(0.03));
  }
}

TEST_CASE("no interval loses less than the one that is advised, and the job's own is compared") {
  const auto advice = report::advice_for(16'384, 3 * hour, 30 * second, 5 * minute, 2 * hour);
  CHECK(advice.best_interval_ms > (13 * minute).count());
  CHECK(advice.best_interval_ms < (14 * minute).count());
  for (const auto percent : {50, 80, 120, 200}) {
    CHECK(report::lost_ppm(Duration(advice.best_interval_ms * percent / 100), 30 * second,
                           5 * minute, 3 * hour) >= advice.best_lost_ppm);
  }
  CHECK(*advice.lost_ppm > advice.best_lost_ppm);
  CHECK(report::advice_line(advice).find("every 2 h 00 min, as now") != std::string::npos);
  CHECK(report::advice_text(advice).find("16,384 GPUs fail every 3 h 00 min") == 0);
}

TEST_CASE("a gang that cannot finish a cycle loses all of its time") {
  CHECK(report::lost_ppm(100 * hour, minute, minute, minute) == 1'000'000);
}
