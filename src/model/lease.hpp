// SPDX-License-Identifier: Apache-2.0
// The contract of a lease: megawatts of critical IT load at sites, for a price, from an instant to
// an instant, and what changes it. Read by the engine (when it runs, what a job costs there), by
// the ledger (what a month comes to) and by everything that shows it. Plain values; check() of
// model/portfolio.hpp says what is wrong with them. Bounds: limits:: below.
// A contract year begins at the instant of the start, each year, in UTC: whoever writes dates in
// the zone of the contract gets midnights of that zone (wire/portfolio_file).
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "units/quantity.hpp"

namespace ampacity {

namespace limits {
inline constexpr auto power = Power::of(100'000'000'000);  // of a lease, a site, a hall: 100 GW
inline constexpr std::size_t amendments = 256;             // of one lease
inline constexpr std::size_t sla_tiers = 16;
inline constexpr std::size_t note_length = 1'000;  // bytes
}  // namespace limits

struct PowerStep {
  Instant from;
  Power power;
  bool operator==(const PowerStep&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerStep, (), (from, power))

enum class PriceBasis { Year, MwMonth, GpuHour };
BOOST_DESCRIBE_ENUM(PriceBasis, Year, MwMonth, GpuHour)

struct LeasePrice {
  PriceBasis basis = PriceBasis::Year;
  Money amount;  // for the whole lease a year, for a MW a month, or for a GPU an hour
  bool operator==(const LeasePrice&) const = default;
};
BOOST_DESCRIBE_STRUCT(LeasePrice, (), (basis, amount))

// Less was available in a month than `below`: this share of the month's charge is credited. The
// lowest tier that holds counts.
struct SlaTier {
  Ratio below;
  Ratio credit;
  bool operator==(const SlaTier&) const = default;
};
BOOST_DESCRIBE_STRUCT(SlaTier, (), (below, credit))

// Billed in the month of `due`; what is charged from then on is taken from it first.
struct Prepayment {
  Money amount;
  Instant due;
  bool operator==(const Prepayment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Prepayment, (), (amount, due))

// The tenant's option to go on: `times` terms of so many years, each claimed so long before the
// end.
struct Renewal {
  std::int64_t years = 1;
  std::int64_t times = 1;
  Duration notice{};
  bool operator==(const Renewal&) const = default;
};
BOOST_DESCRIBE_STRUCT(Renewal, (), (years, times, notice))

// For each MW and day that contracted power is not energised.
struct DelayDamages {
  Money per_mw_day;
  bool operator==(const DelayDamages&) const = default;
};
BOOST_DESCRIBE_STRUCT(DelayDamages, (), (per_mw_day))

// A dated change of the terms: never an edit. What it does not state stays as it was. Of several,
// the one that holds from the latest instant counts, and of these the one agreed last.
struct Amendment {
  Instant from;                   // holds from then on; may lie in the past: an adjustment follows
  std::optional<Instant> agreed;  // known since; absent: since `from`
  std::optional<Power> power;     // contracted; the steps of the ramp after `from` no longer count
  std::optional<LeasePrice> price;
  std::optional<Instant> ends;
  std::optional<Ratio> take_or_pay;
  std::optional<Ratio> minimum_bill;
  std::string why;
  std::string by;
  bool operator==(const Amendment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Amendment, (),
                      (from, agreed, power, price, ends, take_or_pay, minimum_bill, why, by))

std::string to_text(const LeasePrice& price);  // "$30.00B a year"

// What holds at an instant, amendments and escalator included.
struct LeaseTerms {
  Power contracted;  // by the ramp; 0 when the lease does not run
  Power power;       // at the end of the ramp
  LeasePrice price;
  Power priced;  // PriceBasis::Year: the power that the price is for
  Ratio take_or_pay = one;
  Ratio minimum_bill;
  bool operator==(const LeaseTerms&) const = default;
};

// Megawatts of critical IT load from a provider at its sites, for a price, from a day to a day.
struct Lease {
  std::string name;
  std::string provider;
  std::vector<std::string> sites;
  Power power;                  // contracted, at the end of the ramp
  std::vector<PowerStep> ramp;  // dated steps up to `power`; empty: all of it from `starts`
  LeasePrice price;
  Instant starts;
  Instant ends;
  Ratio take_or_pay = one;  // share of a month's commitment that is owed, used or not
  std::string source;
  std::string time_zone = "UTC";  // IANA; its months are billed, wire/zones.hpp knows it
  Ratio escalator;                // the price grows by so much each contract year
  Ratio minimum_bill;  // share of the whole power's charge (not of the ramp's) owed each month
  bool energy_pass_through = false;  // billed at the site's price; else the price includes it
  std::vector<SlaTier> sla;
  std::optional<DelayDamages> delay_damages;
  std::optional<Prepayment> prepayment;
  std::optional<Renewal> renewal;
  bool proposed = false;            // not signed: shown, and never in force
  std::optional<Instant> canceled;  // it ends then
  std::string supersedes;           // a lease that has ended when this one starts
  std::vector<Amendment> amendments;
  std::optional<Instant> signed_on;  // absent: when Ampacity first hears of it
  std::string request;               // the capacity request that it answers; empty: none
  Ratio oversubscription = one;      // gangs are admitted to so many times what is contracted
  // All that it is for; used up before its end it is exhausted: nothing starts on it any more.
  std::optional<std::int64_t> gpu_hours;
  bool operator==(const Lease&) const = default;

  Instant term_ends() const;
  bool runs_at(Instant t) const;
  bool is_at(const std::string& site) const;
  Power contracted_at(Instant t) const;  // 0 when it does not run
  LeaseTerms terms_at(Instant t) const;  // cost: amendments + steps + years
  // Where terms change inside [from, until), ascending, `from` first and `until` last: between two
  // neighbours they are constant. Requires from < until.
  std::vector<Instant> edges(Instant from, Instant until) const;
  // The lease as it was known at an instant: without what was agreed later.
  Lease known_at(Instant t) const;
};
BOOST_DESCRIBE_STRUCT(Lease, (),
                      (name, provider, sites, power, ramp, price, starts, ends, take_or_pay, source,
                       time_zone, escalator, minimum_bill, energy_pass_through, sla, delay_damages,
                       prepayment, renewal, proposed, canceled, supersedes, amendments, signed_on,
                       request, oversubscription, gpu_hours))

// The words of FOCUS 1.4's LifecycleStatus. Exhausted: it runs, and its gpu_hours are used up.
enum class LeaseStage { Proposed, Pending, Active, Expired, Canceled, Superseded, Exhausted };
BOOST_DESCRIBE_ENUM(LeaseStage, Proposed, Pending, Active, Expired, Canceled, Superseded, Exhausted)

// How far a lease is used, as far as placement asks. Committed: what one more GPU-hour costs is
// owed already, used or not. Beyond: it is billed on top. Exhausted: see above.
enum class LeaseUse { Committed, Beyond, Exhausted };
BOOST_DESCRIBE_ENUM(LeaseUse, Committed, Beyond, Exhausted)

// `all`: the leases among which another may supersede it.
LeaseStage stage_of(const Lease& lease, const std::vector<Lease>& all, Instant t);

// The same day `years` later; 29 February becomes the 28th.
Instant years_after(Instant t, std::int64_t years);

}  // namespace ampacity
