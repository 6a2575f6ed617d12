// SPDX-License-Identifier: Apache-2.0
#include "policy/order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "units/text.hpp"

namespace ampacity {
namespace {

std::int64_t provider_rank(const Portfolio& portfolio, const std::string& name) {
  for (std::size_t i = 0; i < portfolio.providers.size(); ++i) {
    if (portfolio.providers[i].name == name) return static_cast<std::int64_t>(i);
  }
  return static_cast<std::int64_t>(portfolio.providers.size());
}

// Energy of a GPU at the meter for an hour, at the price of the hour.
Wide energy_price_per_gpu_hour(const Site& site, std::int64_t watts, Instant at) {
  const auto facility = scaled(watts, site.pue.count(), one.count());
  return Wide{facility} * energy_price_at(site, begin_of_hour(at)).count() / 1'000'000;
}

PlaceKey key_of(const Portfolio& portfolio, const Fleet& fleet, PoolIndex index, const Lease& lease,
                LeaseUse use, Instant at) {
  const auto& pool = fleet.pool(index);
  const auto watts = it_power(*pool.accelerator, GpuCount::of(1), JobSpec{}.draw).count();
  PlaceKey key;
  key.beyond = use != LeaseUse::Committed;
  key.provider = provider_rank(portfolio, lease.provider);
  Wide cost = 0;
  if (key.beyond) cost += lease_price_per_gpu_hour(lease.terms_at(at), watts);
  if (lease.energy_pass_through) {
    cost += energy_price_per_gpu_hour(portfolio.sites[pool.site.value()], watts, at);
  }
  key.cost = static_cast<std::int64_t>(cost);
  return key;
}

}  // namespace

LeaseUse use_by_terms(const LeaseTerms& terms) {
  const bool owed = terms.take_or_pay > Ratio() || terms.minimum_bill > Ratio();
  return owed ? LeaseUse::Committed : LeaseUse::Beyond;
}

LeaseUse use_of(const Lease& lease, const LeaseUses& uses, Instant at) {
  const auto known = uses.find(lease.name);
  return known == uses.end() ? use_by_terms(lease.terms_at(at)) : known->second;
}

Standing standing_of(const Portfolio& portfolio, const Fleet& fleet, const LeaseUses& uses,
                     PoolIndex pool, Instant at) {
  const auto& site = site_name(fleet, pool);
  Standing standing;
  standing.key = {true, static_cast<std::int64_t>(portfolio.providers.size()), 0};
  for (std::size_t i = 0; i < portfolio.leases.size(); ++i) {
    const auto& lease = portfolio.leases[i];
    if (!lease.runs_at(at) || !lease.is_at(site)) continue;
    const auto use = use_of(lease, uses, at);
    if (use == LeaseUse::Exhausted && standing.exhausted) continue;
    // An exhausted one keeps its place in the order, so that passing it over says why.
    const auto ranked = use == LeaseUse::Exhausted ? use_by_terms(lease.terms_at(at)) : use;
    standing.key = key_of(portfolio, fleet, pool, lease, ranked, at);
    if (use == LeaseUse::Exhausted) {
      standing.exhausted = i;
      continue;
    }
    standing.lease = i;
    standing.exhausted.reset();
    standing.owed = owed_at(portfolio, lease, at);
    return standing;
  }
  return standing;
}

std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet,
                                const LeaseUses& uses, Instant at) {
  std::vector<Standing> all;
  all.reserve(fleet.pools().size());
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    all.push_back(standing_of(portfolio, fleet, uses, PoolIndex(i), at));
  }
  return all;
}

Wide lease_price_per_gpu_hour(const LeaseTerms& terms, std::int64_t watts) {
  const Wide amount = terms.price.amount.count();
  switch (terms.price.basis) {
    case PriceBasis::GpuHour:
      return amount;
    case PriceBasis::Year:
      return amount * watts / terms.priced.count() / 8'760;
    case PriceBasis::MwMonth:
      return amount * watts / 1'000'000 / 730;
  }
  return 0;
}

namespace {

// More of a pool from an instant on.
struct MoreOfPool {
  Instant at;
  std::int64_t gpus = 0;
  std::string what;
};

// The lease under which a site may be used from `at` on, or from the first instant after it.
const Lease* lease_from(const Portfolio& portfolio, const LeaseUses& uses, const std::string& site,
                        Instant at) {
  const Lease* next = nullptr;
  for (const auto& lease : portfolio.leases) {
    if (!lease.is_at(site)) continue;
    const auto from = std::max(at, lease.starts);
    if (!lease.runs_at(from) || use_of(lease, uses, from) == LeaseUse::Exhausted) continue;
    if (next == nullptr || from < std::max(at, next->starts)) next = &lease;
  }
  return next;
}

// Halls that are energised, or leased, until an instant.
void hall_steps(const Portfolio& portfolio, const Fleet& fleet, const LeaseUses& uses,
                PoolIndex pool, Instant now, std::vector<MoreOfPool>& steps) {
  for (const auto index : fleet.pool(pool).halls) {
    if (fleet.is_usable(index)) continue;
    const auto& hall = fleet.halls()[index.value()];
    const auto energised = std::max(hall.energised.value_or(now), now);
    const auto* lease = lease_from(portfolio, uses, site_name(fleet, pool), energised);
    if (lease == nullptr) continue;
    const auto at = std::max(energised, lease->starts);
    const auto gpus = (hall.nodes.end - hall.nodes.begin) * fleet.pool(pool).gpus_per_node;
    steps.push_back({at, gpus,
                     at == energised ? fmt::format("hall {} is energised", hall.path)
                                     : fmt::format("lease {} starts", lease->name)});
  }
}

// The interconnection grows by enough for the demand.
void power_steps(const Portfolio& portfolio, const Fleet& fleet, PoolIndex pool,
                 const Demand& demand, std::vector<MoreOfPool>& steps) {
  if (fleet.has_power(pool, demand)) return;
  const auto index = fleet.pool(pool).site;
  const auto& site = portfolio.sites[index.value()];
  for (const auto& step : site.interconnection) {
    if (*admitted_at(site, step.from) < fleet.power_judged(index) + fleet.power_of(pool, demand))
      continue;
    steps.push_back(
        {step.from, 0,
         fmt::format("the interconnection of {} becomes {}", site.name, to_text(step.power))});
  }
}

// The step by which there is enough in the pool; none: it is there now, or does not come.
std::optional<MoreOfPool> enough_from(const Portfolio& portfolio, const Fleet& fleet,
                                      const LeaseUses& uses, PoolIndex pool, const Demand& demand,
                                      Instant now) {
  std::vector<MoreOfPool> steps;
  hall_steps(portfolio, fleet, uses, pool, now, steps);
  power_steps(portfolio, fleet, pool, demand, steps);
  std::stable_sort(steps.begin(), steps.end(),
                   [](const MoreOfPool& a, const MoreOfPool& b) { return a.at < b.at; });
  auto gpus = fleet.pool(pool).nodes_in_service * fleet.pool(pool).gpus_per_node;
  for (const auto& step : steps) {
    gpus += step.gpus;
    if (step.at > now && gpus >= demand.gpus) return step;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Coming> coming(const Portfolio& portfolio, const Fleet& fleet, const LeaseUses& uses,
                             const Shape& shape, Instant now, Instant until) {
  std::optional<Coming> best;
  for (const auto pool : shape.pools) {
    if (!fleet.fits_at_all(pool, shape.demand)) continue;
    const auto step = enough_from(portfolio, fleet, uses, pool, shape.demand, now);
    if (!step || step->at > until) continue;
    const auto key = standing_of(portfolio, fleet, uses, pool, step->at).key;
    if (best && best->key <= key) continue;
    best = Coming{pool, step->at, key, step->what};
  }
  return best;
}

}  // namespace ampacity
