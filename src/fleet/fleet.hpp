// SPDX-License-Identifier: Apache-2.0
// The dense state of the fleet: every node's free GPUs and whether it is in service. Built from a
// sound portfolio, changed only by the engine's evolve(). Nodes are numbered by topology (site,
// hall, pod, rack, node), so each of those is an index range. Nodes of one site, one accelerator
// and one size form a *pool*; a gang runs inside one pool, so generations never mix. A node is in
// service when its hall is usable (energised and leased), it is up, and nothing drains it. Costs:
// take/give_back O(nodes of the gang x log64 nodes); fits O(GPUs a node); a copy is a memcpy of the
// arrays. Memory: 3 bytes a node and one bit for each pool and free count.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/tagged.hpp"
#include "fleet/node_set.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

using NodeIndex = Tagged<struct NodeTag, std::uint32_t>;
using PoolIndex = Tagged<struct PoolTag, std::uint32_t>;
using SiteIndex = Tagged<struct SiteTag, std::uint32_t>;
using HallIndex = Tagged<struct HallTag, std::uint32_t>;

// Half-open range of nodes.
struct NodeRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// `gpus` on one node, as an allocation holds them.
struct Share {
  NodeIndex node;
  std::int64_t gpus = 0;
  bool operator==(const Share&) const = default;
};
BOOST_DESCRIBE_STRUCT(Share, (), (node, gpus))

// What a gang asks of one pool.
struct Demand {
  std::int64_t gpus = 0;
  std::optional<std::int64_t> per_node;
  friend auto operator<=>(const Demand&, const Demand&) = default;
};

// A demand cut for nodes of a given size: `whole` nodes with `each` GPUs, and one with `rest` if
// not 0.
struct Cut {
  std::int64_t whole = 0;
  std::int64_t each = 0;
  std::int64_t rest = 0;
  std::int64_t nodes() const { return whole + (rest > 0 ? 1 : 0); }
};
// No value: nodes of this size can never hold it. Without per_node a gang takes whole nodes first.
std::optional<Cut> cut(const Demand& demand, std::int64_t gpus_per_node);

struct Pool {
  SiteIndex site;
  const Accelerator* accelerator = nullptr;  // in the portfolio or the built-in catalogue
  std::string accelerator_name;
  std::int64_t gpus_per_node = 0;
  std::int64_t nodes = 0;  // all of them
  std::int64_t nodes_in_service = 0;
  std::int64_t gpus_free = 0;    // on nodes in service
  std::vector<NodeSet> by_free;  // [k]: nodes in service with exactly k free GPUs
};

struct HallState {
  SiteIndex site;
  PoolIndex pool;
  std::string path;  // "site/hall"
  NodeRange nodes;
  std::int64_t pods = 0;
  std::int64_t racks_per_pod = 0;
  std::int64_t nodes_per_rack = 0;
  std::optional<Instant> energised;
  bool usable = false;
};

struct SiteState {
  std::string name;
  NodeRange nodes;
};

class Fleet {
 public:
  Fleet() = default;
  explicit Fleet(const Portfolio& portfolio);  // `portfolio` must outlive the pools' accelerators

  const std::vector<SiteState>& sites() const { return sites_; }
  const std::vector<HallState>& halls() const { return halls_; }
  const std::vector<Pool>& pools() const { return pools_; }
  const Pool& pool(PoolIndex index) const { return pools_[index.value()]; }
  std::size_t node_count() const { return free_.size(); }

  // Does it fit right now? And if everything in service were free? And if everything were in
  // service?
  bool fits(PoolIndex pool, const Demand& demand) const;
  bool fits_in_service(PoolIndex pool, const Demand& demand) const;
  bool fits_at_all(PoolIndex pool, const Demand& demand) const;
  // GPUs that a gang of this shape could have right now (whole nodes only, when it needs whole
  // nodes).
  std::int64_t usable_gpus(PoolIndex pool, const Demand& demand) const;

  // The place: fullest nodes that still fit, lowest numbers first. Requires fits().
  std::vector<Share> find(PoolIndex pool, const Demand& demand) const;
  void take(const std::vector<Share>& shares);
  void give_back(const std::vector<Share>& shares);

  void set_down(NodeIndex node, bool down);
  void set_drained(NodeRange nodes, bool drained);
  void set_usable(HallIndex hall, bool usable);

  bool in_service(NodeIndex node) const { return flags_[node.value()] == 0; }
  bool is_down(NodeIndex node) const;
  bool is_drained(NodeIndex node) const;
  std::int64_t gpus(NodeIndex node) const;
  std::int64_t free_gpus(NodeIndex node) const { return free_[node.value()]; }

  // "site", "site/hall", "site/hall/p2", "site/hall/p2/r1", "site/hall/p2/r1/n7" -> its nodes.
  std::optional<NodeRange> resolve(const std::string& path) const;
  std::string path(NodeIndex node) const;
  PoolIndex pool_of(NodeIndex node) const;
  HallIndex hall_of(NodeIndex node) const;
  std::optional<HallIndex> find_hall(const std::string& path) const;

 private:
  enum Flag : std::uint8_t { Down = 1, Drained = 2, Unusable = 4 };

  void add_hall(SiteIndex site, const Portfolio& portfolio, const Hall& hall,
                const std::string& name);
  PoolIndex pool_for(SiteIndex site, const HallShape& shape);
  void set_flag(NodeIndex node, Flag flag, bool on);
  void change_free(NodeIndex node, std::int64_t by);
  std::int64_t nodes_with(const Pool& pool, std::int64_t least_free) const;

  std::vector<SiteState> sites_;
  std::vector<HallState> halls_;
  std::map<std::string, HallIndex> hall_by_path_;
  std::vector<Pool> pools_;
  std::vector<std::uint8_t> free_;   // GPUs free on each node
  std::vector<std::uint8_t> flags_;  // why it is not in service; 0: it is
};

}  // namespace ampacity
