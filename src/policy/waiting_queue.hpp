// SPDX-License-Identifier: Apache-2.0
// The jobs that wait, in order (priority, then age), grouped by what they ask for. Two jobs of one
// shape get the same answer from a fleet but for their walltimes, so a pass over the queue asks
// once a shape for "the first behind this one that is short enough" and never scans a million jobs.
// Called by the engine. Derived state: rebuilt from the jobs after a restart, not part of the
// digest. Costs: insert, erase, next O(log jobs); ahead_of O(shapes x log jobs); shapes are
// interned for the life of the queue. Memory: 56 bytes a job. Seam for fair share (issue 3): Order
// gains the team's share as its second member; nothing else changes.
#pragma once

#include <limits>
#include <map>
#include <set>
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

struct Order {
  std::int64_t minus_priority = 0;
  JobId job;  // ids grow with age
  friend auto operator<=>(const Order&, const Order&) = default;
};

class WaitingQueue {
 public:
  ShapeIndex intern(const Shape& shape);
  const Shape& shape(ShapeIndex index) const { return shapes_[index.value()]; }

  void insert(const Order& order, ShapeIndex shape, Duration walltime);
  void erase(const Order& order, ShapeIndex shape);
  std::size_t size() const { return size_; }
  std::int64_t ahead_of(const Order& order) const;

  // A job that is next of its shape.
  struct Candidate {
    Order order;
    ShapeIndex shape;
    Duration walltime{};
    friend auto operator<=>(const Candidate&, const Candidate&) = default;
  };
  // The first of each shape, in order: where a pass over the queue begins.
  const std::set<Candidate>& heads() const { return heads_; }
  // The first of the shape behind `after` whose walltime is at most `longest`.
  std::optional<Candidate> next(ShapeIndex shape, const Order& after, Duration longest) const;

 private:
  struct Shortest {
    static Duration nothing() { return Duration::max(); }
    static Duration join(Duration a, Duration b) { return std::min(a, b); }
  };
  using Jobs = AggregateTree<Order, Duration, Shortest>;

  std::optional<Candidate> first_of(ShapeIndex shape) const;

  std::map<Shape, ShapeIndex> index_;
  std::vector<Shape> shapes_;
  std::vector<Jobs> jobs_;  // by shape
  std::set<Candidate> heads_;
  std::size_t size_ = 0;
};

}  // namespace ampacity
