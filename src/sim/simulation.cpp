// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "base/digest.hpp"
#include "base/pack.hpp"

namespace ampacity {
namespace {

// Work in a time, and the time for work, at this rate.
Duration work_in(Duration time, Ratio rate) {
  return rate == one ? time : Duration(scaled(time.count(), rate.count(), one.count()));
}
Duration time_of_work(Duration work, Ratio rate) {
  return rate == one ? work : Duration(scaled(work.count(), one.count(), rate.count()));
}

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

std::string scenario_of(const Portfolio& portfolio, const SimulationOptions& options) {
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

Ending signalled(std::int64_t signal) {
  return {EndKind::Signalled, 0, signal, {}, ""};
}

}  // namespace

Simulation::Simulation(Engine engine, Instant now, const std::vector<Workload>& workloads,
                       const SimulationOptions& options)
    : workloads_(workloads),
      options_(options),
      engine_(std::move(engine)),
      now_(now),
      from_(now),
      last_end_(now),
      first_job_(engine_.state().next_job),
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
    run(live.start.attempt, now_, true);
    if (!live.started) starting_.insert({now_, live.start.attempt});
    if (live.stopping) ends(live.start.attempt, runs_.at(id), now_);
  }
}

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

std::optional<Instant> Simulation::next_instant() const {
  std::optional<Instant> next = engine_.next_deadline();
  const auto take = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  if (!options_.until && is_over()) return std::nullopt;
  if (!by_end_.empty()) take(by_end_.first().first);
  if (!starting_.empty()) take(starting_.begin()->first);
  if (submitted_ < order_.size()) take(submit_of(order_[submitted_]));
  if (const auto fault = faults_.next()) take(*fault);
  if (!in_repair_.empty()) take(in_repair_.begin()->first);
  if (called_ < calls_.size()) take(calls_[called_].from - calls_[called_].notice);
  return next;
}

// Every job has ended, or those that are left will not start: they are held, or nothing has run for
// sixty days.
bool Simulation::is_over() const {
  if (submitted_ < order_.size() || runs_.size() > 0) return false;
  const auto& state = engine_.state();
  return state.jobs.size() == state.held.size() || now_ - last_end_ > Duration(60LL * 86'400'000);
}

bool Simulation::step() {
  const auto next = next_instant();
  if (options_.until && (!next || *next > *options_.until)) {
    now_ = std::max(now_, *options_.until);
    if (!courses_.empty()) follow_courses(now_);
    accounts_.advance(engine_, now_);
    return false;
  }
  if (!next) return false;
  now_ = std::max(now_, *next);
  if (!courses_.empty()) follow_courses(now_);
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
  while (!by_end_.empty() && by_end_.first().first <= now_) {
    const auto attempt = by_end_.first().second;
    by_end_.pop();
    commands_.emplace_back(ReportEnded{attempt, runs_.at(attempt.job).ending});
  }
  while (!starting_.empty() && starting_.begin()->first <= now_) {
    commands_.emplace_back(ReportStarted{starting_.begin()->second});
    starting_.erase(starting_.begin());
  }
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
          starting_.insert({now_ + options_.latency, start->attempt});
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

void Simulation::take_note(const Event& event) {
  std::visit([&](const auto& body) { note(body); }, event.body);
}

void Simulation::note(const AttemptPlaced& event) {
  const auto id = event.attempt.job;
  auto& job = known(id);
  const bool first = job.first_start == Instant::max();
  run(event.attempt, now_ + options_.latency);
  const auto& r = runs_.at(id);
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

// How an attempt that has its place will go, if nobody stops it.
void Simulation::run(AttemptId attempt, Instant started, bool copied) {
  const auto id = attempt.job;
  const auto& job = *engine_.state().jobs.find(id);
  const auto& live = *job.live;
  const auto& f = options_.faults;
  const auto since = copied ? live.started : std::nullopt;
  Run r;
  r.spec = job.spec;
  const auto& fleet = engine_.fleet();
  r.site = fleet.pool(fleet.pool_of(live.shares.front().node)).site.value();
  r.lease = lease_named(live.lease);
  r.gpus = live.gpus;
  r.placed = now_;
  r.rate = live.speed;
  if (live.gpus != job.spec->gpus.count()) {
    r.rate = Ratio::of(
        std::max<std::int64_t>(scaled(live.speed.count(), live.gpus, job.spec->gpus.count()), 1));
  }
  r.pace.start = started - r.placed;
  if (!since) r.pace.start += attempt.number == 1 ? f.start_time : f.restart_time;
  r.pace.interval = job.spec->checkpoint_interval.value_or(Duration(0));
  r.pace.save = f.checkpoint_time;
  if (since) resume(r, id, live);
  const auto* source = source_of(id);
  r.ending.code = source != nullptr             ? source->exit_code
                  : job.spec->simulated_runtime ? job.spec->simulated_exit
                                                : 0;
  const auto work = std::max(work_of(id, *job.spec, r.site) - known(id).done, Duration(0));
  const auto time = time_for(r.pace, time_of_work(work, r.rate)) - r.passed;
  r.ends = r.placed + time_of_work(std::max(time, Duration(0)), r.gait);
  if (source == nullptr && !job.spec->simulated_runtime) {
    r.ends = std::min(r.ends, since.value_or(started) + live.walltime);
  }
  by_end_.insert({r.ends, attempt});
  runs_[id] = std::move(r);
}

// It has saved itself after each interval; what came after the last time is at stake.
void Simulation::resume(Run& r, JobId id, const LiveAttempt& live) {
  const auto ran = now_ - *live.started - Engine::slowed_until(live, now_);
  r.passed = r.pace.interval > Duration(0) ? ran % (r.pace.interval + r.pace.save) : ran;
  r.gait = live.pace;
  r.paced = now_;
  known(id).done = work_in(progress(r.pace, ran).kept, r.rate);
}

void Simulation::ends(AttemptId attempt, Run& run, Instant at) {
  by_end_.erase({run.ends, attempt});
  run.ends = at;
  by_end_.insert({at, attempt});
}

void Simulation::note(const PowerSwung& event) {
  auto& site = power_[event.site];
  ++site.swings;
  site.largest_swing_w = std::max(site.largest_swing_w, event.beyond.count());
}

void Simulation::note(const PowerCapped& event) {
  for (const auto& place : event.places) {
    if (capped_.try_emplace(place, now_).second) ++power_[site_part(place)].cappings;
  }
}

void Simulation::note(const CappingEnded& event) {
  const auto since = capped_.find(event.place);
  if (since == capped_.end()) return;  // it was slowed when the server was copied
  power_[site_part(event.place)].capped_ms += (now_ - since->second).count();
  capped_.erase(since);
}

void Simulation::note(const AttemptStopping& event) {
  runs_.at(event.attempt.job).dies = event.cause == StopCause::NodeDown;
  const bool capped = event.cause == StopCause::Capped;
  if (capped) ++power_[site_name(runs_.at(event.attempt.job))].stopped_by_capping;
  if (!event.in_turn) return note(StopSent{event.attempt});
  ++power_[site_name(runs_.at(event.attempt.job))].stops_in_turn;
}

void Simulation::note(const StopSent& event) {
  auto& r = runs_.at(event.attempt.job);
  const bool dies = r.dies;
  if (r.ends <= now_) return;  // it ends at this very instant by itself
  const bool was_told = r.stopped.has_value();
  if (!was_told) r.stopped = now_;
  r.ending = signalled(dies ? 9 : 15);
  r.saves = !dies && options_.faults.saves_on_term && r.pace.interval > Duration(0);
  const auto grace = engine_.state().portfolio->policy.grace;
  const auto leaves = r.saves ? std::min(r.pace.save, grace) : Duration(0);
  if (!was_told || dies) ends(event.attempt, r, now_ + leaves);
}

// `finished`: it came to its end by itself, so that nothing is lost.
Simulation::Spent Simulation::spent(const Run& r, Instant until, bool finished) const {
  const auto stopped = std::min(r.stopped.value_or(until), until);
  auto p = progress(r.pace, r.passed + (stopped - r.placed));
  if (finished || r.saves) {
    p.kept += p.unkept;
    p.unkept = Duration(0);
  }
  auto kept = p.kept;
  if (r.slowed > Duration(0) || r.gait != one) {  // work for its time at full pace
    const auto lost = r.slowed + work_in(stopped - std::min(r.paced, stopped), one - r.gait);
    const auto all = std::max(p.kept + p.unkept, Duration(1));
    kept -= std::min(kept, Duration(scaled(lost.count(), kept.count(), all.count())));
  }
  // What had passed when the server was copied is no time of this simulation.
  const auto before = progress(r.pace, r.passed);
  (p.kept > Duration(0) ? p.kept : p.unkept) -= before.unkept;
  p.saving -= before.saving;
  return {{p.starting, p.kept, p.unkept, p.saving, until - stopped}, kept};
}

void Simulation::note(const AttemptEnded& event) {
  const auto r = runs_.take(event.attempt.job);
  const bool finished = event.ending.kind == EndKind::Exited;
  const auto [time, kept] = spent(r, now_, finished);
  accounts_.ended(event, {*r.spec, r.site, r.lease, r.gpus}, time);
  known(event.attempt.job).done += work_in(kept, r.rate);
  if (accounts_.is_large(r.gpus)) show(event, r);
  if (r.ends > now_) by_end_.erase({r.ends, event.attempt});  // else it was said to have ended
  last_end_ = now_;
}

void Simulation::note(const PaceChanged& event) {
  auto& r = runs_.at(event.attempt.job);
  if (r.placed == now_ && event.pace < r.gait) ++power_[site_name(r)].slow_starts;
  if (r.ends <= now_ || r.stopped) return;
  if (r.gait != one) r.slowed += work_in(now_ - r.paced, one - r.gait);
  const auto left = scaled((r.ends - now_).count(), r.gait.count(), event.pace.count());
  r.gait = event.pace;
  r.paced = now_;
  ends(event.attempt, r, now_ + Duration(left));
}

void Simulation::note(const BearerChanged& event) {
  auto& r = runs_.at(event.attempt.job);
  accounts_.passes_on(event.attempt, {*r.spec, r.site, r.lease, r.gpus}, event.used);
  r.lease = lease_named(event.lease);
}

const std::string& Simulation::site_name(const Run& run) const {
  return engine_.state().portfolio->sites[run.site].name;
}

// The latest of the name: a copied server may know others.
CurtailmentResult* Simulation::curtailment_named(const std::string& name) {
  const auto found = std::find_if(curtailments_.rbegin(), curtailments_.rend(),
                                  [&](const auto& c) { return c.name == name; });
  return found == curtailments_.rend() ? nullptr : &*found;
}

void Simulation::note(const CurtailmentCalled& event) {
  constexpr auto afterwards = Duration(600'000);
  const auto& c = event.curtailment;
  CurtailmentResult r;
  r.name = c.name;
  r.site = c.site;
  r.called_ms = to_ms(now_);
  r.until_ms = to_ms(c.until);
  r.drawn_before_w = event.drawn.count();
  r.asked_w = asked_of(c, event.drawn).count();
  const auto step = std::max(Duration(60'000), (c.until - now_) / 1'440);
  courses_.push_back({curtailments_.size(), now_, step, c.until + afterwards});
  curtailments_.push_back(std::move(r));
}

void Simulation::note(const CurtailmentBegun& event) {
  if (auto* r = curtailment_named(event.name)) {
    r->slower = event.slower;
    r->smaller = event.smaller;
    r->paused = event.paused;
    r->moved = event.moved;
  }
}

void Simulation::note(const CurtailmentMeasured& event) {
  if (auto* r = curtailment_named(event.name)) {
    r->at_ms = to_ms(now_);
    r->less_w = event.less.count();
    r->drawn_w = event.drawn.count();
  }
}

void Simulation::note(const CurtailmentEnded& event) {
  if (auto* r = curtailment_named(event.name)) {
    r->until_ms = to_ms(now_);
    r->saved_j = event.saved.count();
    r->asked_j = event.asked.count();
    r->least_w = event.least.count();
  }
}

// What the sites of these calls draw from each of their minutes before `until` on.
void Simulation::follow_courses(Instant until) {
  for (auto& course : courses_) {
    auto& r = curtailments_[course.result];
    const auto drawn = engine_.facility_power_of(r.site).count();
    const bool due = course.next < until && course.next <= course.until;
    if (due && (r.course.empty() || r.course.back().drawn_w != drawn)) {
      r.course.push_back({to_ms(course.next), drawn});
    }
    while (course.next < until && course.next <= course.until) course.next += course.step;
  }
  std::erase_if(courses_, [](const Course& c) { return c.next > c.until; });
}

void Simulation::show(const AttemptEnded& event, const Run& r) {
  accounts_.bar({event.attempt.job.value(), event.attempt.number, r.spec->name, r.spec->team,
                 site_name(r), r.gpus, to_ms(r.placed), to_ms(now_),
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
  for (const auto id : runs_.keys()) {
    const auto& run = runs_.at(id);
    const auto* job = engine_.state().jobs.find(id);
    accounts_.runs_on({id, job->attempts}, {*run.spec, run.site, run.lease, run.gpus},
                      spent(run, now_, true).time, engine_.usage_so_far(*job, now_));
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
  r.running = static_cast<std::int64_t>(runs_.size());
  r.waiting = static_cast<std::int64_t>(engine_.state().jobs.size()) - r.running;
  r.decisions = decisions_;
  r.curtailments = curtailments_;
  for (auto [site, kept] : power_) {
    kept.site = site;
    for (const auto& [place, since] : capped_) {
      if (site_part(place) == site) kept.capped_ms += (now_ - since).count();
    }
    r.power.push_back(std::move(kept));
  }
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
