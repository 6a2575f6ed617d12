// SPDX-License-Identifier: Apache-2.0
#include "fleet/booked_room.hpp"

#include <algorithm>
#include <set>

namespace ampacity {
namespace {

class Room {
 public:
  Room(const Fleet& fleet, PoolIndex pool, const std::vector<Share>& booked)
      : fleet_(fleet), pool_(pool), index_(fleet.topology(), pool) {
    for (const auto& share : booked) {
      if (fleet.pool_of(share.node) != pool) continue;
      each_node(share, [&](NodeIndex node) {
        if (!fleet.serves_booking(node) || !fleet.is_booked(node) || fleet.free_gpus(node) == 0) {
          return;
        }
        nodes_.push_back(node);
        if (!whole(node)) return;
        const auto rack = fleet.topology().rack_of(node);
        index_.change_pod(fleet.topology(), fleet.topology().pod_of(rack),
                          index_.change_rack(rack, 1));
      });
    }
  }

  std::optional<std::vector<Share>> find(const Demand& demand) const {
    const auto pieces = cut(demand, fleet_.pool(pool_).gpus_per_node);
    if (!pieces) return std::nullopt;
    auto shares = pieces->untouched ? together(demand, *pieces) : parts(*pieces);
    if (shares) {
      std::sort(shares->begin(), shares->end(), first_node);
    }
    return shares;
  }

 private:
  bool whole(NodeIndex node) const {
    return fleet_.free_gpus(node) == fleet_.pool(pool_).gpus_per_node;
  }

  std::optional<std::vector<Share>> together(const Demand& demand, const Cut& pieces) const {
    const FreeIndex::Ask ask{pieces.nodes(), demand.within, demand.prefer, pieces.segment};
    if (!index_.fits(fleet_.topology(), ask)) return std::nullopt;
    std::vector<Share> shares;
    for (const auto& pick : index_.pick(fleet_.topology(), ask)) {
      const auto rack = fleet_.topology().nodes_of(pick.rack);
      auto wanted = pick.nodes;
      for (auto it = std::lower_bound(nodes_.begin(), nodes_.end(), NodeIndex(rack.begin));
           wanted > 0; ++it) {
        if (!whole(*it)) continue;
        add(shares, *it, pieces.each);
        --wanted;
      }
    }
    if (pieces.rest > 0) shares.back().gpus = pieces.rest;
    return joined(shares);
  }

  // The fullest nodes that still fit first.
  std::optional<std::vector<Share>> parts(const Cut& pieces) const {
    auto order = nodes_;
    std::stable_sort(order.begin(), order.end(), [&](NodeIndex a, NodeIndex b) {
      return fleet_.free_gpus(a) < fleet_.free_gpus(b);
    });
    std::vector<Share> shares;
    auto wanted = pieces.whole;
    bool rest = pieces.rest > 0;
    for (const auto node : order) {
      const auto free = fleet_.free_gpus(node);
      if (wanted > 0 && free >= pieces.each) {
        add(shares, node, pieces.each);
        --wanted;
      } else if (rest && free >= pieces.rest) {
        add(shares, node, pieces.rest);
        rest = false;
      }
    }
    if (wanted > 0 || rest) return std::nullopt;
    return shares;
  }

  static void add(std::vector<Share>& shares, NodeIndex node, std::int64_t gpus) {
    shares.push_back({node, 1, gpus});
  }

  // Neighbours in one rack as one share.
  std::vector<Share> joined(std::vector<Share> single) const {
    std::sort(single.begin(), single.end(), first_node);
    std::vector<Share> shares;
    const auto& topology = fleet_.topology();
    for (const auto& share : single) {
      const bool joins = !shares.empty() && shares.back().gpus == share.gpus &&
                         nodes_of(shares.back()).end == share.node.value() &&
                         topology.rack_of(shares.back().node) == topology.rack_of(share.node);
      if (joins) {
        ++shares.back().nodes;
      } else {
        shares.push_back(share);
      }
    }
    return shares;
  }

  const Fleet& fleet_;
  PoolIndex pool_;
  FreeIndex index_;
  std::vector<NodeIndex> nodes_;  // with something free, ascending
};

}  // namespace

std::optional<std::vector<Share>> find_booked(const Fleet& fleet, PoolIndex pool,
                                              const Demand& demand,
                                              const std::vector<Share>& booked) {
  return Room(fleet, pool, booked).find(demand);
}

std::vector<NodeRange> ranges_of(const std::vector<Share>& shares) {
  std::vector<NodeRange> ranges;
  ranges.reserve(shares.size());
  for (const auto& share : shares) ranges.push_back(nodes_of(share));
  return ranges;
}

std::vector<Share> without(const std::vector<Share>& shares, const std::vector<Share>& gone) {
  auto holes = ranges_of(gone);
  const auto earlier = [](NodeRange a, NodeRange b) { return a.begin < b.begin; };
  if (!std::is_sorted(holes.begin(), holes.end(), earlier)) {
    std::sort(holes.begin(), holes.end(), earlier);
  }
  std::vector<Share> kept;
  for (const auto& share : shares) {
    const auto range = nodes_of(share);
    auto at = range.begin;
    const auto end = range.end;
    const auto ends_before = [&](NodeRange hole) { return hole.end <= at; };
    auto hole = std::partition_point(holes.begin(), holes.end(), ends_before);
    while (at < end) {
      const auto until = hole == holes.end() ? end : std::min(end, hole->begin);
      if (until > at) kept.push_back({NodeIndex(at), until - at, share.gpus});
      if (until == end) break;
      at = hole->end;
      ++hole;
    }
  }
  return kept;
}

std::int64_t serving_gpus(const Fleet& fleet, const std::vector<Share>& shares) {
  std::int64_t sum = 0;
  for (const auto& share : shares) {
    each_node(share, [&](NodeIndex node) { sum += fleet.in_service(node) ? share.gpus : 0; });
  }
  return sum;
}

}  // namespace ampacity
