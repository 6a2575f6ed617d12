// SPDX-License-Identifier: Apache-2.0
// The driver: the instants of a simulation, and what is said to the engine in each. What its
// answers mean for the gangs and the accounts stands in simulation_notes.cpp, what it all comes to
// in simulation_result.cpp.
#include "sim/simulation.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

namespace ampacity {

Simulation::Simulation(Engine engine, Instant now, const std::vector<Workload>& workloads,
                       const SimulationOptions& options)
    : workloads_(workloads),
      options_(options),
      engine_(std::move(engine)),
      now_(now),
      from_(now),
      last_end_(now),
      first_job_(engine_.state().next_job),
      gangs_(options_.faults),
      faults_(options_.faults, engine_.fleet(), now, options.seed),
      accounts_(engine_, now),
      checkpointing_(Accounts::size_classes().size()),
      scenario_(scenario_of(*engine_.state().portfolio, options)) {
  const auto& sites = engine_.state().portfolio->sites;
  for (std::size_t i = 0; i < sites.size(); ++i) site_by_name_[sites[i].name] = i;
  const auto& leases = engine_.state().portfolio->leases;
  for (std::size_t i = 0; i < leases.size(); ++i) lease_by_name_[leases[i].name] = i;
  for (std::uint32_t w = 0; w < workloads_.size(); ++w) {
    auto& kinds = kinds_.emplace_back();
    for (const auto& kind : workloads_[w].kinds) {
      auto spec = std::make_shared<JobSpec>(kind);
      if (spec->launch == Launch::Tasks && spec->command.empty()) spec->command = {"true"};
      kinds.push_back(std::move(spec));
    }
    for (std::uint32_t j = 0; j < workloads_[w].jobs.size(); ++j) order_.push_back({w, j});
  }
  std::stable_sort(order_.begin(), order_.end(), [&](const Source& a, const Source& b) {
    return job_of(a).submit < job_of(b).submit;
  });
  if (!order_.empty() && (!options_.keep_time || job_of(order_.front()).submit < now)) {
    shift_ = now - job_of(order_.front()).submit;
  }
  jobs_.reserve(order_.size());
  calls_ = options_.faults.curtailments;
  std::stable_sort(calls_.begin(), calls_.end(), [](const GridCall& a, const GridCall& b) {
    return a.from - a.notice < b.from - b.notice;
  });
  count_forked();
  accounts_.sample(engine_, now_);
}

// What a copied server runs goes on, what waits there waits on.
void Simulation::count_forked() {
  for (const auto& [id, job] : engine_.state().jobs) {
    auto& [known, spec] = forked_[id];
    spec = job.spec;
    known.gpus = static_cast<std::uint32_t>(job.spec->gpus.count());
    count_checkpointing(known.gpus, *job.spec);
    known.submitted = job.submitted;
    if (job.live) known.first_start = job.live->placed;
    if (!job.live) accounts_.submitted(job.spec->gpus.count());
  }
  for (const auto& live : engine_.live_attempts()) {
    const auto id = live.start.attempt.job;
    const auto& job = *engine_.state().jobs.find(id);
    const auto site = site_named(job.live->site);
    accounts_.submitted(job.spec->gpus.count());
    accounts_.placed({site, job.live->gpus, job.spec->gpus.count(), {}, {}, true}, job.spec->team);
    accounts_.copied(live.start.attempt, engine_.usage_so_far(job, now_));
    known(id).done = gangs_.saved(job, now_);
    place(live.start.attempt, now_, true);
    if (!live.started) gangs_.start(live.start.attempt, now_);
    if (live.stopping) gangs_.end_at(live.start.attempt, now_);
  }
}

std::optional<Instant> Simulation::next_instant() const {
  std::optional<Instant> next = engine_.next_deadline();
  const auto take = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  if (!options_.until && is_over()) return std::nullopt;
  if (const auto report = gangs_.next()) take(*report);
  if (submitted_ < order_.size()) take(submit_of(order_[submitted_]));
  if (const auto fault = faults_.next()) take(*fault);
  if (!in_repair_.empty()) take(in_repair_.begin()->first);
  if (called_ < calls_.size()) take(calls_[called_].from - calls_[called_].notice);
  return next;
}

// Every job has ended, or those that are left will not start: they are held, or nothing has run for
// sixty days.
bool Simulation::is_over() const {
  if (submitted_ < order_.size() || gangs_.size() > 0) return false;
  const auto& state = engine_.state();
  return state.jobs.size() == state.held.size() || now_ - last_end_ > Duration(60LL * 86'400'000);
}

bool Simulation::step() {
  const auto next = next_instant();
  if (options_.until && (!next || *next > *options_.until)) {
    now_ = std::max(now_, *options_.until);
    power_.follow(engine_, now_);
    accounts_.advance(engine_, now_);
    return false;
  }
  if (!next) return false;
  now_ = std::max(now_, *next);
  power_.follow(engine_, now_);
  accounts_.advance(engine_, now_);
  say_what_is_due();
  decide();
  accounts_.sample(engine_, now_);
  return true;
}

void Simulation::say_what_is_due() {
  commands_.clear();
  for (auto& report : faults_.due(now_, engine_.fleet())) commands_.emplace_back(std::move(report));
  for (; !in_repair_.empty() && in_repair_.begin()->first <= now_; ++lemons_repaired_) {
    commands_.emplace_back(Resume{in_repair_.begin()->second, "repair"});
    in_repair_.erase(in_repair_.begin());
  }
  gangs_.reports_due(now_, commands_);
  submit_due();
  call_due();
  if (commands_.empty()) commands_.emplace_back(Tick{});
}

void Simulation::fill(SubmitJob& command, const Source& source) const {
  const auto& job = job_of(source);
  command.spec = *kinds_[source.workload][job.kind];
  command.spec.gpus = GpuCount::of(job.gpus);
  // Who asks for a walltime has counted what starting and saving take.
  const auto& f = options_.faults;
  const Pace pace{std::max(f.start_time, f.restart_time),
                  command.spec.checkpoint_interval.value_or(Duration(0)), f.checkpoint_time};
  command.spec.walltime = std::min(time_for(pace, job.walltime), Duration(365LL * 86'400'000));
}

void Simulation::submit_due() {
  for (; submitted_ < order_.size() && submit_of(order_[submitted_]) <= now_; ++submitted_) {
    last_end_ = now_;
    auto& command = commands_.emplace_back(std::in_place_type<SubmitJob>);
    fill(std::get<SubmitJob>(command), order_[submitted_]);
  }
}

void Simulation::call_due() {
  for (; called_ < calls_.size(); ++called_) {
    const auto& call = calls_[called_];
    if (call.from - call.notice > now_) return;
    commands_.emplace_back(Curtail{{fmt::format("call-{}", called_ + 1), call.site, call.power,
                                    call.from, call.from + call.lasts, ""},
                                   "grid"});
  }
}

// Until nothing follows at this instant.
void Simulation::decide() {
  auto next_source = submitted_;
  for (const auto& command : commands_) {
    next_source -= std::holds_alternative<SubmitJob>(command) ? 1U : 0U;
  }
  while (!commands_.empty()) {
    engine_.decide(commands_, now_, outcomes_);
    ++decisions_;
    reports_.clear();
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const auto& outcome = outcomes_[i];
      if (std::holds_alternative<SubmitJob>(commands_[i])) accept(order_[next_source++], outcome);
      for (const auto& event : outcome.events) take_note(event);
      for (const auto& effect : outcome.effects) {
        const auto* start = std::get_if<StartGang>(&effect);
        if (start == nullptr || engine_.state().jobs.find(start->attempt.job) == nullptr) continue;
        if (options_.latency > Duration(0)) {
          gangs_.start(start->attempt, now_ + options_.latency);
        } else {
          reports_.emplace_back(ReportStarted{start->attempt});
        }
      }
    }
    std::swap(commands_, reports_);
  }
}

void Simulation::accept(const Source& source, const Outcome& outcome) {
  if (outcome.refusal) {
    ++refused_;
    ++refusals_[boost::describe::enum_to_string(outcome.refusal->reason, "?")];
    return;
  }
  Known job;
  job.source = source;
  job.submitted = now_;
  job.gpus = job_of(source).gpus;
  jobs_.push_back(job);
  accounts_.submitted(job.gpus);
  count_checkpointing(job.gpus, *kinds_[source.workload][job_of(source).kind]);
}

}  // namespace ampacity
