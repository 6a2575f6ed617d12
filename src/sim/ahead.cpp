// SPDX-License-Identifier: Apache-2.0
#include "sim/ahead.hpp"

#include <algorithm>

#include "protocol/simulated_run.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// A forecast does not count on a gang's ending before its walltime, unless it is told.
Duration runs_for(const StartGang& start) {
  return start.spec->simulated_runtime ? simulated_run(start) : start.walltime;
}

Ending exits(const JobSpec& spec) {
  Ending ending;
  ending.code = spec.simulated_runtime ? spec.simulated_exit : 0;
  return ending;
}

// The time that is left of a run when its pace changes.
Duration at_pace(Duration left, Ratio from, Ratio to) {
  return Duration(scaled(left.count(), from.count(), to.count()));
}

Ending terminated() {
  return {EndKind::Signalled, 0, 15, {}, ""};
}

}  // namespace

Ahead::Ahead(Engine engine, Instant now) : engine_(std::move(engine)), now_(now) {
  std::vector<Command> started;
  for (const auto& live : engine_.live_attempts()) {
    const auto& start = live.start;
    const auto& job = *engine_.state().jobs.find(start.attempt.job);
    if (live.stopping) {
      ends(start.attempt, {std::max(job.live->expected_end, now), terminated()});
      continue;
    }
    const auto since = live.since.value_or(now);
    auto end = since + live.slowed + runs_for(start);
    if (end > now) end = now + at_pace(end - now, one, live.pace);
    ends(start.attempt, {std::max(end, now), exits(*start.spec)});
    if (!live.started) started.emplace_back(ReportStarted{start.attempt});
  }
  if (!started.empty()) decide(std::move(started));
}

void Ahead::ends(AttemptId attempt, const End& end) {
  const auto known = end_of_.find(attempt);
  if (known != end_of_.end()) by_end_.erase({known->second.at, attempt});
  end_of_[attempt] = end;
  by_end_.insert({end.at, attempt});
}

void Ahead::follow(const Effect& effect, std::vector<Command>& reports) {
  if (const auto* start = std::get_if<StartGang>(&effect)) {
    ends(start->attempt, {now_ + runs_for(*start), exits(*start->spec)});
    reports.emplace_back(ReportStarted{start->attempt});
  } else if (const auto* stop = std::get_if<StopGang>(&effect)) {
    const auto known = end_of_.find(stop->attempt);
    const auto at = now_ + stop->grace;
    if (known != end_of_.end() && known->second.at <= at) return;
    ends(stop->attempt, {at, terminated()});
  } else if (const auto* pace = std::get_if<SetPace>(&effect)) {
    const auto known = end_of_.find(pace->attempt);
    if (known == end_of_.end() || known->second.at <= now_) return;
    const auto left = at_pace(known->second.at - now_, pace->from, pace->pace);
    ends(pace->attempt, {now_ + left, known->second.ending});
  }
}

// Until nothing follows at this instant. The outcome is that of the first command.
Outcome Ahead::decide(std::vector<Command> commands) {
  std::optional<Outcome> first;
  events_.clear();
  while (!commands.empty()) {
    auto outcomes = engine_.decide(commands, now_);
    ++decisions_;
    std::vector<Command> reports;
    for (auto& outcome : outcomes) {
      events_.insert(events_.end(), outcome.events.begin(), outcome.events.end());
      for (const auto& effect : outcome.effects) follow(effect, reports);
    }
    if (!first) first = std::move(outcomes.front());
    commands = std::move(reports);
  }
  return std::move(*first);
}

Outcome Ahead::tell(const Command& command) {
  return decide({command});
}

bool Ahead::step() {
  auto next = engine_.next_deadline();
  if (!by_end_.empty() && (!next || by_end_.begin()->first <= *next)) next = by_end_.begin()->first;
  if (!next) return false;
  now_ = std::max(now_, *next);
  std::vector<Command> commands;
  while (!by_end_.empty() && by_end_.begin()->first <= now_) {
    const auto attempt = by_end_.begin()->second;
    commands.emplace_back(ReportEnded{attempt, end_of_.at(attempt).ending});
    by_end_.erase(by_end_.begin());
    end_of_.erase(attempt);
  }
  if (commands.empty()) commands.emplace_back(Tick{});
  decide(std::move(commands));
  return true;
}

namespace {

// What the events of one instant say about the job.
void take_note(const std::vector<Event>& events, Forecast& forecast) {
  for (const auto& event : events) {
    if (const auto* stop = std::get_if<AttemptStopping>(&event.body)) {
      if (stop->room_for == forecast.job) forecast.preempts.push_back(to_text(stop->attempt));
    } else if (const auto* placed = std::get_if<AttemptPlaced>(&event.body)) {
      if (placed->attempt.job != forecast.job || forecast.starts) continue;
      forecast.starts = event.at;
      forecast.place = *placed;
    }
  }
}

void look(Ahead& ahead, Instant now, const ForecastLimits& limits, Forecast& forecast) {
  while (!forecast.starts && ahead.now() - now < limits.time &&
         ahead.decisions() < limits.decisions) {
    if (!ahead.step()) break;
    take_note(ahead.events(), forecast);
    if (ahead.engine().state().jobs.find(forecast.job) == nullptr) break;
  }
  forecast.looked_until = ahead.now();
  forecast.decisions = ahead.decisions();
}

}  // namespace

Forecast forecast(const Engine& engine, JobId job, Instant now, const ForecastLimits& limits) {
  Forecast answer;
  answer.job = job;
  answer.asked = now;
  answer.looked_until = now;
  const auto* known = engine.state().jobs.find(job);
  if (known == nullptr) return answer;
  if (known->live) {
    answer.starts = known->live->placed;
    return answer;
  }
  Ahead ahead(engine, now);
  look(ahead, now, limits, answer);
  return answer;
}

Forecast forecast(const Engine& engine, const SubmitJob& job, Instant now,
                  const ForecastLimits& limits) {
  Forecast answer;
  answer.asked = now;
  answer.looked_until = now;
  Ahead ahead(engine, now);
  auto outcome = ahead.tell(job);
  answer.refusal = std::move(outcome.refusal);
  if (answer.refusal || !outcome.job) return answer;
  answer.job = *outcome.job;
  take_note(ahead.events(), answer);
  look(ahead, now, limits, answer);
  return answer;
}

std::vector<std::string> forecast_assumptions() {
  return {"running and waiting gangs run for their walltime (on simulated clusters: their runtime)",
          "nothing is submitted, cancelled or drained meanwhile, and nothing fails",
          "a gang that is stopped takes the whole grace to leave"};
}

}  // namespace ampacity
