// SPDX-License-Identifier: Apache-2.0
#include "units/arithmetic.hpp"

#include <limits>

namespace ampacity {
namespace {

std::int64_t rounded(Wide numerator, std::int64_t divisor) {
  AMPACITY_ASSERT(divisor > 0, "divisor {}", divisor);
  constexpr auto safe = std::numeric_limits<std::int64_t>::max() / 2;
  if (numerator <= safe && numerator >= -safe && divisor <= safe) {  // most are: ten times faster
    const auto small = static_cast<std::int64_t>(numerator);
    return (small >= 0 ? small + divisor / 2 : small - divisor / 2) / divisor;
  }
  const Wide half = divisor / 2;
  const Wide quotient = (numerator >= 0 ? numerator + half : numerator - half) / divisor;
  AMPACITY_ASSERT(quotient <= std::numeric_limits<std::int64_t>::max() &&
                      quotient >= std::numeric_limits<std::int64_t>::min(),
                  "a product overflows 64 bits");
  return static_cast<std::int64_t>(quotient);
}

}  // namespace

std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t divisor) {
  return rounded(static_cast<Wide>(a) * b, divisor);
}

std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t divisor) {
  Wide product = static_cast<Wide>(a) * b;
  AMPACITY_ASSERT(!__builtin_mul_overflow(product, static_cast<Wide>(c), &product),
                  "{} * {} * {} overflows 128 bits", a, b, c);
  return rounded(product, divisor);
}

// The mean's whole part, and what it leaves in two halves of `a`, so that all stays in 128 bits.
Wide by_mean(std::int64_t a, Wide sum, Wide weight) {
  AMPACITY_ASSERT(weight > 0, "no weight");
  constexpr std::int64_t half = 1LL << 32;
  const Wide whole = sum / weight;
  const Wide rest = sum % weight;
  const Wide high = rest * (a / half);
  const Wide low = high % weight * half + rest * (a % half);
  return whole * a + high / weight * half + low / weight;
}

Energy energy_of(Power power, Duration time) {
  return Energy::of(scaled(power.count(), time.count(), 1'000));
}

GpuTime gpu_time_of(GpuCount gpus, Duration time) {
  return GpuTime::of(scaled(gpus.count(), time.count(), 1));
}

Money cost_of(Energy energy, EnergyPrice price) {
  return Money::of(scaled(energy.count(), price.count(), 3'600'000'000));
}

Money cost_of(Energy energy, Wide sum, Wide weight) {
  return Money::of(rounded(by_mean(energy.count(), sum, weight), 3'600'000'000));
}

Money cost_of(GpuTime time, GpuPrice price) {
  return Money::of(scaled(time.count(), price.count(), ms_per_hour));
}

Power times(Power power, Ratio ratio) {
  if (ratio == one) return power;
  return Power::of(scaled(power.count(), ratio.count(), one.count()));
}

Energy times(Energy energy, Ratio ratio) {
  return Energy::of(scaled(energy.count(), ratio.count(), one.count()));
}

Money times(Money money, Ratio ratio) {
  return Money::of(scaled(money.count(), ratio.count(), one.count()));
}

}  // namespace ampacity
