// SPDX-License-Identifier: Apache-2.0
#include "policy/fair_share.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace ampacity {

TEST_CASE("what was used counts half after a half-life") {
  constexpr Duration week(7LL * 86'400'000);
  CHECK(decayed(1'000'000, decay(week, week)) == 500'000);
  CHECK(decayed(1'000'000, decay(3 * week, week)) == 125'000);
  CHECK(decayed(1'000'000, decay(Duration(0), week)) == 1'000'000);
  CHECK(decayed(1'000'000, decay(40 * week, week)) == 0);
}

TEST_CASE("fractions of a half-life are as exact as said") {
  for (const auto ms : {1, 999, 300'000, 5'000'000, 86'400'000, 600'000'000}) {
    const Duration half_life(604'800'000);
    const auto exact = std::exp2(-static_cast<double>(ms) / 604'800'000.0) * 4294967296.0;
    CHECK(std::abs(static_cast<double>(decay(Duration(ms), half_life)) - exact) < 40);
  }
}

}  // namespace ampacity
