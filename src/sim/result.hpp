// SPDX-License-Identifier: Apache-2.0
// What a simulation came to: exact integers, described, so that wire/json.hpp writes them and
// report/ draws them. docs/reference/simulation-results.md is the dictionary. Units are in the
// names as in the API: _ms, _w, _j, _micro_usd, _g, gpu_ms.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/workload.hpp"

namespace ampacity {

// Of waits and the like, by job.
struct Spread {
  std::int64_t count = 0;
  std::int64_t mean_ms = 0;
  std::int64_t p50_ms = 0;
  std::int64_t p90_ms = 0;
  std::int64_t p99_ms = 0;
  std::int64_t max_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Spread, (), (count, mean_ms, p50_ms, p90_ms, p99_ms, max_ms))

// Where GPU time went. The sum of all is the time of every GPU that the portfolio has, exactly.
struct GpuTimeSplit {
  std::int64_t useful_gpu_ms = 0;      // work that counted
  std::int64_t lost_gpu_ms = 0;        // work that had to be done again, or was thrown away
  std::int64_t checkpoint_gpu_ms = 0;  // saving
  std::int64_t restart_gpu_ms = 0;     // starting and loading
  std::int64_t draining_gpu_ms = 0;    // being stopped
  std::int64_t idle_gpu_ms = 0;        // free and in service
  std::int64_t out_gpu_ms = 0;         // down, drained, booked or not yet energised
};
BOOST_DESCRIBE_STRUCT(GpuTimeSplit, (),
                      (useful_gpu_ms, lost_gpu_ms, checkpoint_gpu_ms, restart_gpu_ms,
                       draining_gpu_ms, idle_gpu_ms, out_gpu_ms))

// What was drawn, what it cost at the meter, and the carbon that it came with.
struct EnergyUse {
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
  bool operator==(const EnergyUse&) const = default;
  EnergyUse& operator+=(const EnergyUse& more) {
    it_j += more.it_j;
    facility_j += more.facility_j;
    energy_micro_usd += more.energy_micro_usd;
    carbon_g += more.carbon_g;
    return *this;
  }
};
BOOST_DESCRIBE_STRUCT(EnergyUse, (), (it_j, facility_j, energy_micro_usd, carbon_g))

struct SizeClassResult {
  std::string name;  // "1", "2-8", …
  std::int64_t least_gpus = 0;
  std::int64_t most_gpus = 0;
  std::int64_t jobs = 0;          // that started
  std::int64_t unstarted = 0;     // that wait at the end and never started
  Spread wait;                    // from submission to the first start
  std::int64_t slowdown_ppm = 0;  // mean of (wait + run) / run, runs of at least 10 s
  std::int64_t it_j = 0;          // of its attempts
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
};
BOOST_DESCRIBE_STRUCT(SizeClassResult, (),
                      (name, least_gpus, most_gpus, jobs, unstarted, wait, slowdown_ppm, it_j,
                       facility_j, energy_micro_usd, carbon_g))

struct TeamResult {
  std::string name;
  std::int64_t jobs = 0;  // that started
  Spread wait;
  std::int64_t gpu_ms = 0;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
  std::int64_t cost_micro_usd = 0;  // at the leases' prices, with energy where it is billed
};
BOOST_DESCRIBE_STRUCT(TeamResult, (),
                      (name, jobs, wait, gpu_ms, it_j, facility_j, energy_micro_usd, carbon_g,
                       cost_micro_usd))

struct SiteResult {
  std::string name;
  std::int64_t gpus = 0;
  std::int64_t attempts = 0;
  GpuTimeSplit time;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
  EnergyUse idle;  // of that, by free GPUs in service
  std::int64_t outages = 0;
};
BOOST_DESCRIBE_STRUCT(SiteResult, (),
                      (name, gpus, attempts, time, it_j, facility_j, energy_micro_usd, carbon_g,
                       idle, outages))

struct LeaseResult {
  std::string name;
  std::string provider;
  std::int64_t committed_j = 0;
  std::int64_t used_j = 0;
  std::int64_t unused_j = 0;
  std::int64_t committed_micro_usd = 0;
  std::int64_t used_micro_usd = 0;
  std::int64_t unused_micro_usd = 0;
  std::int64_t owed_micro_usd = 0;
  std::int64_t it_j = 0;  // of the attempts that ran on it in the simulation
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
  std::int64_t energy_billed_micro_usd = 0;  // passed through: of these, and its part of idle GPUs'
};
BOOST_DESCRIBE_STRUCT(LeaseResult, (),
                      (name, provider, committed_j, used_j, unused_j, committed_micro_usd,
                       used_micro_usd, unused_micro_usd, owed_micro_usd, it_j, facility_j,
                       energy_micro_usd, carbon_g, energy_billed_micro_usd))

// A series of the portfolio, and how much of the simulation lies beyond it, where its hours come
// again (model/hourly_series.hpp).
struct SeriesUsed {
  std::string site;
  std::string what;  // energy_price or carbon
  std::string source;
  std::int64_t from_ms = 0;  // what the file has
  std::int64_t until_ms = 0;
  std::int64_t repaired_hours = 0;
  std::int64_t repeated_ms = 0;
};
BOOST_DESCRIBE_STRUCT(SeriesUsed, (),
                      (site, what, source, from_ms, until_ms, repaired_hours, repeated_ms))

// What was assumed to break and what a restart costs, of model/faults.hpp.
struct CauseUsed {
  std::string name;
  std::string unit;
  std::int64_t mean_between_ms = 0;
  std::int64_t mean_repair_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CauseUsed, (), (name, unit, mean_between_ms, mean_repair_ms))

struct OutageUsed {
  std::string target;
  std::int64_t from_ms = 0;
  std::int64_t lasts_ms = 0;
  std::string cause;
};
BOOST_DESCRIBE_STRUCT(OutageUsed, (), (target, from_ms, lasts_ms, cause))

struct FaultsUsed {
  std::vector<CauseUsed> causes;
  std::vector<OutageUsed> outages;
  std::int64_t lemon_share_ppm = 0;
  std::int64_t lemon_factor = 1;
  std::int64_t infant_period_ms = 0;
  std::int64_t infant_factor = 1;
  std::int64_t start_time_ms = 0;
  std::int64_t restart_time_ms = 0;
  std::int64_t checkpoint_time_ms = 0;
  bool saves_on_term = true;
};
BOOST_DESCRIBE_STRUCT(FaultsUsed, (),
                      (causes, outages, lemon_share_ppm, lemon_factor, infant_period_ms,
                       infant_factor, start_time_ms, restart_time_ms, checkpoint_time_ms,
                       saves_on_term))

// One point of the curves.
struct SiteSample {
  std::int64_t used_gpus = 0;
  std::int64_t in_service_gpus = 0;
  std::int64_t it_w = 0;               // of gangs, and of GPUs that idle
  std::int64_t contracted_w = 0;       // by its leases
  std::int64_t energised_w = 0;        // IT load of its energised halls
  std::int64_t interconnection_w = 0;  // 0: not stated
  std::int64_t price_micro_usd_mwh = 0;
  std::int64_t carbon_mg_kwh = 0;
};
BOOST_DESCRIBE_STRUCT(SiteSample, (),
                      (used_gpus, in_service_gpus, it_w, contracted_w, energised_w,
                       interconnection_w, price_micro_usd_mwh, carbon_mg_kwh))

struct Sample {
  std::int64_t at_ms = 0;
  std::int64_t waiting_jobs = 0;
  std::vector<std::int64_t> waiting_by_class;  // as `size_classes`
  std::int64_t waiting_gpus = 0;
  std::int64_t largest_free_rack = 0;  // GPUs of the largest gang of one rack, of the best site
  std::int64_t largest_free_site = 0;
  std::vector<SiteSample> sites;  // as `sites`
};
BOOST_DESCRIBE_STRUCT(Sample, (),
                      (at_ms, waiting_jobs, waiting_by_class, waiting_gpus, largest_free_rack,
                       largest_free_site, sites))

// An attempt of one of the largest runs.
struct Bar {
  std::int64_t job = 0;
  std::int64_t attempt = 0;
  std::string name;
  std::string team;
  std::string site;
  std::int64_t gpus = 0;
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  std::string result;  // of the attempt, or Running at the end
};
BOOST_DESCRIBE_STRUCT(Bar, (), (job, attempt, name, team, site, gpus, from_ms, until_ms, result))

// How often the largest class of jobs that save themselves should do so, under the failures given.
struct CheckpointResult {
  std::string size_class;
  std::int64_t jobs = 0;                      // of the class, with checkpoints
  std::int64_t gpus = 0;                      // of the largest of them
  std::int64_t interval_ms = 0;               // that one's
  std::int64_t mean_between_failures_ms = 0;  // of that many GPUs
  std::int64_t checkpoint_ms = 0;
  std::int64_t restart_ms = 0;
  std::int64_t best_interval_ms = 0;  // Young and Daly
};
BOOST_DESCRIBE_STRUCT(CheckpointResult, (),
                      (size_class, jobs, gpus, interval_ms, mean_between_failures_ms, checkpoint_ms,
                       restart_ms, best_interval_ms))

// What a site drew at the meter from this instant on.
struct DrawSample {
  std::int64_t at_ms = 0;
  std::int64_t drawn_w = 0;
};
BOOST_DESCRIBE_STRUCT(DrawSample, (), (at_ms, drawn_w))

// How a site kept within its power, where something was to be kept; at the meter.
struct PowerResult {
  std::string site;
  std::int64_t swings = 0;              // times that its draw changed faster than its limits allow
  std::int64_t largest_swing_w = 0;     // beyond them
  std::int64_t slow_starts = 0;         // gangs that started below their pace for a ramp
  std::int64_t stops_in_turn = 0;       // gangs that waited to be told to stop
  std::int64_t cappings = 0;            // times that more was drawn than a limit allows
  std::int64_t capped_ms = 0;           // while gangs were slowed for it; of each hall apart
  std::int64_t stopped_by_capping = 0;  // gangs, where no pace was slow enough
};
BOOST_DESCRIBE_STRUCT(PowerResult, (),
                      (site, swings, largest_swing_w, slow_starts, stops_in_turn, cappings,
                       capped_ms, stopped_by_capping))

// A site that had to draw less: what it drew at the meter when the call began to count, and what
// came of it until it ended.
struct CurtailmentResult {
  std::string name;
  std::string site;
  std::int64_t at_ms = 0;
  std::int64_t asked_w = 0;
  std::int64_t less_w = 0;  // than when it was called
  std::int64_t drawn_w = 0;
  std::int64_t called_ms = 0;
  std::int64_t drawn_before_w = 0;  // when it was called
  std::int64_t until_ms = 0;        // its end
  std::int64_t slower = 0;          // gangs, when the load went down; so the next
  std::int64_t smaller = 0;
  std::int64_t paused = 0;
  std::int64_t moved = 0;
  std::int64_t saved_j = 0;  // not drawn while it counted
  std::int64_t asked_j = 0;
  std::int64_t least_w = 0;  // that it was less by while it counted
  // From the call until ten minutes after the end, by the minute (of a call of more than a day: by
  // a 1,440th of it), as far as it changed.
  std::vector<DrawSample> course;
};
BOOST_DESCRIBE_STRUCT(CurtailmentResult, (),
                      (name, site, at_ms, asked_w, less_w, drawn_w, called_ms, drawn_before_w,
                       until_ms, slower, smaller, paused, moved, saved_j, asked_j, least_w, course))

// What the time of the simulation costs.
struct Bill {
  std::int64_t owed_micro_usd = 0;    // to all lessors
  std::int64_t energy_micro_usd = 0;  // besides: where no lease's price includes it
};
BOOST_DESCRIBE_STRUCT(Bill, (), (owed_micro_usd, energy_micro_usd))

struct SimulationResult {
  std::string portfolio;
  std::vector<std::string> workloads;
  std::string policy;  // for people: what differs from the portfolio's, or empty
  // A hash of all that was given but the names and the seed: portfolio, policy, failures, dates and
  // latency. Results that differ in it alone are no replicas.
  std::string scenario;
  std::uint64_t seed = 0;
  std::int64_t latency_ms = 0;  // from a decision until the gang is told
  FaultsUsed faults;
  std::vector<SeriesUsed> series;
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  bool partial = false;  // stopped before its end
  std::int64_t simulated_until_ms = 0;
  std::map<std::string, WorkloadRepairs> repairs;        // by workload
  std::map<std::string, WorkloadRepairs> fault_records;  // by file of outages or lifetimes
  std::int64_t submitted = 0;
  std::int64_t copied = 0;  // jobs that a copied server had, waiting and running
  std::int64_t refused = 0;
  std::map<std::string, std::int64_t> refusals;  // by reason
  std::map<std::string, std::int64_t> ended;     // jobs by final state
  std::int64_t running = 0;                      // at the end
  std::int64_t waiting = 0;
  std::int64_t decisions = 0;
  std::int64_t attempts = 0;
  std::int64_t preempted = 0;  // attempts
  std::int64_t resized = 0;
  std::int64_t interrupted = 0;  // by failures of the infrastructure
  // Attempts that are not in the place that comes first for them, by why not.
  std::map<std::string, std::int64_t> spills;
  std::int64_t lemons_drained = 0;   // nodes, each time
  std::int64_t lemons_repaired = 0;  // and in service again
  std::int64_t gpus = 0;             // of the portfolio
  Spread wait;
  std::int64_t makespan_ms = 0;  // from the first submission to the last end
  GpuTimeSplit time;
  std::map<std::string, std::int64_t> lost_by_cause_gpu_ms;  // why work was lost
  std::vector<SizeClassResult> size_classes;
  std::vector<TeamResult> teams;
  std::vector<SiteResult> sites;
  std::vector<LeaseResult> leases;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
  EnergyUse idle;                     // of that, by free GPUs in service
  std::int64_t lease_micro_usd = 0;   // used
  std::int64_t unused_micro_usd = 0;  // committed and not used
  Bill bill;
  std::vector<Sample> samples;
  std::vector<Bar> largest;
  std::optional<CheckpointResult> checkpoints;
  std::vector<CurtailmentResult> curtailments;
  std::vector<PowerResult> power;  // of sites where a ramp or a limit was felt, by name
  std::string digest;              // of the engine's state at the end
};
BOOST_DESCRIBE_STRUCT(SimulationResult, (),
                      (portfolio, workloads, policy, scenario, seed, latency_ms, faults, series,
                       from_ms, until_ms, partial, simulated_until_ms, repairs, fault_records,
                       submitted, copied, refused, refusals, ended, running, waiting, decisions,
                       attempts, preempted, resized, interrupted, spills, lemons_drained,
                       lemons_repaired, gpus, wait, makespan_ms, time, lost_by_cause_gpu_ms,
                       size_classes, teams, sites, leases, it_j, facility_j, energy_micro_usd,
                       carbon_g, idle, lease_micro_usd, unused_micro_usd, bill, samples, largest,
                       checkpoints, curtailments, power, digest))

}  // namespace ampacity
