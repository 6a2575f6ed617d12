// SPDX-License-Identifier: Apache-2.0
#include "policy/fair_share.hpp"

#include "base/assert.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

__extension__ using Wide128 = unsigned __int128;

constexpr std::uint64_t whole = std::uint64_t{1} << 32U;

// The square root of a fraction in units of 2^-32, rounded down.
std::uint64_t root(std::uint64_t fraction) {
  const auto square = static_cast<Wide128>(fraction) << 32U;
  std::uint64_t low = 0;
  std::uint64_t high = whole;
  while (low < high) {
    const auto middle = low + (high - low + 1) / 2;
    if (static_cast<Wide128>(middle) * middle <= square) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

std::uint64_t decay(Duration time, Duration half_life) {
  AMPACITY_ASSERT(half_life > Duration(0) && time >= Duration(0), "decay over {} of {}",
                  time.count(), half_life.count());
  const auto halves = time / half_life;
  if (halves >= 32) return 0;
  auto factor = whole >> static_cast<unsigned>(halves);
  auto rest = time % half_life;
  auto step = whole / 2;  // 2^-1, then 2^-1/2, 2^-1/4, ...
  for (int bit = 0; bit < 32 && rest > Duration(0); ++bit) {
    step = root(step);
    rest *= 2;
    if (rest < half_life) continue;
    rest -= half_life;
    factor = static_cast<std::uint64_t>(static_cast<Wide128>(factor) * step >> 32U);
  }
  return factor;
}

std::int64_t decayed(std::int64_t value, std::uint64_t factor) {
  return static_cast<std::int64_t>(static_cast<Wide>(value) * static_cast<Wide>(factor) /
                                   static_cast<Wide>(whole));
}

}  // namespace ampacity
