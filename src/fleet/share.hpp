// SPDX-License-Identifier: Apache-2.0
// A piece of an allocation.
#pragma once

#include <boost/describe/class.hpp>
#include <vector>

#include "fleet/topology.hpp"

namespace ampacity {

// `gpus` on each of `nodes` neighbours in one rack, from `node` on.
struct Share {
  NodeIndex node;
  std::int64_t nodes = 1;
  std::int64_t gpus = 0;
  bool operator==(const Share&) const = default;
};
BOOST_DESCRIBE_STRUCT(Share, (), (node, nodes, gpus))

// In the order of their first nodes.
inline bool first_node(const Share& a, const Share& b) {
  return a.node < b.node;
}
inline NodeRange nodes_of(const Share& share) {
  const auto first = share.node.value();
  return {first, first + static_cast<std::uint32_t>(share.nodes)};
}
// Its nodes, one by one.
template <class Visit>
void each_node(const Share& share, const Visit& visit) {
  const auto nodes = nodes_of(share);
  for (auto n = nodes.begin; n < nodes.end; ++n) visit(NodeIndex(n));
}

// The last node of all is used in part: so many of its GPUs. Requires that there is one.
inline void use_last_in_part(std::vector<Share>& shares, std::int64_t gpus) {
  auto& last = shares.back();
  const NodeIndex node(last.node.value() + static_cast<std::uint32_t>(--last.nodes));
  if (last.nodes == 0) shares.pop_back();
  shares.push_back({node, 1, gpus});
}

inline std::int64_t gpus_of(const std::vector<Share>& shares) {
  std::int64_t sum = 0;
  for (const auto& share : shares) sum += share.nodes * share.gpus;
  return sum;
}

}  // namespace ampacity
