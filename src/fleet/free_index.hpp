// SPDX-License-Identifier: Apache-2.0
// The whole free nodes of one pool by rack, pod and hall, and where a gang of whole nodes goes:
// best fit at every level. Called by Fleet. The rules, in order:
//   1 a gang that fits into one rack: the rack that it fills exactly; the one left with least, of
//     those that are broken (not wholly free) already; a wholly free rack if it takes more than
//     half of it or prefers one rack; then the broken racks of one pod, of the pool; only then a
//     wholly free rack.
//   2 a larger gang: the fullest pod that holds it, else hall, else the whole pool; inside, the
//     emptiest units are filled whole and the rest goes where it fits best. (Kueue's topology-aware
//     scheduling does the same: fewest domains, best fit for the last.)
//   3 `within` forbids a wider unit; a `segment` is cut into equal pieces that each sit in one
//   rack.
// A rack is wholly free when all of its nodes are free and in service. Costs: change O(log64
// nodes); fits O(nodes a rack), with segments O(racks of the pods that could hold it); pick O(units
// looked into). Memory: 2 bits a rack and count of free nodes, 2 bits a pod and 1 a hall and count
// of free nodes: some 3 bits a node where pods and halls are alike.
#pragma once

#include <utility>
#include <vector>

#include "fleet/number_set.hpp"
#include "fleet/topology.hpp"
#include "model/job.hpp"

namespace ampacity {

class FreeIndex {
 public:
  struct Ask {
    std::int64_t nodes = 1;
    std::optional<Level> within;  // never wider
    std::optional<Level> prefer;  // not wider if possible
    std::int64_t segment = 0;     // nodes; 0: in one piece. Divides `nodes`
  };
  struct Pick {
    RackIndex rack;
    std::int64_t nodes = 0;
  };

  FreeIndex(const Topology& topology, PoolIndex pool);

  // A change of one rack's free nodes comes in two parts, so that of many racks in one pod the pod
  // and its hall are put in order once: returns what change_pod() is told in the end, the sum of
  // it.
  struct Change {
    std::int64_t nodes = 0;
    std::int64_t in_broken = 0;  // of those, not in wholly free racks
  };
  Change change_rack(RackIndex rack, std::int64_t by);
  void change_pod(const Topology& topology, PodIndex pod, const Change& by);

  std::int64_t nodes() const { return nodes_; }
  std::int64_t nodes_in(RackIndex rack) const { return racks_[rack.value() - first_rack_]; }
  // The racks of a range that have something free, by (free, number), until `visit(rack)` returns
  // false. O(racks visited + nodes a rack).
  template <class Visit>
  void each_by_free(Range racks, const Visit& visit) const;
  std::int64_t most_in(Level level) const;          // of the best unit
  std::int64_t pieces(std::int64_t segment) const;  // in all racks
  bool fits(const Topology& topology, const Ask& ask) const;
  // Ascending racks. Requires fits().
  std::vector<Pick> pick(const Topology& topology, const Ask& ask) const;

 private:
  // Units that have something free, by (free, number): a bit for each pair that can be.
  class BySize {
   public:
    BySize() = default;
    BySize(std::uint32_t first, std::size_t count, std::size_t most)
        : first_(first), count_(count), pairs_(count * (most + 1)) {}
    void move(std::uint32_t number, std::uint32_t before, std::uint32_t after) {
      if (before == after) return;
      if (before > 0) pairs_.erase(pair(before, number));
      if (after > 0) pairs_.insert(pair(after, number));
    }
    std::int64_t largest() const {
      const auto last = pairs_.last();
      return last ? static_cast<std::int64_t>(*last / count_) : 0;
    }
    // The first with at least so many free for which `good` holds.
    template <class Good>
    std::optional<std::uint32_t> first_with(std::int64_t free, const Good& good) const {
      const auto begin = static_cast<std::size_t>(free) * count_;
      for (auto at = pairs_.first_from(begin); at; at = pairs_.first_from(*at + 1)) {
        const auto number = first_ + static_cast<std::uint32_t>(*at % count_);
        if (good(number)) return number;
      }
      return std::nullopt;
    }

   private:
    std::size_t pair(std::uint32_t free, std::uint32_t number) const {
      return free * count_ + (number - first_);
    }
    std::uint32_t first_ = 0;
    std::size_t count_ = 1;
    NumberSet pairs_;
  };
  // A rack, pod or hall to be filled: what it takes, and how much of it is free.
  struct Unit {
    std::int64_t takes = 0;
    std::int64_t free = 0;
    std::uint32_t number = 0;
  };
  using Picks = std::vector<Pick>;

  static std::vector<std::pair<std::uint32_t, std::int64_t>> spread(std::vector<Unit> units,
                                                                    std::int64_t amount);
  std::int64_t pieces_in(Range racks, std::int64_t segment) const;
  std::optional<PodIndex> pod_for(const Topology& topology, const Ask& ask) const;
  std::optional<HallIndex> hall_for(const Topology& topology, const Ask& ask) const;
  std::optional<RackIndex> broken_rack(std::int64_t nodes) const;
  std::optional<RackIndex> whole_rack(std::int64_t nodes) const;
  std::optional<Picks> pick_small(const Topology& topology, const Ask& ask) const;
  Picks pick_broken(std::int64_t nodes) const;
  void fill_racks(Range racks, std::int64_t pieces, std::int64_t segment, bool broken_only,
                  Picks& picks) const;
  void fill_hall(const Topology& topology, HallIndex hall, std::int64_t pieces,
                 std::int64_t segment, Picks& picks) const;
  void fill_pool(const Topology& topology, std::int64_t pieces, std::int64_t segment,
                 Picks& picks) const;

  std::uint32_t first_rack_ = 0;
  std::uint32_t first_pod_ = 0;
  std::uint32_t first_hall_ = 0;
  std::vector<HallIndex> all_halls_;
  std::vector<std::uint16_t> racks_;      // free whole nodes of each rack of the site
  std::vector<std::uint16_t> sizes_;      // nodes of each rack
  std::vector<std::uint32_t> pods_;       // free whole nodes of each pod
  std::vector<std::uint32_t> in_broken_;  // those of them that are not in wholly free racks
  std::vector<std::uint32_t> halls_;
  std::vector<NumberSet> broken_;  // [n]: racks with n nodes free, not all
  std::vector<NumberSet> whole_;   // [n]: racks of n nodes, all free
  BySize pods_by_free_;
  BySize pods_by_broken_;
  BySize halls_by_free_;
  std::int64_t nodes_ = 0;
  std::int64_t nodes_in_broken_ = 0;
};

template <class Visit>
void FreeIndex::each_by_free(Range racks, const Visit& visit) const {
  const std::size_t begin = racks.begin - first_rack_;
  const std::size_t end = racks.end - first_rack_;
  for (std::size_t free = 1; free < broken_.size(); ++free) {
    auto broken = broken_[free].first_from(begin);
    auto whole = whole_[free].first_from(begin);
    while (true) {
      const auto next = std::min(broken.value_or(end), whole.value_or(end));
      if (next >= end) break;
      if (!visit(RackIndex(first_rack_ + static_cast<std::uint32_t>(next)))) return;
      if (broken == next) broken = broken_[free].first_from(next + 1);
      if (whole == next) whole = whole_[free].first_from(next + 1);
    }
  }
}

}  // namespace ampacity
