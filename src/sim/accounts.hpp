// SPDX-License-Identifier: Apache-2.0
// What a simulation counts as it goes: where GPU time went, who waited how long, what was drawn and
// paid. Folded from the engine's events by sim/simulation; knows nothing of how gangs run. Promise:
// every GPU*ms of the portfolio between `from` and the latest instant is in exactly one part of the
// split; every joule, micro-dollar and gram of a site is a team's, a lease's and a size class's, or
// idle, exactly. Assumes: a free GPU in service draws what its accelerator draws idle, one that is
// out of service nothing. Costs: an event O(1) (an ended attempt O(log jobs that were
// interrupted)), advance O(pools), and once more for each hour if a site has a series; 16 bytes a
// job that started.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/lookup.hpp"
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
    bool copied = false;  // it runs since before the simulation
  };
  void placed(const Placed& attempt, const std::string& team);
  // It runs since before the simulation: what it used until then is not of this one.
  void copied(AttemptId attempt, const Usage& used) { copied_[attempt] = used; }
  // Who holds an attempt, where, and on which lease.
  struct Holder {
    const JobSpec& spec;
    std::size_t site = 0;
    std::size_t lease = 0;  // no_lease: of none
    std::int64_t gpus = 0;
  };
  static constexpr std::size_t no_lease = SIZE_MAX;
  void ended(const AttemptEnded& event, const Holder& holder, const AttemptTime& time);
  // What it has used until now was `before`'s; the rest is another lease's.
  void passes_on(AttemptId attempt, const Holder& before, const Usage& used) {
    paid(attempt, before, used);
    copied(attempt, used);
  }
  void requeued(std::int64_t gpus) {
    waits(gpus, +1);
    ++classes_[class_of(gpus)].again;
  }
  // Of a job that ran: nobody cancels in a simulation, so none ends while it waits.
  void job_ended(const JobEnded& event);
  // Is an attempt of so many GPUs among the largest? Then bar() keeps it.
  bool is_large(std::int64_t gpus) const;
  void bar(Bar bar);
  void outage(std::size_t site) { ++sites_[site].outages; }

  // An attempt that runs at the end.
  void runs_on(AttemptId attempt, const Holder& holder, const AttemptTime& time, Usage usage);
  void sample(const Engine& engine, Instant now);
  void finish(const Engine& engine, Instant now, SimulationResult& result);

  static const std::vector<std::pair<std::int64_t, std::string>>& size_classes();
  static std::size_t class_of(std::int64_t gpus);

 private:
  struct Team {
    std::int64_t jobs = 0;
    std::vector<std::int64_t> waits;
    GpuTime gpu_time;
    Money cost;  // billed
    EnergyUse energy;
  };
  struct Pool {
    std::size_t site = 0;
    std::int64_t idle_watts = 0;  // of a GPU
    std::int64_t idle_gpu_ms = 0;
    std::int64_t settled = 0;  // of these, at their hour's price and carbon
  };
  struct Site {
    std::int64_t gpus = 0;
    std::int64_t held = 0;
    std::int64_t attempts = 0;
    std::int64_t outages = 0;
    GpuTimeSplit time;
    Money lease_cost;
    EnergyUse energy;  // of attempts
    // Of GPUs that idle: W x ms, and these times the price and the carbon of their hour.
    Wide idle = 0;
    Wide idle_price = 0;
    Wide idle_carbon = 0;
    Wide carbon_rest = 0;  // less than a gram, of what was charged
  };
  struct SizeClass {
    std::vector<std::int64_t> waits;
    Wide slowdown_ppm = 0;
    std::int64_t slowdowns = 0;
    std::int64_t waiting = 0;
    std::int64_t again = 0;  // of these, those that had started before
    EnergyUse energy;
  };
  using Kept = std::vector<std::pair<std::size_t, std::int64_t>>;  // site, GPU*ms

  void waits(std::int64_t gpus, std::int64_t by);
  void split(std::size_t site, std::int64_t gpus, const AttemptTime& time);
  void paid(AttemptId attempt, const Holder& holder, Usage usage);
  void lease_results(const Engine& engine, Instant now, SimulationResult& result) const;
  void bill_idle(const Portfolio& portfolio, SimulationResult& result) const;
  void count(const Engine& engine, Instant until);
  void settle(Instant hour);
  EnergyUse idle_of(Site& site, const ampacity::Site& priced);
  std::int64_t grams(Site& site, Wide carbon);
  void energy_results(const Portfolio& portfolio, SimulationResult& result);
  void describe_series(const Portfolio& portfolio, SimulationResult& result) const;
  static Spread spread_of(std::vector<std::int64_t>& values);

  Instant from_;
  Instant now_;
  std::shared_ptr<const Portfolio> portfolio_;  // the prices
  std::vector<Site> sites_;
  std::vector<Pool> pools_;
  std::vector<std::int64_t> free_;  // GPUs of each site, while counting
  Instant priced_from_;             // where the present hour of every series began, or the start
  Instant next_price_ = Instant::max();
  struct LeaseAccount {
    Usage before;  // the simulation
    EnergyUse energy;
  };
  std::vector<LeaseAccount> leases_;
  std::map<AttemptId, Usage> copied_;
  std::int64_t energy_billed_ = 0;  // of attempts that run on no lease
  std::map<std::string, Team> teams_;
  std::vector<SizeClass> classes_;
  std::int64_t waiting_gpus_ = 0;
  Lookup<JobId, Kept> kept_;  // of jobs whose end is not known yet
  std::map<std::string, std::int64_t> lost_;
  std::map<JobState, std::int64_t> ended_;
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
