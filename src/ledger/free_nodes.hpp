// SPDX-License-Identifier: Apache-2.0
// Which nodes of a site are free through a time, and whether a gang could be made of them: GPUs
// that are free in ones and twos on many nodes are none for a gang that needs whole nodes. Called
// by the explanation of idle capacity (ledger/idle.cpp). The cut of a gang is the engine's
// (fleet/fleet.hpp, Cut); closeness is left out: racks that a gang has to stay in are not looked
// at. Pure. Cost: O(nodes) once, O(nodes of a change), O(shape of a node) a question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

// Neighbouring nodes, numbered through the halls of the site in their order: a gang has `gpus` on
// each; or they are out of service.
struct NodeSpan {
  Instant from;
  Instant until;
  std::uint32_t first = 0;
  std::uint32_t nodes = 1;
  std::int64_t gpus = 0;
};

struct SiteNodes {
  std::vector<NodeSpan> held;
  std::vector<NodeSpan> out;
};

// What a gang is cut into. `together`: it has to stay in a rack, pod or hall, or in segments.
struct WaitingShape {
  std::int64_t gpus = 0;
  std::optional<std::int64_t> per_node;
  bool together = false;
  std::vector<std::string> accelerators;  // that it accepts; empty: any
  friend auto operator<=>(const WaitingShape&, const WaitingShape&) = default;
};

class FreeNodes {
 public:
  // Nobody is on it, and what is energised at `from` is in service. `nodes` must outlive it.
  FreeNodes(const Portfolio& portfolio, const Site& site, const SiteNodes& nodes, Instant from);

  // Everything until then, inclusive. Requires ascending instants.
  void go_to(Instant at);
  std::vector<Instant> changes() const;
  bool could_hold(const WaitingShape& gang) const;

 private:
  struct Pool {
    std::string accelerator;
    std::int64_t gpus_per_node = 0;
    std::vector<std::int64_t> with;  // nodes by their free GPUs
  };
  struct Node {
    std::uint32_t pool = 0;
    std::int32_t held = 0;  // GPUs
    std::int32_t out = 0;   // outages, and one more while it is not energised
  };
  struct Change {
    Instant at;
    const NodeSpan* span = nullptr;
    bool out = false;
    std::int32_t sign = 1;
  };
  std::uint32_t pool_for(const std::string& accelerator, std::int64_t gpus_per_node);
  void plan(const NodeSpan& span, bool out, Instant from);
  void apply(const Change& change);
  void count(const Node& node, std::int64_t by);

  std::vector<Pool> pools_;
  std::vector<Node> nodes_;
  std::vector<NodeSpan> dark_;  // halls, until they are energised
  std::vector<Change> changes_;
  std::size_t next_ = 0;
};

}  // namespace ampacity
