// SPDX-License-Identifier: Apache-2.0
// The jobs that wait, in order: priority, then what a guarantee covers before what is borrowed,
// then their account's fair share, then age. Jobs of one shape, one account and one priority stand
// in a *lane*, oldest first, so that a change of a share moves lanes, not jobs; lanes of one shape
// stand in order of their keys. Two jobs of one shape get the same answer from a fleet but for
// their walltimes, so a pass asks a shape for "the first that is short enough" and never scans a
// million jobs. Called by the engine. Derived state: rebuilt from the jobs after a restart, not
// part of the digest. Costs: insert, erase O(log jobs + log lanes); best O((lanes seen in this pass
// + lanes of equal key) x log jobs); restate O(lanes of the account
// that have jobs x log lanes); ahead_of
// O(lanes). Shapes, accounts and lanes are interned for the life of the queue. Memory: 40 bytes a
// job.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/aggregate_tree.hpp"
#include "fleet/fleet.hpp"
#include "policy/quota.hpp"
#include "protocol/ids.hpp"

namespace ampacity {

// What decides where a job can go: its demand, the pools that it accepts, the group of its team,
// from which it borrows, the booking that it runs in, and whether a spent budget keeps it.
struct Shape {
  Demand demand;
  std::vector<PoolIndex> pools;  // ascending
  std::vector<Ratio> speeds;     // of the job in each of them; empty: 100 % in all
  TeamIndex group;
  std::string booking;
  bool restarts = false;  // of a team with a budget: it ran before, and may start on a spent one
  // Then it weighs price and delay. A power cap alone makes it as slow everywhere.
  bool speeds_differ() const {
    return std::adjacent_find(speeds.begin(), speeds.end(), std::not_equal_to<>()) != speeds.end();
  }
  friend auto operator<=>(const Shape&, const Shape&) = default;
};

using ShapeIndex = Tagged<struct ShapeTag, std::uint32_t>;
using AccountIndex = Tagged<struct AccountTag, std::uint32_t>;
using LaneIndex = Tagged<struct LaneTag, std::uint32_t>;

// Decayed use per weight; the smaller comes first. Groups before their teams, those before their
// projects.
struct FairShare {
  std::array<std::int64_t, limits::team_depth + 2> levels{};
  friend auto operator<=>(const FairShare&, const FairShare&) = default;
};

// How the jobs of a lane stand to their team's quota: on its guarantee or beyond it, and how many
// GPUs must be free in their group for one to start.
struct Claim {
  static constexpr std::int64_t nothing = INT64_MIN;
  bool borrows = false;
  std::int64_t lacks = nothing;
};

// Where a lane stands.
struct Rank {
  std::int64_t minus_priority = 0;
  bool borrows = false;
  FairShare share;
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

class WaitingQueue {
 public:
  AccountIndex account(const std::string& team, const std::string& project);
  // `claim` is how a lane without jobs stands from now on; restate() tells the others.
  LaneIndex lane(const Shape& shape, AccountIndex account, std::int64_t priority,
                 const Claim& claim);
  void stand_ready(LaneIndex lane, const Claim& claim);  // the same, of a lane that is known
  const Shape& shape(ShapeIndex index) const { return shapes_[index.value()].shape; }

  void insert(LaneIndex lane, JobId job, Duration walltime);
  void erase(LaneIndex lane, JobId job);
  std::size_t size() const { return size_; }
  std::int64_t ahead_of(LaneIndex lane, JobId job) const;

  // The share of an account changed, or how it stands to its quota: `claim(shape, priority)`.
  template <class ClaimOf>
  void restate(AccountIndex account, const FairShare& share, const ClaimOf& claim);
  // The share of an account changed while none of its jobs waited: whoever puts the next into a
  // lane restates it first.
  void outdate(AccountIndex account) { accounts_[account.value()].stale = true; }
  bool is_stale(AccountIndex account) const { return accounts_[account.value()].stale; }
  bool has_jobs(AccountIndex account) const { return !accounts_[account.value()].lanes.empty(); }
  const Rank& rank(LaneIndex lane) const { return lanes_[lane.value()].rank; }
  std::int64_t lacks(LaneIndex lane) const { return lanes_[lane.value()].lacks; }

  struct Candidate {
    Rank rank;
    JobId job;
    ShapeIndex shape;
    LaneIndex lane;
    Duration walltime{};
    friend auto operator<=>(const Candidate&, const Candidate&) = default;
  };
  Candidate candidate(LaneIndex lane, JobId job, Duration walltime) const {
    const auto& of = lanes_[lane.value()];
    return {of.rank, job, of.shape, lane, walltime};
  }
  // How far a pass has looked into each lane.
  using Seen = std::map<LaneIndex, JobId>;
  const std::vector<ShapeIndex>& shapes_waiting() const { return waiting_; }
  // The first of the shape that was not seen, whose walltime is at most `longest`, and that lacks
  // at most `free` GPUs of its group.
  std::optional<Candidate> best(ShapeIndex shape, Duration longest, std::int64_t free,
                                const Seen& seen) const;

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
  // Of lanes: the least of each, not necessarily of one lane.
  struct Least {
    Duration walltime = Duration::max();
    std::int64_t lacks = INT64_MAX;
    bool operator==(const Least&) const = default;
  };
  struct LeastOf {
    static Least nothing() { return {}; }
    static Least join(const Least& a, const Least& b) {
      return {std::min(a.walltime, b.walltime), std::min(a.lacks, b.lacks)};
    }
  };
  struct Lane {
    Rank rank;
    std::int64_t lacks = Claim::nothing;
    ShapeIndex shape;
    AccountIndex account;
    AggregateTree<JobId, Duration, Shortest> jobs;
    std::optional<std::pair<JobId, Duration>> oldest;  // the answer to most questions, kept at hand
  };
  struct ShapeLanes {
    Shape shape;
    AggregateTree<LaneKey, Least, LeastOf> lanes;  // those with jobs
  };
  struct Account {
    FairShare share;
    std::vector<LaneIndex> lanes;  // those with jobs, ascending
    bool stale = false;
  };

  std::optional<std::pair<JobId, Duration>> first_in(const Lane& lane, Duration longest,
                                                     std::optional<JobId> behind) const;
  static Least least_of(const Lane& lane) { return {lane.jobs.total(), lane.lacks}; }
  // Takes the lane out of its shape's order, changes it, and puts it back if it has jobs.
  template <class Change>
  void moved(LaneIndex lane, const Change& change);
  void stand(LaneIndex lane, const Rank& rank, std::int64_t lacks);

  std::map<Shape, ShapeIndex> shape_index_;
  std::map<std::pair<std::string, std::string>, AccountIndex> account_index_;
  std::map<std::tuple<ShapeIndex, AccountIndex, std::int64_t>, LaneIndex> lane_index_;
  std::vector<ShapeLanes> shapes_;
  std::vector<Account> accounts_;
  std::vector<Lane> lanes_;
  std::vector<ShapeIndex> waiting_;  // shapes with jobs, ascending
  std::size_t size_ = 0;
};

template <class ClaimOf>
void WaitingQueue::restate(AccountIndex account, const FairShare& share, const ClaimOf& claim) {
  auto& owner = accounts_[account.value()];
  owner.share = share;
  owner.stale = false;
  for (const auto index : owner.lanes) {  // stand() keeps the jobs in it
    const auto& lane = lanes_[index.value()];
    const auto claimed = claim(shapes_[lane.shape.value()].shape, -lane.rank.minus_priority);
    const Rank rank{lane.rank.minus_priority, claimed.borrows, share};
    if (rank != lane.rank || claimed.lacks != lane.lacks) stand(index, rank, claimed.lacks);
  }
}

}  // namespace ampacity
