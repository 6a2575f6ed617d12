// SPDX-License-Identifier: Apache-2.0
// Prints the digest after a fixed set of random conversations. same_digest.sh builds it four ways.
#include <cstdio>

#include "sim/conversation.hpp"

int main() {
  using namespace ampacity;
  DigestSink sink;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    Conversation driver;
    for (int i = 0; i < 60; ++i) driver.step(random.next());
    const auto digest = driver.engine().digest();
    sink.bytes(&digest.high, sizeof digest.high);
    sink.bytes(&digest.low, sizeof digest.low);
  }
  std::puts(sink.finish().text().c_str());
}
