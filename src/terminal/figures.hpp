// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them. Used by everything that prints for people. Locale never matters.
#pragma once

#include <cstdint>
#include <string>

namespace ampacity::terminal {

std::string grouped(std::int64_t number);  // "-1,234,567"

}  // namespace ampacity::terminal
