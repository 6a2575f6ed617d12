// SPDX-License-Identifier: Apache-2.0
#include "fleet/power_tree.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "units/arithmetic.hpp"

namespace ampacity {

const char* name_of(PowerLevel level) {
  switch (level) {
    case PowerLevel::Rack:
      return "rack";
    case PowerLevel::Hall:
      return "hall";
    case PowerLevel::Site:
      return "site";
    case PowerLevel::Lease:
      return "lease";
    case PowerLevel::Provider:
      return "provider";
  }
  return "";
}

namespace {

// The leases that run at an instant, and the sites that hang together by them.
class Contracts {
 public:
  Contracts(const Portfolio& portfolio, const Topology& topology, Instant at)
      : portfolio_(portfolio),
        topology_(topology),
        at_(at),
        group_(topology.sites().size()),
        first_(topology.sites().size()) {
    std::iota(group_.begin(), group_.end(), 0U);
    for (std::uint32_t i = 0; i < group_.size(); ++i) numbers_[topology.sites()[i].name] = i;
    for (const auto& lease : portfolio.leases) {
      if (!lease.runs_at(at)) continue;
      running_.push_back({&lease, sites_of(lease)});
      for (const auto site : running_.back().sites) {
        join(site, running_.back().sites.front());
        if (first_[site] == nullptr) first_[site] = &lease;
      }
    }
  }

  std::vector<PowerFeed> feeds() const {
    std::map<std::uint32_t, Leases> groups;
    std::map<std::string_view, Leases> providers;
    for (const auto& r : running_) {
      groups[root_of(r.sites.front())].push_back(&r);
      providers[r.lease->provider].push_back(&r);
    }
    std::vector<PowerFeed> all;
    for (std::uint32_t root = 0; root < group_.size(); ++root) {
      if (root_of(root) != root) continue;
      const auto group = groups.find(root);
      if (group == groups.end()) {
        all.push_back(without_lease(SiteIndex(root)));
        continue;
      }
      auto together = feed_of(group->second);
      if (group->second.size() > 1 && together.sites.size() > 1) {
        for (const auto site : together.sites) all.push_back(at_site(site, group->second));
      }
      all.push_back(std::move(together));
    }
    for (const auto& provider : portfolio_.providers) {
      const auto its = providers.find(provider.name);
      if (its == providers.end()) continue;
      auto feed = feed_of(its->second);
      feed.level = PowerLevel::Provider;
      feed.name = provider.name;
      feed.sites = filled_from(provider.name);
      if (provider.power) {
        feed.limit = times(*provider.power, provider.oversubscription);
        feed.stated = *provider.power;
      }
      all.push_back(std::move(feed));
    }
    return all;
  }

 private:
  struct Running {
    const Lease* lease;
    std::vector<std::uint32_t> sites;
  };
  using Leases = std::vector<const Running*>;

  std::vector<std::uint32_t> sites_of(const Lease& lease) const {
    std::vector<std::uint32_t> sites;
    for (const auto& name : lease.sites) sites.push_back(numbers_.at(name));
    std::sort(sites.begin(), sites.end());
    return sites;
  }

  std::uint32_t root_of(std::uint32_t site) const {
    while (group_[site] != site) site = group_[site];
    return site;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    const auto x = root_of(a);
    const auto y = root_of(b);
    group_[std::max(x, y)] = std::min(x, y);
  }

  PowerFeed feed_of(const Leases& leases) const {
    PowerFeed feed;
    std::set<std::uint32_t> sites;
    for (const auto* r : leases) {
      feed.name += (feed.name.empty() ? "" : " + ") + r->lease->name;
      const auto contracted = r->lease->contracted_at(at_);
      feed.limit += times(contracted, r->lease->oversubscription);
      feed.stated += contracted;
      sites.insert(r->sites.begin(), r->sites.end());
    }
    for (const auto site : sites) feed.sites.emplace_back(site);
    return feed;
  }

  PowerFeed at_site(SiteIndex site, Leases leases) const {
    std::erase_if(leases, [&](const Running* r) {
      return !std::binary_search(r->sites.begin(), r->sites.end(), site.value());
    });
    auto feed = feed_of(leases);
    feed.name += " at " + topology_.sites()[site.value()].name;
    feed.sites = {site};
    return feed;
  }

  // By the lease that ended last, if one did.
  PowerFeed without_lease(SiteIndex site) const {
    const Lease* last = nullptr;
    for (const auto& lease : portfolio_.leases) {
      const auto& name = topology_.sites()[site.value()].name;
      if (lease.proposed || lease.term_ends() > at_) continue;
      if (!lease.is_at(name)) continue;
      if (last == nullptr || lease.term_ends() > last->term_ends()) last = &lease;
    }
    return {PowerLevel::Lease, last == nullptr ? "" : last->name, Power(), {site}, Power()};
  }

  // A site counts for the provider of its first lease in the order of the file, whose gangs it has.
  std::vector<SiteIndex> filled_from(const std::string& provider) const {
    std::vector<SiteIndex> sites;
    for (std::uint32_t i = 0; i < first_.size(); ++i) {
      if (first_[i] != nullptr && first_[i]->provider == provider) sites.emplace_back(i);
    }
    return sites;
  }

  const Portfolio& portfolio_;
  const Topology& topology_;
  Instant at_;
  std::vector<std::uint32_t> group_;  // of each site: one above it, or itself
  std::vector<const Lease*> first_;   // of each site, in the order of the file
  std::vector<Running> running_;
  std::map<std::string_view, std::uint32_t> numbers_;  // of sites
};

// What the halls of each site draw at full load, those that are energised by then.
std::vector<Power> installed_at(const Topology& topology, Instant at) {
  std::vector<Power> installed(topology.sites().size());
  for (const auto& hall : topology.halls()) {
    if (hall.energised && *hall.energised > at) continue;
    const auto& pool = topology.pools()[hall.pool.value()];
    installed[hall.site.value()] +=
        (pool.rest_power + pool.span_power) * (hall.nodes.size() * pool.gpus_per_node);
  }
  return installed;
}

// A provider that states no limit of its own has the leases' together, which they keep already.
bool states_power(const Portfolio& portfolio, const std::string& provider) {
  return std::any_of(portfolio.providers.begin(), portfolio.providers.end(),
                     [&](const Provider& p) { return p.name == provider && p.power; });
}

void only_binding(const Portfolio& portfolio, std::vector<PowerFeed>& feeds,
                  const std::vector<Power>& installed,
                  const std::vector<SiteIndex>& measured = {}) {
  std::erase_if(feeds, [&](const PowerFeed& feed) {
    if (feed.level == PowerLevel::Provider && !states_power(portfolio, feed.name)) return true;
    if (std::any_of(measured.begin(), measured.end(), [&](auto site) { return feed.has(site); })) {
      return false;
    }
    Power all;
    for (const auto site : feed.sites) all += installed[site.value()];
    return feed.limit >= all;
  });
}

void add_sites(const Portfolio& portfolio, Instant at, std::vector<PowerFeed>& feeds) {
  for (std::uint32_t i = 0; i < portfolio.sites.size(); ++i) {
    const auto& site = portfolio.sites[i];
    if (const auto limit = admitted_at(site, at)) {
      feeds.push_back({PowerLevel::Site, site.name, *limit, {SiteIndex(i)}, *limit});
    }
  }
}

std::set<Instant> steps_after(const Portfolio& portfolio, Instant at) {
  std::set<Instant> steps;
  const auto add = [&](Instant step) {
    if (step > at) steps.insert(step);
  };
  for (const auto& lease : portfolio.leases) {
    if (lease.proposed) continue;
    add(lease.starts);
    add(lease.term_ends());
    for (const auto& step : lease.ramp) add(step.from);
    for (const auto& amendment : lease.amendments) add(amendment.from);
  }
  for (const auto& site : portfolio.sites) {
    for (const auto& step : site.interconnection) add(step.from);
  }
  return steps;
}

}  // namespace

std::vector<PowerFeed> all_feeds(const Portfolio& portfolio, const Topology& topology, Instant at) {
  return Contracts(portfolio, topology, at).feeds();
}

PowerTree::PowerTree(const Portfolio& portfolio, const Topology& topology, Instant at,
                     const std::vector<SiteIndex>& measured)
    : feeds_(all_feeds(portfolio, topology, at)), of_site_(topology.sites().size()) {
  const auto all = feeds_;
  only_binding(portfolio, feeds_, installed_at(topology, at), measured);
  for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
    for (const auto site : feeds_[i].sites) of_site_[site.value()].push_back(i);
  }
  auto before = all;
  add_sites(portfolio, at, before);
  only_binding(portfolio, before, installed_at(topology, at));
  for (const auto step : steps_after(portfolio, at)) {
    if (ahead_.size() == most_stages) return;
    auto feeds = all_feeds(portfolio, topology, step);
    add_sites(portfolio, step, feeds);
    only_binding(portfolio, feeds, installed_at(topology, step));
    if (feeds == before) continue;
    before = feeds;
    ahead_.push_back({step, std::move(feeds)});
  }
}

}  // namespace ampacity
