// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/advice.hpp"
#include "report/figures.hpp"
#include "report/measures.hpp"
#include "terminal/table.hpp"
#include "units/text.hpp"

namespace ampacity::report {
namespace {

using terminal::Colour;
using terminal::coloured;
using terminal::Table;

std::string instant(std::int64_t ms) {  // "2028-01-01 06:30"
  auto text = to_text(from_ms(ms)).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string usd(std::int64_t micro) {
  return dollars(static_cast<double>(micro) / 1e6);
}

std::string gpu_hours(std::int64_t gpu_ms) {
  return grouped((gpu_ms + 1'800'000) / 3'600'000);
}

std::string mwh(std::int64_t joules) {
  return megawatt_hours(static_cast<double>(joules) / 3.6e9);
}

void field(std::string& out, const char* name, const std::string& value) {
  out += fmt::format("{:<13}{}\n", name, value);
}

// "12 Completed and 3 Failed"; of reasons, which may begin with a number, "3 x no run time".
std::string counts(const std::map<std::string, std::int64_t>& by_name, const char* times = "") {
  std::vector<std::string> words;
  for (const auto& [name, count] : by_name) {
    words.push_back(fmt::format("{} {}{}", grouped(count), times, shown(name)));
  }
  return listed(words);
}

std::string waits(const Spread& wait) {
  return fmt::format("mean {}, p50 {}, p90 {}, p99 {}, longest {}", to_text(Duration(wait.mean_ms)),
                     to_text(Duration(wait.p50_ms)), to_text(Duration(wait.p90_ms)),
                     to_text(Duration(wait.p99_ms)), to_text(Duration(wait.max_ms)));
}

void add_head(std::string& out, const SimulationResult& r) {
  std::vector<std::string> workloads;
  for (const auto& name : r.workloads) workloads.push_back(shown(name));
  out += coloured(fmt::format("{} under {}", shown(r.portfolio), listed(workloads)), Colour::Bold);
  out += "\n";
  if (r.partial) {
    out += coloured(fmt::format("PARTIAL: it stopped at {} of {}; all figures are up to then",
                                instant(r.simulated_until_ms), instant(r.until_ms)),
                    Colour::Red) +
           "\n";
  }
  field(out, "policy", r.policy.empty() ? "the portfolio's" : shown(r.policy));
  field(out, "time",
        fmt::format("{} to {} UTC ({}), seed {}", instant(r.from_ms), instant(r.until_ms),
                    to_text(Duration(r.until_ms - r.from_ms)), r.seed));
}

void add_jobs(std::string& out, const SimulationResult& r) {
  auto ended = counts(r.ended);
  field(out, "jobs",
        fmt::format("{} submitted{}; at the end {} running, {} waiting", grouped(r.submitted),
                    ended.empty() ? "" : ": " + ended, grouped(r.running), grouped(r.waiting)));
  if (r.refused > 0) {
    field(out, "refused", fmt::format("{}: {}", grouped(r.refused), counts(r.refusals, "x ")));
  }
  field(out, "attempts",
        fmt::format("{}: {} preempted, {} resized, {} interrupted by failures", grouped(r.attempts),
                    grouped(r.preempted), grouped(r.resized), grouped(r.interrupted)));
  if (!r.spills.empty()) field(out, "spilled", counts(r.spills, "x "));
  if (r.lemons_drained > 0) {
    field(out, "lemons",
          fmt::format("{} nodes drained, {} repaired", grouped(r.lemons_drained),
                      grouped(r.lemons_repaired)));
  }
  for (const auto& c : r.curtailments) {
    field(out, "curtailment",
          fmt::format("{} at {}: {} less of the {} asked when it began, never less than {}; {} not "
                      "drawn of {}; {} slower, {} smaller, {} paused, {} moved",
                      c.name, c.site, to_text(Power::of(c.less_w)), to_text(Power::of(c.asked_w)),
                      to_text(Power::of(c.least_w)), to_text(Energy::of(c.saved_j)),
                      to_text(Energy::of(c.asked_j)), grouped(c.slower), grouped(c.smaller),
                      grouped(c.paused), grouped(c.moved)));
  }
  for (const auto& p : r.power) {
    field(out, "power",
          fmt::format(
              "{}: {} gangs started slower and {} were told to stop in their turn; {} swings "
              "beyond its limits, the largest by {}; {} times above a limit, slowed for {}, {} "
              "stopped",
              p.site, grouped(p.slow_starts), grouped(p.stops_in_turn), grouped(p.swings),
              to_text(Power::of(p.largest_swing_w)), grouped(p.cappings),
              to_text(Duration(p.capped_ms)), grouped(p.stopped_by_capping)));
  }
  if (r.checkpoints) {
    const auto& c = *r.checkpoints;
    field(out, "checkpoints",
          fmt::format("{} jobs of {} GPUs; the largest, {} GPUs, fails every {}: {}",
                      grouped(c.jobs), shown(c.size_class), grouped(c.gpus),
                      to_text(Duration(c.mean_between_failures_ms)), advice_line(advice_of(c))));
  }
  field(out, "wait", waits(r.wait));
  field(out, "makespan", to_text(Duration(r.makespan_ms)));
}

void add_resources(std::string& out, const SimulationResult& r) {
  const auto& t = r.time;
  field(out, "GPUs",
        fmt::format("{}, utilisation {}, goodput {}", grouped(r.gpus), percent(utilisation(t)),
                    percent(goodput(t))));
  field(
      out, "GPU-hours",
      fmt::format("{}: {} useful, {} lost, {} saving, {} starting, {} draining, {} idle, {} out",
                  gpu_hours(all_gpu_ms(t)), gpu_hours(t.useful_gpu_ms), gpu_hours(t.lost_gpu_ms),
                  gpu_hours(t.checkpoint_gpu_ms), gpu_hours(t.restart_gpu_ms),
                  gpu_hours(t.draining_gpu_ms), gpu_hours(t.idle_gpu_ms), gpu_hours(t.out_gpu_ms)));
  field(out, "energy",
        fmt::format("{} IT, {} at the meter, {}, {} CO2; {} of it, {} and {} by idle GPUs",
                    mwh(r.it_j), mwh(r.facility_j), usd(r.energy_micro_usd),
                    tonnes(static_cast<double>(r.carbon_g) / 1e6), mwh(r.idle.facility_j),
                    usd(r.idle.energy_micro_usd),
                    tonnes(static_cast<double>(r.idle.carbon_g) / 1e6)));
  field(
      out, "cost",
      fmt::format("{}: leases owe {} ({} used, {} committed and unused), energy billed besides {}",
                  usd(cost_micro_usd(r)), usd(r.bill.owed_micro_usd), usd(r.lease_micro_usd),
                  usd(r.unused_micro_usd), usd(r.bill.energy_micro_usd)));
}

std::string series_in_words(const SeriesUsed& s) {
  auto text = fmt::format("{}, {} to {}", shown(s.source), instant(s.from_ms), instant(s.until_ms));
  if (s.repaired_hours > 0) text += fmt::format("; {} hours repaired", grouped(s.repaired_hours));
  if (s.repeated_ms > 0) {
    text += fmt::format("; beyond it, for {}, the same hours of its nearest year again",
                        to_text(Duration(s.repeated_ms)));
  }
  return text;
}

// Sites that share one are named together.
void add_series(std::string& out, const SimulationResult& r) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> sites;
  for (const auto& s : r.series) sites[{s.what, series_in_words(s)}].push_back(shown(s.site));
  for (const auto& [key, names] : sites) {
    field(out, "series", fmt::format("{} of {}: {}", shown(key.first), listed(names), key.second));
  }
}

void add_repairs(std::string& out, const SimulationResult& r) {
  for (const auto& [workload, repairs] : r.repairs) {
    auto text = fmt::format("{}: {} jobs read", shown(workload), grouped(repairs.read));
    if (!repairs.refused.empty()) text += "; left out: " + counts(repairs.refused, "x ");
    if (!repairs.repaired.empty()) text += "; repaired: " + counts(repairs.repaired, "x ");
    field(out, "workload", text);
  }
  for (const auto& [file, records] : r.fault_records) {
    auto text = fmt::format("{}: {} rows read", shown(file), grouped(records.read));
    if (!records.refused.empty()) text += "; left out: " + counts(records.refused, "x ");
    if (!records.repaired.empty()) text += "; repaired: " + counts(records.repaired, "x ");
    field(out, "faults", text);
  }
}

Table classes(const SimulationResult& r) {
  Table table({{"GPUS OF A JOB"},
               {"STARTED", true},
               {"NEVER", true},
               {"MEAN WAIT", true},
               {"P50", true},
               {"P90", true},
               {"P99", true},
               {"LONGEST", true},
               {"SLOWDOWN", true}});
  for (const auto& c : r.size_classes) {
    table.add({{shown(c.name)},
               {grouped(c.jobs)},
               {grouped(c.unstarted), c.unstarted > 0 ? Colour::Yellow : Colour::None},
               {to_text(Duration(c.wait.mean_ms))},
               {to_text(Duration(c.wait.p50_ms))},
               {to_text(Duration(c.wait.p90_ms))},
               {to_text(Duration(c.wait.p99_ms))},
               {to_text(Duration(c.wait.max_ms))},
               {fmt::format("{:.2f}", static_cast<double>(c.slowdown_ppm) / 1e6)}});
  }
  return table;
}

Table teams(const SimulationResult& r) {
  Table table({{"TEAM", false, true},
               {"JOBS", true},
               {"MEAN WAIT", true},
               {"P99", true},
               {"GPU-HOURS", true},
               {"ENERGY", true},
               {"CO2", true},
               {"COST", true}});
  for (const auto& t : r.teams) {
    table.add({{t.name.empty() ? "(no team)" : shown(t.name)},
               {grouped(t.jobs)},
               {to_text(Duration(t.wait.mean_ms))},
               {to_text(Duration(t.wait.p99_ms))},
               {gpu_hours(t.gpu_ms)},
               {mwh(t.facility_j)},
               {tonnes(static_cast<double>(t.carbon_g) / 1e6)},
               {usd(t.cost_micro_usd)}});
  }
  return table;
}

Table sites(const SimulationResult& r) {
  Table table({{"SITE", false, true},
               {"GPUS", true},
               {"ATTEMPTS", true},
               {"UTILISATION", true},
               {"GOODPUT", true},
               {"IDLE", true},
               {"OUT", true},
               {"OUTAGES", true},
               {"ENERGY", true},
               {"CO2", true},
               {"ENERGY COST", true}});
  for (const auto& s : r.sites) {
    const auto all = static_cast<double>(std::max<std::int64_t>(1, all_gpu_ms(s.time)));
    table.add({{shown(s.name)},
               {grouped(s.gpus)},
               {grouped(s.attempts)},
               {percent(utilisation(s.time))},
               {percent(goodput(s.time))},
               {percent(static_cast<double>(s.time.idle_gpu_ms) / all)},
               {percent(static_cast<double>(s.time.out_gpu_ms) / all)},
               {grouped(s.outages)},
               {mwh(s.facility_j)},
               {tonnes(static_cast<double>(s.carbon_g) / 1e6)},
               {usd(s.energy_micro_usd)}});
  }
  return table;
}

Table leases(const SimulationResult& r) {
  Table table({{"LEASE", false, true},
               {"PROVIDER"},
               {"COMMITTED", true},
               {"USED", true},
               {"UNUSED", true},
               {"OWED", true},
               {"COMMITTED MWH", true},
               {"USED MWH", true}});
  for (const auto& l : r.leases) {
    table.add({{shown(l.name)},
               {shown(l.provider)},
               {usd(l.committed_micro_usd)},
               {usd(l.used_micro_usd)},
               {usd(l.unused_micro_usd), l.unused_micro_usd > 0 ? Colour::Yellow : Colour::None},
               {usd(l.owed_micro_usd)},
               {mwh(l.committed_j)},
               {mwh(l.used_j)}});
  }
  return table;
}

}  // namespace

std::string summary(const SimulationResult& r) {
  std::string out;
  add_head(out, r);
  add_jobs(out, r);
  add_resources(out, r);
  add_repairs(out, r);
  add_series(out, r);
  if (!r.size_classes.empty()) out += "\n" + classes(r).text();
  if (!r.teams.empty()) out += "\n" + teams(r).text();
  if (!r.sites.empty()) out += "\n" + sites(r).text();
  if (!r.leases.empty()) out += "\n" + leases(r).text();
  return out;
}

}  // namespace ampacity::report
