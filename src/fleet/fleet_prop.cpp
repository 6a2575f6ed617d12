// SPDX-License-Identifier: Apache-2.0
// The fleet's indexes against a naive model: small fleets, every rack looked at. What is placed is
// legal, what is refused is impossible, and the counts follow.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "fleet/fleet.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

constexpr PoolIndex pool(0);

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::int64_t below(std::int64_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>((state_ >> 33U) % static_cast<std::uint64_t>(n));
  }

 private:
  std::uint64_t state_;
};

Portfolio random_portfolio(Numbers& n) {
  auto p = test::small_portfolio({{"north", 1 + n.below(5), 1 + n.below(4), "azure"}});
  auto& hall = p.sites[0].halls[0];
  hall.pods = 1 + n.below(3);
  hall.racks_per_pod = 1 + n.below(4);
  if (n.below(2) == 0) {
    auto other = hall;
    other.name = "other";
    other.pods = 1;
    other.nodes_per_rack = 1 + n.below(6);
    p.sites[0].halls.push_back(other);
  }
  return p;
}

Demand random_demand(Numbers& n, std::int64_t per_node) {
  Demand d;
  d.gpus = 1 + n.below(12 * per_node);
  if (n.below(3) == 0) {
    d.per_node = 1 + n.below(per_node);
    d.gpus = *d.per_node * (1 + n.below(6));
  }
  if (n.below(3) == 0) d.within = static_cast<Level>(n.below(4));
  if (n.below(3) == 0) d.prefer = static_cast<Level>(n.below(4));
  if (n.below(4) == 0) {
    const auto each = d.per_node.value_or(per_node);
    d.segment = each * (1 + n.below(3));
    d.gpus = *d.segment * (1 + n.below(4));
  }
  return d;
}

// Free whole nodes by rack, counted node by node.
std::map<RackIndex, std::int64_t> free_by_rack(const Fleet& fleet) {
  std::map<RackIndex, std::int64_t> racks;
  for (std::uint32_t n = 0; n < fleet.node_count(); ++n) {
    const NodeIndex node(n);
    auto& count = racks[fleet.topology().rack_of(node)];
    if (fleet.in_service(node) && fleet.free_gpus(node) == fleet.gpus(node)) ++count;
  }
  return racks;
}

std::uint32_t unit_of(const Topology& t, RackIndex rack, Level level) {
  if (level == Level::Rack) return rack.value();
  if (level == Level::Pod) return t.pod_of(rack).value();
  return level == Level::Hall ? t.hall_of(rack).value() : 0;
}

bool naive_fits(const Fleet& fleet, const Demand& demand) {
  const auto per_node = fleet.pool(pool).gpus_per_node;
  const auto pieces = cut(demand, per_node);
  if (!pieces) return false;
  if (pieces->untouched) {
    const auto unit = pieces->segment == 0 ? 1 : pieces->segment;
    std::map<std::uint32_t, std::int64_t> room;
    for (const auto& [rack, free] : free_by_rack(fleet)) {
      const auto level = demand.within.value_or(Level::Site);
      room[unit_of(fleet.topology(), rack, level)] += free / unit;
    }
    for (const auto& [number, count] : room) {
      if (count * unit >= pieces->nodes()) return true;
    }
    return false;
  }
  std::int64_t with_each = 0;
  std::int64_t with_rest = 0;
  for (std::uint32_t n = 0; n < fleet.node_count(); ++n) {
    if (!fleet.in_service(NodeIndex(n))) continue;
    const auto free = fleet.free_gpus(NodeIndex(n));
    with_each += free >= pieces->each ? 1 : 0;
    with_rest += free >= std::max<std::int64_t>(pieces->rest, 1) ? 1 : 0;
  }
  return with_each >= pieces->whole && with_rest >= pieces->nodes();
}

struct Place {
  std::int64_t gpus = 0;
  std::map<RackIndex, std::int64_t> by_rack;  // nodes
};

Place examined(const Fleet& fleet, const std::vector<Share>& shares) {
  Place place;
  std::set<std::uint32_t> seen;
  for (const auto& share : shares) {
    for (std::int64_t i = 0; i < share.nodes; ++i) {
      const NodeIndex node(share.node.value() + static_cast<std::uint32_t>(i));
      REQUIRE(seen.insert(node.value()).second);
      REQUIRE(fleet.in_service(node));
      REQUIRE(fleet.free_gpus(node) >= share.gpus);
      REQUIRE(fleet.topology().rack_of(node) == fleet.topology().rack_of(share.node));
      ++place.by_rack[fleet.topology().rack_of(node)];
      place.gpus += share.gpus;
    }
  }
  return place;
}

void check_place(const Fleet& fleet, const Demand& demand, const std::vector<Share>& shares) {
  const auto place = examined(fleet, shares);
  REQUIRE(place.gpus == demand.gpus);
  const auto pieces = *cut(demand, fleet.pool(pool).gpus_per_node);
  if (!pieces.untouched) return;
  std::set<std::uint32_t> units;
  for (const auto& [rack, nodes] : place.by_rack) {
    units.insert(unit_of(fleet.topology(), rack, demand.within.value_or(Level::Site)));
    if (pieces.segment > 0) REQUIRE(nodes % pieces.segment == 0);
  }
  REQUIRE(units.size() == 1);
}

// A gang of at most half a rack breaks no wholly free rack if the others have room for it.
void check_spares_whole_racks(const Fleet& fleet, const Demand& demand,
                              const std::vector<Share>& shares) {
  const auto pieces = *cut(demand, fleet.pool(pool).gpus_per_node);
  if (!pieces.untouched || demand.within || demand.prefer || demand.segment) return;
  std::int64_t in_broken = 0;
  const auto racks = free_by_rack(fleet);
  for (const auto& [rack, free] : racks) {
    if (free < fleet.topology().nodes_of(rack).size()) in_broken += free;
  }
  for (const auto& [rack, nodes] : examined(fleet, shares).by_rack) {
    const auto size = static_cast<std::int64_t>(fleet.topology().nodes_of(rack).size());
    if (racks.at(rack) < size || 2 * pieces.nodes() > size) continue;
    REQUIRE(in_broken < pieces.nodes());
  }
}

void check_counts(const Fleet& fleet) {
  std::int64_t gpus = 0;
  std::int64_t whole = 0;
  std::int64_t serving = 0;
  for (std::uint32_t n = 0; n < fleet.node_count(); ++n) {
    if (!fleet.in_service(NodeIndex(n))) continue;
    ++serving;
    gpus += fleet.free_gpus(NodeIndex(n));
    whole += fleet.free_gpus(NodeIndex(n)) == fleet.gpus(NodeIndex(n)) ? 1 : 0;
  }
  REQUIRE(fleet.pool(pool).gpus_free == gpus);
  REQUIRE(fleet.nodes_free(pool) == whole);
  REQUIRE(fleet.pool(pool).nodes_in_service == serving);
}

class Scene {
 public:
  explicit Scene(std::uint64_t seed)
      : numbers_(seed), portfolio_(random_portfolio(numbers_)), fleet_(portfolio_) {
    for (std::uint32_t h = 0; h < fleet_.halls().size(); ++h) fleet_.set_usable(HallIndex(h), true);
  }

  void step() {
    const auto what = numbers_.below(10);
    if (what < 6) place();
    if (what == 6 || what == 7) end();
    if (what == 8) change_service();
    if (what == 9) hide();
    check_counts(fleet_);
  }

 private:
  void place() {
    const auto demand = random_demand(numbers_, fleet_.pool(pool).gpus_per_node);
    REQUIRE(fleet_.fits(pool, demand) == naive_fits(fleet_, demand));
    if (!fleet_.fits(pool, demand)) return;
    REQUIRE(fleet_.fits_in_service(pool, demand));
    REQUIRE(fleet_.fits_at_all(pool, demand));
    REQUIRE(fleet_.usable_gpus(pool, demand) >= demand.gpus);
    const auto shares = fleet_.find(pool, demand);
    check_place(fleet_, demand, shares);
    check_spares_whole_racks(fleet_, demand, shares);
    fleet_.take(shares);
    gangs_.push_back(shares);
  }

  void end() {
    if (gangs_.empty()) return;
    const auto it = gangs_.begin() + numbers_.below(static_cast<std::int64_t>(gangs_.size()));
    fleet_.give_back(*it);
    gangs_.erase(it);
  }

  void change_service() {
    const auto nodes = static_cast<std::int64_t>(fleet_.node_count());
    const auto node = static_cast<std::uint32_t>(numbers_.below(nodes));
    if (numbers_.below(2) == 0) {
      fleet_.set_down({static_cast<std::uint32_t>(node), static_cast<std::uint32_t>(node) + 1},
                      numbers_.below(2) == 0);
    } else {
      const auto rack = fleet_.topology().nodes_of(fleet_.topology().rack_of(NodeIndex(node)));
      fleet_.set_drained(rack, numbers_.below(2) == 0);
    }
  }

  void hide() {
    const auto before = free_by_rack(fleet_);
    {
      Hiding hiding(fleet_);
      hiding.hide({fleet_.topology().nodes_of(RackIndex(0))});
      REQUIRE(free_by_rack(fleet_)[RackIndex(0)] == 0);
      check_counts_hidden();
    }
    REQUIRE(free_by_rack(fleet_) == before);
  }

  void check_counts_hidden() {
    std::int64_t whole = 0;
    for (const auto& [rack, free] : free_by_rack(fleet_)) whole += free;
    REQUIRE(fleet_.nodes_free(pool) == whole);
  }

  Numbers numbers_;
  Portfolio portfolio_;
  Fleet fleet_;
  std::vector<std::vector<Share>> gangs_;
};

}  // namespace

TEST_CASE("what fits is placed lawfully, what does not fit has no place anywhere") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    CAPTURE(seed);
    Scene scene(seed);
    for (int i = 0; i < 40; ++i) scene.step();
  }
}

}  // namespace ampacity
