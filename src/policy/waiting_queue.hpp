// SPDX-License-Identifier: Apache-2.0
// The jobs that wait, in order (priority, then age), grouped by what they ask for. Two jobs of one
// shape get the same answer from a fleet, so a pass over the queue asks once a shape and never
// scans a million jobs. Called by the engine. Derived state: rebuilt from the jobs after a restart,
// not part of the digest. Costs: insert, erase O(log jobs); shapes are interned for the life of the
// queue. Seam for fair share (issue 3): Order gains the team's share as its second member; nothing
// else changes.
#pragma once

#include <map>
#include <set>
#include <vector>

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

  void insert(const Order& order, ShapeIndex shape);
  void erase(const Order& order, ShapeIndex shape);
  std::size_t size() const { return size_; }
  std::int64_t ahead_of(const Order& order) const;  // O(jobs ahead): for explanations only

  // The first waiting job of each shape, in order: what one pass over the queue looks at.
  struct Head {
    Order order;
    ShapeIndex shape;
    friend auto operator<=>(const Head&, const Head&) = default;
  };
  const std::set<Head>& heads() const { return heads_; }

 private:
  std::map<Shape, ShapeIndex> index_;
  std::vector<Shape> shapes_;
  std::vector<std::set<Order>> jobs_;  // by shape
  std::set<Head> heads_;
  std::size_t size_ = 0;
};

}  // namespace ampacity
