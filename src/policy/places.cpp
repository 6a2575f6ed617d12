// SPDX-License-Identifier: Apache-2.0
#include "policy/places.hpp"

#include <algorithm>
#include <tuple>

namespace ampacity {
namespace {

template <class T>
bool contains(const std::vector<T>& items, const T& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

std::int64_t provider_rank(const Portfolio& portfolio, const std::string& name) {
  for (std::size_t i = 0; i < portfolio.providers.size(); ++i) {
    if (portfolio.providers[i].name == name) return static_cast<std::int64_t>(i);
  }
  return static_cast<std::int64_t>(portfolio.providers.size());
}

std::optional<std::size_t> lease_of(const Portfolio& portfolio, const std::string& site,
                                    Instant at) {
  for (std::size_t i = 0; i < portfolio.leases.size(); ++i) {
    const auto& lease = portfolio.leases[i];
    if (at >= lease.starts && at < lease.ends && contains(lease.sites, site)) return i;
  }
  return std::nullopt;
}

const std::string& site_name(const Fleet& fleet, PoolIndex pool) {
  return fleet.sites()[fleet.pool(pool).site.value()].name;
}

std::string shortage(const Fleet& fleet, PoolIndex pool, const Demand& demand) {
  const auto usable = fleet.usable_gpus(pool, demand);
  const auto free = fleet.pool(pool).gpus_free;
  if (free >= demand.gpus) {
    return fmt::format("{} has {} free GPUs, but only {} that fit the gang of {}",
                       site_name(fleet, pool), free, usable, demand.gpus);
  }
  return fmt::format("{} has {} free of the {} needed", site_name(fleet, pool), free, demand.gpus);
}

}  // namespace

std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet, Instant at) {
  std::vector<Standing> all;
  for (const auto& pool : fleet.pools()) {
    Standing standing;
    standing.lease = lease_of(portfolio, fleet.sites()[pool.site.value()].name, at);
    standing.provider = standing.lease
                            ? provider_rank(portfolio, portfolio.leases[*standing.lease].provider)
                            : static_cast<std::int64_t>(portfolio.providers.size());
    all.push_back(standing);
  }
  return all;
}

std::vector<PoolIndex> accepted_pools(const Portfolio&, const Fleet& fleet, const JobSpec& job) {
  std::vector<PoolIndex> accepted;
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const PoolIndex index(i);
    const auto& pool = fleet.pool(index);
    if (!job.accelerators.empty() && !contains(job.accelerators, pool.accelerator_name)) continue;
    if (!job.sites.empty() && !contains(job.sites, site_name(fleet, index))) continue;
    accepted.push_back(index);
  }
  return accepted;
}

std::optional<Choice> choose(const Fleet& fleet, const std::vector<Standing>& standings,
                             const Holds& holds, const Shape& shape) {
  std::optional<PoolIndex> best;
  const auto key = [&](PoolIndex pool) {
    return std::tuple(standings[pool.value()].provider, fleet.pool(pool).gpus_free, pool.value());
  };
  for (const auto pool : shape.pools) {
    if (holds[pool.value()] || !fleet.fits(pool, shape.demand)) continue;
    if (!best || key(pool) < key(*best)) best = pool;
  }
  if (!best) return std::nullopt;
  std::string passed_over;
  for (const auto pool : shape.pools) {
    if (standings[pool.value()].provider >= standings[best->value()].provider) continue;
    passed_over += passed_over.empty() ? "" : "; ";
    passed_over += holds[pool.value()]
                       ? fmt::format("{} is held for job {}", site_name(fleet, pool),
                                     holds[pool.value()]->value())
                       : shortage(fleet, pool, shape.demand);
  }
  if (!passed_over.empty()) return Choice{*best, "spilled over: " + passed_over};
  return Choice{*best, fmt::format("first choice: {} of {} free GPUs", shape.demand.gpus,
                                   fleet.pool(*best).gpus_free)};
}

SiteExplanation explain_site(const Portfolio&, const Fleet& fleet, const Holds& holds,
                             const JobSpec& job, const Shape& shape, SiteIndex site) {
  SiteExplanation e;
  e.site = fleet.sites()[site.value()].name;
  e.needed = shape.demand.gpus;
  std::optional<PoolIndex> mine;
  bool usable_hall = false;
  for (const auto& hall : fleet.halls()) usable_hall |= hall.site == site && hall.usable;
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const auto& pool = fleet.pools()[i];
    if (pool.site != site) continue;
    e.in_service += pool.nodes_in_service * pool.gpus_per_node;
    if (contains(shape.pools, PoolIndex(i))) {
      e.free = std::max(e.free, fleet.usable_gpus(PoolIndex(i), shape.demand));
      if (!mine || fleet.fits_in_service(PoolIndex(i), shape.demand)) mine = PoolIndex(i);
    }
  }
  if (!job.sites.empty() && !contains(job.sites, e.site)) {
    e.reason = Reason::SiteNotAllowed;
    e.message = fmt::format("{}: not among the sites that the job allows", e.site);
  } else if (!mine) {
    e.reason = Reason::AcceleratorAbsent;
    e.message = fmt::format("{}: has none of the accelerators that the job accepts", e.site);
  } else if (!usable_hall) {
    e.reason = Reason::NotEnergised;
    e.message = fmt::format("{}: no hall is energised and leased yet", e.site);
  } else if (!fleet.fits_in_service(*mine, shape.demand)) {
    e.reason = Reason::NotEnoughInService;
    e.message =
        fmt::format("{}: needs {} GPUs, {} are in service (others are down, drained or too small)",
                    e.site, e.needed, e.in_service);
  } else if (holds[mine->value()]) {
    e.reason = Reason::HeldForEarlierJob;
    e.message = fmt::format("{}: {} GPUs free are held for job {}, which comes first", e.site,
                            e.free, holds[mine->value()]->value());
  } else if (fleet.pool(*mine).gpus_free >= e.needed) {
    e.reason = Reason::NotEnoughWholeNodes;
    e.message = fmt::format("{}: {} GPUs are free, but only {} on nodes that fit the gang of {}",
                            e.site, fleet.pool(*mine).gpus_free, e.free, e.needed);
  } else {
    e.reason = Reason::NotEnoughFreeGpus;
    e.message = fmt::format("{}: needs {} GPUs, {} of {} in service are free", e.site, e.needed,
                            fleet.pool(*mine).gpus_free, e.in_service);
  }
  return e;
}

}  // namespace ampacity
