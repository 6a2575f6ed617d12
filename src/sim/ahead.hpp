// SPDX-License-Identifier: Apache-2.0
// Plays an engine forward on virtual time: says what executors would say, decides nothing. Called
// with a copy of the live engine for forecasts (and later by simulate). Assumes that a gang starts
// when it is placed, runs for its simulated_runtime (for its walltime if it states none), and takes
// the whole grace to leave when it is stopped. Nothing fails, nobody submits but the caller. Cost
// of a step: one decision of the engine, and the logarithm of the gangs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace ampacity {

class Ahead {
 public:
  Ahead(Engine engine, Instant now);

  const Engine& engine() const { return engine_; }
  Instant now() const { return now_; }
  std::int64_t decisions() const { return decisions_; }

  // Of now; with what follows at once. The events are of the whole instant.
  Outcome tell(const Command& command);
  // Goes to the next instant at which a gang ends or something is due. False: none is ahead.
  bool step();
  // The events of the latest tell() or step().
  const std::vector<Event>& events() const { return events_; }

 private:
  struct End {
    Instant at;
    Ending ending;
  };
  Outcome decide(std::vector<Command> commands);
  void follow(const Effect& effect, std::vector<Command>& reports);
  void ends(AttemptId attempt, const End& end);

  Engine engine_;
  Instant now_;
  std::int64_t decisions_ = 0;
  std::map<AttemptId, End> end_of_;
  std::set<std::pair<Instant, AttemptId>> by_end_;
  std::vector<Event> events_;
};

// When and where a job will start, by what is known now.
struct Forecast {
  JobId job;
  std::optional<Instant> starts;       // none: not in the time that was looked into
  std::optional<AttemptPlaced> place;  // none: as above, or it runs already
  std::optional<Refusal> refusal;      // of a job that would not be accepted
  std::vector<std::string> preempts;   // attempts that would be stopped for it
  Instant asked;
  Instant looked_until;
  std::int64_t decisions = 0;
};

struct ForecastLimits {
  Duration time{366LL * 86'400'000};
  std::int64_t decisions = 100'000;  // seconds of computing
};

// Of a job that the engine knows and that has not ended.
Forecast forecast(const Engine& engine, JobId job, Instant now, const ForecastLimits& limits);
// Of one that is not submitted: submits it to the copy.
Forecast forecast(const Engine& engine, const SubmitJob& job, Instant now,
                  const ForecastLimits& limits);
// What the answer stands on, for people.
std::vector<std::string> forecast_assumptions();

}  // namespace ampacity
