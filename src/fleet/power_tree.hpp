// SPDX-License-Identifier: Apache-2.0
// The levels of power above a site: what the leases of some sites carry together, and what their
// provider does; now and at each step that is known ahead, where the interconnections of sites
// count too. Made from a sound portfolio by the engine when contracts or dates change, held by the
// fleet. Only feeds that can bind are in it: whose limit is less than all that stands under them
// can draw. A fleet whose leases carry its halls has none and pays nothing.
//
// Leases that share a site are one feed, as their megawatts are delivered there together; where
// they share only some of their sites, each site is one more feed, with the leases that have it.
// Cost: making one O(steps x leases x sites).
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "fleet/topology.hpp"

namespace ampacity {

// From the inside to the outside. The word for each: name_of().
enum class PowerLevel { Rack, Hall, Site, Lease, Provider };
const char* name_of(PowerLevel level);

// What limits these sites together.
struct PowerFeed {
  PowerLevel level = PowerLevel::Lease;
  std::string name;
  Power limit;  // IT load to which gangs are admitted
  std::vector<SiteIndex> sites;
  Power stated;  // the same without oversubscription: what meters must not show more than
  bool has(SiteIndex site) const {
    return std::find(sites.begin(), sites.end(), site) != sites.end();
  }
  bool operator==(const PowerFeed&) const = default;
};

struct PowerStage {
  Instant from;
  std::vector<PowerFeed> feeds;
};

class PowerTree {
 public:
  static constexpr std::size_t most_stages = 64;

  PowerTree() = default;
  // Of sites that are measured every level is kept now: a meter may show more than the model can.
  PowerTree(const Portfolio& portfolio, const Topology& topology, Instant at,
            const std::vector<SiteIndex>& measured = {});

  const std::vector<PowerFeed>& feeds() const { return feeds_; }
  // Of the site, as indices of these.
  const std::vector<std::uint32_t>& feeds_of(SiteIndex site) const {
    return of_site_[site.value()];
  }
  // What is known to change, ascending: the first `most_stages` of it.
  const std::vector<PowerStage>& ahead() const { return ahead_; }
  bool empty() const { return feeds_.empty() && ahead_.empty(); }
  bool operator==(const PowerTree& o) const { return feeds_ == o.feeds_; }

 private:
  std::vector<PowerFeed> feeds_;
  std::vector<std::vector<std::uint32_t>> of_site_;
  std::vector<PowerStage> ahead_;
};

// Every lease, or group of leases, and every provider that has one at an instant, whether it can
// bind or not: to be shown.
std::vector<PowerFeed> all_feeds(const Portfolio& portfolio, const Topology& topology, Instant at);

}  // namespace ampacity
