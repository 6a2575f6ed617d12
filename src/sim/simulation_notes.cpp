// SPDX-License-Identifier: Apache-2.0
// What the engine decided, for the gangs and the accounts of a simulation.
#include <boost/describe/enum_to_string.hpp>

#include "sim/simulation.hpp"

namespace ampacity {

const WorkloadJob& Simulation::job_of(const Source& source) const {
  return workloads_[source.workload].jobs[source.job];
}

Instant Simulation::submit_of(const Source& source) const {
  return job_of(source).submit + shift_;
}

std::size_t Simulation::site_named(const std::string& name) const {
  return site_by_name_.at(name);
}

std::size_t Simulation::lease_named(const std::string& name) const {
  const auto it = lease_by_name_.find(name);
  return it == lease_by_name_.end() ? Accounts::no_lease : it->second;
}

Simulation::Known& Simulation::known(JobId job) {
  if (job < first_job_) return forked_[job].known;
  return jobs_[static_cast<std::size_t>(job.value() - first_job_.value())];
}

const WorkloadJob* Simulation::source_of(JobId job) const {
  if (job < first_job_) return nullptr;
  return &job_of(jobs_[static_cast<std::size_t>(job.value() - first_job_.value())].source);
}

// Of which nobody knows how long it runs will run for its walltime, or as a simulated cluster would
// have it.
Duration Simulation::work_of(JobId job, const JobSpec& spec, std::size_t site) const {
  if (const auto* source = source_of(job)) return source->runtime;
  const auto& portfolio = *engine_.state().portfolio;
  const auto walltime = spec.walltime.value_or(portfolio.policy.default_walltime);
  const bool simulated = portfolio.sites[site].cluster.kind == ClusterKind::Simulated;
  return simulated ? simulated_work(spec, walltime) : spec.simulated_runtime.value_or(walltime);
}

void Simulation::take_note(const Event& event) {
  std::visit([&](const auto& body) { note(body); }, event.body);
}

const Gang& Simulation::place(AttemptId attempt, Instant told, bool copied) {
  const auto id = attempt.job;
  const auto& job = *engine_.state().jobs.find(id);
  const auto& fleet = engine_.fleet();
  const auto site = fleet.pool(fleet.pool_of(job.live->shares.front().node)).site.value();
  const auto* source = source_of(id);
  const auto& simulated = job.spec->simulated_runtime;
  const auto exit_code = source != nullptr ? source->exit_code
                         : simulated       ? job.spec->simulated_exit
                                           : 0;
  return gangs_.place(
      attempt,
      {job, site, lease_named(job.live->lease), told, work_of(id, *job.spec, site) - known(id).done,
       exit_code, source != nullptr || simulated, copied},
      now_);
}

void Simulation::note(const AttemptPlaced& event) {
  const auto id = event.attempt.job;
  auto& job = known(id);
  const bool first = job.first_start == Instant::max();
  const auto& r = place(event.attempt, now_ + options_.latency);
  const auto wanted = r.spec->gpus.count();
  const auto* source = source_of(id);
  accounts_.placed(
      {r.site, r.gpus, wanted, first ? std::optional(now_ - job.submitted) : std::nullopt,
       source == nullptr ? Duration(0) : source->runtime},
      r.spec->team);
  if (first) job.first_start = now_;
  if (event.spilled) ++spills_[boost::describe::enum_to_string(*event.spilled, "?")];
  ++job.attempts;
  job.site = static_cast<std::uint16_t>(r.site);
  job.state = JobState::Running;
}

void Simulation::note(const AttemptStopping& event) {
  const auto job = event.attempt.job;
  gangs_.must_die(job, event.cause == StopCause::NodeDown);
  const auto& site = site_name(gangs_.of(job));
  if (event.cause == StopCause::Capped) ++power_.at(site).stopped_by_capping;
  if (!event.in_turn) return note(StopSent{event.attempt});
  ++power_.at(site).stops_in_turn;
}

void Simulation::note(const StopSent& event) {
  gangs_.stop(event.attempt, engine_.state().portfolio->policy.grace, now_);
}

void Simulation::note(const AttemptEnded& event) {
  const auto [gang, time, kept] = gangs_.take(event, now_);
  accounts_.ended(event, gang.holder(), time);
  known(event.attempt.job).done += kept;
  if (accounts_.is_large(gang.gpus)) show(event, gang);
  last_end_ = now_;
}

void Simulation::note(const PaceChanged& event) {
  const auto& gang = gangs_.of(event.attempt.job);
  if (gang.placed == now_ && event.pace < gang.gait) ++power_.at(site_name(gang)).slow_starts;
  gangs_.work_at(event.attempt, event.pace, now_);
}

void Simulation::note(const BearerChanged& event) {
  const auto job = event.attempt.job;
  accounts_.passes_on(event.attempt, gangs_.of(job).holder(), event.used);
  gangs_.borne_by(job, lease_named(event.lease));
}

const std::string& Simulation::site_name(const Gang& gang) const {
  return engine_.state().portfolio->sites[gang.site].name;
}

void Simulation::show(const AttemptEnded& event, const Gang& gang) {
  accounts_.bar({event.attempt.job.value(), event.attempt.number, gang.spec->name, gang.spec->team,
                 site_name(gang), gang.gpus, to_ms(gang.placed), to_ms(now_),
                 boost::describe::enum_to_string(event.result, "?")});
}

void Simulation::note(const JobRequeued& event) {
  auto& job = known(event.job);
  job.state = JobState::Waiting;
  accounts_.requeued(job.gpus);
}

void Simulation::note(const JobEnded& event) {
  auto& job = known(event.job);
  job.state = event.state;
  job.ended = now_;
  accounts_.job_ended(event);
}

void Simulation::note(const NodeChanged& event) {
  if (event.state == NodeState::Down) {
    accounts_.outage(site_named(event.node.substr(0, event.node.find('/'))));
  }
}

// The engine's own drains are lemons: nobody else drains here.
void Simulation::note(const Drained& event) {
  ++lemons_drained_;
  in_repair_.insert({now_ + options_.faults.lemon_repair, event.target});
}

}  // namespace ampacity
