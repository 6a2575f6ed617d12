// SPDX-License-Identifier: Apache-2.0
// The arithmetic of decayed use: what a team has used counts half after each half-life. In whole
// numbers, so that it is the same on every machine. Called by the engine at each charge
// (policy.fair_share_interval): running gangs are charged ahead for the interval and refunded when
// they end within it, so that a start moves its team back at once.
#pragma once

#include <cstdint>

#include "units/time.hpp"

namespace ampacity {

// 2^(-time/half_life) in units of 2^-32, by square roots of a half; off by less than 2^-26.
// Requires half_life > 0 and time >= 0.
std::uint64_t decay(Duration time, Duration half_life);
// value x factor, rounded towards zero.
std::int64_t decayed(std::int64_t value, std::uint64_t factor);

}  // namespace ampacity
