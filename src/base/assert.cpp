// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace ampacity {

namespace {

std::string& context() {
  static std::string line;
  return line;
}

}  // namespace

void on_assertion_say(std::string line) {
  context() = std::move(line);
}

void assertion_failed(const char* condition, const char* file, int line, const std::string& why) {
  std::fprintf(stderr, "%s:%d: this is a bug in ampacity: %s (asserted: %s)\n", file, line,
               why.c_str(), condition);
  if (!context().empty()) std::fprintf(stderr, "%s\n", context().c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace ampacity
