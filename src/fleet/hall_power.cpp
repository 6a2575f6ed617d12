// SPDX-License-Identifier: Apache-2.0
#include "fleet/hall_power.hpp"

#include <algorithm>
#include <limits>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// The halls of the portfolio as the topology numbers them.
template <class Visit>
void each_hall(const Portfolio& portfolio, const Visit& visit) {
  std::uint32_t number = 0;
  for (const auto& site : portfolio.sites) {
    for (const auto& hall : site.halls) {
      for (std::int64_t k = 0; k < hall.count; ++k) visit(HallIndex(number++), hall);
    }
  }
}

Power full_load(const Topology& topology, PoolIndex index, std::int64_t nodes) {
  const auto& pool = topology.pools()[index.value()];
  return (pool.rest_power + pool.span_power) * (nodes * pool.gpus_per_node);
}

}  // namespace

HallPower::HallPower(const Portfolio& portfolio, const Topology& topology) {
  each_hall(portfolio, [&](HallIndex index, const Hall& hall) {
    const auto& place = topology.hall(index);
    Tight t;
    t.hall = index;
    t.stated = hall.power;
    t.limit = times(hall.power, hall.oversubscription);
    if (*t.limit >= full_load(topology, place.pool, place.nodes.size())) t.limit.reset();
    if (hall.rack_power) {
      t.rack_limit = times(*hall.rack_power, hall.rack_oversubscription);
      if (*t.rack_limit >= full_load(topology, place.pool, place.nodes_per_rack)) {
        t.rack_limit.reset();
      }
    }
    if (!t.limit && !t.rack_limit) return;
    if (t.rack_limit) t.racks.resize(place.racks.size());
    of_hall_.resize(topology.halls().size());
    pools_.resize(topology.pools().size());
    pools_[place.pool.value()] = true;
    tight_.push_back(std::move(t));
    of_hall_[index.value()] = static_cast<std::uint32_t>(tight_.size());
  });
}

namespace {

// What each share draws of it: by what it draws at full load.
template <class Visit>
void each_part(const Topology& topology, const std::vector<Share>& shares, Power power,
               const Visit& visit) {
  const auto weight = [&](const Share& share) {
    const auto pool = topology.hall(topology.hall_of(share.node)).pool;
    return full_load(topology, pool, 1).count() / topology.pools()[pool.value()].gpus_per_node *
           share.nodes * share.gpus;
  };
  std::int64_t all = 0;
  for (const auto& share : shares) all += weight(share);
  for (const auto& share : shares) {
    visit(share, Power::of(scaled(power.count(), weight(share), all)));
  }
}

}  // namespace

// Keeps count of those that are above their limits.
template <class Change>
void HallPower::change(Tight& hall, const Change& change) {
  const bool before = hall.is_over();
  change();
  over_ += static_cast<int>(hall.is_over()) - static_cast<int>(before);
}

void HallPower::draw(const Topology& topology, const std::vector<Share>& shares, Power more) {
  each_part(topology, shares, more, [&](const Share& share, Power part) {
    const auto index = topology.hall_of(share.node);
    auto* hall = find(index);
    if (hall == nullptr) return;
    draw_in(index, part);
    if (hall->racks.empty()) return;
    const auto rack = topology.rack_of(share.node).value() - topology.hall(index).racks.begin;
    auto& drawn = hall->racks[rack];
    const bool before = exceeds(drawn, *hall->rack_limit);
    drawn += part;
    over_ += static_cast<int>(exceeds(drawn, *hall->rack_limit)) - static_cast<int>(before);
  });
}

void HallPower::draw_in(HallIndex index, Power more) {
  auto& hall = *find(index);
  change(hall, [&] { hall.drawn += more; });
}

Power HallPower::part_in(const Topology& topology, HallIndex hall, const std::vector<Share>& shares,
                         Power power) {
  Power sum;
  each_part(topology, shares, power, [&](const Share& share, Power part) {
    if (topology.hall_of(share.node) == hall) sum += part;
  });
  return sum;
}

// In the order of the halls, however they came.
bool HallPower::watch(const Portfolio& portfolio, const Topology& topology, HallIndex index) {
  of_hall_.resize(topology.halls().size());
  pools_.resize(topology.pools().size());
  if (of_hall_[index.value()] != 0) return false;
  pools_[topology.hall(index).pool.value()] = true;
  Tight hall;
  hall.hall = index;
  each_hall(portfolio, [&](HallIndex other, const Hall& stated) {
    if (other == index) hall.stated = stated.power;
  });
  const auto place = std::upper_bound(tight_.begin(), tight_.end(), index,
                                      [](HallIndex i, const Tight& t) { return i < t.hall; });
  tight_.insert(place, std::move(hall));
  for (std::size_t i = 0; i < tight_.size(); ++i) {
    of_hall_[tight_[i].hall.value()] = static_cast<std::uint32_t>(i + 1);
  }
  return true;
}

void HallPower::set_offset(HallIndex index, std::optional<Power> offset) {
  auto& hall = *find(index);
  change(hall, [&] { hall.offset = offset; });
}

void HallPower::set_closed(HallIndex index, std::optional<RackIndex> rack, bool closed,
                           const Topology& topology) {
  auto* hall = find(index);
  if (hall == nullptr) return;
  if (!rack) {
    hall->closed = closed;
    return;
  }
  const auto place = rack->value() - topology.hall(index).racks.begin;
  if (closed) {
    hall->closed_racks.insert(place);
  } else {
    hall->closed_racks.erase(place);
  }
}

HallPower::Inner HallPower::inner(const Tight& hall) {
  return {hall.hall, {}, *hall.limit_now(), hall.drawn_now(), hall.closed};
}

HallPower::Inner HallPower::inner(const Tight& hall, std::size_t rack, const Topology& topology) {
  const RackIndex index(topology.hall(hall.hall).racks.begin + static_cast<std::uint32_t>(rack));
  return {hall.hall, index, *hall.rack_limit, hall.racks[rack], hall.is_closed(rack)};
}

std::vector<HallPower::Inner> HallPower::over(const Topology& topology) const {
  std::vector<Inner> found;
  if (!any_over()) return found;
  for (const auto& hall : tight_) {
    for (std::size_t rack = 0; rack < hall.racks.size(); ++rack) {
      if (!exceeds(hall.racks[rack], *hall.rack_limit)) continue;
      found.push_back(inner(hall, rack, topology));
    }
    if (hall.is_over()) found.push_back(inner(hall));
  }
  return found;
}

std::vector<HallPower::Inner> HallPower::around(const Topology& topology,
                                                const std::vector<Share>& shares) const {
  std::set<HallIndex> halls;
  std::set<RackIndex> racks;
  if (none()) return {};
  for (const auto& share : shares) {
    halls.insert(topology.hall_of(share.node));
    racks.insert(topology.rack_of(share.node));
  }
  std::vector<Inner> found;
  for (const auto index : halls) {
    const auto* hall = find(index);
    if (hall != nullptr && hall->limit_now()) found.push_back(inner(*hall));
  }
  for (const auto rack : racks) {
    const auto index = topology.hall_of(rack);
    const auto* hall = find(index);
    if (hall == nullptr || hall->racks.empty()) continue;
    found.push_back(inner(*hall, rack.value() - topology.hall(index).racks.begin, topology));
  }
  return found;
}

Power HallPower::Budget::of(const std::vector<Taken>& taken, std::uint32_t number) {
  const auto it =
      std::find_if(taken.begin(), taken.end(), [&](const Taken& t) { return t.number == number; });
  return it == taken.end() ? Power() : it->power;
}

void HallPower::Budget::add(std::vector<Taken>& taken, std::uint32_t number, Power power) {
  const auto it =
      std::find_if(taken.begin(), taken.end(), [&](const Taken& t) { return t.number == number; });
  if (it == taken.end()) {
    taken.push_back({number, power});
  } else {
    it->power += power;
  }
}

std::int64_t HallPower::Budget::gpus(Power left) const {
  if (left <= Power()) return 0;
  return per_gpu_ == Power() ? limits::nodes * limits::gpus_per_node
                             : left.count() / per_gpu_.count();
}

std::int64_t HallPower::Budget::gpus_in(const Tight& hall) const {
  if (hall.closed) return 0;
  if (!hall.limit_now()) return limits::nodes * limits::gpus_per_node;
  return gpus(*hall.limit_now() - hall.drawn_now() - of(of_halls_, hall.hall.value()));
}

std::int64_t HallPower::Budget::gpus_in(const Tight& hall, std::size_t rack) const {
  if (hall.is_closed(rack)) return 0;
  if (!hall.rack_limit) return limits::nodes * limits::gpus_per_node;
  const auto number = topology_.hall(hall.hall).racks.begin + static_cast<std::uint32_t>(rack);
  return gpus(*hall.rack_limit - hall.racks[rack] - of(of_racks_, number));
}

bool HallPower::Budget::take(NodeIndex node, std::int64_t gpus) {
  const auto* hall = halls_.find(topology_.hall_of(node));
  if (hall == nullptr) return true;
  const auto rack = topology_.rack_of(node).value();
  const auto place = rack - topology_.hall(hall->hall).racks.begin;
  if (gpus_in(*hall) < gpus || gpus_in(*hall, place) < gpus) return false;
  if (hall->limit_now()) add(of_halls_, hall->hall.value(), per_gpu_ * gpus);
  if (hall->rack_limit) add(of_racks_, rack, per_gpu_ * gpus);
  return true;
}

}  // namespace ampacity
