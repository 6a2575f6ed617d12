// SPDX-License-Identifier: Apache-2.0
#include "fleet/nearby.hpp"

#include <algorithm>
#include <set>

namespace ampacity {
namespace {

class Neighbourhood {
 public:
  Neighbourhood(const Fleet& fleet, PoolIndex pool, std::int64_t wanted)
      : fleet_(fleet), topology_(fleet.topology()), pool_(pool), wanted_(wanted) {}

  void keep(const std::vector<Share>& last) {
    for (const auto& share : last) {
      each_node(share, [&](NodeIndex node) {
        if (is_whole(node) && !enough()) {
          nodes_.push_back(node);
        } else {
          lost_.push_back(node);
        }
      });
    }
    kept_ = static_cast<std::int64_t>(nodes_.size());
  }

  // Spares for what is lost: the unit of each lost node first.
  void fill(Level level) {
    std::optional<std::uint32_t> filled;
    for (const auto node : lost_) {
      if (enough()) return;
      const auto racks = topology_.unit_of(topology_.rack_of(node), level);
      if (filled == racks.begin) continue;
      filled = racks.begin;
      if (level == Level::Site) {
        for (const auto hall : fleet_.pool(pool_).halls) from(topology_.hall(hall).racks);
        return;
      }
      from(racks);
    }
  }

  bool enough() const { return static_cast<std::int64_t>(nodes_.size()) >= wanted_; }
  std::int64_t kept() const { return kept_; }
  bool all_in_one(Level level) const {
    if (level == Level::Site) return true;  // a pool is of one
    const auto unit = [&](NodeIndex node) {
      return topology_.unit_of(topology_.rack_of(node), level).begin;
    };
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [&](NodeIndex node) { return unit(node) == unit(nodes_.front()); });
  }

  // Ascending.
  std::vector<NodeIndex> take() {
    const auto spares = nodes_.begin() + kept_;
    std::sort(spares, nodes_.end());
    std::inplace_merge(nodes_.begin(), spares, nodes_.end());
    return std::move(nodes_);
  }

 private:
  bool is_whole(NodeIndex node) const {
    return fleet_.in_service(node) && fleet_.free_gpus(node) == fleet_.pool(pool_).gpus_per_node;
  }

  // Broken racks before wholly free ones, the fullest first. A rack that was looked into has no
  // more to give.
  void from(Range racks) {
    if (enough()) return;
    std::vector<std::pair<std::int64_t, RackIndex>> order;
    for (auto r = racks.begin; r < racks.end; ++r) {
      const auto free = fleet_.free_index(pool_).nodes_in(RackIndex(r));
      if (free > 0 && looked_into_.count(RackIndex(r)) == 0) order.emplace_back(free, RackIndex(r));
    }
    std::sort(order.begin(), order.end());
    for (const auto& [free, rack] : order) {
      if (enough()) return;
      looked_into_.insert(rack);
      const auto nodes = topology_.nodes_of(rack);
      for (auto n = nodes.begin; n < nodes.end && !enough(); ++n) {
        const NodeIndex node(n);
        if (is_whole(node) && !std::binary_search(nodes_.begin(), nodes_.begin() + kept_, node)) {
          nodes_.push_back(node);
        }
      }
    }
  }

  const Fleet& fleet_;
  const Topology& topology_;
  PoolIndex pool_;
  std::int64_t wanted_;
  std::vector<NodeIndex> nodes_;  // those that it keeps, ascending, then spares
  std::vector<NodeIndex> lost_;
  std::set<RackIndex> looked_into_;
  std::int64_t kept_ = 0;
};

// Runs of neighbours in one rack; what the gang does not need of its last node is left.
std::vector<Share> shares_of(const Fleet& fleet, const std::vector<NodeIndex>& nodes,
                             const Cut& cut) {
  std::vector<Share> shares;
  for (const auto node : nodes) {
    const bool joins =
        !shares.empty() && nodes_of(shares.back()).end == node.value() &&
        fleet.topology().rack_of(shares.back().node) == fleet.topology().rack_of(node);
    if (joins) {
      ++shares.back().nodes;
    } else {
      shares.push_back({node, 1, cut.each});
    }
  }
  if (cut.rest == 0) return shares;
  auto& last = shares.back();
  const NodeIndex node(last.node.value() + static_cast<std::uint32_t>(--last.nodes));
  if (last.nodes == 0) shares.pop_back();
  shares.push_back({node, 1, cut.rest});
  return shares;
}

}  // namespace

std::optional<NearbyPlace> find_nearby(const Fleet& fleet, PoolIndex pool, const Demand& demand,
                                       const std::vector<Share>& last) {
  const auto pieces = cut(demand, fleet.pool(pool).gpus_per_node);
  if (!pieces || !pieces->untouched || pieces->segment > 0) return std::nullopt;
  Neighbourhood place(fleet, pool, pieces->nodes());
  place.keep(last);
  if (place.kept() == 0) return std::nullopt;
  const auto widest = demand.within.value_or(Level::Site);
  for (auto level = Level::Rack; level <= widest && !place.enough();
       level = static_cast<Level>(static_cast<int>(level) + 1)) {
    place.fill(level);
  }
  if (!place.enough() || !place.all_in_one(widest)) return std::nullopt;
  const auto kept = place.kept();
  NearbyPlace near{shares_of(fleet, place.take(), *pieces), kept};
  if (!fleet.feeds(near.shares, fleet.power_of(pool, demand.sized(1)))) return std::nullopt;
  return near;
}

}  // namespace ampacity
