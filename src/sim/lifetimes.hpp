// SPDX-License-Identifier: Apache-2.0
// Units (GPUs or nodes) that fail by their age, one after the other. Called by sim/faults.hpp. The
// units of a hall are of one age: they are a *cohort* with one clock, the first failure of all,
// whose inverse the life table gives; whose turn it is, is drawn evenly. A failed unit is replaced
// by a new one with a clock of its own, and leaves its cohort: when a cohort's draw falls on such
// a place it is thinned out. So four million GPUs cost a clock for each hall and one for each unit
// that ever failed. Same seed, same failures. Cost: O(log of the clocks + bins) a failure.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "fleet/topology.hpp"
#include "model/faults.hpp"

namespace ampacity {

class LifetimeStream {
 public:
  // `lifetimes` must outlive it.
  LifetimeStream(const Lifetimes& lifetimes, const Topology& topology, Instant from,
                 std::uint64_t seed);

  std::optional<Instant> next() const;  // when a clock rings
  struct Failure {
    NodeIndex node;
    Duration repair{};
  };
  // What it rang for; none: thinned out. Requires next().
  std::optional<Failure> take();

 private:
  struct Cohort {
    NodeIndex first_node;
    std::int64_t per_node = 1;     // units
    std::uint64_t first_unit = 0;  // units are numbered over all cohorts
    std::int64_t units = 0;
    Instant born;
  };
  void add_cohort(const Topology& topology, const HallPlace& hall);
  void wind(std::size_t cohort, Instant now);
  NodeIndex node_of(std::uint64_t unit) const;

  const Lifetimes& lifetimes_;
  Instant from_;
  Random random_;
  std::vector<Cohort> cohorts_;
  std::uint64_t units_ = 0;
  // When it rings, and whose it is: a cohort's place, or behind those a replaced unit's number.
  std::set<std::pair<Instant, std::uint64_t>> clocks_;
  std::set<std::uint64_t> replaced_;
};

}  // namespace ampacity
