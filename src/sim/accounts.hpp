// SPDX-License-Identifier: Apache-2.0
// What a simulation counts as it goes: where GPU time went, who waited how long, what was drawn and
// paid. Folded from the engine's events by sim/simulation; knows nothing of how gangs run. Promise:
// every GPU*ms of the portfolio between `from` and the latest instant is in exactly one part of the
// split. Costs: an event O(1) (an ended attempt O(log jobs that were interrupted)), advance
// O(pools); 16 bytes a job that started.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "sim/progress.hpp"
#include "sim/result.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

// How an attempt spent its time, by the simulation.
struct AttemptTime {
  Duration starting{};
  Duration kept{};
  Duration unkept{};
  Duration saving{};
  Duration draining{};
};

class Accounts {
 public:
  Accounts(const Engine& engine, Instant from);

  // Everything stays as it is until then.
  void advance(const Engine& engine, Instant now);

  void submitted(std::int64_t gpus) { waits(gpus, +1); }
  // `wanted`: what the job asks for, by which it is classed. `first_wait`: of its first attempt.
  struct Placed {
    std::size_t site = 0;
    std::int64_t gpus = 0;
    std::int64_t wanted = 0;
    std::optional<Duration> first_wait;
    Duration runtime{};
  };
  void placed(const Placed& attempt, const std::string& team);
  void ended(const AttemptEnded& event, const JobSpec& spec, std::size_t site, std::int64_t gpus,
             const AttemptTime& time);
  void requeued(std::int64_t gpus) { waits(gpus, +1); }
  void job_ended(const JobEnded& event, bool waited, std::int64_t gpus);
  // Is an attempt of so many GPUs among the largest? Then bar() keeps it.
  bool is_large(std::int64_t gpus) const;
  void bar(Bar bar);
  void outage(std::size_t site) { ++sites_[site].outages; }

  // An attempt that runs at the end.
  void runs_on(const JobSpec& spec, std::size_t site, std::int64_t gpus, const AttemptTime& time,
               const Usage& usage);
  void sample(const Engine& engine, Instant now);
  void finish(const Engine& engine, Instant now, SimulationResult& result);

  static const std::vector<std::pair<std::int64_t, std::string>>& size_classes();
  static std::size_t class_of(std::int64_t gpus);

 private:
  struct Team {
    std::int64_t jobs = 0;
    std::vector<std::int64_t> waits;
    Usage usage;
    Wide carbon = 0;  // J x g/kWh
  };
  struct Site {
    std::int64_t gpus = 0;
    std::int64_t held = 0;
    std::int64_t attempts = 0;
    std::int64_t outages = 0;
    GpuTimeSplit time;
    Usage usage;
  };
  struct SizeClass {
    std::vector<std::int64_t> waits;
    Wide slowdown_ppm = 0;
    std::int64_t slowdowns = 0;
    std::int64_t waiting = 0;
  };
  using Kept = std::vector<std::pair<std::size_t, std::int64_t>>;  // site, GPU*ms

  void waits(std::int64_t gpus, std::int64_t by);
  void split(std::size_t site, std::int64_t gpus, const AttemptTime& time);
  void paid(const JobSpec& spec, std::size_t site, const Usage& usage);
  static Spread spread_of(std::vector<std::int64_t>& values);

  Instant from_;
  Instant now_;
  std::vector<Site> sites_;
  std::vector<Carbon> carbon_;
  std::map<std::string, Team> teams_;
  std::vector<SizeClass> classes_;
  std::int64_t waiting_gpus_ = 0;
  std::map<JobId, Kept> kept_;  // of jobs whose end is not known yet
  std::map<std::string, std::int64_t> lost_;
  std::map<std::string, std::int64_t> ended_;
  std::int64_t attempts_ = 0;
  std::int64_t preempted_ = 0;
  std::int64_t resized_ = 0;
  std::int64_t interrupted_ = 0;
  std::optional<Instant> last_end_;
  std::vector<Sample> samples_;
  Duration sample_every_{};
  std::optional<Instant> next_sample_;
  struct Larger {
    bool operator()(const Bar& a, const Bar& b) const;
  };
  std::set<Bar, Larger> bars_;
};

}  // namespace ampacity
