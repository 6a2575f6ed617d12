// SPDX-License-Identifier: Apache-2.0
// Whole-number physics and money. Quantity<Tag> is a checked 64-bit integer in one fixed unit;
// adding two of a kind is legal, mixing kinds does not compile, an overflow is a bug and aborts.
// The legal products are the closed list at the end; division has no operator: it is done in
// units/arithmetic.hpp with a named rounding. Costs nothing over an int64.
//   Power    W           +-9.2 EW             Energy  J          10 GW for 29 years
//   Money    micro-USD   +-9.2 trillion USD   GpuTime GPU*ms     292 years of a million GPUs
#pragma once

#include <compare>
#include <cstdint>

#include "base/assert.hpp"
#include "units/time.hpp"

namespace ampacity {

template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  static constexpr Quantity of(std::int64_t count) {
    Quantity q;
    q.count_ = count;
    return q;
  }
  constexpr std::int64_t count() const { return count_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    std::int64_t sum = 0;
    AMPACITY_ASSERT(!__builtin_add_overflow(a.count_, b.count_, &sum), "{} + {} overflows",
                    a.count_, b.count_);
    return of(sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    std::int64_t difference = 0;
    AMPACITY_ASSERT(!__builtin_sub_overflow(a.count_, b.count_, &difference), "{} - {} overflows",
                    a.count_, b.count_);
    return of(difference);
  }
  friend constexpr Quantity operator*(Quantity a, std::int64_t times) {
    std::int64_t product = 0;
    AMPACITY_ASSERT(!__builtin_mul_overflow(a.count_, times, &product), "{} * {} overflows",
                    a.count_, times);
    return of(product);
  }
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }

 private:
  std::int64_t count_ = 0;
};

using Power = Quantity<struct PowerTag>;              // W
using PowerRate = Quantity<struct PowerRateTag>;      // W a minute
using Energy = Quantity<struct EnergyTag>;            // J
using Money = Quantity<struct MoneyTag>;              // micro-USD
using GpuCount = Quantity<struct GpuCountTag>;        // GPUs
using GpuTime = Quantity<struct GpuTimeTag>;          // GPU * ms
using EnergyPrice = Quantity<struct EnergyPriceTag>;  // micro-USD per MWh; may be negative
using GpuPrice = Quantity<struct GpuPriceTag>;        // micro-USD per GPU-hour
using Carbon = Quantity<struct CarbonTag>;            // g CO2 per kWh
using Ratio = Quantity<struct RatioTag>;              // parts per million; 1.10 is 1,100,000

inline constexpr Ratio one = Ratio::of(1'000'000);

namespace literals {
constexpr Power operator""_W(unsigned long long n) {
  return Power::of(static_cast<std::int64_t>(n));
}
constexpr Power operator""_kW(unsigned long long n) {
  return Power::of(static_cast<std::int64_t>(n) * 1'000);
}
constexpr Power operator""_MW(unsigned long long n) {
  return Power::of(static_cast<std::int64_t>(n) * 1'000'000);
}
constexpr GpuCount operator""_gpu(unsigned long long n) {
  return GpuCount::of(static_cast<std::int64_t>(n));
}
}  // namespace literals

}  // namespace ampacity
