// SPDX-License-Identifier: Apache-2.0
#include "policy/explain.hpp"

#include <algorithm>

#include "policy/power_ahead.hpp"
#include "policy/windows.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

std::string left_until(Instant at, Instant now) {
  return to_text(std::max(at - now, Duration(0)));
}

std::string promised_to(const Planner& planner, PoolIndex pool, JobId job) {
  for (const auto& r : planner.reservations(pool)) {
    if (r.job == job) return fmt::format("; reserved for it from {} at the latest", to_text(r.at));
  }
  return "";
}

// It fits, and something is promised to a job ahead.
void explain_held(SiteExplanation& e, const Fleet& fleet, const Planner& planner,
                  const Asker& asker, PoolIndex pool, Instant now) {
  e.reason = Reason::HeldForEarlierJob;
  if (const auto job = planner.closed_for(pool)) {
    e.message = fmt::format("{}: {} GPUs free are held for job {}, which comes first", e.site,
                            e.free, job->value());
    return;
  }
  const auto lack = power_lack(fleet, planner, fleet.pool(pool).site,
                               fleet.power_of(pool, asker.shape.demand), now);
  if (lack && lack->at - now < asker.walltime) {
    e.reason = Reason::NotEnoughPower;
    e.message = fmt::format(
        "{}: {} GPUs are free, but their power is not from {} on ({}); a walltime of up to {} "
        "would fit before it, this one asks for {}",
        e.site, e.free, to_text(lack->at), whose(*lack->feed), left_until(lack->at, now),
        to_text(asker.walltime));
    return;
  }
  const auto* ahead = in_the_way(fleet, planner, pool, asker.shape.demand, asker.walltime, now);
  if (ahead == nullptr) {  // room appeared since the last pass
    e.reason = Reason::Starting;
    e.message = fmt::format("{}: {} GPUs are free; the next decision places it", e.site, e.free);
    return;
  }
  if (ahead->curtails || ahead->steps) {
    e.reason = Reason::NotEnoughPower;
    e.message = fmt::format(
        "{}: {} GPUs are free, but their power is not from {} on ({}); a walltime of up to {} "
        "would fit before it, this one asks for {}",
        e.site, e.free, to_text(ahead->at), ahead->whose(), left_until(ahead->at, now),
        to_text(asker.walltime));
    return;
  }
  if (!ahead->for_job()) {
    e.reason = Reason::Booked;
    e.message = fmt::format(
        "{}: {} GPUs are free, but booking {} has them from {}; a walltime of up to {} would fit "
        "before it, this one asks for {}",
        e.site, e.free, ahead->booking, to_text(ahead->at), left_until(ahead->at, now),
        to_text(asker.walltime));
    return;
  }
  e.message = fmt::format(
      "{}: {} GPUs are free, but job {}, which comes first, starts on them by {}; a walltime of up "
      "to {} would fit before it, this one asks for {}",
      e.site, e.free, ahead->job.value(), to_text(ahead->at), left_until(ahead->at, now),
      to_text(asker.walltime));
}

// There are nodes for it; the level that keeps it, and what that has left.
void explain_power(SiteExplanation& e, const Fleet& fleet, const Asker& asker, PoolIndex pool,
                   const Fleet::PowerLeft& least) {
  e.reason = Reason::NotEnoughPower;
  const auto needs = to_text(fleet.power_of(pool, asker.shape.demand));
  const auto left = to_text(std::max(least.left, Power()));
  const auto limit = to_text(least.limit);
  if (least.level == PowerLevel::Site) {
    e.message =
        fmt::format("{}: needs {} of IT power, {} of {} are left", e.site, needs, left, limit);
  } else {
    e.message = fmt::format("{}: needs {} of IT power, {} has {} of {} left", e.site, needs,
                            name_of(least), left, limit);
  }
}

// Enough is free, but not where the gang could use it.
std::string scattered(const SiteExplanation& e, std::int64_t free, const Demand& demand) {
  if (demand.within && *demand.within != Level::Site) {
    const auto* unit = name_of(*demand.within);
    return fmt::format("{}: needs {} GPUs in one {}; the best {} has {} free, all together {}",
                       e.site, e.needed, unit, unit, e.free, free);
  }
  return fmt::format("{}: {} GPUs are free, but only {} on nodes that fit the gang of {}{}", e.site,
                     free, e.free, e.needed, together(demand));
}

}  // namespace

namespace {

// It fits, but is promised a place elsewhere that is worth the wait.
void explain_wait(SiteExplanation& e, const Fleet& fleet, const Planner& planner,
                  const Asker& asker) {
  if (e.reason != Reason::Starting || !asker.shape.speeds_differ()) return;
  e.reason = Reason::WaitsForFaster;
  e.message = fmt::format("{}: {} GPUs are free, but price and delay together are less elsewhere",
                          e.site, e.free);
  for (const auto pool : asker.shape.pools) {
    for (const auto& r : planner.reservations(pool)) {
      if (r.job != asker.job) continue;
      e.message +=
          fmt::format(": on {} at {}, reserved for it from {} at the latest",
                      fleet.pool(pool).accelerator_name, site_name(fleet, pool), to_text(r.at));
    }
  }
}

}  // namespace

SiteExplanation explain_site(const Fleet& fleet, const Planner& planner, const Asker& asker,
                             SiteIndex site, Instant now) {
  const auto& shape = asker.shape;
  SiteExplanation e;
  e.site = fleet.sites()[site.value()].name;
  e.needed = shape.demand.gpus;
  std::optional<PoolIndex> mine;
  std::int64_t accepted = 0;   // GPUs in service of all accepted pools, and what is free in whole
  std::int64_t in_pieces = 0;  // nodes of them
  bool usable_hall = false;
  for (std::uint32_t i = 0; i < fleet.halls().size(); ++i) {
    usable_hall |= fleet.halls()[i].site == site && fleet.is_usable(HallIndex(i));
  }
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const auto& pool = fleet.pools()[i];
    if (pool.site != site) continue;
    e.in_service += pool.nodes_in_service * pool.gpus_per_node;
    if (contains(shape.pools, PoolIndex(i))) {
      accepted += pool.nodes_in_service * pool.gpus_per_node;
      in_pieces += fleet.nodes_free(PoolIndex(i)) * pool.gpus_per_node;
      e.free = std::max(e.free, fleet.usable_gpus(PoolIndex(i), shape.demand));
      if (!mine || fleet.fits_in_service(PoolIndex(i), shape.demand)) mine = PoolIndex(i);
    }
  }
  if (!asker.spec.sites.empty() && !contains(asker.spec.sites, e.site)) {
    e.reason = Reason::SiteNotAllowed;
    e.message = fmt::format("{}: not among the sites that the job allows", e.site);
  } else if (!mine) {
    e.reason = Reason::AcceleratorAbsent;
    e.message = fmt::format("{}: has none of the accelerators that the job accepts", e.site);
  } else if (!usable_hall) {
    e.reason = Reason::NotEnergised;
    e.message = fmt::format("{}: no hall is energised and leased yet", e.site);
  } else if (shape.demand.mixed && accepted >= e.needed && in_pieces < e.needed) {
    e.reason = Reason::NotEnoughFreeGpus;
    e.free = in_pieces;
    e.message =
        fmt::format("{}: needs {} GPUs, {} of {} in service are free on whole nodes{}", e.site,
                    e.needed, in_pieces, accepted, promised_to(planner, *mine, asker.job));
  } else if (!fleet.fits_in_service(*mine, shape.demand) && !shape.demand.mixed) {
    e.reason = Reason::NotEnoughInService;
    e.message = fmt::format(
        "{}: needs {} GPUs, {} are in service (others are down, drained, booked or too small)",
        e.site, e.needed, e.in_service);
  } else if (fleet.fits(*mine, shape.demand)) {
    explain_held(e, fleet, planner, asker, *mine, now);
    explain_wait(e, fleet, planner, asker);
  } else if (const auto least = binding_level(fleet, *mine, shape.demand)) {
    explain_power(e, fleet, asker, *mine, *least);
    e.message += promised_to(planner, *mine, asker.job);
  } else if (fleet.pool(*mine).gpus_free >= e.needed) {
    e.reason = Reason::NotEnoughWholeNodes;
    e.message = scattered(e, fleet.pool(*mine).gpus_free, shape.demand) +
                promised_to(planner, *mine, asker.job);
  } else {
    e.reason = Reason::NotEnoughFreeGpus;
    e.message = fmt::format("{}: needs {} GPUs, {} of {} in service are free{}", e.site, e.needed,
                            fleet.pool(*mine).gpus_free, e.in_service,
                            promised_to(planner, *mine, asker.job));
  }
  return e;
}

namespace {

// The first pool of these where such a demand fits now.
std::optional<PoolIndex> fitting(const Fleet& fleet, const std::vector<PoolIndex>& pools,
                                 const Demand& demand) {
  const auto it = std::find_if(pools.begin(), pools.end(),
                               [&](PoolIndex pool) { return fleet.fits(pool, demand); });
  return it == pools.end() ? std::nullopt : std::optional(*it);
}

// Nearer than it is asked to be is not needed.
void without_topology(const Fleet& fleet, const Asker& asker, std::vector<std::string>& ways) {
  const auto& demand = asker.shape.demand;
  if (!demand.within && !demand.segment) return;
  auto loose = demand;
  loose.within.reset();
  loose.segment.reset();
  if (const auto pool = fitting(fleet, asker.shape.pools, loose)) {
    ways.push_back(fmt::format("it need not stand{}: {} has {} GPUs free", together(demand),
                               site_name(fleet, *pool), fleet.pool(*pool).gpus_free));
  }
}

// A smaller gang of the same kind.
void with_fewer(const Fleet& fleet, const Asker& asker, std::vector<std::string>& ways) {
  const auto& demand = asker.shape.demand;
  std::int64_t best = 0;
  PoolIndex where;
  for (const auto pool : asker.shape.pools) {
    auto small = demand;
    const auto whole = std::min(fleet.pool(pool).gpus_per_node, demand.gpus);
    small.gpus = demand.segment.value_or(demand.per_node.value_or(whole));
    small.most = demand.gpus;
    if (!fleet.fits(pool, small)) continue;
    const auto size = largest_size(fleet, pool, small, demand.gpus,
                                   [&](const Demand& d) { return fleet.fits(pool, d); });
    if (size <= best) continue;
    best = size;
    where = pool;
  }
  if (best > 0 && best < demand.gpus) {
    ways.push_back(fmt::format("it asked for {} GPUs or fewer (it asks for {}), at {}", best,
                               demand.gpus, site_name(fleet, where)));
  }
}

// Places that the job leaves out.
void elsewhere(const Fleet& fleet, const Asker& asker, std::vector<std::string>& ways) {
  std::vector<PoolIndex> others;
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    if (!contains(asker.shape.pools, PoolIndex(i))) others.emplace_back(i);
  }
  if (const auto pool = fitting(fleet, others, asker.shape.demand)) {
    ways.push_back(fmt::format("it accepted {} at {}", fleet.pool(*pool).accelerator_name,
                               site_name(fleet, *pool)));
  }
}

}  // namespace

std::vector<std::string> ways_to_start(const Fleet& fleet, const Asker& asker) {
  std::vector<std::string> ways;
  if (fitting(fleet, asker.shape.pools, asker.shape.demand)) return ways;
  without_topology(fleet, asker, ways);
  with_fewer(fleet, asker, ways);
  elsewhere(fleet, asker, ways);
  return ways;
}

}  // namespace ampacity
