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

namespace {

// Gangs of whole nodes that stand together in many ways, on virtual time, none longer than it said.
class Promises {
 public:
  explicit Promises(std::uint64_t seed) : random_(seed) {
    auto portfolio = test::small_portfolio({{"north", 3, 4, "azure"}});
    portfolio.sites[0].halls[0].pods = 2;
    portfolio.sites[0].halls[0].racks_per_pod = 3;
    if (seed % 3 == 0) portfolio.policy.backfill = Backfill::Conservative;
    tell(Configure{portfolio});
  }

  void run(int jobs) {
    while (jobs > 0 || !ends_.empty()) {
      const bool submit = jobs > 0 && (ends_.empty() || random_.next() % 2 == 0);
      if (submit) {
        now_ += Duration(static_cast<std::int64_t>(random_.next() % 600'000));
        end_due();
        tell(some_job());
        --jobs;
      } else {
        now_ = ends_.begin()->first;
        end_due();
      }
    }
    REQUIRE(engine_.state().jobs.empty());
  }

  int kept() const { return kept_; }

 private:
  SubmitJob some_job() {
    JobSpec spec;
    spec.command = {"true"};
    spec.gpus = GpuCount::of(static_cast<std::int64_t>(4 * (1 + random_.next() % 9)));
    if (random_.next() % 2 == 0) spec.within = static_cast<Level>(1 + random_.next() % 3);
    if (random_.next() % 4 == 0) {
      spec.within = Level::Rack;
      spec.gpus = GpuCount::of(static_cast<std::int64_t>(4 * (1 + random_.next() % 3)));
    } else if (random_.next() % 4 == 0) {
      spec.segment = 8;
      spec.gpus = GpuCount::of(static_cast<std::int64_t>(8 * (1 + random_.next() % 3)));
    }
    spec.walltime = Duration(static_cast<std::int64_t>(60'000 * (1 + random_.next() % 240)));
    return {"", spec, ""};
  }

  void end_due() {
    while (!ends_.empty() && ends_.begin()->first <= now_) {
      const auto [at, attempt] = *ends_.begin();
      ends_.erase(ends_.begin());
      const auto later = std::exchange(now_, at);
      tell(ReportEnded{attempt, {}});
      now_ = later;
    }
  }

  void tell(const Command& command) {
    const auto outcome = engine_.decide(command, now_);
    REQUIRE_FALSE(outcome.refusal);
    for (const auto& effect : outcome.effects) {
      if (const auto* start = std::get_if<StartGang>(&effect)) started(*start);
    }
    engine_.verify();
    const auto& reservations = engine_.planner().reservations(PoolIndex(0));
    if (!reservations.empty()) {
      promised_.try_emplace(reservations.front().job, reservations.front().at);
    }
  }

  void started(const StartGang& start) {
    const auto runs =
        start.walltime.count() / 10 * static_cast<std::int64_t>(1 + random_.next() % 10);
    ends_.insert({now_ + Duration(runs), start.attempt});
    const auto it = promised_.find(start.attempt.job);
    if (it == promised_.end()) return;
    REQUIRE(now_ <= it->second);
    ++kept_;
  }

  test::Random random_;
  Engine engine_;
  Instant now_ = test::day("2026-03-01");
  std::set<std::pair<Instant, AttemptId>> ends_;
  std::map<JobId, Instant> promised_;
  int kept_ = 0;
};

}  // namespace

TEST_CASE(
    "what is promised is kept: the first that cannot start starts by then, whoever passes it") {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Promises promises(seed);
    promises.run(60);
    kept += promises.kept();
  }
  CHECK(kept > 3'000);
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
