// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

namespace ampacity {

// log2 bit by bit: squaring a number in [1, 2) doubles its logarithm (Knuth, TAOCP 1.2.2, ex. 25).
std::int64_t minus_log(std::uint64_t x) {
  const auto zeros = static_cast<unsigned>(__builtin_clzll(x));
  auto mantissa = x << zeros;  // [2^63, 2^64): 1.0 to 2.0
  auto bits = std::uint64_t{63U - zeros};
  for (int bit = 0; bit < 32; ++bit) {               // no branch: nobody could guess it
    const auto square = UWide{mantissa} * mantissa;  // [2^126, 2^128)
    const auto half = static_cast<std::uint64_t>(square >> 64U);
    const auto whole = half << 1U | static_cast<std::uint64_t>(square) >> 63U;
    const auto two = half >> 63U;
    mantissa = whole ^ ((whole ^ half) & -two);
    bits = bits << 1U | two;
  }
  const auto log2 = static_cast<std::int64_t>(bits);
  constexpr std::int64_t ln2 = 2'977'044'472;              // 2^32 ln 2
  const auto below_one = (std::int64_t{64} << 32) - log2;  // -log2(x / 2^64) in 2^-32
  __extension__ using Signed = __int128;
  return static_cast<std::int64_t>((Signed{below_one} * ln2) >> 32);
}

std::int64_t Random::exponential(std::int64_t mean) {
  __extension__ using Signed = __int128;
  const auto x = next();
  return static_cast<std::int64_t>((Signed{minus_log(x == 0 ? 1 : x)} * mean) >> 32);
}

}  // namespace ampacity
