// SPDX-License-Identifier: Apache-2.0
// The jobs that wait, in order: priority, then their account's fair share, then age. Jobs of one
// shape, one account and one priority stand in a *lane*, oldest first, so that a change of a share
// moves lanes, not jobs; lanes of one shape stand in order of their keys. Two jobs of one shape get
// the same answer from a fleet but for their walltimes, so a pass asks a shape for "the first that
// is short enough" and never scans a million jobs. Called by the engine. Derived state: rebuilt
// from the jobs after a restart, not part of the digest. Costs: insert, erase O(log jobs + log
// lanes); best O((lanes seen in this pass + lanes of equal key) x log jobs); reprice O(lanes of the
// account x log lanes); ahead_of O(lanes). Shapes, accounts and lanes are interned for the life of
// the queue. Memory: 40 bytes a job.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/aggregate_tree.hpp"
#include "fleet/fleet.hpp"
#include "protocol/ids.hpp"

namespace ampacity {

// What decides where a job can go: its demand, and the pools that it accepts.
struct Shape {
  Demand demand;
  std::vector<PoolIndex> pools;  // ascending
  friend auto operator<=>(const Shape&, const Shape&) = default;
};

using ShapeIndex = Tagged<struct ShapeTag, std::uint32_t>;
using AccountIndex = Tagged<struct AccountTag, std::uint32_t>;
using LaneIndex = Tagged<struct LaneTag, std::uint32_t>;

// Decayed use per weight; the smaller comes first. A team before its projects.
struct FairShare {
  std::int64_t team = 0;
  std::int64_t project = 0;
  friend auto operator<=>(const FairShare&, const FairShare&) = default;
};

// Where a lane stands.
struct Rank {
  std::int64_t minus_priority = 0;
  FairShare share;
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

class WaitingQueue {
 public:
  AccountIndex account(const std::string& team, const std::string& project);
  LaneIndex lane(const Shape& shape, AccountIndex account, std::int64_t priority);
  const Shape& shape(ShapeIndex index) const { return shapes_[index.value()].shape; }

  void insert(LaneIndex lane, JobId job, Duration walltime);
  void erase(LaneIndex lane, JobId job);
  std::size_t size() const { return size_; }
  std::int64_t ahead_of(LaneIndex lane, JobId job) const;

  // The share of an account changed.
  void reprice(AccountIndex account, const FairShare& share);
  const Rank& rank(LaneIndex lane) const { return lanes_[lane.value()].rank; }

  struct Candidate {
    Rank rank;
    JobId job;
    ShapeIndex shape;
    LaneIndex lane;
    Duration walltime{};
    friend auto operator<=>(const Candidate&, const Candidate&) = default;
  };
  // How far a pass has looked into each lane.
  using Seen = std::map<LaneIndex, JobId>;
  const std::set<ShapeIndex>& shapes_waiting() const { return waiting_; }
  // The first of the shape that was not seen and whose walltime is at most `longest`.
  std::optional<Candidate> best(ShapeIndex shape, Duration longest, const Seen& seen) const;

 private:
  struct Shortest {
    static Duration nothing() { return Duration::max(); }
    static Duration join(Duration a, Duration b) { return std::min(a, b); }
  };
  struct LaneKey {
    Rank rank;
    LaneIndex lane;
    friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
  };
  struct Lane {
    Rank rank;
    ShapeIndex shape;
    AggregateTree<JobId, Duration, Shortest> jobs;
    std::optional<std::pair<JobId, Duration>> oldest;  // the answer to most questions, kept at hand
  };
  struct ShapeLanes {
    Shape shape;
    AggregateTree<LaneKey, Duration, Shortest> lanes;  // those with jobs: their shortest walltime
  };
  struct Account {
    FairShare share;
    std::vector<LaneIndex> lanes;
  };

  std::optional<std::pair<JobId, Duration>> first_in(const Lane& lane, Duration longest,
                                                     std::optional<JobId> behind) const;
  // Takes the lane out of its shape's order, changes it, and puts it back if it has jobs.
  template <class Change>
  void moved(LaneIndex lane, const Change& change);

  std::map<Shape, ShapeIndex> shape_index_;
  std::map<std::pair<std::string, std::string>, AccountIndex> account_index_;
  std::map<std::tuple<ShapeIndex, AccountIndex, std::int64_t>, LaneIndex> lane_index_;
  std::vector<ShapeLanes> shapes_;
  std::vector<Account> accounts_;
  std::vector<Lane> lanes_;
  std::set<ShapeIndex> waiting_;  // shapes with jobs
  std::size_t size_ = 0;
};

}  // namespace ampacity
