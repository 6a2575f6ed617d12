// SPDX-License-Identifier: Apache-2.0
#include "bench/allocated.hpp"

#include <malloc.h>

#include <cstddef>

#include "base/assert.hpp"

// Of jemalloc; absent where a sanitizer brings its own allocator.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_size, void* fresh,
                       std::size_t fresh_size) __attribute__((weak));

namespace ampacity::bench {

std::int64_t allocated_bytes() {
  if (mallctl == nullptr) {
    const auto info = ::mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
  }
  std::uint64_t epoch = 1;  // its figures are those of the latest one
  std::size_t size = sizeof epoch;
  const auto refreshed = mallctl("epoch", &epoch, &size, &epoch, size);
  std::size_t bytes = 0;
  size = sizeof bytes;
  const auto read = mallctl("stats.allocated", &bytes, &size, nullptr, 0);
  AMPACITY_ASSERT(refreshed == 0 && read == 0, "jemalloc keeps no statistics");
  return static_cast<std::int64_t>(bytes);
}

}  // namespace ampacity::bench
