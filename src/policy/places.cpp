// SPDX-License-Identifier: Apache-2.0
#include "policy/places.hpp"

#include <algorithm>
#include <tuple>

#include "fleet/nearby.hpp"
#include "policy/together.hpp"
#include "units/text.hpp"

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
  if (fleet.has_room(pool, demand)) {
    return fmt::format("{} has {} of IT power left of the {} needed", site_name(fleet, pool),
                       to_text(fleet.power_free(pool)), to_text(fleet.power_of(pool, demand)));
  }
  const auto usable = fleet.usable_gpus(pool, demand);
  const auto free = fleet.pool(pool).gpus_free;
  if (free >= demand.gpus) {
    return fmt::format("{} has {} free GPUs, but only {} that fit the gang of {}{}",
                       site_name(fleet, pool), free, usable, demand.gpus, together(demand));
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

Demand demand_of(const JobSpec& job) {
  return {job.gpus.count(), job.gpus_per_node, job.within, job.prefer, job.segment, job.draw};
}

std::string together(const Demand& demand) {
  std::string text;
  if (demand.within) {
    text = fmt::format(" in one {}", name_of(*demand.within));
  }
  if (demand.segment) text += fmt::format(" in segments of {}", *demand.segment);
  return text;
}

Capacity need_of(const Fleet& fleet, PoolIndex index, const Demand& demand) {
  const auto& pool = fleet.pool(index);
  const auto pieces = cut(demand, pool.gpus_per_node);
  Capacity need{0, demand.gpus, fleet.power_of(index, demand).count()};
  if (pieces && pieces->untouched) {
    need.nodes = pieces->nodes();
  } else if (pieces && pieces->each == pool.gpus_per_node) {
    need.nodes = pieces->whole;
  }
  return need;
}

Capacity taken_now(const Fleet& fleet, PoolIndex index, const Demand& demand) {
  const auto& pool = fleet.pool(index);
  const auto pieces = cut(demand, pool.gpus_per_node);
  auto taken = need_of(fleet, index, demand);
  if (!pieces || pieces->untouched) return taken;
  const auto broken = [&](std::int64_t parts, std::int64_t each) {
    return std::max<std::int64_t>(parts - fleet.parts_with(index, each), 0);
  };
  if (pieces->each < pool.gpus_per_node) taken.nodes += broken(pieces->whole, pieces->each);
  if (pieces->rest > 0) taken.nodes += broken(1, pieces->rest);
  return taken;
}

namespace {

// The reservations that name nodes, by instant.
std::vector<const Planner::Reservation*> promised_places(const Planner& planner, PoolIndex pool) {
  std::vector<const Planner::Reservation*> all;
  for (const auto& r : planner.reservations(pool)) {
    if (!r.places.empty()) all.push_back(&r);
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->at < b->at; });
  return all;
}

// Hides what a gang that runs until `until` may not use.
void hide_promised(Hiding& hiding, const Planner& planner, PoolIndex pool, Instant until) {
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at < until) hiding.hide(r->places);
  }
}

}  // namespace

Duration window(Fleet& fleet, const Planner& planner, PoolIndex pool, const Demand& demand,
                Instant now) {
  if (!fleet.fits(pool, demand)) return Duration(0);
  const auto free = Planner::free_now(fleet, pool);
  const auto longest = planner.window(pool, free, taken_now(fleet, pool, demand), now);
  Hiding hiding(fleet);
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at - now >= longest) break;
    hiding.hide(r->places);
    if (!fleet.fits(pool, demand)) return r->at - now;
  }
  return longest;
}

Duration longest_window(Fleet& fleet, const Planner& planner, const Shape& shape, Instant now) {
  Duration longest(0);
  for (const auto pool : shape.pools) {
    longest = std::max(longest, window(fleet, planner, pool, shape.demand, now));
  }
  return longest;
}

namespace {

// Whose promise keeps a gang of this length out of a pool where it fits; null if nobody's.
const Planner::Reservation* in_the_way(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                                       const Demand& demand, Duration walltime, Instant now) {
  const auto* blocker = planner.blocker(pool, Planner::free_now(fleet, pool),
                                        taken_now(fleet, pool, demand), walltime, now);
  for (const auto* r : promised_places(planner, pool)) {
    if (r->at - now < walltime && (blocker == nullptr || r->at < blocker->at)) blocker = r;
  }
  return blocker;
}

// What kept a job out of a pool that the order prefers.
std::string passed_over(const Fleet& fleet, const Planner& planner, PoolIndex pool,
                        const Demand& demand, Duration walltime, Instant now) {
  const auto& site = site_name(fleet, pool);
  if (!fleet.fits(pool, demand)) return shortage(fleet, pool, demand);
  if (const auto job = planner.closed_for(pool)) {
    return fmt::format("{} is held for job {}", site, job->value());
  }
  const auto* blocker = in_the_way(fleet, planner, pool, demand, walltime, now);
  AMPACITY_ASSERT(blocker != nullptr, "{} was passed over for nothing", site);
  return fmt::format("{} is promised to job {} from {}", site, blocker->job.value(),
                     to_text(blocker->at));
}

std::string reason_for(const Fleet& fleet, const std::vector<Standing>& standings,
                       const Planner& planner, PoolIndex best, const Shape& shape,
                       Duration walltime, Instant now) {
  std::string why;
  for (const auto pool : shape.pools) {
    if (standings[pool.value()].provider >= standings[best.value()].provider) continue;
    why += (why.empty() ? "spilled over: " : "; ") +
           passed_over(fleet, planner, pool, shape.demand, walltime, now);
  }
  if (why.empty()) {
    why = fmt::format("first choice: {} of {} free GPUs", shape.demand.gpus,
                      fleet.pool(best).gpus_free);
  }
  if (!planner.reservations(best).empty()) {
    const auto& ahead = planner.reservations(best).front();
    why += fmt::format("; backfilled: job {} still starts by {}", ahead.job.value(),
                       to_text(ahead.at));
  }
  return why;
}

}  // namespace

std::optional<Choice> choose(Fleet& fleet, const std::vector<Standing>& standings,
                             const Planner& planner, const WaitingQueue& queue,
                             const WaitingQueue::Candidate& job, const std::vector<Share>* last,
                             Instant now) {
  const auto& shape = queue.shape(job.shape);
  std::optional<PoolIndex> best;
  const auto before =
      last == nullptr ? std::nullopt : std::optional(fleet.pool_of(last->front().node));
  const auto key = [&](PoolIndex pool) {
    return std::tuple(pool != before, standings[pool.value()].provider, fleet.pool(pool).gpus_free,
                      pool.value());
  };
  for (const auto pool : shape.pools) {
    if (best && key(pool) > key(*best)) continue;
    if (window(fleet, planner, pool, shape.demand, now) >= job.walltime) best = pool;
  }
  if (!best) return std::nullopt;
  const bool stays = best == before;
  auto why = stays ? std::string("back where it was")
                   : reason_for(fleet, standings, planner, *best, shape, job.walltime, now);
  Hiding hiding(fleet);
  hide_promised(hiding, planner, *best, now + job.walltime);
  if (stays) {
    if (auto near = find_nearby(fleet, *best, shape.demand, *last)) {
      return Choice{*best, std::move(near->shares),
                    fmt::format("{}, on {} of its nodes", why, near->kept)};
    }
  }
  return Choice{*best, fleet.find(*best, shape.demand), std::move(why)};
}

std::optional<Planner::Reservation> promise(const Fleet& fleet, const Planner& planner,
                                            PoolIndex pool, const Demand& demand,
                                            const Promisee& to, Instant now) {
  auto need = need_of(fleet, pool, demand);
  need.gpus += to.held_back;
  const auto free = Planner::free_now(fleet, pool);
  auto from = now;
  Planner::Reservation r{to.job, {}, {}, need, {}};
  const auto pieces = *cut(demand, fleet.pool(pool).gpus_per_node);
  const bool anywhere = demand.within.value_or(Level::Site) == Level::Site && pieces.segment == 0;
  if (pieces.untouched && !anywhere) {
    auto place = when_together(fleet, planner, pool,
                               {pieces.nodes(), demand.within, demand.prefer, pieces.segment}, now);
    if (!place) return std::nullopt;
    from = place->at - Duration(1);
    for (const auto rack : place->racks) r.places.push_back(fleet.topology().nodes_of(rack));
  }
  const auto at = planner.earliest(pool, free, need, to.walltime, from);
  if (!at) return std::nullopt;
  r.at = *at;
  r.until = *at + to.walltime;
  return r;
}

namespace {

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
  const auto* ahead = in_the_way(fleet, planner, pool, asker.shape.demand, asker.walltime, now);
  if (ahead == nullptr) {  // room appeared since the last pass
    e.reason = Reason::Starting;
    e.message = fmt::format("{}: {} GPUs are free; the next decision places it", e.site, e.free);
    return;
  }
  e.message = fmt::format(
      "{}: {} GPUs are free, but job {}, which comes first, starts on them by {}; a walltime of up "
      "to {} would fit before it, this one asks for {}",
      e.site, e.free, ahead->job.value(), to_text(ahead->at), to_text(ahead->at - now),
      to_text(asker.walltime));
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

SiteExplanation explain_site(const Fleet& fleet, const Planner& planner, const Asker& asker,
                             SiteIndex site, Instant now) {
  const auto& shape = asker.shape;
  SiteExplanation e;
  e.site = fleet.sites()[site.value()].name;
  e.needed = shape.demand.gpus;
  std::optional<PoolIndex> mine;
  bool usable_hall = false;
  for (std::uint32_t i = 0; i < fleet.halls().size(); ++i) {
    usable_hall |= fleet.halls()[i].site == site && fleet.is_usable(HallIndex(i));
  }
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const auto& pool = fleet.pools()[i];
    if (pool.site != site) continue;
    e.in_service += pool.nodes_in_service * pool.gpus_per_node;
    if (contains(shape.pools, PoolIndex(i))) {
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
  } else if (!fleet.fits_in_service(*mine, shape.demand)) {
    e.reason = Reason::NotEnoughInService;
    e.message =
        fmt::format("{}: needs {} GPUs, {} are in service (others are down, drained or too small)",
                    e.site, e.needed, e.in_service);
  } else if (fleet.fits(*mine, shape.demand)) {
    explain_held(e, fleet, planner, asker, *mine, now);
  } else if (fleet.has_room(*mine, shape.demand)) {
    e.reason = Reason::NotEnoughPower;
    e.message = fmt::format(
        "{}: needs {} of IT power, {} of {} are left{}", e.site,
        to_text(fleet.power_of(*mine, shape.demand)), to_text(fleet.power_free(*mine)),
        to_text(fleet.power_limit(site).value_or(Power())), promised_to(planner, *mine, asker.job));
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

}  // namespace ampacity
