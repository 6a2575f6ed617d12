// SPDX-License-Identifier: Apache-2.0
// The dense state of the fleet: every node's free GPUs and whether it is in service. Built from a
// sound portfolio, changed only by the engine's evolve(). A node is in service when its hall is
// usable (energised and leased), it is up, and neither drained nor booked. Whole free nodes are
// indexed by rack, pod and hall (free_index.hpp), parts of nodes by their free GPUs. Power has
// levels: halls and racks that cannot feed all that stands in them (hall_power.hpp), the site by
// its interconnection, leases and providers above it (power_tree.hpp); what cannot bind costs
// nothing. Costs: take and give_back O(racks of the gang x log pods); fits O(nodes a rack); a
// copy is a copy of the arrays, the topology is shared. Memory: 2 bytes and a few bits a node.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/count_bytes.hpp"
#include "fleet/free_index.hpp"
#include "fleet/hall_power.hpp"
#include "fleet/number_set.hpp"
#include "fleet/power_tree.hpp"
#include "fleet/share.hpp"
#include "fleet/topology.hpp"
#include "model/throughput.hpp"

namespace ampacity {

// What a gang asks of one pool.
struct Demand {
  std::int64_t gpus = 0;
  std::optional<std::int64_t> per_node;
  std::optional<Level> within;
  std::optional<Level> prefer;
  std::optional<std::int64_t> segment;  // GPUs
  Ratio draw = one;
  std::int64_t most = 0;  // elastic: more than `gpus`, which it needs at least
  bool mixed = false;     // may span pools of one site
  std::optional<PowerCap> cap = {};
  Demand sized(std::int64_t size) const {
    auto other = *this;
    other.gpus = size;
    return other;
  }
  friend auto operator<=>(const Demand&, const Demand&) = default;
};

// A demand cut for nodes of a given size: `whole` nodes with `each` GPUs, and one with `rest` if
// not 0. A gang that must stay together, or fills its nodes, takes untouched nodes only.
struct Cut {
  std::int64_t whole = 0;
  std::int64_t each = 0;
  std::int64_t rest = 0;
  std::int64_t segment = 0;  // nodes; 0: in one piece
  bool untouched = false;
  std::int64_t nodes() const { return whole + (rest > 0 ? 1 : 0); }
};
// No value: nodes of this size can never hold it. Without per_node a gang takes whole nodes first.
std::optional<Cut> cut(const Demand& demand, std::int64_t gpus_per_node);

struct Pool : PoolPlace {
  std::int64_t nodes_in_service = 0;
  std::int64_t gpus_free = 0;  // on nodes in service
  std::vector<NumberSet>
      parts;  // [k]: nodes in service with k free GPUs, more than none, less than all
  std::map<std::int64_t, std::int64_t> racks_serving;  // nodes in service -> racks
  std::map<std::int64_t, std::int64_t> pods_serving;
  std::map<std::int64_t, std::int64_t> halls_serving;
};

class Fleet {
 public:
  Fleet() = default;
  explicit Fleet(const Portfolio& portfolio);  // must outlive the pools' accelerators

  const Topology& topology() const { return *topology_; }
  const std::vector<SitePlace>& sites() const { return topology_->sites(); }
  const std::vector<HallPlace>& halls() const { return topology_->halls(); }
  const std::vector<Pool>& pools() const { return pools_; }
  const Pool& pool(PoolIndex index) const { return pools_[index.value()]; }
  std::size_t node_count() const { return free_.size(); }

  // Does it fit right now? And if everything in service were free, or even everything in service,
  // whatever the power?
  bool fits(PoolIndex pool, const Demand& demand) const {
    return has_room(pool, demand) && has_power(pool, demand);
  }
  bool fits_in_service(PoolIndex pool, const Demand& demand) const;
  bool fits_at_all(PoolIndex pool, const Demand& demand) const;

  // Whole free nodes of the pool, and in its best rack, pod or hall.
  std::int64_t nodes_free(PoolIndex pool) const { return index_[pool.value()].nodes(); }
  std::int64_t most_free_in(PoolIndex pool, Level level) const {
    return index_[pool.value()].most_in(level);
  }
  // In service, of all pools; what is hidden counts.
  std::int64_t gpus_free() const { return gpus_free_; }
  const FreeIndex& free_index(PoolIndex pool) const { return index_[pool.value()]; }
  // Nodes that are in use in part and have `each` GPUs free.
  std::int64_t parts_with(PoolIndex pool, std::int64_t each) const;
  // GPUs that a gang of this shape could have right now, at the level at which it must stay
  // together.
  std::int64_t usable_gpus(PoolIndex pool, const Demand& demand) const;

  // The two halves of fits(): nodes that their halls and racks feed, and power from the site on.
  bool has_room(PoolIndex pool, const Demand& demand) const {
    return is_tight(pool) ? find_tight(pool, demand).has_value() : has_nodes(pool, demand);
  }
  bool has_nodes(PoolIndex pool, const Demand& demand) const;  // fed or not
  bool has_power(PoolIndex pool, const Demand& demand) const {
    return power_of(pool, demand) <= power_free(pool);
  }
  // What it draws there, and what may still be drawn there by every level from the site on
  // (unlimited: none is limited; below 0 where a limit went down).
  Power power_of(PoolIndex pool, const Demand& demand) const;
  Power power_free(PoolIndex pool) const;
  // The level that has least left for this pool; none: no level is limited.
  struct PowerLeft {
    PowerLevel level = PowerLevel::Site;
    std::string name;
    Power limit;
    Power left;
  };
  std::optional<PowerLeft> tightest(PoolIndex pool) const;
  // The hall of the pool, or its rack, that has most left of those that cannot feed all.
  std::optional<PowerLeft> roomiest_hall(PoolIndex pool) const;
  // Do the halls and racks of these feed GPUs that draw so much each?
  bool feeds(const std::vector<Share>& shares, Power per_gpu) const;
  // Would every limit of now carry it, were nothing else drawn?
  bool carries(PoolIndex pool, const Demand& demand) const;
  Power power_drawn(SiteIndex site) const { return power_[site.value()].drawn; }
  // What its meters say, while they are fresh, and what changed since; else what gangs draw. All
  // limits are held against this.
  Power power_judged(SiteIndex site) const {
    const auto& p = power_[site.value()];
    return p.offset ? std::max(p.drawn + *p.offset, Power()) : p.drawn;
  }
  bool is_measured(SiteIndex site) const { return power_[site.value()].offset.has_value(); }
  // The levels from the site on that limit it, the site first.
  struct LevelLoad {
    PowerLevel level = PowerLevel::Site;
    std::string name;
    Power limit;
    Power drawn;  // by all that stands under it, as it is judged
    std::vector<SiteIndex> sites;
    NodeRange nodes;  // of a hall or rack; empty: all of its sites
    bool is_inner() const { return nodes.size() > 0; }
    bool is_over() const { return exceeds(drawn, limit); }
  };
  std::vector<LevelLoad> levels_of(SiteIndex site) const;
  // Does one of them carry more than its limit? Cheap.
  bool is_over(SiteIndex site) const;
  // Halls and racks that draw more than their limits, racks first; those in which these stand, of
  // those that are tight.
  bool any_hall_over() const { return hall_power_.any_over(); }
  std::vector<LevelLoad> halls_over() const;
  std::vector<LevelLoad> halls_around(const std::vector<Share>& shares) const;
  LevelLoad as_now(const LevelLoad& hall) const;  // with what it draws now
  // The share of its span that a gang draws there: its own, unless its cap leaves less.
  Capped capped_in(PoolIndex pool, Ratio draw, const std::optional<PowerCap>& cap) const;
  std::optional<Power> power_limit(SiteIndex site) const { return power_[site.value()].limit; }

  static constexpr auto unlimited_power = Power::of(1'000'000'000'000'000);

  // At the highest interconnection that the site will ever have.
  bool has_power_at_all(PoolIndex pool, const Demand& demand) const;

  const PowerTree& power_tree() const { return *tree_; }
  Power power_judged(const PowerFeed& feed) const;
  const HallPower& hall_power() const { return hall_power_; }

  // The place, ascending. Requires fits().
  std::vector<Share> find(PoolIndex pool, const Demand& demand) const;
  void take(const std::vector<Share>& shares);
  void give_back(const std::vector<Share>& shares);

  // A gang of one site starts (+) or ends (-).
  void draw(const std::vector<Share>& shares, Power more);
  void set_power_limit(SiteIndex site, std::optional<Power> limit);
  void set_power_tree(std::shared_ptr<const PowerTree> tree);
  // Nobody more draws there, whatever is left: at a site, or in one of its halls or racks, by path.
  void set_power_closed(const std::string& place, bool closed);
  // Measured less modelled; none: no meter says anything. Where all sites of a level are measured
  // its oversubscription does not count.
  void set_power_offset(SiteIndex site, std::optional<Power> offset);
  // The same of a hall; see HallPower.
  bool watch_hall(const Portfolio& portfolio, HallIndex hall) {
    return hall_power_.watch(portfolio, topology(), hall);
  }
  void draw_in_hall(HallIndex hall, Power more) { hall_power_.draw_in(hall, more); }
  void set_hall_offset(HallIndex hall, std::optional<Power> offset) {
    hall_power_.set_offset(hall, offset);
  }

  void set_down(NodeRange nodes, bool down);
  void set_booked(NodeRange nodes, bool booked);
  void set_drained(NodeRange nodes, bool drained);
  void set_usable(HallIndex hall, bool usable);
  // Out of sight for fits() and find(), though in service: see Hiding.
  void set_hidden(NodeRange nodes, bool hidden);

  bool in_service(NodeIndex node) const { return flags_[node.value()] == 0; }
  std::int64_t nodes_in_service(NodeRange nodes) const {
    return count_bytes(flags_.data() + nodes.begin, flags_.data() + nodes.end, 0);
  }
  // That have so many GPUs free, in service or not.
  std::int64_t nodes_with(NodeRange nodes, std::int64_t gpus_free) const {
    return count_bytes(free_.data() + nodes.begin, free_.data() + nodes.end,
                       static_cast<std::uint8_t>(gpus_free));
  }
  // In service, and nobody is on them.
  bool are_free(NodeRange nodes, std::int64_t gpus_per_node) const {
    return nodes_in_service(nodes) == nodes.size() &&
           nodes_with(nodes, gpus_per_node) == nodes.size();
  }
  bool is_down(NodeIndex node) const { return (flags_[node.value()] & Down) != 0; }
  // It would be in service, were it not booked.
  bool serves_booking(NodeIndex node) const { return (flags_[node.value()] & ~Booked) == 0; }
  bool is_booked(NodeIndex node) const { return (flags_[node.value()] & Booked) != 0; }
  bool is_hidden(NodeIndex node) const { return (flags_[node.value()] & Hidden) != 0; }
  bool is_drained(NodeIndex node) const { return (flags_[node.value()] & Drained) != 0; }
  bool is_usable(HallIndex hall) const { return usable_[hall.value()]; }
  std::int64_t gpus(NodeIndex node) const { return pool(pool_of(node)).gpus_per_node; }
  std::int64_t free_gpus(NodeIndex node) const { return free_[node.value()]; }
  PoolIndex pool_of(NodeIndex node) const { return topology_->hall(hall_of(node)).pool; }
  HallIndex hall_of(NodeIndex node) const { return topology_->hall_of(node); }

  std::optional<NodeRange> resolve(std::string_view path) const { return topology_->resolve(path); }
  std::string path(NodeIndex node) const { return topology_->path(node); }
  std::optional<HallIndex> find_hall(std::string_view path) const {
    return topology_->find_hall(path);
  }

 private:
  LevelLoad inner_level(const HallPower::Inner& inner) const;
  struct SitePower {
    std::optional<Power> limit;  // IT
    Power drawn;
    std::optional<Power> offset;
    bool closed = false;
  };
  struct FeedLoad {
    Power limit;
    Power drawn;
  };
  void refeed();
  enum Flag : std::uint8_t { Down = 1, Drained = 2, Unusable = 4, Hidden = 8, Booked = 16 };
  static bool serves(std::uint8_t flags) { return (flags & ~Hidden) == 0; }

  class PodChange;
  void set_flag(NodeRange nodes, Flag flag, bool on);
  struct MoreServing {
    std::int64_t nodes = 0;
    std::int64_t whole = 0;  // of those, wholly free
  };
  MoreServing set_flag(NodeRange nodes, Flag flag, bool on, Pool& pool);  // within one rack
  std::optional<MoreServing> set_alike(NodeRange nodes, Flag flag, bool on, Pool& pool);
  void count_serving(RackIndex rack, HallIndex hall, std::int64_t by);
  void change_whole(NodeRange nodes, std::int64_t by, Pool& pool);
  std::int64_t change_free(const Share& share, const HallPlace& hall, std::int64_t by);
  void change_free(const std::vector<Share>& shares, std::int64_t sign);
  void append(const FreeIndex::Pick& pick, std::int64_t each, std::vector<Share>& shares) const;
  struct Missing {  // nodes that are not found yet
    std::int64_t whole = 0;
    std::int64_t rest = 0;  // 1, or 0
    std::int64_t nodes() const { return whole + rest; }
  };
  Missing gather_parts(PoolIndex pool, const Cut& pieces, HallPower::Budget* budget,
                       std::vector<Share>& shares) const;
  void find_parts(PoolIndex pool, const Cut& pieces, std::vector<Share>& shares) const;
  // In pools that have halls or racks that cannot feed all that stands in them; none: no room.
  bool is_tight(PoolIndex pool) const { return hall_power_.is_tight(pool); }
  std::optional<std::vector<Share>> find_tight(PoolIndex pool, const Demand& demand) const;
  struct Fed {  // what is asked of the nodes that have power left
    const HallPower::Budget& budget;
    FreeIndex::Ask ask;
    std::int64_t each = 0;  // GPUs of a node
  };
  FreeIndex fed_index(PoolIndex pool, const Fed& fed) const;
  bool find_fed_parts(PoolIndex pool, const Cut& pieces, HallPower::Budget& budget,
                      std::vector<Share>& shares) const;
  bool append_fed(PoolIndex pool, const Fed& fed, std::int64_t rest,
                  std::vector<Share>& shares) const;

  std::shared_ptr<const Topology> topology_ = std::make_shared<const Topology>();
  std::vector<Pool> pools_;
  std::vector<SitePower> power_;  // by site
  std::shared_ptr<const PowerTree> tree_ = std::make_shared<const PowerTree>();
  std::vector<FeedLoad> fed_;  // by each of its feeds
  HallPower hall_power_;
  std::vector<FreeIndex> index_;     // by pool
  std::vector<std::uint8_t> free_;   // GPUs free on each node
  std::vector<std::uint8_t> flags_;  // why it is not in service; 0: it is
  std::vector<bool> usable_;         // by hall
  std::int64_t gpus_free_ = 0;
  std::vector<std::uint16_t> rack_serving_;  // nodes in service
  std::vector<std::uint32_t> pod_serving_;
  std::vector<std::uint32_t> hall_serving_;
};

// Hides nodes for as long as it lives: what is promised to a gang ahead is not there for others.
// What another hides stays hidden after it.
class Hiding {
 public:
  explicit Hiding(Fleet& fleet) : fleet_(fleet) {}
  Hiding(const Hiding&) = delete;
  Hiding& operator=(const Hiding&) = delete;
  ~Hiding() {
    for (const auto nodes : hidden_) fleet_.set_hidden(nodes, false);
  }
  void hide(const std::vector<NodeRange>& places) {
    for (const auto nodes : places) hide_unhidden(nodes);
  }

 private:
  void hide_unhidden(NodeRange nodes) {
    for (auto n = nodes.begin; n < nodes.end;) {
      const bool known = fleet_.is_hidden(NodeIndex(n));
      auto end = n + 1;
      while (end < nodes.end && fleet_.is_hidden(NodeIndex(end)) == known) ++end;
      if (!known) {
        fleet_.set_hidden({n, end}, true);
        hidden_.push_back({n, end});
      }
      n = end;
    }
  }

  Fleet& fleet_;
  std::vector<NodeRange> hidden_;
};

}  // namespace ampacity
