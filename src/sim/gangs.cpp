// SPDX-License-Identifier: Apache-2.0
#include "sim/gangs.hpp"

#include <algorithm>

#include "engine/engine.hpp"

namespace ampacity {
namespace {

// Work in a time, and the time for work, at this rate.
Duration work_in(Duration time, Ratio rate) {
  return rate == one ? time : Duration(scaled(time.count(), rate.count(), one.count()));
}
Duration time_of_work(Duration work, Ratio rate) {
  return rate == one ? work : Duration(scaled(work.count(), one.count(), rate.count()));
}

Ending signalled(std::int64_t signal) {
  return {EndKind::Signalled, 0, signal, {}, ""};
}

// In proportion to the speed of its accelerators and to the GPUs of an elastic gang.
Ratio rate_of(const Job& job) {
  const auto& live = *job.live;
  const auto asked = job.spec->gpus.count();
  if (live.gpus == asked) return live.speed;
  return Ratio::of(std::max<std::int64_t>(scaled(live.speed.count(), live.gpus, asked), 1));
}

Duration ran_at_full_pace(const LiveAttempt& live, Instant now) {
  return now - *live.started - Engine::slowed_until(live, now);
}

}  // namespace

Pace Gangs::pace_of(const JobSpec& spec) const {
  return {Duration(0), spec.checkpoint_interval.value_or(Duration(0)), faults_.checkpoint_time};
}

// How it will go, if nobody stops it.
const Gang& Gangs::place(AttemptId attempt, const Place& place, Instant now) {
  const auto& job = place.job;
  const auto& live = *job.live;
  const auto since = place.copied ? live.started : std::nullopt;
  Gang g;
  g.spec = job.spec;
  g.site = place.site;
  g.lease = place.lease;
  g.gpus = live.gpus;
  g.placed = now;
  g.rate = rate_of(job);
  g.pace = pace_of(*job.spec);
  g.pace.start = place.told - now;
  if (!since) g.pace.start += attempt.number == 1 ? faults_.start_time : faults_.restart_time;
  if (since) resume(g, live, now);
  g.ending.code = place.exit_code;
  const auto work = std::max(place.work, Duration(0));
  const auto time = time_for(g.pace, time_of_work(work, g.rate)) - g.passed;
  g.ends = now + time_of_work(std::max(time, Duration(0)), g.gait);
  if (!place.known) g.ends = std::min(g.ends, since.value_or(place.told) + live.walltime);
  by_end_.insert({g.ends, attempt});
  auto& known = gangs_[attempt.job];
  known = std::move(g);
  return known;
}

// It has saved itself after each interval; what came after the last time is at stake.
void Gangs::resume(Gang& gang, const LiveAttempt& live, Instant now) const {
  const auto ran = ran_at_full_pace(live, now);
  gang.passed =
      gang.pace.interval > Duration(0) ? ran % (gang.pace.interval + gang.pace.save) : ran;
  gang.gait = live.pace;
  gang.paced = now;
}

Duration Gangs::saved(const Job& job, Instant now) const {
  if (!job.live->started) return {};
  const auto ran = ran_at_full_pace(*job.live, now);
  return work_in(progress(pace_of(*job.spec), ran).kept, rate_of(job));
}

void Gangs::ends(AttemptId attempt, Gang& gang, Instant at) {
  by_end_.erase({gang.ends, attempt});
  gang.ends = at;
  by_end_.insert({at, attempt});
}

void Gangs::stop(AttemptId attempt, Duration grace, Instant now) {
  auto& g = gangs_.at(attempt.job);
  if (g.ends <= now) return;  // it ends at this very instant by itself
  const bool was_told = g.stopped.has_value();
  if (!was_told) g.stopped = now;
  g.ending = signalled(g.dies ? 9 : 15);
  g.saves = !g.dies && faults_.saves_on_term && g.pace.interval > Duration(0);
  const auto leaves = g.saves ? std::min(g.pace.save, grace) : Duration(0);
  if (!was_told || g.dies) ends(attempt, g, now + leaves);
}

void Gangs::work_at(AttemptId attempt, Ratio pace, Instant now) {
  auto& g = gangs_.at(attempt.job);
  if (g.ends <= now || g.stopped) return;
  if (g.gait != one) g.slowed += work_in(now - g.paced, one - g.gait);
  const auto left = scaled((g.ends - now).count(), g.gait.count(), pace.count());
  g.gait = pace;
  g.paced = now;
  ends(attempt, g, now + Duration(left));
}

Gangs::Spent Gangs::spent(const Gang& g, Instant until, bool finished) const {
  const auto stopped = std::min(g.stopped.value_or(until), until);
  auto p = progress(g.pace, g.passed + (stopped - g.placed));
  if (finished || g.saves) {
    p.kept += p.unkept;
    p.unkept = Duration(0);
  }
  auto kept = p.kept;
  if (g.slowed > Duration(0) || g.gait != one) {  // work for its time at full pace
    const auto lost = g.slowed + work_in(stopped - std::min(g.paced, stopped), one - g.gait);
    const auto all = std::max(p.kept + p.unkept, Duration(1));
    kept -= std::min(kept, Duration(scaled(lost.count(), kept.count(), all.count())));
  }
  // What had passed when the server was copied is no time of this simulation.
  const auto before = progress(g.pace, g.passed);
  (p.kept > Duration(0) ? p.kept : p.unkept) -= before.unkept;
  p.saving -= before.saving;
  return {{p.starting, p.kept, p.unkept, p.saving, until - stopped}, kept};
}

Gangs::Ended Gangs::take(const AttemptEnded& event, Instant now) {
  Ended ended{gangs_.take(event.attempt.job), {}, {}};
  const auto& g = ended.gang;
  const auto [time, kept] = spent(g, now, event.ending.kind == EndKind::Exited);
  ended.time = time;
  ended.kept = work_in(kept, g.rate);
  if (g.ends > now) by_end_.erase({g.ends, event.attempt});  // else it was said to have ended
  return ended;
}

std::optional<Instant> Gangs::next() const {
  std::optional<Instant> next;
  if (!by_end_.empty()) next = by_end_.first().first;
  if (!starting_.empty() && (!next || starting_.begin()->first < *next)) {
    next = starting_.begin()->first;
  }
  return next;
}

void Gangs::reports_due(Instant now, std::vector<Command>& reports) {
  while (!by_end_.empty() && by_end_.first().first <= now) {
    const auto attempt = by_end_.first().second;
    by_end_.pop();
    reports.emplace_back(ReportEnded{attempt, gangs_.at(attempt.job).ending});
  }
  while (!starting_.empty() && starting_.begin()->first <= now) {
    reports.emplace_back(ReportStarted{starting_.begin()->second});
    starting_.erase(starting_.begin());
  }
}

}  // namespace ampacity
