// SPDX-License-Identifier: Apache-2.0
// Where everything stands: sites, halls, pods, racks, nodes, numbered so that each is an index
// range (site > hall > pod > rack > node), and their names. Made once from a sound portfolio and
// never changed, so that copies of the fleet share it. Nodes of one site, one accelerator and one
// size form a *pool*; a gang runs inside one pool, so generations never mix. Costs: hall_of O(1)
// where halls are not tiny, so is the rest; resolve O(length of the path + log halls). Memory: 8
// bytes for each 64 nodes, racks and pods.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/tagged.hpp"
#include "model/job.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

using NodeIndex = Tagged<struct NodeTag, std::uint32_t>;
using RackIndex = Tagged<struct RackTag, std::uint32_t>;
using PodIndex = Tagged<struct PodTag, std::uint32_t>;
using HallIndex = Tagged<struct HallTag, std::uint32_t>;
using SiteIndex = Tagged<struct SiteTag, std::uint32_t>;
using PoolIndex = Tagged<struct PoolTag, std::uint32_t>;

// Half-open ranges of numbers.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size() const { return end - begin; }
};
using NodeRange = Range;

// "site/hall/pod/rack/node"
inline bool is_node(const std::string& path) {
  return std::count(path.begin(), path.end(), '/') == 4;
}

// Of any path.
inline std::string site_part(const std::string& path) {
  return path.substr(0, path.find('/'));
}

struct HallPlace {
  SiteIndex site;
  PoolIndex pool;
  std::string path;  // "site/hall"
  NodeRange nodes;
  Range racks;
  Range pods;
  std::uint32_t racks_per_pod = 0;
  std::uint32_t nodes_per_rack = 0;
  std::optional<Instant> energised;
};

struct SitePlace {
  std::string name;
  NodeRange nodes;
  Range racks;
  std::optional<Power> most_power;  // IT, at the highest interconnection it will ever have
};

struct PoolPlace {
  SiteIndex site;
  const Accelerator* accelerator = nullptr;  // in the portfolio or the built-in catalogue
  std::string accelerator_name;
  std::int64_t gpus_per_node = 0;
  std::int64_t nodes = 0;
  std::vector<HallIndex> halls;
  Power rest_power;   // of one GPU: idle and its share of the host; it_power() of
                      // model/accelerator.hpp
  Power span_power;   // from idle to TDP
  bool caps = false;  // its cluster can cap the power of GPUs
};

class Topology {
 public:
  Topology() = default;
  explicit Topology(const Portfolio& portfolio);  // must outlive the pools' accelerators

  const std::vector<SitePlace>& sites() const { return sites_; }
  const std::vector<HallPlace>& halls() const { return halls_; }
  const std::vector<PoolPlace>& pools() const { return pools_; }
  const HallPlace& hall(HallIndex index) const { return halls_[index.value()]; }
  std::uint32_t node_count() const { return halls_.empty() ? 0 : halls_.back().nodes.end; }
  std::uint32_t rack_count() const { return halls_.empty() ? 0 : halls_.back().racks.end; }
  std::uint32_t pod_count() const { return halls_.empty() ? 0 : halls_.back().pods.end; }

  HallIndex hall_of(NodeIndex node) const {
    AMPACITY_ASSERT(node.value() / signpost_every < node_posts_.size(), "node {} is in no hall",
                    node.value());
    const auto& post = node_posts_[node.value() / signpost_every];
    return node.value() < post.end ? post.hall : hall_after(node);
  }
  HallIndex hall_of(RackIndex rack) const;
  HallIndex hall_of(PodIndex pod) const;
  RackIndex rack_of(NodeIndex node) const;
  PodIndex pod_of(RackIndex rack) const;
  NodeRange nodes_of(RackIndex rack) const;
  Range racks_of(PodIndex pod) const;
  Range unit_of(RackIndex rack, Level level) const;  // the racks of the unit that it stands in

  // "site", "site/hall", "site/hall/p2", "site/hall/p2/r1", "site/hall/p2/r1/n7" -> its nodes.
  std::optional<NodeRange> resolve(std::string_view path) const;
  std::string path(NodeIndex node) const;
  std::optional<HallIndex> find_hall(std::string_view path) const;

 private:
  void add_hall(SiteIndex site, const Portfolio& portfolio, const Hall& hall,
                const std::string& name);
  PoolIndex pool_for(SiteIndex site, const HallShape& shape, bool caps);
  HallIndex hall_after(NodeIndex node) const;

  // Of each 64 numbers, the hall of the first, and where it ends: nearly always the hall of all of
  // them, so that no hall has to be looked at.
  struct Signpost {
    HallIndex hall;
    std::uint32_t end = 0;
  };
  using Signposts = std::vector<Signpost>;
  static constexpr std::uint32_t signpost_every = 64;
  template <class RangeOf>
  static Signposts signposts(const std::vector<HallPlace>& halls, const RangeOf& range_of);
  template <class RangeOf>
  HallIndex hall_with(const Signposts& posts, std::uint32_t number, const RangeOf& range_of) const;

  std::vector<SitePlace> sites_;
  std::vector<HallPlace> halls_;
  std::vector<PoolPlace> pools_;
  Signposts node_posts_;
  Signposts rack_posts_;
  Signposts pod_posts_;
  std::map<std::string, HallIndex, std::less<>> hall_by_path_;
};

}  // namespace ampacity
