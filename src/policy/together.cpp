// SPDX-License-Identifier: Apache-2.0
#include "policy/together.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace ampacity {
namespace {

// The free nodes of each rack as gangs end, and what the unit of each can hold.
class Forecast {
 public:
  Forecast(const Fleet& fleet, const Planner& planner, PoolIndex pool, const FreeIndex::Ask& ask,
           Instant until)
      : fleet_(fleet), topology_(fleet.topology()), pool_(pool), ask_(ask) {
    for (const auto& r : planner.reservations(pool)) {
      if (!r.for_job() && r.at >= until) continue;
      for (const auto& nodes : r.places) {
        for (auto n = nodes.begin; n < nodes.end; ++n) {
          promised_.insert(topology_.rack_of(NodeIndex(n)));
        }
      }
    }
  }

  // A unit that holds the gang as things are.
  std::optional<Range> now() {
    for (const auto hall : fleet_.pool(pool_).halls) {
      const auto& place = topology_.hall(hall);
      if (level() == Level::Hall || level() == Level::Site) {
        if (enough(unit_of(RackIndex(place.racks.begin)))) return place.racks;
        continue;
      }
      const auto step = level() == Level::Pod ? place.racks_per_pod : 1;
      for (auto r = place.racks.begin; r < place.racks.end; r += step) {
        const auto unit = unit_of(RackIndex(r));
        if (enough(unit)) return unit;
      }
    }
    return std::nullopt;
  }

  // A gang gives `nodes` of a rack back. The unit of the rack, if it holds the gang now.
  std::optional<Range> free(RackIndex rack, std::int64_t nodes) {
    if (promised_.count(rack) > 0) return std::nullopt;
    const auto unit = unit_of(rack);
    auto& pieces = pieces_of_unit(unit);
    const auto before = pieces_in(rack);
    more_[rack] += nodes;
    pieces += pieces_in(rack) - before;
    return pieces >= wanted() ? std::optional(unit) : std::nullopt;
  }

  // The racks of the unit that the gang takes: those with most room first.
  std::vector<RackIndex> racks(Range unit) const {
    std::vector<std::pair<std::int64_t, RackIndex>> all;
    each_rack(unit, [&](RackIndex rack) {
      if (pieces_in(rack) > 0) all.emplace_back(-pieces_in(rack), rack);
    });
    std::sort(all.begin(), all.end());
    std::vector<RackIndex> chosen;
    auto missing = wanted();
    for (auto it = all.begin(); it != all.end() && missing > 0; ++it) {
      chosen.push_back(it->second);
      missing += it->first;
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

 private:
  Level level() const { return ask_.within.value_or(Level::Site); }
  std::int64_t wanted() const { return ask_.segment == 0 ? ask_.nodes : ask_.nodes / ask_.segment; }
  bool enough(Range unit) { return pieces_of_unit(unit) >= wanted(); }

  std::int64_t pieces_in(RackIndex rack) const {
    if (promised_.count(rack) > 0) return 0;
    const auto it = more_.find(rack);
    const auto free =
        fleet_.free_index(pool_).nodes_in(rack) + (it == more_.end() ? 0 : it->second);
    return ask_.segment == 0 ? free : free / ask_.segment;
  }

  Range unit_of(RackIndex rack) const { return topology_.unit_of(rack, level()); }

  // The racks of the unit that are of this pool.
  template <class Visit>
  void each_rack(Range unit, const Visit& visit) const {
    for (const auto hall : fleet_.pool(pool_).halls) {
      const auto racks = topology_.hall(hall).racks;
      const auto end = std::min(unit.end, racks.end);
      for (auto r = std::max(unit.begin, racks.begin); r < end; ++r) visit(RackIndex(r));
    }
  }

  std::int64_t& pieces_of_unit(Range unit) {
    const auto known = units_.find(unit.begin);
    if (known != units_.end()) return known->second;
    auto& pieces = units_[unit.begin];
    each_rack(unit, [&](RackIndex rack) { pieces += pieces_in(rack); });
    return pieces;
  }

  const Fleet& fleet_;
  const Topology& topology_;
  PoolIndex pool_;
  FreeIndex::Ask ask_;
  std::set<RackIndex> promised_;
  std::map<RackIndex, std::int64_t> more_;       // given back by gangs that have ended by then
  std::map<std::uint32_t, std::int64_t> units_;  // by first rack: what the unit can hold
};

}  // namespace

std::optional<TogetherPlace> when_together(const Fleet& fleet, const Planner& planner,
                                           PoolIndex pool, const FreeIndex::Ask& ask,
                                           Duration walltime, Instant now) {
  Forecast forecast(fleet, planner, pool, ask, now + walltime);
  const auto soonest = now + Duration(1);
  if (const auto unit = forecast.now()) return TogetherPlace{soonest, forecast.racks(*unit)};
  std::optional<TogetherPlace> place;
  planner.each_release(fleet, pool, [&](Instant at, NodeIndex first, std::int64_t nodes) {
    const auto unit = forecast.free(fleet.topology().rack_of(first), nodes);
    if (unit) place = TogetherPlace{std::max(at, soonest), forecast.racks(*unit)};
    return !place;
  });
  return place;
}

}  // namespace ampacity
