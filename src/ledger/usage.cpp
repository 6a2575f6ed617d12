// SPDX-License-Identifier: Apache-2.0
#include "ledger/usage.hpp"

#include <algorithm>

#include "ledger/price_edges.hpp"
#include "ledger/undelivered.hpp"
#include "units/arithmetic.hpp"
#include "units/calendar.hpp"

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

// Contracted power x time, step by step.
struct Commitment {
  Energy energy;
  Money cost;
  Money owed;  // month by month take-or-pay's share of what was delivered, or the minimum bill
};

class Committing {
 public:
  Committing(const Portfolio& portfolio, const Lease& lease)
      : portfolio_(portfolio),
        lease_(lease),
        leased_(leased_gpus(portfolio, lease)),
        left_(gpu_hours_of(lease)),
        whole_left_(left_) {}

  // Each piece is rounded once; but of gpu_hours months take in turn, as in the invoices.
  void add(Instant from, Instant until) {
    if (!lease_.gpu_hours) commit(from, until);
    for (auto m = utc_.month_of(from); utc_.start_of(m) < until; m = next(m)) {
      const auto begin = std::max(from, utc_.start_of(m));
      const auto end = std::min(until, utc_.start_of(next(m)));
      const auto sum = lease_.gpu_hours ? commit(begin, end) : sum_of(begin, end);
      total_.owed += std::max(sum.owed, least(begin, end));
    }
  }

  // What was taken until here does not count, but is gone; and so much is, whoever took it.
  void begin_here(GpuTime gone) {
    total_ = {};
    const auto all = gpu_hours_of(lease_);
    if (!all) return;
    for (auto* left : {&left_, &whole_left_}) {
      left->at_most(std::max(*all - gone, GpuTime()));
    }
  }

  const Commitment& total() const { return total_; }

 private:
  template <class Visit>
  void each_piece(Instant from, Instant until, const Visit& visit) const {
    const auto edges = lease_.edges(from, until);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      if (lease_.runs_at(edges[i])) visit(lease_.terms_at(edges[i]), edges[i], edges[i + 1]);
    }
  }

  Commitment commit(Instant from, Instant until) {
    const auto sum = sum_of(from, until);
    total_.cost += sum.cost;
    total_.energy += sum.energy;
    return sum;
  }

  // What was not delivered is not gone, and not owed.
  Commitment sum_of(Instant from, Instant until) {
    Commitment sum;
    each_piece(from, until, [&](const LeaseTerms& terms, Instant begin, Instant end) {
      const auto gpus = leased_.carried_by(terms.contracted);
      const auto part = left_.take(terms, gpus, end - begin);
      const auto whole = charge_of(terms, gpus, terms.contracted, end - begin).count();
      const auto cost = Money::of(part.of(whole));
      const auto missing = undelivered(portfolio_, lease_, leased_, terms, begin, end).cost;
      const auto late = std::min(Money::of(part.of(missing.count())), cost);
      left_.give_back(part, late, cost);
      sum.cost += cost;
      sum.energy += Energy::of(part.of(energy_of(terms.contracted, end - begin).count()));
      sum.owed += times(cost - late, terms.take_or_pay);
    });
    return sum;
  }

  // The minimum bill of a month.
  Money least(Instant from, Instant until) {
    Money sum;
    each_piece(from, until, [&](const LeaseTerms& terms, Instant begin, Instant end) {
      const auto gpus = leased_.carried_by(terms.power);
      const auto whole = charge_of(terms, gpus, terms.power, end - begin).count();
      const auto part = whole_left_.take(terms, gpus, end - begin);
      sum += times(Money::of(part.of(whole)), terms.minimum_bill);
    });
    return sum;
  }

  const Portfolio& portfolio_;
  const Lease& lease_;
  const Calendar utc_;
  LeasedGpus leased_;
  GpuHoursLeft left_;
  GpuHoursLeft whole_left_;  // of the whole power, for the minimum bill
  Commitment total_;
};

}  // namespace

const Site& site_or_gone(const Portfolio& portfolio, const std::string& name) {
  static const Site gone;
  const auto& sites = portfolio.sites;
  const auto it =
      std::find_if(sites.begin(), sites.end(), [&](const Site& site) { return site.name == name; });
  return it == sites.end() ? gone : *it;
}

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

GpuTime GpuHoursLeft::give_back(const Part& part, Money late, Money cost) {
  if (late <= Money()) return {};
  const auto back = GpuTime::of(scaled(part.given.count(), late.count(), cost.count()));
  if (left_) *left_ += back;
  return back;
}

LeaseStatement statement(const Portfolio& portfolio, const Lease& lease, const Usage& used,
                         Instant from, Instant at, GpuTime gone) {
  LeaseStatement s;
  const auto begin = std::max(from, lease.starts);
  const auto end = std::min(at, lease.term_ends());
  s.contracted = lease.contracted_at(at);
  s.owed = used.lease_cost;
  if (begin < end) {
    Committing commitment(portfolio, lease);
    if (lease.gpu_hours && lease.starts < begin) commitment.add(lease.starts, begin);
    commitment.begin_here(gone);
    commitment.add(begin, end);
    s.committed_energy = commitment.total().energy;
    s.committed_cost = commitment.total().cost;
    s.owed = std::max(commitment.total().owed, used.lease_cost);
  }
  s.used_energy = used.it_energy;
  s.unused_energy = s.committed_energy - s.used_energy;
  s.used_cost = used.lease_cost;
  s.unused_cost = s.committed_cost - s.used_cost;
  return s;
}

}  // namespace ampacity
