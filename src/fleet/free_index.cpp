// SPDX-License-Identifier: Apache-2.0
#include "fleet/free_index.hpp"

#include <algorithm>
#include <tuple>

namespace ampacity {
namespace {

std::int64_t pieces_of(std::int64_t free, std::int64_t segment) {
  return segment == 0 ? free : free / segment;
}

std::uint32_t add(std::uint32_t& value, std::int64_t by) {
  const auto before = value;
  value = static_cast<std::uint32_t>(static_cast<std::int64_t>(value) + by);
  return before;
}

std::optional<std::size_t> first(const NumberSet& set) {
  return set.first_from(0);
}

}  // namespace

FreeIndex::FreeIndex(const Topology& topology, PoolIndex pool) {
  const auto& place = topology.pools()[pool.value()];
  all_halls_ = place.halls;
  const auto& front = topology.hall(place.halls.front());
  const auto& back = topology.hall(place.halls.back());
  first_rack_ = front.racks.begin;
  first_pod_ = front.pods.begin;
  first_hall_ = place.halls.front().value();
  racks_.resize(back.racks.end - first_rack_);
  sizes_.resize(racks_.size());
  pods_.resize(back.pods.end - first_pod_);
  in_broken_.resize(pods_.size());
  halls_.resize(place.halls.back().value() - first_hall_ + 1);
  std::size_t largest_rack = 0;
  std::size_t largest_pod = 0;
  std::size_t largest_hall = 0;
  for (const auto hall : place.halls) {
    const auto& h = topology.hall(hall);
    largest_rack = std::max<std::size_t>(largest_rack, h.nodes_per_rack);
    largest_pod = std::max<std::size_t>(largest_pod, h.racks_per_pod * h.nodes_per_rack);
    largest_hall = std::max<std::size_t>(largest_hall, h.nodes.size());
    for (auto r = h.racks.begin; r < h.racks.end; ++r) {
      sizes_[r - first_rack_] = static_cast<std::uint16_t>(h.nodes_per_rack);
    }
  }
  pods_by_free_ = pods_by_broken_ = {first_pod_, pods_.size(), largest_pod};
  halls_by_free_ = {first_hall_, halls_.size(), largest_hall};
  broken_.resize(largest_rack + 1, NumberSet(racks_.size()));
  whole_.resize(largest_rack + 1, NumberSet(racks_.size()));
}

FreeIndex::Change FreeIndex::change_rack(RackIndex rack, std::int64_t by) {
  const auto r = rack.value() - first_rack_;
  const std::int64_t size = sizes_[r];
  const std::int64_t before = racks_[r];
  const auto after = before + by;
  AMPACITY_ASSERT(after >= 0 && after <= size, "a rack with {} of {} nodes free", after, size);
  racks_[r] = static_cast<std::uint16_t>(after);
  const auto set_of = [&](std::int64_t free) -> NumberSet& {
    return (free == size ? whole_ : broken_)[static_cast<std::size_t>(free)];
  };
  if (before > 0) set_of(before).erase(r);
  if (after > 0) set_of(after).insert(r);
  return {by, (after == size ? 0 : after) - (before == size ? 0 : before)};
}

void FreeIndex::change_pod(const Topology& topology, PodIndex index, const Change& by) {
  nodes_ += by.nodes;
  nodes_in_broken_ += by.in_broken;
  const auto pod = index.value();
  auto& pod_free = pods_[pod - first_pod_];
  auto& pod_broken = in_broken_[pod - first_pod_];
  const auto pod_before = add(pod_free, by.nodes);
  pods_by_free_.move(pod, pod_before, pod_free);
  const auto broken_before = add(pod_broken, by.in_broken);
  pods_by_broken_.move(pod, broken_before, pod_broken);
  const auto hall = topology.hall_of(index).value();
  auto& hall_free = halls_[hall - first_hall_];
  const auto hall_before = add(hall_free, by.nodes);
  halls_by_free_.move(hall, hall_before, hall_free);
}

std::int64_t FreeIndex::most_in(Level level) const {
  switch (level) {
    case Level::Rack:
      for (auto n = broken_.size(); n-- > 1;) {
        if (broken_[n].count() + whole_[n].count() > 0) return static_cast<std::int64_t>(n);
      }
      return 0;
    case Level::Pod:
      return pods_by_free_.largest();
    case Level::Hall:
      return halls_by_free_.largest();
    case Level::Site:
      return nodes_;
  }
  return 0;
}

// ---- does it fit ----

std::int64_t FreeIndex::pieces_in(Range racks, std::int64_t segment) const {
  std::int64_t pieces = 0;
  for (auto r = racks.begin; r < racks.end; ++r) {
    pieces += pieces_of(racks_[r - first_rack_], segment);
  }
  return pieces;
}

std::optional<PodIndex> FreeIndex::pod_for(const Topology& topology, const Ask& ask) const {
  const auto pod = pods_by_free_.first_with(ask.nodes, [&](std::uint32_t number) {
    return ask.segment == 0 ||
           pieces_in(topology.racks_of(PodIndex(number)), ask.segment) >= ask.nodes / ask.segment;
  });
  return pod ? std::optional(PodIndex(*pod)) : std::nullopt;
}

std::optional<HallIndex> FreeIndex::hall_for(const Topology& topology, const Ask& ask) const {
  const auto hall = halls_by_free_.first_with(ask.nodes, [&](std::uint32_t number) {
    return ask.segment == 0 || pieces_in(topology.hall(HallIndex(number)).racks, ask.segment) >=
                                   ask.nodes / ask.segment;
  });
  return hall ? std::optional(HallIndex(*hall)) : std::nullopt;
}

std::int64_t FreeIndex::pieces(std::int64_t segment) const {
  std::int64_t pieces = 0;
  for (auto n = static_cast<std::size_t>(segment); n < broken_.size(); ++n) {
    pieces +=
        pieces_of(static_cast<std::int64_t>(n), segment) * (broken_[n].count() + whole_[n].count());
  }
  return pieces;
}

bool FreeIndex::fits(const Topology& topology, const Ask& ask) const {
  if (nodes_ < ask.nodes) return false;
  switch (ask.within.value_or(Level::Site)) {
    case Level::Rack:
      return most_in(Level::Rack) >= ask.nodes;
    case Level::Pod:
      return pod_for(topology, ask).has_value();
    case Level::Hall:
      return hall_for(topology, ask).has_value();
    case Level::Site:
      break;
  }
  return ask.segment == 0 || pieces(ask.segment) * ask.segment >= ask.nodes;
}

// ---- where it goes ----

std::optional<RackIndex> FreeIndex::broken_rack(std::int64_t nodes) const {
  for (auto n = static_cast<std::size_t>(nodes); n < broken_.size(); ++n) {
    if (const auto r = first(broken_[n])) {
      return RackIndex(first_rack_ + static_cast<std::uint32_t>(*r));
    }
  }
  return std::nullopt;
}

std::optional<RackIndex> FreeIndex::whole_rack(std::int64_t nodes) const {
  for (auto n = static_cast<std::size_t>(nodes); n < whole_.size(); ++n) {
    if (const auto r = first(whole_[n])) {
      return RackIndex(first_rack_ + static_cast<std::uint32_t>(*r));
    }
  }
  return std::nullopt;
}

// Rule 1. None: it does not fit into one rack, or has segments.
std::optional<FreeIndex::Picks> FreeIndex::pick_small(const Topology& topology,
                                                      const Ask& ask) const {
  const bool in_pieces = ask.segment > 0 && ask.segment < ask.nodes;
  const bool one_rack = ask.within == Level::Rack || ask.prefer == Level::Rack;
  if (ask.nodes >= static_cast<std::int64_t>(whole_.size())) return std::nullopt;
  if (in_pieces && ask.within != Level::Rack) return std::nullopt;
  const auto broken = broken_rack(ask.nodes);
  if (broken && nodes_in(*broken) == ask.nodes) return Picks{{*broken, ask.nodes}};
  const auto whole = whole_rack(ask.nodes);
  if (whole && nodes_in(*whole) == ask.nodes) return Picks{{*whole, ask.nodes}};
  if (broken) return Picks{{*broken, ask.nodes}};
  const bool fills_most = whole && 2 * ask.nodes > nodes_in(*whole);
  if (whole && (one_rack || fills_most || ask.segment > 0)) return Picks{{*whole, ask.nodes}};
  const auto pod = pods_by_broken_.first_with(ask.nodes, [](std::uint32_t) { return true; });
  if (pod) {
    Picks picks;
    fill_racks(topology.racks_of(PodIndex(*pod)), ask.nodes, 0, true, picks);
    return picks;
  }
  const bool anywhere = ask.within.value_or(Level::Site) == Level::Site;
  if (anywhere && nodes_in_broken_ >= ask.nodes) return pick_broken(ask.nodes);
  if (whole) return Picks{{*whole, ask.nodes}};
  return std::nullopt;
}

// The broken racks with most free nodes first; the rest where it fits best.
FreeIndex::Picks FreeIndex::pick_broken(std::int64_t nodes) const {
  std::vector<Unit> units;
  std::int64_t gathered = 0;
  for (auto n = broken_.size(); n-- > 1 && gathered < nodes;) {
    for (auto r = first(broken_[n]); r && gathered < nodes; r = broken_[n].first_from(*r + 1)) {
      const auto free = static_cast<std::int64_t>(n);
      units.push_back({free, free, first_rack_ + static_cast<std::uint32_t>(*r)});
      gathered += free;
    }
  }
  auto& rest = units.back();
  rest.takes -= gathered - nodes;
  const auto best = *broken_rack(rest.takes);
  if (nodes_in(best) < rest.free) rest.number = best.value();
  Picks picks;
  for (const auto& unit : units) picks.push_back({RackIndex(unit.number), unit.takes});
  return picks;
}

// The emptiest units whole, the rest to the unit that it fits best.
std::vector<std::pair<std::uint32_t, std::int64_t>> FreeIndex::spread(std::vector<Unit> units,
                                                                      std::int64_t amount) {
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) {
    return std::tuple(-a.takes, a.free, a.number) < std::tuple(-b.takes, b.free, b.number);
  });
  std::vector<std::pair<std::uint32_t, std::int64_t>> shares;
  for (auto it = units.begin(); amount > 0; ++it) {
    AMPACITY_ASSERT(it != units.end(), "{} more than the units hold", amount);
    if (it->takes < amount) {
      shares.emplace_back(it->number, it->takes);
      amount -= it->takes;
      continue;
    }
    const auto enough = [&](const Unit& unit) { return unit.takes >= amount; };
    const auto end = std::partition_point(it, units.end(), enough);
    const auto least = std::prev(end)->takes;
    const auto best = std::find_if(it, end, [&](const Unit& unit) { return unit.takes == least; });
    shares.emplace_back(best->number, amount);
    amount = 0;
  }
  return shares;
}

void FreeIndex::fill_racks(Range racks, std::int64_t pieces, std::int64_t segment, bool broken_only,
                           Picks& picks) const {
  std::vector<Unit> units;
  for (auto rack = racks.begin; rack < racks.end; ++rack) {
    const std::int64_t free = racks_[rack - first_rack_];
    if (broken_only && free == sizes_[rack - first_rack_]) continue;
    const auto takes = pieces_of(free, segment);
    if (takes > 0) units.push_back({takes, free, rack});
  }
  for (const auto& [rack, amount] : spread(std::move(units), pieces)) {
    picks.push_back({RackIndex(rack), segment == 0 ? amount : amount * segment});
  }
}

void FreeIndex::fill_hall(const Topology& topology, HallIndex hall, std::int64_t pieces,
                          std::int64_t segment, Picks& picks) const {
  std::vector<Unit> units;
  const auto pods = topology.hall(hall).pods;
  for (auto pod = pods.begin; pod < pods.end; ++pod) {
    const std::int64_t free = pods_[pod - first_pod_];
    const auto takes = segment == 0 ? free : pieces_in(topology.racks_of(PodIndex(pod)), segment);
    if (takes > 0) units.push_back({takes, free, pod});
  }
  for (const auto& [pod, amount] : spread(std::move(units), pieces)) {
    fill_racks(topology.racks_of(PodIndex(pod)), amount, segment, false, picks);
  }
}

void FreeIndex::fill_pool(const Topology& topology, std::int64_t pieces, std::int64_t segment,
                          Picks& picks) const {
  std::vector<Unit> units;
  for (const auto hall : all_halls_) {
    const std::int64_t free = halls_[hall.value() - first_hall_];
    const auto takes = segment == 0 ? free : pieces_in(topology.hall(hall).racks, segment);
    if (takes > 0) units.push_back({takes, free, hall.value()});
  }
  for (const auto& [hall, amount] : spread(std::move(units), pieces)) {
    fill_hall(topology, HallIndex(hall), amount, segment, picks);
  }
}

std::vector<FreeIndex::Pick> FreeIndex::pick(const Topology& topology, const Ask& ask) const {
  AMPACITY_ASSERT(fits(topology, ask), "no place for {} nodes", ask.nodes);
  Picks picks;
  if (auto small = pick_small(topology, ask)) {
    picks = std::move(*small);
  } else {
    const auto pieces = pieces_of(ask.nodes, ask.segment);
    if (const auto pod = pod_for(topology, ask)) {
      fill_racks(topology.racks_of(*pod), pieces, ask.segment, false, picks);
    } else if (const auto hall = hall_for(topology, ask)) {
      fill_hall(topology, *hall, pieces, ask.segment, picks);
    } else {
      fill_pool(topology, pieces, ask.segment, picks);
    }
  }
  std::sort(picks.begin(), picks.end(),
            [](const Pick& a, const Pick& b) { return a.rack < b.rack; });
  return picks;
}

}  // namespace ampacity
