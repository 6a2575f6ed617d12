// SPDX-License-Identifier: Apache-2.0
// Power that is known to change: steps of the interconnections of sites and of leases, the ends of
// leases (fleet/power_tree.hpp). No gang starts that would run into a step at which one of the
// levels above it carries less than what is drawn then. Called by the choice of a place and by the
// engine's pass. Costs: nothing where no step is known; else O(steps x pools x log gangs).
#pragma once

#include <optional>

#include "policy/planner.hpp"

namespace ampacity {

// What a level has left at a step, by the expected ends of the gangs that run; the gangs of one
// pool may be left out of those ends.
Power left_at(const Fleet& fleet, const Planner& planner, const PowerFeed& feed, Instant at,
              std::optional<PoolIndex> but = {});

// The first step ahead at which so much more at this site is too much; none: never.
struct PowerLack {
  Instant at;
  const PowerFeed* feed = nullptr;
};
std::optional<PowerLack> power_lack(const Fleet& fleet, const Planner& planner, SiteIndex site,
                                    Power more, Instant now);
Duration power_window(const Fleet& fleet, const Planner& planner, SiteIndex site, Power more,
                      Instant now);

// Of what is known for the instant, the level that has least left for the pool beside what its own
// gangs give back until then; none: no level is limited.
struct PowerThen {
  const PowerFeed* feed = nullptr;
  Power left = Fleet::unlimited_power;
};
PowerThen power_then(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                     const std::vector<PowerFeed>& feeds, Instant at);

// Where there are nodes for a gang and no power: the level that keeps it. None: there is no room
// anyway, or power enough.
std::optional<Fleet::PowerLeft> binding_level(const Fleet& fleet, PoolIndex pool,
                                              const Demand& demand);
std::string name_of(const Fleet::PowerLeft& level);  // "hall abilene/south1"

// When halls and racks that cannot feed all that stands in them feed this gang, by the expected
// ends of those that run there; none: never. Cost: a copy of the fleet, and one look for each end.
std::optional<Instant> fed_from(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                                const Demand& demand, Instant now);

// "lease oracle-abilene", "site abilene", "end of lease old"
std::string whose(const PowerFeed& feed);

}  // namespace ampacity
