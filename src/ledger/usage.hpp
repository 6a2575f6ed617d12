// SPDX-License-Identifier: Apache-2.0
// What an allocation uses and costs, and how a lease stands. Pure arithmetic on integers; called by
// the engine when an attempt ends, and by the API for what is still running.
//   energy cost        = energy at the meter x the site's price, hour by hour if it has a series
//   energy             = IT power (model/accelerator.hpp) x time; at the meter: x PUE (design.md
//   section 3, Power) lease cost         = by GPU-hours, or the gang's share of the leased
//   megawatts x the lease's price
// Assumption, said in docs/guides/finance.md: a flat draw for the whole attempt.
#pragma once

#include "model/job.hpp"
#include "model/portfolio.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// What so much power, or so many GPUs, cost for a time in which the terms do not change.
Money charge_of(const LeaseTerms& terms, GpuCount gpus, Power power, Duration time);

// `power`: what the gang draws, IT. The lease's terms may change on the way. Requires from <=
// until.
Usage usage_of(const Site& site, const Lease* lease, GpuCount gpus, Power power, Instant from,
               Instant until);

// What energy at the meter, drawn evenly from an instant on for so long, costs there; and the
// carbon that it comes with, in J x mg/kWh: carbon_unit of them are a gram. With a series each hour
// counts by its own figure.
Money energy_cost(const Site& site, Energy energy, Instant from, Duration time);
Wide carbon_of(const Site& site, Energy energy, Instant from, Duration time);
inline constexpr std::int64_t carbon_unit = 3'600'000'000;

// How a lease stands at an instant: what is committed since its start, what of it jobs used, and
// the difference, which is idle and paid for. used + unused == committed, exactly.
struct LeaseStatement {
  Power contracted;  // now
  Energy committed_energy;
  Energy used_energy;
  Energy unused_energy;
  Money committed_cost;
  Money used_cost;
  Money unused_cost;
  Money owed;  // the take-or-pay share of what is committed, or what was used if that is more
  bool operator==(const LeaseStatement&) const = default;
};
BOOST_DESCRIBE_STRUCT(LeaseStatement, (),
                      (contracted, committed_energy, used_energy, unused_energy, committed_cost,
                       used_cost, unused_cost, owed))

// `gpus_leased` prices a GPU-hour lease: the GPUs of its sites. `used` is the sum over its
// attempts. `from` is when the account begins: the lease's start or when Ampacity first held it,
// whichever is later.
LeaseStatement statement(const Lease& lease, std::int64_t gpus_leased, const Usage& used,
                         Instant from, Instant at);

}  // namespace ampacity
