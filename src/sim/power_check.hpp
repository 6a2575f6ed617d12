// SPDX-License-Identifier: Apache-2.0
// Of gangs that were placed just now: no level of power is above its limit, now or at any step that
// is known for as long as they run; of sites with a ramp: the draw never rises faster; and of halls
// that draw more than they may: no gang there could be slower. Counted
// from the portfolio and the gangs, without the fleet's own counts. Sites that are measured are
// left out: there the meter is right. Called by random conversations after each command; asserts.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "engine/engine.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

class PowerCheck {
 public:
  PowerCheck(const Engine& engine, Instant now)
      : portfolio_(*engine.state().portfolio), fleet_(engine.fleet()), now_(now) {
    for (const auto& [id, job] : engine.state().jobs) {
      if (job.live) gangs_.push_back(&*job.live);
    }
    for (const auto& [name, c] : engine.state().curtailments) {
      if (c.begun) ceilings_.emplace(c.curtailment.site, c.ceiling);
    }
  }

  void placed(const LiveAttempt& gang) const {
    for (const auto& site : portfolio_.sites) {
      if (fleet_.is_measured(site_index(site.name))) return;
    }
    for (std::uint32_t i = 0; i < fleet_.halls().size(); ++i) {
      if (is_measured(HallIndex(i))) return;
    }
    at(gang.site, now_);
    for (const auto t : steps()) {
      if (t > now_ && t < gang.expected_end) at(gang.site, t);
    }
    for (const auto& share : gang.shares) inside(share);
  }

  // Halls above their limits, whose gangs are as slow as they may.
  std::int64_t slow_halls(const Engine& engine) const {
    std::int64_t found = 0;
    std::uint32_t index = 0;
    for (const auto& site : portfolio_.sites) {
      for (const auto& hall : site.halls) {
        const HallIndex number(index++);
        if (hall.power == Power() || ceilings_.count(site.name) > 0) continue;
        if (is_measured(number)) continue;
        if (drawn_in(number) <= times(hall.power, hall.oversubscription) + Power::of(8)) continue;
        ++found;
        for (const auto& [id, job] : engine.state().jobs) {
          if (!job.live || !job.live->started || job.live->stopping) continue;
          if (!stands_in(*job.live, number)) continue;
          const auto slowest = job.spec->slowest.value_or(portfolio_.policy.capping_slowest);
          AMPACITY_ASSERT(job.live->pace <= slowest, "hall {} of {} draws too much", hall.name,
                          site.name);
        }
      }
    }
    return found;
  }

 private:
  bool is_measured(HallIndex hall) const {
    const auto* known = fleet_.hall_power().find(hall);
    return known != nullptr && known->offset.has_value();
  }
  bool stands_in(const LiveAttempt& gang, HallIndex hall) const {
    return std::any_of(gang.shares.begin(), gang.shares.end(),
                       [&](const Share& share) { return fleet_.hall_of(share.node) == hall; });
  }
  static Power part(const LiveAttempt& gang, const Share& share) {
    return Power::of(scaled(gang.draws.count(), share.nodes * share.gpus, gang.gpus));
  }
  bool is_mixed(const LiveAttempt& gang) const {
    const auto pool = fleet_.pool_of(gang.shares.front().node);
    return std::any_of(gang.shares.begin(), gang.shares.end(),
                       [&](const Share& share) { return fleet_.pool_of(share.node) != pool; });
  }
  // Without gangs of mixed accelerators: how they share what they draw is not counted again here.
  Power drawn_in(HallIndex hall) const {
    Power sum;
    for (const auto* gang : gangs_) {
      if (is_mixed(*gang)) continue;
      for (const auto& share : gang->shares) {
        if (fleet_.hall_of(share.node) == hall) sum += part(*gang, share);
      }
    }
    return sum;
  }

  SiteIndex site_index(const std::string& name) const {
    std::uint32_t i = 0;
    while (fleet_.sites()[i].name != name) ++i;
    return SiteIndex(i);
  }

  std::set<Instant> steps() const {
    std::set<Instant> all;
    for (const auto& lease : portfolio_.leases) {
      for (const auto t : lease.edges(now_, Instant(lease.ends) + (lease.ends - lease.starts) +
                                                Duration(1'000'000'000'000))) {
        all.insert(t);
      }
    }
    for (const auto& site : portfolio_.sites) {
      for (const auto& step : site.interconnection) all.insert(step.from);
    }
    return all;
  }

  Power drawn(const std::set<std::string>& sites, Instant t) const {
    Power sum;
    for (const auto* gang : gangs_) {
      if (sites.count(gang->site) > 0 && (t == now_ || gang->expected_end > t)) sum += gang->draws;
    }
    return sum;
  }

  // A watt or two are lost where a gang of mixed accelerators ends in parts.
  static void carries(const std::string& what, Power limit, Power draws) {
    AMPACITY_ASSERT(draws <= limit + Power::of(8), "{} carries {} W, {} W are drawn", what,
                    limit.count(), draws.count());
  }

  void at(const std::string& site, Instant t) const {
    Power of_leases;
    std::string first;
    for (const auto& lease : portfolio_.leases) {
      if (!lease.runs_at(t) || !lease.is_at(site)) continue;
      if (first.empty()) first = lease.provider;
      const auto power = times(lease.contracted_at(t), lease.oversubscription);
      of_leases += power;
      if (alone(lease, t)) {
        carries(lease.name, power, drawn({lease.sites.begin(), lease.sites.end()}, t));
      }
    }
    carries("all leases of " + site, of_leases, drawn({site}, t));
    const auto& place = *std::find_if(portfolio_.sites.begin(), portfolio_.sites.end(),
                                      [&](const Site& s) { return s.name == site; });
    if (const auto limit = admitted_at(place, t)) carries(site, *limit, drawn({site}, t));
    for (const auto& provider : portfolio_.providers) {
      if (!provider.power || provider.name != first) continue;
      carries(provider.name, times(*provider.power, provider.oversubscription),
              drawn(filled_from(provider.name, t), t));
    }
    const auto [begin, end] = ceilings_.equal_range(site);
    for (auto it = begin; it != end && t == now_; ++it) {
      carries("a curtailment of " + site, it->second, drawn({site}, t));
    }
  }

  bool alone(const Lease& lease, Instant t) const {
    return std::none_of(
        portfolio_.leases.begin(), portfolio_.leases.end(), [&](const Lease& other) {
          return other.name != lease.name && other.runs_at(t) &&
                 std::any_of(lease.sites.begin(), lease.sites.end(),
                             [&](const std::string& site) { return other.is_at(site); });
        });
  }

  std::set<std::string> filled_from(const std::string& provider, Instant t) const {
    std::set<std::string> sites;
    for (const auto& site : portfolio_.sites) {
      const auto first =
          std::find_if(portfolio_.leases.begin(), portfolio_.leases.end(),
                       [&](const Lease& l) { return l.runs_at(t) && l.is_at(site.name); });
      if (first != portfolio_.leases.end() && first->provider == provider) sites.insert(site.name);
    }
    return sites;
  }

  const Hall& hall_of(HallIndex index) const {
    std::uint32_t number = 0;
    for (const auto& site : portfolio_.sites) {
      for (const auto& hall : site.halls) {
        number += static_cast<std::uint32_t>(hall.count);
        if (index.value() < number) return hall;
      }
    }
    AMPACITY_ASSERT(false, "no hall {}", index.value());
    return portfolio_.sites.front().halls.front();
  }

  // The hall and the rack of these nodes. A gang's draw is shared by GPUs here.
  void inside(const Share& share) const {
    const auto hall = fleet_.hall_of(share.node);
    const auto rack = fleet_.topology().rack_of(share.node);
    Power of_hall;
    Power of_rack;
    for (const auto* gang : gangs_) {
      for (const auto& other : gang->shares) {
        if (is_mixed(*gang)) return;
        if (fleet_.hall_of(other.node) == hall) of_hall += part(*gang, other);
        if (fleet_.topology().rack_of(other.node) == rack) of_rack += part(*gang, other);
      }
    }
    const auto& stated = hall_of(hall);
    carries("hall " + stated.name, times(stated.power, stated.oversubscription), of_hall);
    if (!stated.rack_power) return;
    carries("a rack of " + stated.name, times(*stated.rack_power, stated.rack_oversubscription),
            of_rack);
  }

  const Portfolio& portfolio_;
  const Fleet& fleet_;
  Instant now_;
  std::vector<const LiveAttempt*> gangs_;
  std::multimap<std::string, Power> ceilings_;
};

// A bucket of watts of its own for each site, as engine/ramps.cpp describes it.
class RampCheck {
 public:
  // A gang is raised by a percent of its pace at least.
  static constexpr auto slack = Power::of(500);

  void look(const Engine& engine, Instant now) {
    const auto& portfolio = *engine.state().portfolio;
    std::map<std::string, Bucket> next;
    for (const auto& site : portfolio.sites) {
      if (!site.ramp_limit && !site.swing_limit) continue;
      const auto rate = it_limit(
          site.ramp_limit ? Power::of(site.ramp_limit->count()) : *site.swing_limit, site.pue);
      const auto most = site.swing_limit ? it_limit(*site.swing_limit, site.pue) : rate;
      Power drawn;
      for (const auto& [id, job] : engine.state().jobs) {
        if (job.live && job.live->site == site.name) drawn += job.live->draws;
      }
      const auto known = buckets_.find(site.name);
      auto bucket = known == buckets_.end() ? Bucket{most, drawn, now} : known->second;
      const auto filled = scaled((now - bucket.at).count(), rate.count(), 60'000);
      bucket.left = std::min(bucket.left + Power::of(filled) + Power::of(1), most);
      const auto more = drawn - bucket.drawn;
      bucket.left = std::min(bucket.left - more, most);
      AMPACITY_ASSERT(more <= Power() || bucket.left >= Power() - slack,
                      "{} rises by {} W more than its ramp allows", site.name,
                      -bucket.left.count());
      next[site.name] = {bucket.left, drawn, now};
    }
    buckets_ = std::move(next);
  }

 private:
  struct Bucket {
    Power left;
    Power drawn;
    Instant at;
  };
  std::map<std::string, Bucket> buckets_;
};

}  // namespace ampacity
