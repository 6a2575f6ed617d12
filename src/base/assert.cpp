// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace ampacity {

void assertion_failed(const char* condition, const char* file, int line, const std::string& why) {
  std::fprintf(stderr, "%s:%d: this is a bug in ampacity: %s (asserted: %s)\n", file, line,
               why.c_str(), condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace ampacity
