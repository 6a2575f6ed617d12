// SPDX-License-Identifier: Apache-2.0
#include "fleet/fleet.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

template <class Count>
std::int64_t bump(Count& count, std::int64_t by, std::map<std::int64_t, std::int64_t>& histogram) {
  const auto drop = [&](std::int64_t value) {
    const auto it = histogram.find(value);
    if (it != histogram.end() && --it->second == 0) histogram.erase(it);
  };
  if (count > 0) drop(count);
  count = static_cast<Count>(count + by);
  if (count > 0) ++histogram[count];
  return count;
}

std::int64_t most(const std::map<std::int64_t, std::int64_t>& histogram) {
  return histogram.empty() ? 0 : histogram.rbegin()->first;
}

FreeIndex::Ask ask_of(const Demand& demand, const Cut& pieces, std::int64_t nodes) {
  return {nodes, demand.within, demand.prefer, pieces.segment};
}

}  // namespace

std::optional<Cut> cut(const Demand& demand, std::int64_t gpus_per_node) {
  const auto each = demand.per_node.value_or(std::min(demand.gpus, gpus_per_node));
  if (each > gpus_per_node) return std::nullopt;
  Cut pieces{demand.gpus / each, each, demand.gpus % each, 0, false};
  if (demand.segment) {
    if (*demand.segment % each != 0 || demand.gpus % *demand.segment != 0) return std::nullopt;
    pieces.segment = *demand.segment / each;
  }
  const bool together = pieces.nodes() > 1 && (demand.within || demand.segment);
  pieces.untouched = together || (each == gpus_per_node && pieces.rest == 0);
  return pieces;
}

Fleet::Fleet(const Portfolio& portfolio) : topology_(std::make_shared<Topology>(portfolio)) {
  for (const auto& place : topology_->pools()) {
    Pool pool;
    static_cast<PoolPlace&>(pool) = place;
    const auto nodes = topology_->sites()[place.site.value()].nodes;
    pool.parts.resize(static_cast<std::size_t>(place.gpus_per_node), NumberSet(nodes.size()));
    index_.emplace_back(*topology_, PoolIndex(static_cast<std::uint32_t>(pools_.size())));
    pools_.push_back(std::move(pool));
  }
  for (const auto& hall : topology_->halls()) {
    const auto gpus = pools_[hall.pool.value()].gpus_per_node;
    free_.resize(hall.nodes.end, static_cast<std::uint8_t>(gpus));
  }
  power_.resize(topology_->sites().size());
  hall_power_ = HallPower(portfolio, *topology_);
  flags_.resize(free_.size(), Unusable);
  usable_.resize(topology_->halls().size());
  rack_serving_.resize(topology_->rack_count());
  pod_serving_.resize(topology_->pod_count());
  hall_serving_.resize(topology_->halls().size());
}

std::int64_t Fleet::parts_with(PoolIndex index, std::int64_t each) const {
  std::int64_t count = 0;
  const auto& p = pool(index);
  for (auto k = each; k < p.gpus_per_node; ++k) {
    count += p.parts[static_cast<std::size_t>(k)].count();
  }
  return count;
}

bool Fleet::has_nodes(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  if (p.gpus_free < demand.gpus) return false;
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces) return false;
  if (pieces->untouched) {
    return index_[index.value()].fits(*topology_, ask_of(demand, *pieces, pieces->nodes()));
  }
  const auto whole = nodes_free(index);
  if (whole + parts_with(index, pieces->each) < pieces->whole) return false;
  return pieces->rest == 0 || whole + parts_with(index, pieces->rest) >= pieces->whole + 1;
}

bool Fleet::fits_in_service(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces || pieces->nodes() > p.nodes_in_service) return false;
  const auto nodes = pieces->nodes();
  if (pieces->segment > 0) {
    std::int64_t segments = 0;
    for (const auto& [serving, racks] : p.racks_serving)
      segments += serving / pieces->segment * racks;
    if (segments * pieces->segment < nodes) return false;
  }
  switch (demand.within.value_or(Level::Site)) {
    case Level::Rack:
      return most(p.racks_serving) >= nodes;
    case Level::Pod:
      return most(p.pods_serving) >= nodes;
    case Level::Hall:
      return most(p.halls_serving) >= nodes;
    case Level::Site:
      return true;
  }
  return true;
}

bool Fleet::fits_at_all(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces) return false;
  std::int64_t room = 0;
  for (const auto number : p.halls) {
    const auto& hall = topology_->hall(number);
    const std::int64_t rack = hall.nodes_per_rack;
    const auto usable = pieces->segment > 0 ? rack / pieces->segment * pieces->segment : rack;
    const auto racks = [&]() -> std::int64_t {
      if (demand.within == Level::Rack) return 1;
      if (demand.within == Level::Pod) return hall.racks_per_pod;
      return hall.racks.size();
    }();
    if (demand.within.value_or(Level::Site) == Level::Site) {
      room += usable * racks;
    } else {
      room = std::max(room, usable * racks);
    }
    if (room >= pieces->nodes()) return true;
  }
  return false;
}

std::int64_t Fleet::usable_gpus(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces) return 0;
  if (pieces->untouched) {
    const auto level = demand.within.value_or(Level::Site);
    if (pieces->segment > 0 && level == Level::Site) {
      return free_index(index).pieces(pieces->segment) * *demand.segment;
    }
    return most_free_in(index, level) * pieces->each;
  }
  if (pieces->nodes() == 1) {  // the best node's free GPUs
    if (nodes_free(index) > 0) return p.gpus_per_node;
    for (auto k = p.gpus_per_node; k-- > 1;) {
      if (p.parts[static_cast<std::size_t>(k)].count() > 0) return k;
    }
    return 0;
  }
  const bool rest = pieces->rest > 0 && parts_with(index, pieces->rest) > 0;
  return (nodes_free(index) + parts_with(index, pieces->each)) * pieces->each +
         (rest ? pieces->rest : 0);
}

// The lowest free whole nodes of the rack, neighbours together.
void Fleet::append(const FreeIndex::Pick& pick, std::int64_t each,
                   std::vector<Share>& shares) const {
  const auto nodes = topology_->nodes_of(pick.rack);
  const auto gpus_per_node = pool(pool_of(NodeIndex(nodes.begin))).gpus_per_node;
  if (pick.nodes == nodes.size()) {  // all of them, then
    AMPACITY_ASSERT(are_free(nodes, gpus_per_node), "rack {} is not free", pick.rack.value());
    shares.push_back({NodeIndex(nodes.begin), pick.nodes, each});
    return;
  }
  auto wanted = pick.nodes;
  bool neighbour = false;
  for (auto n = nodes.begin; n < nodes.end && wanted > 0; ++n) {
    const bool free = flags_[n] == 0 && free_[n] == gpus_per_node;
    if (free) {
      --wanted;
      if (neighbour) {
        ++shares.back().nodes;
      } else {
        shares.push_back({NodeIndex(n), 1, each});
      }
    }
    neighbour = free;
  }
  AMPACITY_ASSERT(wanted == 0, "rack {} lacks {} nodes", pick.rack.value(), wanted);
}

// The fullest parts of nodes that still fit, as far as their halls and racks have the power.
Fleet::Missing Fleet::gather_parts(PoolIndex index, const Cut& pieces, HallPower::Budget* budget,
                                   std::vector<Share>& shares) const {
  const auto& p = pool(index);
  const auto base = topology_->sites()[p.site.value()].nodes.begin;
  const auto gather = [&](std::int64_t wanted, std::int64_t each) {
    for (auto k = each; k < p.gpus_per_node && wanted > 0; ++k) {
      const auto& set = p.parts[static_cast<std::size_t>(k)];
      for (auto n = set.first_from(0); n && wanted > 0; n = set.first_from(*n + 1)) {
        const NodeIndex node(base + static_cast<std::uint32_t>(*n));
        const auto taken = [&](const Share& share) { return share.node == node; };
        if (std::any_of(shares.begin(), shares.end(), taken)) continue;
        if (budget != nullptr && !budget->take(node, each)) continue;
        shares.push_back({node, 1, each});
        --wanted;
      }
    }
    return wanted;
  };
  Missing missing;
  missing.rest = pieces.rest > 0 ? gather(1, pieces.rest) : 0;
  missing.whole = pieces.each < p.gpus_per_node ? gather(pieces.whole, pieces.each) : pieces.whole;
  return missing;
}

// Parts of nodes, then untouched nodes where the index puts them.
void Fleet::find_parts(PoolIndex index, const Cut& pieces, std::vector<Share>& shares) const {
  const auto missing = gather_parts(index, pieces, nullptr, shares);
  if (missing.nodes() == 0) return;
  std::vector<Share> untouched;
  for (const auto& pick : index_[index.value()].pick(*topology_, {missing.nodes(), {}, {}, 0})) {
    append(pick, pieces.each, untouched);
  }
  if (missing.rest > 0) use_last_in_part(untouched, pieces.rest);
  shares.insert(shares.end(), untouched.begin(), untouched.end());
}

std::vector<Share> Fleet::find(PoolIndex index, const Demand& demand) const {
  AMPACITY_ASSERT(fits(index, demand), "find() where {} GPUs do not fit", demand.gpus);
  if (is_tight(index)) return *find_tight(index, demand);
  const auto pieces = *cut(demand, pool(index).gpus_per_node);
  std::vector<Share> shares;
  if (!pieces.untouched) {
    find_parts(index, pieces, shares);
    std::sort(shares.begin(), shares.end(), first_node);
    return shares;
  }
  const auto ask = ask_of(demand, pieces, pieces.nodes());
  for (const auto& pick : index_[index.value()].pick(*topology_, ask)) {
    append(pick, pieces.each, shares);
  }
  if (pieces.rest > 0) use_last_in_part(shares, pieces.rest);
  return shares;
}

// Of the racks of one pod, what has changed and the pod does not know yet.
class Fleet::PodChange {
 public:
  explicit PodChange(Fleet& fleet) : fleet_(fleet) {}
  PodChange(const PodChange&) = delete;
  PodChange& operator=(const PodChange&) = delete;
  ~PodChange() { tell(); }

  void add(const HallPlace& hall, RackIndex rack, std::int64_t nodes) {
    const PodIndex pod(hall.pods.begin + (rack.value() - hall.racks.begin) / hall.racks_per_pod);
    if (pod_ != pod) tell();
    pod_ = pod;
    pool_ = hall.pool;
    const auto more = fleet_.index_[pool_.value()].change_rack(rack, nodes);
    change_.nodes += more.nodes;
    change_.in_broken += more.in_broken;
  }

 private:
  void tell() {
    if (pod_) fleet_.index_[pool_.value()].change_pod(*fleet_.topology_, *pod_, change_);
    change_ = {};
    pod_.reset();
  }

  Fleet& fleet_;
  std::optional<PodIndex> pod_;
  PoolIndex pool_;
  FreeIndex::Change change_;
};

// Nodes in service, all of their GPUs.
void Fleet::change_whole(NodeRange nodes, std::int64_t by, Pool& p) {
  const auto begin = free_.begin() + nodes.begin;
  const auto end = free_.begin() + nodes.end;
  const auto before = by < 0 ? p.gpus_per_node : 0;
  AMPACITY_ASSERT(nodes_with(nodes, before) == nodes.size(),
                  "of {} nodes from {} on not all have {} GPUs free", nodes.size(),
                  path(NodeIndex(nodes.begin)), before);
  std::fill(begin, end, static_cast<std::uint8_t>(before + by));
  p.gpus_free += by * nodes.size();
  gpus_free_ += by * nodes.size();
}

// How many whole free nodes there are more.
std::int64_t Fleet::change_free(const Share& share, const HallPlace& hall, std::int64_t by) {
  auto& p = pools_[hall.pool.value()];
  const auto base = topology_->sites()[p.site.value()].nodes.begin;
  std::int64_t whole_nodes = 0;
  const auto nodes = nodes_of(share);
  if (std::abs(by) == p.gpus_per_node && nodes_in_service(nodes) == share.nodes) {
    change_whole(nodes, by, p);
    return by < 0 ? -share.nodes : share.nodes;
  }
  for (auto n = nodes.begin; n < nodes.end; ++n) {
    const std::int64_t before = free_[n];
    const auto after = before + by;
    AMPACITY_ASSERT(after >= 0 && after <= p.gpus_per_node, "node {} would have {} of {} GPUs free",
                    path(NodeIndex(n)), after, p.gpus_per_node);
    free_[n] = static_cast<std::uint8_t>(after);
    if (serves(flags_[n])) gpus_free_ += by;
    if (flags_[n] != 0) continue;
    p.gpus_free += by;
    if (before == p.gpus_per_node) {
      --whole_nodes;
    } else if (before > 0) {
      p.parts[static_cast<std::size_t>(before)].erase(n - base);
    }
    if (after == p.gpus_per_node) {
      ++whole_nodes;
    } else if (after > 0) {
      p.parts[static_cast<std::size_t>(after)].insert(n - base);
    }
  }
  return whole_nodes;
}

void Fleet::change_free(const std::vector<Share>& shares, std::int64_t sign) {
  PodChange pods(*this);
  for (const auto& share : shares) {
    const auto& hall = topology_->hall(hall_of(share.node));
    const auto whole = change_free(share, hall, sign * share.gpus);
    if (whole == 0) continue;
    const auto offset = (share.node.value() - hall.nodes.begin) / hall.nodes_per_rack;
    pods.add(hall, RackIndex(hall.racks.begin + offset), whole);
  }
}

void Fleet::take(const std::vector<Share>& shares) {
  change_free(shares, -1);
}

void Fleet::give_back(const std::vector<Share>& shares) {
  change_free(shares, 1);
}

void Fleet::count_serving(RackIndex rack, HallIndex index, std::int64_t by) {
  const auto& hall = topology_->hall(index);
  auto& p = pools_[hall.pool.value()];
  p.nodes_in_service += by;
  bump(rack_serving_[rack.value()], by, p.racks_serving);
  bump(pod_serving_[topology_->pod_of(rack).value()], by, p.pods_serving);
  bump(hall_serving_[index.value()], by, p.halls_serving);
}

// Where all have the same flags and none is in use in part: most racks.
std::optional<Fleet::MoreServing> Fleet::set_alike(NodeRange nodes, Flag flag, bool on, Pool& p) {
  const std::int64_t count = nodes.size();
  const auto begin = flags_.data() + nodes.begin;
  const auto end = flags_.data() + nodes.end;
  const auto whole = nodes_with(nodes, p.gpus_per_node);
  const auto before = *begin;
  if (count_bytes(begin, end, before) != count || whole + nodes_with(nodes, 0) != count) return {};
  const auto after = static_cast<std::uint8_t>(on ? before | flag : before & ~flag);
  std::fill(begin, end, after);
  const auto free = whole * p.gpus_per_node;
  if (serves(before) != serves(after)) gpus_free_ += serves(before) ? -free : free;
  if ((before == 0) == (after == 0)) return MoreServing{};
  const std::int64_t by = after == 0 ? 1 : -1;
  p.gpus_free += by * free;
  return MoreServing{by * count, by * whole};
}

Fleet::MoreServing Fleet::set_flag(NodeRange nodes, Flag flag, bool on, Pool& p) {
  constexpr std::uint32_t few = 4;
  if (nodes.size() >= few) {
    if (const auto more = set_alike(nodes, flag, on, p)) return *more;
  }
  const auto base = topology_->sites()[p.site.value()].nodes.begin;
  std::int64_t serving = 0;
  std::int64_t whole = 0;
  for (auto n = nodes.begin; n < nodes.end; ++n) {
    auto& flags = flags_[n];
    const std::int64_t free = free_[n];
    const bool was = flags == 0;
    const bool served = serves(flags);
    flags = static_cast<std::uint8_t>(on ? flags | flag : flags & ~flag);
    const bool is = flags == 0;
    if (served != serves(flags)) gpus_free_ += served ? -free : free;
    if (was == is) continue;
    const std::int64_t by = is ? 1 : -1;
    serving += by;
    p.gpus_free += by * free;
    if (free == p.gpus_per_node) {
      whole += by;
    } else if (free == 0) {
      continue;
    } else if (is) {
      p.parts[static_cast<std::size_t>(free)].insert(n - base);
    } else {
      p.parts[static_cast<std::size_t>(free)].erase(n - base);
    }
  }
  return {serving, whole};
}

// Rack by rack.
void Fleet::set_flag(NodeRange nodes, Flag flag, bool on) {
  PodChange pods(*this);
  for (auto n = nodes.begin; n < nodes.end;) {
    const auto index = hall_of(NodeIndex(n));
    const auto& hall = topology_->hall(index);
    const auto offset = (n - hall.nodes.begin) / hall.nodes_per_rack;
    const auto end = std::min(nodes.end, hall.nodes.begin + (offset + 1) * hall.nodes_per_rack);
    const RackIndex rack(hall.racks.begin + offset);
    const auto [serving, whole] = set_flag({n, end}, flag, on, pools_[hall.pool.value()]);
    if (serving != 0 && flag != Hidden) count_serving(rack, index, serving);
    if (whole != 0) pods.add(hall, rack, whole);
    n = end;
  }
}

void Fleet::set_down(NodeRange nodes, bool down) {
  set_flag(nodes, Down, down);
}

void Fleet::set_booked(NodeRange nodes, bool booked) {
  set_flag(nodes, Booked, booked);
}

void Fleet::set_drained(NodeRange nodes, bool drained) {
  set_flag(nodes, Drained, drained);
}

void Fleet::set_hidden(NodeRange nodes, bool hidden) {
  set_flag(nodes, Hidden, hidden);
}

void Fleet::set_usable(HallIndex hall, bool usable) {
  usable_[hall.value()] = usable;
  set_flag(topology_->hall(hall).nodes, Unusable, !usable);
}

}  // namespace ampacity
