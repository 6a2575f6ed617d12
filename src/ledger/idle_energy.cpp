// SPDX-License-Identifier: Apache-2.0
#include "ledger/idle_energy.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "ledger/occupancy.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// How much of a site a lease bears from an instant on: `own` of `all`.
struct Part {
  std::int64_t own = 0;
  std::int64_t all = 0;
};

using Parts = std::map<Instant, Part>;

// As they are known when the month closes; of others only those that are held by then.
std::vector<Lease> leases_at(const Portfolio& portfolio, const Lease& lease,
                             const std::string& site, const MonthMeter& meter) {
  std::vector<Lease> leases;
  for (const auto& other : portfolio.leases) {
    if (other.proposed || !other.is_at(site)) continue;
    auto known = other.name == lease.name ? lease : other.known_at(meter.until);
    if (meter.held != nullptr) known.starts = begin_of(other, *meter.held);
    if (known.starts < meter.until) leases.push_back(std::move(known));
  }
  std::sort(leases.begin(), leases.end(), [](const Lease& a, const Lease& b) {
    return std::tie(a.starts, a.name) < std::tie(b.starts, b.name);
  });
  return leases;
}

// Where nothing is contracted, the lease that was held first of those that run there bears it.
Part part_at(const std::vector<Lease>& leases, const std::string& name, Instant at) {
  Part part;
  const Lease* first = nullptr;
  for (const auto& lease : leases) {
    if (!lease.runs_at(at)) continue;
    if (first == nullptr) first = &lease;
    const auto contracted = lease.contracted_at(at).count();
    part.all += contracted;
    if (lease.name == name) part.own = contracted;
  }
  if (part.all == 0) part = {first != nullptr && first->name == name ? 1 : 0, 1};
  return part;
}

Parts parts_of(const std::vector<Lease>& leases, const std::string& name, Instant from,
               Instant until) {
  Parts parts;
  parts[from] = part_at(leases, name, from);
  for (const auto& lease : leases) {
    const auto begin = std::max(from, lease.starts);
    const auto end = std::min(until, lease.term_ends());
    if (begin >= end) continue;
    for (const auto at : lease.edges(begin, end)) parts[at] = part_at(leases, name, at);
    if (end < until) parts[end] = part_at(leases, name, end);
  }
  return parts;
}

}  // namespace

IdleEnergy idle_energy(const Portfolio& portfolio, const Lease& lease, const Site& site,
                       const MonthMeter& meter, const SiteMeter& watched) {
  IdleEnergy sum{site.name, 0, 0};
  const auto from = std::max({meter.from, watched.since, lease.starts});
  const auto until = std::min({meter.until, meter.now, lease.term_ends()});
  if (from >= until) return sum;
  Occupancy site_time(portfolio, site, from, until);
  for (const auto* h : watched.held) site_time.held(h->from, h->until, h->gpus);
  for (const auto& o : watched.watch->out_of_service) site_time.out(o.from, o.until, o.gpus);
  const auto parts =
      parts_of(leases_at(portfolio, lease, site.name, meter), lease.name, from, until);
  for (const auto& [at, part] : parts) site_time.cut(at);
  site_time.each([&](Instant begin, Instant end, const Occupancy::Counts& counts) {
    const auto& part = std::prev(parts.upper_bound(begin))->second;
    const auto watts =
        Power::of(scaled(site_time.idle_power(counts.free()).count(), part.own, part.all));
    if (watts == Power()) return;
    const auto facility = times(energy_of(watts, end - begin), site.pue);
    sum.facility_j += facility.count();
    sum.energy_micro_usd += energy_cost(site, facility, begin, end - begin).count();
  });
  return sum;
}

}  // namespace ampacity
