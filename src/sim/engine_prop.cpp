// SPDX-License-Identifier: Apache-2.0
// Properties of the engine over random conversations. The invariants are asserted by the driver at
// each step.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "protocol/sentences.hpp"
#include "sim/conversation.hpp"

namespace ampacity {

TEST_CASE(
    "whatever is said: gangs whole, GPUs used <= present, one state a job, replay digest = live "
    "digest") {
  CHECK(rc::check("random conversations", [](const std::vector<std::uint64_t>& codes) {
    Conversation driver;
    for (const auto code : codes) driver.step(code);
    RC_ASSERT(driver.started_twice() == 0);
    Engine restored;
    RC_ASSERT(restored.unpack_state(driver.engine().pack_state()).has_value());
    RC_ASSERT(restored.digest() == driver.engine().digest());
    restored.verify();
    // Who goes on from a restart caps nothing that the other would not have capped.
    driver.tell(Tick{});
    RC_ASSERT(restored.unpack_state(driver.engine().pack_state()).has_value());
    for (const auto& event : restored.decide(Tick{}, driver.engine().state().last_at).events) {
      RC_ASSERT(!std::holds_alternative<PowerCapped>(event.body));
      RC_ASSERT(!std::holds_alternative<PaceChanged>(event.body));
    }
  }));
}

// As the server starts (serve/conductor.cpp), and as `replay --decide` decides that start again
// with an engine that was not made anew: what came due in between is the look's.
TEST_CASE("what came due while nobody served is found by the look, and not before it") {
  std::int64_t events = 0;
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Conversation driver;
    for (int i = 0; i < 40; ++i) driver.step(random.next());
    Engine restored;
    REQUIRE(restored.unpack_state(driver.engine().pack_state()));
    Engine went_on = driver.engine();
    const std::vector<Command> start{LookAnew{}, Configure{*went_on.state().portfolio}};
    const auto at =
        driver.now() + Duration(1 + static_cast<std::int64_t>(random.next() % 9'000'000));
    const auto looks = [&](Engine& engine) {
      std::string text;
      const auto outcomes = engine.decide(start, at);
      for (const auto& event : outcomes[0].events) {
        text += sentence(event.body) + "\n";
        ++events;
      }
      return text;
    };
    REQUIRE(looks(restored) == looks(went_on));
  }
  CHECK(events > 1'000);
}

TEST_CASE("long conversations by seed, with swarm weights") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Conversation driver;
    const auto length = 20 + random.next() % 120;
    const auto favourite = random.next();  // a few kinds of step dominate each run
    for (std::uint64_t i = 0; i < length; ++i) {
      const auto code = random.next();
      driver.step(code % 3 == 0 ? favourite ^ (code % 64) : code);
    }
    REQUIRE(driver.started_twice() == 0);
  }
}

TEST_CASE("no gang is placed where a level of power lacks it, now or at a step that is known") {
  std::int64_t placed = 0;
  std::int64_t lacking = 0;
  std::int64_t slow_halls = 0;
  std::int64_t stopped = 0;
  std::int64_t passed_on = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Conversation driver;
    for (int i = 0; i < 90; ++i) {
      if (i % 12 == 0) driver.tighten(random.next());
      driver.step(random.next());
    }
    placed += driver.placed();
    slow_halls += driver.slow_halls();
    stopped += driver.stopped();
    passed_on += driver.passed_on();
    for (const auto& [id, job] : driver.engine().state().jobs) {
      const auto why = driver.engine().explain(id, driver.engine().state().last_at);
      lacking += why && why->reason == Reason::NotEnoughPower ? 1 : 0;
      if (!why) continue;
      CAPTURE(why->message);
      CHECK(why->message.find(" -") == std::string::npos);  // no figure below 0
    }
  }
  CHECK(placed > 6'000);
  CHECK(lacking > 200);
  CHECK(slow_halls > 100);
  CHECK(stopped > 40);
  CHECK(passed_on > 10);
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

  Random random_;
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

namespace {

// Teams with quotas and classes that preempt, where whoever is told to stop does so in time.
class Preemptions {
 public:
  explicit Preemptions(std::uint64_t seed) : random_(seed) {
    auto portfolio = test::small_portfolio({{"north", 3, 4, "azure"}, {"south", 2, 8, "oracle"}});
    portfolio.sites[0].halls[0].pods = 2;
    portfolio.sites[0].halls[0].racks_per_pod = 2;
    portfolio.priority_classes[2].preempts = true;
    const auto quota = [&](std::int64_t guaranteed) {
      Quota q{GpuCount::of(guaranteed), {}, {}};
      if (random_.next() % 3 == 0) q.borrow = GpuCount::of(upto(guaranteed));
      if (random_.next() % 3 == 0) q.lend = GpuCount::of(upto(guaranteed));
      return q;
    };
    portfolio.teams = {{"research", 1, {}, "", quota(30)},
                       {"vision", 1, {}, "research", quota(12)},
                       {"audio", 1, {}, "research", {}},
                       {"product", 1, {}, "", quota(20)}};
    if (seed % 4 == 0) portfolio.policy.backfill = Backfill::Conservative;
    if (seed % 4 == 1) portfolio.policy.reservations = 3;
    tell(Configure{portfolio});
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ += Duration(static_cast<std::int64_t>(random_.next() % 400'000));
      const auto live = engine_.live_jobs();
      if (live.empty() || random_.next() % 5 < 3) {
        tell(some_job());
      } else {
        end(live[random_.next() % live.size()]);
      }
      for (auto due = engine_.next_deadline(); due && *due <= now_; due = engine_.next_deadline()) {
        tell(Tick{});
      }
      let_them_go();
    }
  }

  int made_room() const { return made_room_; }
  int resized() const { return resized_; }

 private:
  std::int64_t upto(std::int64_t n) {
    return static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(n + 1));
  }

  SubmitJob some_job() {
    JobSpec spec;
    spec.command = {"true"};
    spec.gpus = GpuCount::of(1 + upto(15));
    if (random_.next() % 3 == 0) {
      spec.within = static_cast<Level>(upto(2));
      spec.gpus = GpuCount::of(4 * (1 + upto(2)));
    }
    constexpr const char* teams[] = {"", "research", "vision", "audio", "product"};
    spec.team = teams[random_.next() % 5];
    constexpr const char* classes[] = {"low", "normal", "high"};
    spec.priority_class = classes[random_.next() % 3];
    if (random_.next() % 3 == 0) spec.gpus_min = GpuCount::of(1 + upto(spec.gpus.count() - 1));
    spec.walltime = Duration(3'600'000 * (1 + upto(20)));
    return {"", spec, ""};
  }

  void end(JobId job) {
    const AttemptId attempt{job, engine_.state().jobs.find(job)->attempts};
    tell(ReportEnded{attempt, {}});
  }

  // The gangs that were told to stop end, in any order; then those they went for must run.
  void let_them_go() {
    while (true) {
      std::vector<JobId> stopping;
      for (const auto id : engine_.live_jobs()) {
        if (engine_.state_of(id) == JobState::Stopping) stopping.push_back(id);
      }
      if (stopping.empty()) break;
      now_ += Duration(1'000);
      end(stopping[random_.next() % stopping.size()]);
    }
    for (const auto job : waited_for_) {
      REQUIRE(engine_.state().jobs.find(job)->live);
      ++made_room_;
    }
    waited_for_.clear();
  }

  void tell(const Command& command) {
    const auto outcome = engine_.decide(command, now_);
    for (const auto& event : outcome.events) {
      const auto* stop = std::get_if<AttemptStopping>(&event.body);
      if (stop == nullptr || !stop->room_for) continue;
      resized_ += stop->cause == StopCause::Resized ? 1 : 0;
      waited_for_.insert(*stop->room_for);
    }
    engine_.verify();
    for (const auto& effect : outcome.effects) {
      const auto* start = std::get_if<StartGang>(&effect);
      if (start != nullptr) tell(ReportStarted{start->attempt});
    }
  }

  Random random_;
  Engine engine_;
  Instant now_ = test::day("2026-03-01");
  std::set<JobId> waited_for_;
  int made_room_ = 0;
  int resized_ = 0;
};

}  // namespace

TEST_CASE(
    "nobody is stopped or made smaller for nothing: the job that made room starts once they are "
    "gone") {
  int made_room = 0;
  int resized = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Preemptions preemptions(seed);
    preemptions.run(120);
    made_room += preemptions.made_room();
    resized += preemptions.resized();
  }
  CHECK(made_room > 1'000);
  CHECK(resized > 300);
}

TEST_CASE("a snapshot is refused, not misread, when its bytes are cut or changed") {
  Conversation driver;
  Random random(5);
  for (int i = 0; i < 60; ++i) driver.step(random.next());
  const auto bytes = driver.engine().pack_state();
  for (std::size_t cut = 0; cut < bytes.size(); cut += 7) {
    Engine engine;
    CHECK_FALSE(engine.unpack_state(std::string_view(bytes).substr(0, cut)));
  }
}

}  // namespace ampacity
