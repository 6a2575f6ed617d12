// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

namespace ampacity {

TEST_CASE("minus_log is the logarithm, to the precision that it states") {
  for (std::uint64_t x :
       {1ULL, 2ULL, 3ULL, 1ULL << 32U, 0x123456789ABCDEFULL, ~0ULL, 1ULL << 63U}) {
    const auto expected = -std::log(static_cast<double>(x) / 18446744073709551616.0);
    CHECK(static_cast<double>(minus_log(x)) / 4294967296.0 ==
          doctest::Approx(expected).epsilon(1e-7));
  }
}

TEST_CASE("the gaps of a Poisson process have their mean and their variance") {
  Random random(1);
  double sum = 0;
  double squares = 0;
  constexpr int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const auto gap = static_cast<double>(random.exponential(1'000'000));
    sum += gap;
    squares += gap * gap;
  }
  CHECK(sum / n == doctest::Approx(1e6).epsilon(0.01));
  CHECK(squares / n == doctest::Approx(2e12).epsilon(0.03));
}

TEST_CASE("below and chance stay inside and are even") {
  Random random(2);
  int counts[7] = {};
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (const auto count : counts) CHECK(count == doctest::Approx(10'000).epsilon(0.05));
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += random.chance(250'000) ? 1 : 0;
  CHECK(hits == doctest::Approx(25'000).epsilon(0.05));
}

}  // namespace ampacity
