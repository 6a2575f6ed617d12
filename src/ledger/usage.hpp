// SPDX-License-Identifier: Apache-2.0
// What an allocation uses and costs, and how a lease stands. Pure arithmetic on integers; called by
// the engine when an attempt ends, and by the API for what is still running.
//   energy cost        = energy at the meter x the site's price, hour by hour if it has a series
//   energy             = IT power (model/accelerator.hpp) x time; at the meter: x PUE (design.md
//   section 3, Power) lease cost         = by GPU-hours, or the gang's share of the leased
//   megawatts x the lease's price
// Assumption, said in docs/guides/finance.md: a flat draw for the whole attempt.
#pragma once

#include <algorithm>
#include <optional>

#include "model/job.hpp"
#include "model/portfolio.hpp"
#include "protocol/vocabulary.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

// What so much power, or so many GPUs, cost for a time in which the terms do not change.
Money charge_of(const LeaseTerms& terms, GpuCount gpus, Power power, Duration time);

// `power`: what the gang draws, IT. The lease's terms may change on the way. Requires from <=
// until.
Usage usage_of(const Site& site, const Lease* lease, GpuCount gpus, Power power, Instant from,
               Instant until);

// Is energy paid for besides the lease? Not where its price includes it; always where there is
// none.
inline bool bills_energy(const Lease* lease) {
  return lease == nullptr || lease->energy_pass_through;
}
// What of a usage is paid for: energy counts only where it is billed.
inline Money billed(const Lease* lease, const Usage& usage) {
  return usage.lease_cost + (bills_energy(lease) ? usage.energy_cost : Money());
}

// A site that a later portfolio took away has left its readings: they count with a PUE of 1 and no
// price of energy.
const Site& site_or_gone(const Portfolio& portfolio, const std::string& name);

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
  // Take-or-pay's share of what is committed and energised, or the minimum bill's of the whole
  // power's charge, or what was used: the most of them.
  Money owed;
  bool operator==(const LeaseStatement&) const = default;
};
BOOST_DESCRIBE_STRUCT(LeaseStatement, (),
                      (contracted, committed_energy, used_energy, unused_energy, committed_cost,
                       used_cost, unused_cost, owed))

// `used` is the sum over its attempts. `from` is when the account begins: the lease's start or when
// Ampacity first held it, whichever is later. A lease for so many GPU-hours commits no more of
// them: what it committed before `from`, or what was used of them until then if that is more
// (`gone`), is gone. Owed is reckoned month by month (of UTC), but for use, of which only the sum
// is known.
LeaseStatement statement(const Portfolio& portfolio, const Lease& lease, const Usage& used,
                         Instant from, Instant at, GpuTime gone = {});

// What is left of a lease's gpu_hours, if it is for so many: a commitment by the GPU-hour takes of
// them, and ends where none are left.
class GpuHoursLeft {
 public:
  explicit GpuHoursLeft(std::optional<GpuTime> left) : left_(left) {}

  struct Part {
    GpuTime wanted;
    GpuTime given;
    std::int64_t of(std::int64_t amount) const {  // what remains of what all of it comes to
      return given == wanted ? amount : scaled(amount, given.count(), wanted.count());
    }
  };
  Part take(const LeaseTerms& terms, GpuCount gpus, Duration time);
  // What of a part was not delivered, `late` of its cost, is not gone. Returns what was given back.
  GpuTime give_back(const Part& part, Money late, Money cost);
  void at_most(GpuTime left) {
    if (left_) *left_ = std::min(*left_, left);
  }

 private:
  std::optional<GpuTime> left_;
};
std::optional<GpuTime> gpu_hours_of(const Lease& lease);

}  // namespace ampacity
