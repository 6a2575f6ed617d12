// SPDX-License-Identifier: Apache-2.0
#include "ledger/usage.hpp"

#include <algorithm>

#include "ledger/price_edges.hpp"
#include "ledger/undelivered.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// A part of a lease priced by power: price x (watts / priced watts) x (time / term unit).
Money share_of_power(const LeaseTerms& terms, Wide watt_ms) {
  const bool yearly = terms.price.basis == PriceBasis::Year;
  // a year of the whole lease, or a month of one MW
  const Wide unit =
      yearly ? Wide{terms.priced.count()} * ms_per_year : Wide{1'000'000} * ms_per_month;
  // Divided in two steps so that 30 G$ x 4.5 GW x a year stays inside 128 bits; the first is exact.
  const Wide product = watt_ms * (terms.price.amount.count() / 1'000'000);
  const Wide rest = watt_ms * (terms.price.amount.count() % 1'000'000);
  const Wide micro =
      product / unit * 1'000'000 + (product % unit * 1'000'000 + rest + unit / 2) / unit;
  return Money::of(static_cast<std::int64_t>(micro));
}

Money share_of(Money money, Ratio share) {
  return Money::of(scaled(money.count(), share.count(), one.count()));
}

// Contracted power x time, step by step.
struct Commitment {
  Energy energy;
  Money cost;
  Money owed;   // take-or-pay's share of what was delivered
  Money least;  // the minimum bill's, of the whole power's charge
};

Commitment committed(const Portfolio& portfolio, const Lease& lease, Instant from, Instant at) {
  Commitment total;
  const auto leased = leased_gpus(portfolio, lease);
  GpuHoursLeft left(gpu_hours_of(lease));
  GpuHoursLeft whole_left = left;
  const auto edges = lease.edges(from, at);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const auto terms = lease.terms_at(edges[i]);
    const auto time = edges[i + 1] - edges[i];
    if (!lease.runs_at(edges[i])) continue;
    const auto gpus = leased.carried_by(terms.contracted);
    const auto part = left.take(terms, gpus, time);
    const auto cost = Money::of(part.of(charge_of(terms, gpus, terms.contracted, time).count()));
    total.energy += Energy::of(part.of(energy_of(terms.contracted, time).count()));
    total.cost += cost;
    const auto missing = undelivered(portfolio, lease, leased, terms, edges[i], edges[i + 1]).cost;
    const auto late = std::min(Money::of(part.of(missing.count())), cost);
    total.owed += share_of(cost - late, terms.take_or_pay);
    const auto all = leased.carried_by(terms.power);
    const auto whole = charge_of(terms, all, terms.power, time).count();
    const auto least = Money::of(whole_left.take(terms, all, time).of(whole));
    total.least += share_of(least, terms.minimum_bill);
  }
  return total;
}

}  // namespace

Money energy_cost(const Site& site, Energy energy, Instant from, Duration time) {
  const auto& series = site.energy_price_by_hour;
  if (!series || time <= Duration(0)) return cost_of(energy, energy_price_at(site, from));
  return cost_of(energy, series->sum(from, from + time), time.count());
}

Wide carbon_of(const Site& site, Energy energy, Instant from, Duration time) {
  const auto& series = site.carbon_by_hour;
  if (!series || time <= Duration(0)) return Wide{energy.count()} * carbon_mg_at(site, from);
  return by_mean(energy.count(), series->sum(from, from + time), time.count());
}

Money charge_of(const LeaseTerms& terms, GpuCount gpus, Power power, Duration time) {
  return charge_of(terms, gpus, Wide{power.count()} * time.count(), time);
}

Money charge_of(const LeaseTerms& terms, GpuCount gpus, Wide watt_ms, Duration time) {
  if (terms.price.basis == PriceBasis::GpuHour) {
    return cost_of(gpu_time_of(gpus, time), GpuPrice::of(terms.price.amount.count()));
  }
  return share_of_power(terms, watt_ms);
}

Usage usage_of(const Site& site, const Lease* lease, GpuCount gpus, Power power, Instant from,
               Instant until) {
  const auto time = until - from;
  Usage usage;
  usage.gpu_time = gpu_time_of(gpus, time);
  usage.it_energy = energy_of(power, time);
  usage.facility_energy = times(usage.it_energy, site.pue);
  usage.energy_cost = energy_cost(site, usage.facility_energy, from, time);
  if (lease == nullptr || from >= until) return usage;
  const auto edges = price_edges(*lease, from, until);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    usage.lease_cost += charge_of(lease->terms_at(edges[i]), gpus, power, edges[i + 1] - edges[i]);
  }
  return usage;
}

std::optional<GpuTime> gpu_hours_of(const Lease& lease) {
  if (!lease.gpu_hours) return std::nullopt;
  return GpuTime::of(*lease.gpu_hours) * ms_per_hour;
}

GpuHoursLeft::Part GpuHoursLeft::take(const LeaseTerms& terms, GpuCount gpus, Duration time) {
  const auto wanted = gpu_time_of(gpus, time);
  if (!left_ || terms.price.basis != PriceBasis::GpuHour) return {wanted, wanted};
  const auto given = std::min(wanted, *left_);
  *left_ -= given;
  return {wanted, given};
}

LeaseStatement statement(const Portfolio& portfolio, const Lease& lease, const Usage& used,
                         Instant from, Instant at) {
  LeaseStatement s;
  const auto begin = std::max(from, lease.starts);
  const auto end = std::min(at, lease.term_ends());
  s.contracted = lease.contracted_at(at);
  s.owed = used.lease_cost;
  if (begin < end) {
    const auto commitment = committed(portfolio, lease, begin, end);
    s.committed_energy = commitment.energy;
    s.committed_cost = commitment.cost;
    s.owed = std::max({commitment.owed, commitment.least, used.lease_cost});
  }
  s.used_energy = used.it_energy;
  s.unused_energy = s.committed_energy - s.used_energy;
  s.used_cost = used.lease_cost;
  s.unused_cost = s.committed_cost - s.used_cost;
  return s;
}

}  // namespace ampacity
