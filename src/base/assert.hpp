// SPDX-License-Identifier: Apache-2.0
// AMPACITY_ASSERT(condition, "why {}", value): a bug in Ampacity, never a reaction to input. On in
// every build: prints where and why, then aborts; the journal replays to the last durable state at
// restart.
#pragma once

#include <fmt/format.h>

#include <string>

namespace ampacity {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line,
                                   const std::string& why);

// A line that is printed with the next failure: how to repeat it.
void on_assertion_say(std::string line);

}  // namespace ampacity

#define AMPACITY_ASSERT(condition, ...)                                                         \
  do {                                                                                          \
    if (!(condition)) [[unlikely]] {                                                            \
      ::ampacity::assertion_failed(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
    }                                                                                           \
  } while (false)
