// SPDX-License-Identifier: Apache-2.0
// Properties of the engine over random conversations. The invariants are asserted by the driver at
// each step.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "support/driver.hpp"

namespace ampacity {

TEST_CASE(
    "whatever is said: gangs whole, GPUs used <= present, one state a job, replay digest = live "
    "digest") {
  CHECK(rc::check("random conversations", [](const std::vector<std::uint64_t>& codes) {
    test::Driver driver;
    for (const auto code : codes) driver.step(code);
    RC_ASSERT(driver.started_twice() == 0);
    Engine restored;
    RC_ASSERT(restored.unpack_state(driver.engine().pack_state()).has_value());
    RC_ASSERT(restored.digest() == driver.engine().digest());
    restored.verify();
  }));
}

TEST_CASE("long conversations by seed, with swarm weights") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    test::Random random(seed);
    test::Driver driver;
    const auto length = 20 + random.next() % 120;
    const auto favourite = random.next();  // a few kinds of step dominate each run
    for (std::uint64_t i = 0; i < length; ++i) {
      const auto code = random.next();
      driver.step(code % 3 == 0 ? favourite ^ (code % 64) : code);
    }
    REQUIRE(driver.started_twice() == 0);
  }
}

TEST_CASE("a snapshot is refused, not misread, when its bytes are cut or changed") {
  test::Driver driver;
  test::Random random(5);
  for (int i = 0; i < 60; ++i) driver.step(random.next());
  const auto bytes = driver.engine().pack_state();
  for (std::size_t cut = 0; cut < bytes.size(); cut += 7) {
    Engine engine;
    CHECK_FALSE(engine.unpack_state(std::string_view(bytes).substr(0, cut)));
  }
}

}  // namespace ampacity
