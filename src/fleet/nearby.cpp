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
      if (count_ + share.nodes <= wanted_ && fleet_.are_free(nodes_of(share), gpus_per_node())) {
        add(share.node, share.nodes);
        continue;
      }
      each_node(share, [&](NodeIndex node) {
        if (is_whole(node) && !enough()) {
          add(node, 1);
        } else {
          lost_.push_back(node);
        }
      });
    }
    kept_ = count_;
    kept_runs_ = runs_.size();
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

  bool enough() const { return count_ >= wanted_; }
  std::int64_t kept() const { return kept_; }
  bool all_in_one(Level level) const {
    if (level == Level::Site) return true;  // a pool is of one
    const auto unit = [&](const Share& run) {
      return topology_.unit_of(topology_.rack_of(run.node), level).begin;
    };
    return std::all_of(runs_.begin(), runs_.end(),
                       [&](const Share& run) { return unit(run) == unit(runs_.front()); });
  }

  // Ascending runs of neighbours in one rack; what the gang does not need of its last node is left.
  std::vector<Share> take(const Cut& cut) {
    const auto spares = runs_.begin() + static_cast<std::ptrdiff_t>(kept_runs_);
    std::sort(spares, runs_.end(), first_node);
    std::inplace_merge(runs_.begin(), spares, runs_.end(), first_node);
    std::vector<Share> shares;
    for (const auto& run : runs_) {
      const bool joins = !shares.empty() && nodes_of(shares.back()).end == run.node.value() &&
                         topology_.rack_of(shares.back().node) == topology_.rack_of(run.node);
      if (joins) {
        shares.back().nodes += run.nodes;
      } else {
        shares.push_back({run.node, run.nodes, cut.each});
      }
    }
    if (cut.rest > 0) use_last_in_part(shares, cut.rest);
    return shares;
  }

 private:
  bool is_whole(NodeIndex node) const {
    return fleet_.in_service(node) && fleet_.free_gpus(node) == gpus_per_node();
  }
  std::int64_t gpus_per_node() const { return fleet_.pool(pool_).gpus_per_node; }
  void add(NodeIndex node, std::int64_t nodes) {
    runs_.push_back({node, nodes, 0});
    count_ += nodes;
  }
  bool is_kept(NodeIndex node) const { return node.value() < kept_from(node); }
  // The end of what it keeps from there on without a gap; the node itself: that is not kept.
  std::uint32_t kept_from(NodeIndex node) const {
    const auto end = runs_.begin() + static_cast<std::ptrdiff_t>(kept_runs_);
    const auto after = std::upper_bound(runs_.begin(), end, Share{node, 1, 0}, first_node);
    if (after == runs_.begin()) return node.value();
    return std::max(nodes_of(*std::prev(after)).end, node.value());
  }

  // Broken racks before wholly free ones, the fullest first. A rack that was looked into has no
  // more to give.
  void from(Range racks) {
    if (enough()) return;
    const auto& index = fleet_.free_index(pool_);
    if (racks.size() == 1) {
      if (index.nodes_in(RackIndex(racks.begin)) > 0) look_into(RackIndex(racks.begin));
      return;
    }
    index.each_by_free(racks, [&](RackIndex rack) { return look_into(rack); });
  }

  // Returns whether it needs more.
  bool look_into(RackIndex rack) {
    if (!looked_into_.insert(rack).second) return true;
    const auto nodes = topology_.nodes_of(rack);
    for (auto n = kept_from(NodeIndex(nodes.begin)); n < nodes.end && !enough(); ++n) {
      const NodeIndex node(n);
      if (is_whole(node) && !is_kept(node)) add(node, 1);
    }
    return !enough();
  }

  const Fleet& fleet_;
  const Topology& topology_;
  PoolIndex pool_;
  std::int64_t wanted_;
  std::vector<Share> runs_;  // of what it keeps, ascending, then spares; their GPUs come last
  std::size_t kept_runs_ = 0;
  std::int64_t count_ = 0;  // nodes of them
  std::vector<NodeIndex> lost_;
  std::set<RackIndex> looked_into_;
  std::int64_t kept_ = 0;
};

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
  NearbyPlace near{place.take(*pieces), kept};
  if (!fleet.feeds(near.shares, fleet.power_of(pool, demand.sized(1)))) return std::nullopt;
  return near;
}

}  // namespace ampacity
