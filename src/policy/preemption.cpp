// SPDX-License-Identifier: Apache-2.0
#include "policy/preemption.hpp"

#include <algorithm>
#include <map>

namespace ampacity {

void Away::move(const Victim& victim, std::int64_t sign) {
  if (sign < 0) {
    fleet_.give_back(*victim.shares);
    fleet_.draw(*victim.shares, Power() - victim.draws);
  } else {
    fleet_.take(*victim.shares);
    fleet_.draw(*victim.shares, victim.draws);
  }
  rules_.went(victim, sign);
}

void Away::take(const Victim& victim) {
  move(victim, -1);
  gangs_.push_back(&victim);
}

void Away::put_back(const Victim& victim) {
  move(victim, +1);
  std::erase(gangs_, &victim);
}

Away::~Away() {
  for (auto it = gangs_.rbegin(); it != gangs_.rend(); ++it) move(**it, +1);
}

namespace {

// A rack, a pod, … that could be emptied for the gang, and what that would lose.
struct Block {
  std::int64_t loss = 0;
  std::vector<const Victim*> gangs;  // in the order in which they would go
};

class Search {
 public:
  Search(Fleet& fleet, PoolIndex pool, const Demand& demand, const std::vector<Victim>& victims,
         const PreemptionRules& rules)
      : fleet_(fleet),
        pool_(pool),
        demand_(demand),
        pieces_(*cut(demand, fleet.pool(pool).gpus_per_node)),
        victims_(victims),
        rules_(rules) {}

  std::optional<Eviction> run() {
    for (auto unit = smallest(); unit <= Pool; unit = static_cast<Unit>(unit + 1)) {
      auto blocks = blocks_of(unit);
      std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
        return std::pair(a.loss, a.gangs.front()->job) < std::pair(b.loss, b.gangs.front()->job);
      });
      constexpr std::size_t tries = 8;
      for (std::size_t i = 0; i < blocks.size() && i < tries; ++i) {
        if (auto found = empty(blocks[i])) return found;
      }
      if (demand_.within && unit >= unit_of(*demand_.within)) break;
    }
    return std::nullopt;
  }

 private:
  enum Unit { Node, Rack, Pod, Hall, Pool };

  static Unit unit_of(Level level) { return static_cast<Unit>(static_cast<int>(level) + 1); }

  // The smallest unit that could hold the gang.
  Unit smallest() const {
    if (pieces_.segment > 0 || fleet_.has_room(pool_, demand_)) return Pool;  // power is lacking
    const auto& hall = fleet_.topology().hall(fleet_.pool(pool_).halls.front());
    const auto nodes = pieces_.nodes();
    if (nodes == 1) return Node;
    if (nodes <= hall.nodes_per_rack) return Rack;
    if (nodes <= static_cast<std::int64_t>(hall.nodes_per_rack) * hall.racks_per_pod) return Pod;
    return nodes <= hall.nodes.size() ? Hall : Pool;
  }

  std::uint32_t number(Unit unit, NodeIndex node) const {
    const auto& topology = fleet_.topology();
    switch (unit) {
      case Node:
        return node.value();
      case Rack:
        return topology.rack_of(node).value();
      case Pod:
        return topology.pod_of(topology.rack_of(node)).value();
      case Hall:
        return topology.hall_of(node).value();
      case Pool:
        break;
    }
    return 0;
  }

  // GPUs that must be free on a node to be of use.
  std::int64_t each() const {
    return pieces_.untouched ? fleet_.pool(pool_).gpus_per_node : pieces_.each;
  }

  // The nodes of its gang that serve, and its GPUs there.
  template <class Visit>
  void each_serving(const Victim& victim, const Visit& visit) const {
    for (const auto& share : *victim.shares) {
      if (fleet_.pool_of(share.node) != pool_) continue;  // of a gang of mixed accelerators
      each_node(share, [&](NodeIndex node) {
        if (fleet_.in_service(node)) visit(node, share.gpus);
      });
    }
  }

  // The units in which somebody may be stopped, each with the cheapest gangs that make room.
  std::vector<Block> blocks_of(Unit unit) const {
    struct Tenant {
      const Victim* gang = nullptr;
      std::int64_t gpus = 0;  // in this unit
    };
    std::map<std::uint32_t, std::vector<Tenant>> units;
    for (const auto& victim : victims_) {
      each_serving(victim, [&](NodeIndex node, std::int64_t gpus) {
        auto& tenants = units[number(unit, node)];
        if (tenants.empty() || tenants.back().gang != &victim) tenants.push_back({&victim, 0});
        tenants.back().gpus += gpus;
      });
    }
    std::vector<Block> blocks;
    for (auto& [number, tenants] : units) {
      std::sort(tenants.begin(), tenants.end(), [](const Tenant& a, const Tenant& b) {
        const auto left = a.gang->loss / a.gpus;
        const auto right = b.gang->loss / b.gpus;
        return std::pair(left, a.gang->job) < std::pair(right, b.gang->job);
      });
      Block block;
      auto usable = usable_nodes(unit, number);
      std::map<NodeIndex, std::int64_t> freed;
      for (const auto& tenant : tenants) {
        if (unit != Pool && usable >= pieces_.nodes() && !block.gangs.empty()) break;
        block.gangs.push_back(tenant.gang);
        block.loss += tenant.gang->loss;
        usable += made_usable(*tenant.gang, unit, number, freed);
      }
      if (usable >= pieces_.nodes() || unit == Pool) blocks.push_back(std::move(block));
    }
    return blocks;
  }

  template <class Visit>
  void each_rack(Unit unit, std::uint32_t number, const Visit& visit) const {
    const auto& topology = fleet_.topology();
    const auto all = [&](Range racks) {
      for (auto r = racks.begin; r < racks.end; ++r) visit(RackIndex(r));
    };
    if (unit == Rack) return visit(RackIndex(number));
    if (unit == Pod) return all(topology.racks_of(PodIndex(number)));
    if (unit == Hall) return all(topology.hall(HallIndex(number)).racks);
    for (const auto hall : fleet_.pool(pool_).halls) all(topology.hall(hall).racks);
  }

  std::int64_t usable_nodes(Unit unit, std::uint32_t number) const {
    if (unit == Node) return fleet_.free_gpus(NodeIndex(number)) >= each() ? 1 : 0;
    const auto whole = fleet_.pool(pool_).gpus_per_node;
    std::int64_t usable = 0;
    each_rack(unit, number, [&](RackIndex rack) {
      usable += fleet_.free_index(pool_).nodes_in(rack);
      if (pieces_.untouched) return;
      const auto nodes = fleet_.topology().nodes_of(rack);
      for (auto n = nodes.begin; n < nodes.end; ++n) {
        const auto free = fleet_.free_gpus(NodeIndex(n));
        if (free >= each() && free < whole && fleet_.in_service(NodeIndex(n))) ++usable;
      }
    });
    return usable;
  }

  std::int64_t made_usable(const Victim& victim, Unit unit, std::uint32_t number,
                           std::map<NodeIndex, std::int64_t>& freed) const {
    std::int64_t more = 0;
    each_serving(victim, [&](NodeIndex node, std::int64_t gpus) {
      if (this->number(unit, node) != number) return;
      auto& extra = freed[node];
      const auto before = fleet_.free_gpus(node) + extra;
      extra += gpus;
      more += before < each() && before + gpus >= each() ? 1 : 0;
    });
    return more;
  }

  // Takes the gangs of the block away until the job fits, and puts back whom it does not need.
  std::optional<Eviction> empty(const Block& block) {
    Away away(fleet_, rules_);
    for (const auto* gang : block.gangs) {
      if (!away.gangs().empty() && rules_.enough()) break;
      if (rules_.may_go(*gang)) away.take(*gang);
    }
    if (away.gangs().empty() || !rules_.enough()) return std::nullopt;
    auto dearest = away.gangs();
    std::sort(dearest.begin(), dearest.end(), [](const Victim* a, const Victim* b) {
      return std::pair(-a->loss, a->job) < std::pair(-b->loss, b->job);
    });
    for (const auto* gang : dearest) {
      away.put_back(*gang);
      if (!rules_.enough()) away.take(*gang);
    }
    Eviction eviction;
    for (const auto* gang : away.gangs()) {
      eviction.jobs.push_back(gang->job);
      eviction.loss += gang->loss;
    }
    std::sort(eviction.jobs.begin(), eviction.jobs.end());
    eviction.place = fleet_.find(pool_, demand_);
    return eviction;
  }

  Fleet& fleet_;
  PoolIndex pool_;
  const Demand& demand_;
  Cut pieces_;
  const std::vector<Victim>& victims_;
  const PreemptionRules& rules_;
};

}  // namespace

std::optional<Eviction> cheapest_eviction(Fleet& fleet, PoolIndex pool, const Demand& demand,
                                          const std::vector<Victim>& victims,
                                          const PreemptionRules& rules) {
  if (victims.empty() || !cut(demand, fleet.pool(pool).gpus_per_node)) return std::nullopt;
  return Search(fleet, pool, demand, victims, rules).run();
}

}  // namespace ampacity
