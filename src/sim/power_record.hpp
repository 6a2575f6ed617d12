// SPDX-License-Identifier: Apache-2.0
// What a simulation records of power: ramps that gangs waited for, draws that changed too fast,
// capping, and calls of the grid with the course of what their sites drew. Called by sim/simulation
// with the engine's events; other events say nothing here. Cost: O(1) an event; of a call that is
// on, one look a minute of its time, or 1,440 in all.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "sim/result.hpp"

namespace ampacity {

class PowerRecord {
 public:
  void note(const PowerSwung& event, Instant now);
  void note(const PowerCapped& event, Instant now);
  void note(const CappingEnded& event, Instant now);
  void note(const CurtailmentCalled& event, Instant now);
  void note(const CurtailmentBegun& event, Instant now);
  void note(const CurtailmentMeasured& event, Instant now);
  void note(const CurtailmentEnded& event, Instant now);
  template <class Other>
  void note(const Other&, Instant) {}
  PowerResult& at(const std::string& site) { return sites_[site]; }

  // What the sites of calls that are on draw from each of their minutes before `until` on.
  void follow(const Engine& engine, Instant until) {
    if (!courses_.empty()) follow_courses(engine, until);
  }
  void fill(SimulationResult& result, Instant now) const;

 private:
  struct Course {  // of a call that is on, or ended less than ten minutes ago
    std::size_t result = 0;
    Instant next;
    Duration step;
    Instant until;
  };
  void follow_courses(const Engine& engine, Instant until);
  CurtailmentResult* curtailment_named(const std::string& name);

  std::map<std::string, PowerResult> sites_;
  std::map<std::string, Instant> capped_;  // places whose gangs are slowed, since when
  std::vector<CurtailmentResult> curtailments_;
  std::vector<Course> courses_;
};

}  // namespace ampacity
