// SPDX-License-Identifier: Apache-2.0
// A made-up result of a simulation, to draw and to test with. NO simulation came to these figures:
// they are drawn by seed so that they look like a fortnight of a large portfolio, and add up as a
// real result does (the split of GPU time to gpus x time, the sites to the whole).
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "sim/result.hpp"

namespace ampacity::testing {

struct ExampleSize {
  std::size_t samples = 2'000;
  std::size_t sites = 8;
  std::uint64_t seed = 1;
};

class ExampleResult {
 public:
  explicit ExampleResult(ExampleSize size) : size_(size), random_(size.seed) {}

  SimulationResult make() {
    r_ = {};
    r_.portfolio = "stargate (made-up example)";
    r_.workloads = {"research.csv", "frontier.yaml"};
    r_.policy = "backfill: conservative, reservations: 4";
    r_.seed = size_.seed;
    r_.from_ms = 1'835'740'800'000;  // 2028-03-04
    r_.until_ms = r_.from_ms + 14 * day;
    r_.simulated_until_ms = r_.until_ms;
    add_assumptions();
    add_sites();
    add_classes();
    add_samples();
    add_totals();
    add_teams();
    add_leases();
    share_out(r_.teams);
    share_out(r_.leases);
    share_out(r_.size_classes);
    add_runs();
    r_.digest = "5f0c2d9a71e84b36c1d7";
    return r_;
  }

 private:
  static constexpr std::int64_t hour = 3'600'000;
  static constexpr std::int64_t day = 24 * hour;

  std::int64_t draw(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }

  static Spread spread(std::int64_t count, std::int64_t p50) {
    return {count, p50 * 2, p50, p50 * 5, p50 * 17, p50 * 41};
  }

  void add_assumptions() {
    r_.latency_ms = 2'000;
    r_.faults.causes = {{"GPU", "Gpu", 50'677 * hour, 10 * hour / 60},
                        {"rack power", "Rack", 40'000 * hour, 4 * hour}};
    r_.faults.outages = {{"abilene", r_.from_ms + 8 * day + 5 * hour, 17 * hour, "storm"}};
    r_.faults.start_time_ms = 5 * hour / 60;
    r_.faults.restart_time_ms = 5 * hour / 60;
    r_.faults.checkpoint_time_ms = 30'000;
    const auto from = r_.from_ms - 300 * day;
    const auto until = r_.from_ms + 10 * day;
    r_.series = {
        {"abilene", "energy_price", "made-up.csv, A, price in USD/MWh", from, until, 3, 4 * day},
        {"abilene", "carbon", "made-up.csv, A, co2 in g/kWh", from, until + 9 * day, 0, 0}};
    if (size_.sites > 1) {
      r_.series.push_back({"mount-pleasant", "energy_price", "made-up.csv, B, price in USD/MWh",
                           from, until + 9 * day, 0, 0});
    }
  }

  // What did not idle, to parts of which each has half of what is left; the last has the rest.
  template <class Part>
  void share_out(std::vector<Part>& parts) {
    EnergyUse left{r_.it_j - r_.idle.it_j, r_.facility_j - r_.idle.facility_j,
                   r_.energy_micro_usd - r_.idle.energy_micro_usd, r_.carbon_g - r_.idle.carbon_g};
    for (auto& part : parts) {
      const bool last = &part == &parts.back();
      const auto use = last ? left : part_of(left, 500);
      part.it_j = use.it_j;
      part.facility_j = use.facility_j;
      part.energy_micro_usd = use.energy_micro_usd;
      part.carbon_g = use.carbon_g;
      left += {-use.it_j, -use.facility_j, -use.energy_micro_usd, -use.carbon_g};
    }
  }

  // Of `whole`, so many parts in a thousand.
  static EnergyUse part_of(const EnergyUse& whole, std::int64_t parts) {
    return {whole.it_j / 1'000 * parts, whole.facility_j / 1'000 * parts,
            whole.energy_micro_usd / 1'000 * parts, whole.carbon_g / 1'000 * parts};
  }

  void add_sites() {
    static const char* names[] = {"abilene",    "mount-pleasant", "shackelford", "saline",
                                  "dona-ana",   "lordstown",      "cheyenne",    "atlanta",
                                  "pittsburgh", "port-washington"};
    static const std::int64_t gpus[] = {36'000, 18'000, 24'048, 14'400,
                                        21'600, 9'072,  12'024, 16'200};
    for (std::size_t i = 0; i < size_.sites; ++i) {
      SiteResult site;
      site.name = i < 10 ? names[i] : "site-" + std::to_string(i);
      site.gpus = gpus[i % 8];
      site.attempts = draw(2'000, 9'000);
      site.outages = draw(0, 6);
      const auto all = site.gpus * 14 * day;
      auto& t = site.time;
      t.out_gpu_ms = all / 1'000 * draw(12, 70);
      t.idle_gpu_ms = all / 1'000 * draw(60, 150);
      t.draining_gpu_ms = all / 10'000 * draw(10, 40);
      t.restart_gpu_ms = all / 10'000 * draw(60, 180);
      t.checkpoint_gpu_ms = all / 10'000 * draw(90, 220);
      t.lost_gpu_ms = all / 10'000 * draw(110, 340);
      t.useful_gpu_ms = all - t.out_gpu_ms - t.idle_gpu_ms - t.draining_gpu_ms - t.restart_gpu_ms -
                        t.checkpoint_gpu_ms - t.lost_gpu_ms;
      site.it_j = (t.useful_gpu_ms + t.lost_gpu_ms) / 1'000 * 1'420 + t.idle_gpu_ms / 1'000 * 310;
      site.facility_j = site.it_j / 100 * draw(108, 118);
      site.energy_micro_usd = site.facility_j / 3'600 * draw(42, 71);
      site.carbon_g = site.facility_j / 3'600'000 * draw(310, 560);
      site.idle = part_of({site.it_j, site.facility_j, site.energy_micro_usd, site.carbon_g}, 31);
      r_.sites.push_back(site);
    }
  }

  void add_classes() {
    const std::tuple<const char*, std::int64_t, std::int64_t, std::int64_t, std::int64_t> all[] = {
        {"1", 1, 1, 18'204, 0},
        {"2-8", 2, 8, 11'930, 22'000},
        {"9-64", 9, 64, 4'120, 190'000},
        {"65-512", 65, 512, 980, 1'500'000},
        {"513-4,096", 513, 4'096, 161, 9'900'000},
        {"4,097 and more", 4'097, 36'000, 24, 14'000'000}};
    for (const auto& [name, least, most, jobs, p50] : all) {
      SizeClassResult c;
      c.name = name;
      c.least_gpus = least;
      c.most_gpus = most;
      c.jobs = jobs;
      c.unstarted = most > 64 ? draw(0, 6) : 0;
      c.wait = spread(jobs, p50 == 0 ? 0 : p50 / 100 * draw(70, 130));
      c.slowdown_ppm = 1'000'000 + p50 / 9;
      r_.size_classes.push_back(c);
    }
  }

  // A day and a week of load, an outage of the first site, and capacity that is energised in
  // between.
  double load_at(double days, double phase) const {
    return 0.86 + 0.09 * std::sin((days + phase) * 6.2832) - (std::fmod(days, 7) > 5 ? 0.12 : 0.0);
  }

  SiteSample site_sample(std::size_t i, double days, double share) {
    const auto gpus = r_.sites[i].gpus;
    SiteSample s;
    s.in_service_gpus = i == 4 && days < 4 ? gpus / 2 : gpus - gpus / 100 * draw(0, 1);
    if (i == 0 && days > 8.2 && days < 8.9) s.in_service_gpus = gpus / 3;
    const auto wanted = load_at(days, 0.08 * static_cast<double>(i)) * share;
    s.used_gpus =
        std::min(s.in_service_gpus,
                 static_cast<std::int64_t>(static_cast<double>(s.in_service_gpus) * wanted));
    s.it_w = s.used_gpus * 1'420 + (s.in_service_gpus - s.used_gpus) * 310;
    s.contracted_w = gpus * (days < 7 ? 1'460 : 1'650);
    s.interconnection_w = gpus * 1'900;
    const auto evening = std::max(0.0, std::sin((days - 0.5) * 6.2832));
    s.price_micro_usd_mwh =
        static_cast<std::int64_t>((31 + 64 * evening * evening * evening) * 1e6) -
        draw(0, 45'000'000) / (i == 0 ? 1 : 3);
    s.carbon_mg_kwh = 290'000 + static_cast<std::int64_t>(190'000 * evening) + draw(0, 9'000);
    return s;
  }

  void add_samples() {
    double noise = 0;
    for (std::size_t i = 0; i < size_.samples; ++i) {
      const auto days = 14.0 * static_cast<double>(i) /
                        static_cast<double>(std::max<std::size_t>(1, size_.samples - 1));
      noise = 0.97 * noise + static_cast<double>(draw(-100, 100)) / 6'000;
      Sample s;
      s.at_ms = r_.from_ms + static_cast<std::int64_t>(days * static_cast<double>(day));
      std::int64_t widest = 0;
      for (std::size_t k = 0; k < size_.sites; ++k) {
        s.sites.push_back(site_sample(k, days, std::clamp(1.0 + noise, 0.7, 1.16)));
        const auto left = s.sites.back().in_service_gpus - s.sites.back().used_gpus;
        widest = std::max(widest, left);
      }
      s.largest_free_site = widest * 7 / 10;
      s.largest_free_rack = std::min<std::int64_t>(72, 8 + widest / 60 / 4 * 4);
      add_queue(s, days, noise);
      r_.samples.push_back(std::move(s));
    }
  }

  void add_queue(Sample& s, double days, double noise) {
    const auto pressure = std::max(0.05, 1 + 6 * noise + 0.7 * std::sin(days * 6.2832 - 0.6) +
                                             (days > 8.2 && days < 9.6 ? 2.2 : 0.0));
    static const double jobs[] = {3, 9, 31, 22, 9, 2};
    static const std::int64_t gpus[] = {1, 5, 32, 256, 2'048, 9'000};
    for (std::size_t c = 0; c < r_.size_classes.size(); ++c) {
      s.waiting_by_class.push_back(static_cast<std::int64_t>(jobs[c] * pressure) + draw(0, 2));
      s.waiting_jobs += s.waiting_by_class.back();
      s.waiting_gpus += s.waiting_by_class.back() * gpus[c];
    }
  }

  void add_totals() {
    for (const auto& c : r_.size_classes) r_.submitted += c.jobs + c.unstarted;
    r_.waiting = 14;
    r_.running = 231;
    r_.refused = 17;
    r_.refusals = {{"no accelerator of that name", 12}, {"more GPUs than any site has", 5}};
    r_.ended = {{"Completed", r_.submitted - 1'860}, {"Failed", 1'204}, {"TimedOut", 394}};
    r_.attempts = r_.submitted + 2'880;
    r_.preempted = 914;
    r_.resized = 388;
    r_.interrupted = 271;
    r_.decisions = r_.submitted * 6;
    r_.wait = spread(r_.submitted - r_.waiting, 260'000 + draw(0, 60'000));
    r_.makespan_ms = 13 * day + 21 * hour + draw(0, hour);
    for (const auto& s : r_.sites) {
      r_.gpus += s.gpus;
      r_.time.useful_gpu_ms += s.time.useful_gpu_ms;
      r_.time.lost_gpu_ms += s.time.lost_gpu_ms;
      r_.time.checkpoint_gpu_ms += s.time.checkpoint_gpu_ms;
      r_.time.restart_gpu_ms += s.time.restart_gpu_ms;
      r_.time.draining_gpu_ms += s.time.draining_gpu_ms;
      r_.time.idle_gpu_ms += s.time.idle_gpu_ms;
      r_.time.out_gpu_ms += s.time.out_gpu_ms;
      r_.it_j += s.it_j;
      r_.facility_j += s.facility_j;
      r_.energy_micro_usd += s.energy_micro_usd;
      r_.carbon_g += s.carbon_g;
      r_.idle += s.idle;
    }
    const auto lost = r_.time.lost_gpu_ms;
    r_.lost_by_cause_gpu_ms = {
        {"a node failed", lost / 100 * 46},
        {"preempted", lost / 100 * 31},
        {"the job failed by itself", lost - lost / 100 * 46 - lost / 100 * 31}};
    r_.repairs["research.csv"] = {36'240,
                                  {{"no run time", 355}, {"more GPUs than the trace's cluster", 4}},
                                  {{"walltime below run time, raised", 1'022}}};
    r_.repairs["frontier.yaml"] = {24, {}, {}};
  }

  void add_teams() {
    static const std::pair<const char*, std::int64_t> teams[] = {
        {"frontier", 46}, {"reasoning", 21}, {"vision", 13},
        {"robotics", 9},  {"safety", 7},     {"evals", 4}};
    const auto gpu_ms = r_.time.useful_gpu_ms;
    for (const auto& [name, share] : teams) {
      TeamResult t;
      t.name = name;
      t.jobs = r_.submitted / 100 * (50 - share);
      t.wait = spread(t.jobs, draw(60'000, 900'000));
      t.gpu_ms = gpu_ms / 100 * share;
      t.cost_micro_usd = t.gpu_ms / 3'600 * 2'050 + r_.energy_micro_usd / 100 * share;
      r_.teams.push_back(t);
    }
  }

  void add_leases() {
    static const std::tuple<const char*, const char*, std::int64_t, std::int64_t> leases[] = {
        {"oracle-4500", "oracle", 250, 81},
        {"oracle-abilene", "oracle", 110, 93},
        {"azure-wisconsin", "azure", 42, 97},
        {"crusoe-options", "crusoe", 18, 34}};
    for (const auto& [name, provider, millions, used] : leases) {
      LeaseResult l;
      l.name = name;
      l.provider = provider;
      l.committed_micro_usd = millions * 1'000'000'000'000;
      l.used_micro_usd = l.committed_micro_usd / 100 * used;
      l.unused_micro_usd = l.committed_micro_usd - l.used_micro_usd;
      l.owed_micro_usd = l.committed_micro_usd;
      l.committed_j = r_.it_j / 420 * millions;
      l.used_j = l.committed_j / 100 * used;
      l.unused_j = l.committed_j - l.used_j;
      r_.lease_micro_usd += l.used_micro_usd;
      r_.unused_micro_usd += l.unused_micro_usd;
      r_.leases.push_back(l);
    }
  }

  void add_runs() {
    static const char* names[] = {"pretrain-large", "pretrain-mid", "rl-reasoning",
                                  "vision-scale",   "world-model",  "ablation-sweep",
                                  "long-context",   "code-tune"};
    static const char* results[] = {"Preempted", "InfrastructureFailed", "Resized", "Failed"};
    for (std::int64_t job = 0; job < 24; ++job) {
      auto at = r_.from_ms + draw(0, 7 * day);
      const auto gpus = 72 * draw(60, 480);
      const auto attempts = draw(1, 5);
      for (std::int64_t a = 1; a <= attempts && at < r_.until_ms - hour; ++a) {
        const auto until = std::min(r_.until_ms, at + draw(6 * hour, 60 * hour));
        const auto* result = until == r_.until_ms ? "Running"
                             : a == attempts      ? (job % 7 == 6 ? "TimedOut" : "Completed")
                                                  : results[draw(0, 3)];
        r_.largest.push_back(
            {1'000 + job * 37, a, std::string(names[job % 8]) + "-" + std::to_string(job),
             job % 3 == 0 ? "frontier" : "reasoning",
             r_.sites[static_cast<std::size_t>(draw(0, 100)) % r_.sites.size()].name, gpus, at,
             until, result});
        at = until + draw(2 * hour / 10, 9 * hour);
      }
    }
  }

  ExampleSize size_;
  std::mt19937_64 random_;
  SimulationResult r_;
};

inline SimulationResult example_result(ExampleSize size = {}) {
  return ExampleResult(size).make();
}

}  // namespace ampacity::testing
