// SPDX-License-Identifier: Apache-2.0
// The failures of a simulation, as they come: each cause is a Poisson process over its units,
// thinned for lemons and infants (Lewis and Shedler 1979), beside units that fail by their age
// (sim/lifetimes.hpp) and the outages that are known beforehand. Called by sim/simulation; the
// engine is told what a node agent would tell it. Same seed, same failures, whatever the scheduler
// does. Cost: O(log) a failure. Memory: what is down.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "fleet/fleet.hpp"
#include "model/faults.hpp"
#include "protocol/vocabulary.hpp"
#include "sim/lifetimes.hpp"

namespace ampacity {

class FaultStream {
 public:
  FaultStream(const FaultSpec& faults, const Fleet& fleet, Instant from, std::uint64_t seed);
  FaultStream(const FaultStream&) = delete;  // it points into itself
  FaultStream& operator=(const FaultStream&) = delete;

  std::optional<Instant> next() const { return next_; }  // the next failure or repair
  // What fails or comes back by `now`. `fleet` says which halls are in use by then.
  std::vector<ReportNode> due(Instant now, const Fleet& fleet);
  std::int64_t failures() const { return failures_; }

 private:
  struct Process {
    const FaultCause* cause = nullptr;
    std::int64_t units = 0;  // of the largest size; smaller ones are thinned
    std::int64_t at_us = 0;  // since `from_`: the next that is not thinned out
    NodeIndex node;          // the first of the unit that fails then
  };
  Instant at(const Process& process) const { return from_ + Duration(process.at_us / 1'000); }
  std::optional<Instant> first() const;
  void draw(Process& process, const Fleet& fleet);
  NodeIndex any(FaultUnit unit, const Topology& topology);
  bool is_thinned_out(const Process& process, const Fleet& fleet);
  std::int64_t factor_of(NodeIndex node, const Fleet& fleet, Instant now) const;
  void lives_end(Instant now, const Fleet& fleet, std::vector<ReportNode>& reports);
  void down(const std::string& target, const std::string& cause, Instant now, Duration repair,
            std::vector<ReportNode>& reports);

  FaultSpec faults_;
  Instant from_;
  Random random_;
  std::uint64_t lemon_salt_;
  std::int64_t most_gpus_ = 1;  // a node
  std::int64_t most_factor_ = 1;
  std::vector<Process> processes_;
  std::optional<LifetimeStream> lifetimes_;
  std::size_t next_outage_ = 0;
  std::set<std::pair<Instant, std::string>> repairs_;
  std::set<std::string> down_;
  std::int64_t failures_ = 0;
  std::optional<Instant> next_;  // the first of all of these
};

}  // namespace ampacity
