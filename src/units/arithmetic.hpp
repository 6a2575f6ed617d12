// SPDX-License-Identifier: Apache-2.0
// The legal products between quantities. Each is computed in 128 bits and rounded once, half away
// from zero, so the order of operations cannot change a digit. A result outside 64 bits is a bug
// and aborts. The year of contracts is 8,760 h and its month 730 h (the billing calendar has its
// own room later).
#pragma once

#include "units/quantity.hpp"

namespace ampacity {

__extension__ using Wide = __int128;

// a * b / divisor, rounded half away from zero. Requires divisor > 0.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t divisor);
// The same for three factors; a * b * c must fit in 128 bits, as all quantities of one job do.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t divisor);

// a * (sum / weight), rounded towards zero: what a mean comes to, of a value that held for parts of
// `weight` (the milliseconds of an attempt, say). |sum / weight| must fit in 64 bits. Requires
// weight > 0.
Wide by_mean(std::int64_t a, Wide sum, Wide weight);

inline constexpr std::int64_t ms_per_hour = 3'600'000;
inline constexpr std::int64_t ms_per_month = 730 * ms_per_hour;
inline constexpr std::int64_t ms_per_year = 8'760 * ms_per_hour;

Energy energy_of(Power power, Duration time);       // W * ms / 1000
GpuTime gpu_time_of(GpuCount gpus, Duration time);  // exact
Money cost_of(Energy energy, EnergyPrice price);    // 1 MWh = 3.6e9 J
// At a price that changed: its mean is sum / weight. Exact: a price that stayed costs the same.
Money cost_of(Energy energy, Wide sum, Wide weight);
Money cost_of(GpuTime time, GpuPrice price);  // 1 GPU-hour = 3.6e6 GPU*ms
Power times(Power power, Ratio ratio);
Energy times(Energy energy, Ratio ratio);
Money times(Money money, Ratio ratio);

}  // namespace ampacity
