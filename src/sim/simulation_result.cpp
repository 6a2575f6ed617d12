// SPDX-License-Identifier: Apache-2.0
// What a simulation comes to, when it is over or stopped before its time.
#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "base/digest.hpp"
#include "base/pack.hpp"
#include "sim/simulation.hpp"

namespace ampacity {
namespace {

FaultsUsed used(const FaultSpec& faults) {
  FaultsUsed out;
  for (const auto& cause : faults.causes) {
    out.causes.push_back({cause.name, boost::describe::enum_to_string(cause.unit, "?"),
                          cause.mean_between.count(), cause.mean_repair.count()});
  }
  for (const auto& outage : faults.outages) {
    out.outages.push_back({outage.target, to_ms(outage.from), outage.lasts.count(), outage.cause});
  }
  out.lemon_share_ppm = faults.lemon_share.count();
  out.lemon_factor = faults.lemon_factor;
  out.infant_period_ms = faults.infant_period.count();
  out.infant_factor = faults.infant_factor;
  out.start_time_ms = faults.start_time.count();
  out.restart_time_ms = faults.restart_time.count();
  out.checkpoint_time_ms = faults.checkpoint_time.count();
  out.saves_on_term = faults.saves_on_term;
  return out;
}

}  // namespace

std::string Simulation::scenario_of(const Portfolio& portfolio, const SimulationOptions& options) {
  DigestSink sink;
  pack(sink, portfolio);
  pack(sink, used(options.faults));
  pack(sink, options.faults.curtailments);
  pack(sink, options.from);
  pack(sink, options.until);
  pack(sink, options.latency);
  pack(sink, options.keep_time);
  return sink.finish().text();
}

void Simulation::count_checkpointing(std::int64_t gpus, const JobSpec& kind) {
  if (!kind.checkpoint_interval) return;
  auto& of_class = checkpointing_[Accounts::class_of(gpus)];
  ++of_class.jobs;
  if (gpus <= of_class.gpus) return;
  of_class.gpus = gpus;
  of_class.interval = *kind.checkpoint_interval;
}

// For the largest job of the largest class that has any, as wide as it is in the largest pool.
std::optional<CheckpointResult> Simulation::checkpoints() const {
  const auto& f = options_.faults;
  std::size_t i = checkpointing_.size();
  while (i > 0 && checkpointing_[i - 1].jobs == 0) --i;
  const auto& topology = engine_.fleet().topology();
  if (i == 0 || f.checkpoint_time <= Duration(0) || topology.pools().empty()) return std::nullopt;
  const auto& jobs = checkpointing_[i - 1];
  const auto& pools = topology.pools();
  const auto& pool = *std::max_element(
      pools.begin(), pools.end(), [](const auto& a, const auto& b) { return a.nodes < b.nodes; });
  const auto& hall = topology.hall(pool.halls.front());
  const auto mtbf = mean_between(f, extent_of(jobs.gpus, pool.gpus_per_node, hall.nodes_per_rack,
                                              hall.racks_per_pod, hall.pods.size()));
  if (!mtbf) return std::nullopt;
  return CheckpointResult{Accounts::size_classes()[i - 1].second,
                          jobs.jobs,
                          jobs.gpus,
                          jobs.interval.count(),
                          mtbf->count(),
                          f.checkpoint_time.count(),
                          f.restart_time.count(),
                          best_checkpoint_interval(f.checkpoint_time, *mtbf).count()};
}

SimulationResult Simulation::finish(bool partial) {
  SimulationResult r;
  const auto& portfolio = *engine_.state().portfolio;
  accounts_.advance(engine_, now_);
  for (const auto id : gangs_.jobs()) {
    const auto& gang = gangs_.of(id);
    const auto* job = engine_.state().jobs.find(id);
    accounts_.runs_on({id, job->attempts}, gang.holder(), gangs_.spent(gang, now_, true).time,
                      engine_.usage_so_far(*job, now_));
  }
  r.portfolio = portfolio.name;
  for (const auto& workload : workloads_) {
    r.workloads.push_back(workload.name);
    r.repairs[workload.name] = workload.repairs;
  }
  r.fault_records = options_.fault_records;
  r.lemons_drained = lemons_drained_;
  r.lemons_repaired = lemons_repaired_;
  r.checkpoints = checkpoints();
  r.policy = options_.policy_text;
  r.scenario = scenario_;
  r.seed = options_.seed;
  r.latency_ms = options_.latency.count();
  r.faults = used(options_.faults);
  r.from_ms = to_ms(from_);
  r.until_ms = to_ms(options_.until.value_or(now_));
  r.partial = partial;
  r.simulated_until_ms = to_ms(now_);
  r.submitted = submitted();
  r.copied = static_cast<std::int64_t>(forked_.size());
  r.refused = refused_;
  r.refusals = refusals_;
  r.spills = spills_;
  r.running = static_cast<std::int64_t>(gangs_.size());
  r.waiting = static_cast<std::int64_t>(engine_.state().jobs.size()) - r.running;
  r.decisions = decisions_;
  power_.fill(r, now_);
  accounts_.finish(engine_, now_, r);
  r.digest = engine_.digest().text();
  return r;
}

void Simulation::each_fate(const std::function<void(const JobFate&)>& visit) const {
  const auto& sites = engine_.state().portfolio->sites;
  const auto date = [&](Instant at) {
    return at == Instant::max() ? std::nullopt : std::optional(at - shift_);
  };
  const auto say = [&](JobFate fate, const Known& job) {
    fate.gpus = job.gpus;
    fate.start = date(job.first_start);
    fate.end = date(job.ended);
    fate.attempts = job.attempts;
    if (job.attempts > 0) fate.site = sites[job.site].name;
    fate.state = job.state;
    visit(fate);
  };
  for (const auto& [id, job] : forked_) {
    say({id, nullptr, nullptr, job.spec.get(), *date(job.known.submitted)}, job.known);
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const auto& from = jobs_[i].source;
    const auto& source = job_of(from);
    say({JobId(first_job_.value() + static_cast<std::int64_t>(i)), &workloads_[from.workload],
         &source, kinds_[from.workload][source.kind].get(), source.submit},
        jobs_[i]);
  }
}

}  // namespace ampacity
