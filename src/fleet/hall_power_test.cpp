// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"
#include "fleet/fleet.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity {
namespace {

// One pool: three halls of two pods of two racks of three nodes of four GPUs; a node of GPUs at
// full draw takes 4.4 kW, at half draw 2.6 kW.
Portfolio halls(std::optional<Power> first, std::optional<Power> racks) {
  auto p = test::small_portfolio({{"north", 3}});
  auto hall = p.sites[0].halls[0];
  hall.pods = 2;
  hall.racks_per_pod = 2;
  p.sites[0].halls.clear();
  for (const auto* name : {"a", "b", "c"}) {
    hall.name = name;
    p.sites[0].halls.push_back(hall);
  }
  if (first) p.sites[0].halls[0].power = *first;
  p.sites[0].halls[1].rack_power = racks;
  return p;
}

Fleet energised(const Portfolio& p) {
  Fleet fleet(p);
  for (std::uint32_t i = 0; i < fleet.halls().size(); ++i) fleet.set_usable(HallIndex(i), true);
  return fleet;
}

constexpr PoolIndex pool(0);

// Places gangs and takes them away again, and looks at each step whether the fleet says yes where a
// count from scratch does.
class Halls {
 public:
  Halls(const Portfolio& portfolio, std::uint64_t seed)
      : portfolio_(portfolio), fleet_(energised(portfolio_)), random_(seed) {}

  void step() {
    if (!gangs_.empty() && random_.next() % 3 == 0) return end();
    Demand demand;
    const auto nodes = static_cast<std::int64_t>(1 + random_.next() % 14);
    demand.gpus = 4 * nodes;
    demand.draw = random_.next() % 2 == 0 ? one : Ratio::of(500'000);
    if (random_.next() % 2 == 0) demand.within = static_cast<Level>(random_.next() % 4);
    if (random_.next() % 4 == 0 && nodes % 2 == 0) demand.segment = 8;
    if (random_.next() % 4 == 0) {
      demand.gpus = static_cast<std::int64_t>(1 + random_.next() % 3);
      demand.within.reset();
      demand.segment.reset();
    }
    CHECK(fleet_.has_room(pool, demand) == room(demand));
    if (!fleet_.fits(pool, demand)) return;
    const auto shares = fleet_.find(pool, demand);
    CHECK(gpus_of(shares) == demand.gpus);
    CHECK(fleet_.feeds(shares, fleet_.power_of(pool, demand.sized(1))));
    fleet_.take(shares);
    fleet_.draw(shares, fleet_.power_of(pool, demand));
    gangs_.push_back({shares, fleet_.power_of(pool, demand)});
  }

 private:
  struct Gang {
    std::vector<Share> shares;
    Power draws;
  };

  void end() {
    const auto i = random_.next() % gangs_.size();
    fleet_.give_back(gangs_[i].shares);
    fleet_.draw(gangs_[i].shares, Power() - gangs_[i].draws);
    gangs_.erase(gangs_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  // GPUs that draw so much each, which these nodes still feed within a limit.
  std::int64_t feeds(std::optional<Power> limit, NodeRange nodes, Power per_gpu) const {
    if (!limit) return 1'000'000;
    auto left = *limit;
    for (const auto& gang : gangs_) {
      for (const auto& share : gang.shares) {
        if (share.node.value() < nodes.begin || share.node.value() >= nodes.end) continue;
        left -= Power::of(gang.draws.count() / gpus_of(gang.shares) * share.nodes * share.gpus);
      }
    }
    return left.count() / per_gpu.count();
  }

  // The most whole nodes of a hall for a gang that may span it, by rack, pod or the hall.
  bool room(const Demand& demand) const {
    const auto per_gpu = fleet_.power_of(pool, demand.sized(1));
    const auto each = std::min<std::int64_t>(demand.gpus, 4);
    const auto nodes = demand.gpus / each;
    const auto chunk = demand.segment.value_or(4) / 4;
    const auto level = demand.within.value_or(Level::Site);
    const auto& topology = fleet_.topology();
    std::int64_t everywhere = 0;
    for (std::size_t h = 0; h < 3; ++h) {
      const auto& hall = topology.halls()[h];
      const auto& stated = portfolio_.sites[0].halls[h];
      std::vector<std::int64_t> pods(2);
      for (auto r = hall.racks.begin; r < hall.racks.end; ++r) {
        const auto range = topology.nodes_of(RackIndex(r));
        std::int64_t free = 0;
        for (auto n = range.begin; n < range.end; ++n) {
          free += each < 4 ? (fleet_.free_gpus(NodeIndex(n)) >= each ? 1 : 0)
                           : (fleet_.free_gpus(NodeIndex(n)) == 4 ? 1 : 0);
        }
        free = std::min(free, feeds(stated.rack_power, range, per_gpu) / each) / chunk * chunk;
        if (level == Level::Rack && fits(free, hall, stated, nodes, each, per_gpu)) return true;
        pods[(r - hall.racks.begin) / hall.racks_per_pod] += free;
      }
      for (const auto free : pods) {
        if (level == Level::Pod && fits(free, hall, stated, nodes, each, per_gpu)) return true;
      }
      const auto all = pods[0] + pods[1];
      if (level == Level::Hall && fits(all, hall, stated, nodes, each, per_gpu)) return true;
      everywhere += std::min(all, feeds(stated.power, hall.nodes, per_gpu) / each / chunk * chunk);
    }
    return level == Level::Site && everywhere >= nodes;
  }
  bool fits(std::int64_t free, const HallPlace& hall, const Hall& stated, std::int64_t nodes,
            std::int64_t each, Power per_gpu) const {
    return free >= nodes && feeds(stated.power, hall.nodes, per_gpu) / each >= nodes;
  }

  Portfolio portfolio_;
  Fleet fleet_;
  Random random_;
  std::vector<Gang> gangs_;
};

TEST_CASE("halls and racks that feed all that stands in them are not looked at") {
  CHECK(energised(halls({}, {})).hall_power().none());
  CHECK(energised(halls(Power::of(12 * 4'400), {})).hall_power().none());
  CHECK(!energised(halls(Power::of(12 * 4'400 - 1), {})).hall_power().none());
  CHECK(energised(halls({}, Power::of(3 * 4'400))).hall_power().none());
  CHECK(!energised(halls({}, Power::of(3 * 4'400 - 1))).hall_power().none());
}

TEST_CASE("a gang fits where nodes are free that their rack and hall still feed, and only there") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const auto first = Power::of(4'000 + static_cast<std::int64_t>(seed * 7'919 % 50'000));
    const auto racks = Power::of(2'000 + static_cast<std::int64_t>(seed * 104'729 % 12'000));
    Halls driver(halls(first, seed % 3 == 0 ? std::nullopt : std::optional(racks)), seed);
    for (int i = 0; i < 60; ++i) driver.step();
  }
}

TEST_CASE("what draws less has more room in a hall") {
  auto fleet = energised(halls(Power::of(12'000), {}));
  fleet.set_usable(HallIndex(1), false);
  fleet.set_usable(HallIndex(2), false);
  Demand demand;
  demand.gpus = 16;
  CHECK(!fleet.has_room(pool, demand));  // 17.6 kW
  CHECK(fleet.has_nodes(pool, demand));
  const auto hall = fleet.roomiest_hall(pool);
  REQUIRE(hall);
  CHECK(hall->name == "north/a");
  CHECK(hall->left == Power::of(12'000));
  demand.draw = Ratio::of(500'000);
  CHECK(fleet.has_room(pool, demand));  // 10.4 kW
}

}  // namespace
}  // namespace ampacity
