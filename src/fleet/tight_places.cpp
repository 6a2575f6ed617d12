// SPDX-License-Identifier: Apache-2.0
// Where a gang goes in a pool that has halls or racks that cannot feed all that stands in them: the
// index of such a pool without the nodes that have no power left, for the one question. Costs: a
// copy of the pool's index, and the racks of its tight halls.
#include <algorithm>

#include "fleet/fleet.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// Takes nodes out of an index, rack by rack.
class Thinning {
 public:
  Thinning(const Topology& topology, FreeIndex& index) : topology_(topology), index_(index) {}

  std::int64_t free(std::uint32_t rack) const { return index_.nodes_in(RackIndex(rack)); }
  void take(std::uint32_t rack, std::int64_t nodes) {
    if (nodes <= 0) return;
    const auto change = index_.change_rack(RackIndex(rack), -nodes);
    index_.change_pod(topology_, topology_.pod_of(RackIndex(rack)), change);
  }

 private:
  const Topology& topology_;
  FreeIndex& index_;
};

}  // namespace

// A gang that stays inside one hall has the hall as it is, or not at all; one that may span halls
// has as many nodes of each as it feeds, in whole segments.
FreeIndex Fleet::fed_index(PoolIndex index, const Fed& fed) const {
  auto thinned = free_index(index);
  Thinning thin(topology(), thinned);
  const bool inside = fed.ask.within.value_or(Level::Site) != Level::Site;
  const auto chunk = std::max<std::int64_t>(fed.ask.segment, 1);
  for (const auto& tight : hall_power_.tight()) {
    const auto& hall = topology().hall(tight.hall);
    if (hall.pool != index) continue;
    std::int64_t free = 0;
    for (auto rack = hall.racks.begin; rack < hall.racks.end; ++rack) {
      const auto feeds = fed.budget.gpus_in(tight, rack - hall.racks.begin) / fed.each;
      thin.take(rack, thin.free(rack) - std::min(thin.free(rack), feeds) / chunk * chunk);
      free += thin.free(rack);
    }
    const auto feeds = fed.budget.gpus_in(tight) / fed.each;
    const auto keep = inside ? (feeds < fed.ask.nodes ? 0 : free) : feeds / chunk * chunk;
    for (auto rack = hall.racks.end; rack-- > hall.racks.begin && free > keep;) {
      const auto gone = std::min(thin.free(rack), free - keep);
      thin.take(rack, gone);
      free -= gone;
    }
  }
  return thinned;
}

// Whole free nodes for the rest of a gang, of which the last may be used in part.
bool Fleet::append_fed(PoolIndex index, const Fed& fed, std::int64_t rest,
                       std::vector<Share>& shares) const {
  const auto thinned = fed_index(index, fed);
  if (!thinned.fits(topology(), fed.ask)) return false;
  std::vector<Share> whole;
  for (const auto& pick : thinned.pick(topology(), fed.ask)) append(pick, fed.each, whole);
  if (rest > 0) use_last_in_part(whole, rest);
  shares.insert(shares.end(), whole.begin(), whole.end());
  return true;
}

bool Fleet::find_fed_parts(PoolIndex index, const Cut& pieces, HallPower::Budget& budget,
                           std::vector<Share>& shares) const {
  const auto missing = gather_parts(index, pieces, &budget, shares);
  if (missing.nodes() == 0) return true;
  return append_fed(index, {budget, {missing.nodes(), {}, {}, 0}, pieces.each},
                    missing.rest > 0 ? pieces.rest : 0, shares);
}

std::optional<std::vector<Share>> Fleet::find_tight(PoolIndex index, const Demand& demand) const {
  const auto pieces = cut(demand, pool(index).gpus_per_node);
  if (!pieces || !has_nodes(index, demand)) return std::nullopt;
  std::vector<Share> shares;
  HallPower::Budget budget(hall_power_, topology(), power_of(index, demand.sized(1)));
  const bool found =
      pieces->untouched
          ? append_fed(index,
                       {budget,
                        {pieces->nodes(), demand.within, demand.prefer, pieces->segment},
                        pieces->each},
                       pieces->rest, shares)
          : find_fed_parts(index, *pieces, budget, shares);
  if (!found) return std::nullopt;
  std::sort(shares.begin(), shares.end(), first_node);
  return shares;
}

bool Fleet::feeds(const std::vector<Share>& shares, Power per_gpu) const {
  if (hall_power_.none()) return true;
  HallPower::Budget budget(hall_power_, topology(), per_gpu);
  return std::all_of(shares.begin(), shares.end(), [&](const Share& share) {
    return budget.take(share.node, share.nodes * share.gpus);
  });
}

// Of the halls of the pool, the one that has most left.
std::optional<Fleet::PowerLeft> Fleet::roomiest_hall(PoolIndex index) const {
  std::optional<PowerLeft> best;
  for (const auto& tight : hall_power_.tight()) {
    const auto& hall = topology().hall(tight.hall);
    if (hall.pool != index) continue;
    const auto add = [&](PowerLevel level, std::string name, Power limit, Power drawn) {
      const auto left = tight.closed ? std::min(limit - drawn, Power()) : limit - drawn;
      if (!best || left > best->left) best = {level, std::move(name), limit, left};
    };
    if (const auto limit = tight.limit_now()) {
      add(PowerLevel::Hall, hall.path, *limit, tight.drawn_now());
      continue;
    }
    if (tight.racks.empty()) continue;
    const auto left = [&](const Power& drawn) {
      const auto rack = static_cast<std::size_t>(&drawn - tight.racks.data());
      return std::pair(tight.is_closed(rack), drawn);
    };
    const auto least =
        std::min_element(tight.racks.begin(), tight.racks.end(),
                         [&](const Power& a, const Power& b) { return left(a) < left(b); });
    const RackIndex rack(hall.racks.begin +
                         static_cast<std::uint32_t>(least - tight.racks.begin()));
    const auto node = path(NodeIndex(topology().nodes_of(rack).begin));
    add(PowerLevel::Rack, node.substr(0, node.rfind('/')), *tight.rack_limit, *least);
  }
  return best;
}

}  // namespace ampacity
