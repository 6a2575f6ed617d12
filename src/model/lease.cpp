// SPDX-License-Identifier: Apache-2.0
#include "model/lease.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// The amendment that states `part` and holds at t, if any.
template <class Part>
const Amendment* in_force(const std::vector<Amendment>& amendments, Part part, Instant t) {
  const Amendment* found = nullptr;
  for (const auto& a : amendments) {
    if (!(a.*part) || a.from > t) continue;
    if (found == nullptr || a.from >= found->from) found = &a;
  }
  return found;
}

std::int64_t whole_years(Instant from, Instant until) {
  std::int64_t years = 0;
  while (years_after(from, years + 1) <= until) ++years;
  return years;
}

}  // namespace

std::string to_text(const LeasePrice& price) {
  auto amount = to_text(price.amount);
  switch (price.basis) {
    case PriceBasis::Year:
      return amount + " a year";
    case PriceBasis::MwMonth:
      return amount + " per MW-month";
    case PriceBasis::GpuHour:
      return amount + " per GPU-hour";
  }
  return amount;
}

Instant years_after(Instant t, std::int64_t years) {
  using namespace std::chrono;
  const auto day = floor<days>(t.time_since_epoch());
  auto date = year_month_day(sys_days(day));
  date = (date.year() + std::chrono::years(years)) / date.month() / date.day();
  if (!date.ok()) date = date.year() / date.month() / last;
  return Instant(sys_days(date).time_since_epoch() + (t.time_since_epoch() - day));
}

Instant Lease::term_ends() const {
  const auto* a = in_force(amendments, &Amendment::ends, Instant::max());
  const auto end = a != nullptr ? *a->ends : ends;
  return canceled ? std::min(*canceled, end) : end;
}

bool Lease::runs_at(Instant t) const {
  return !proposed && t >= starts && t < term_ends();
}

bool Lease::is_at(const std::string& site) const {
  return std::find(sites.begin(), sites.end(), site) != sites.end();
}

Power Lease::contracted_at(Instant t) const {
  if (!runs_at(t)) return {};
  const auto* amended = in_force(amendments, &Amendment::power, t);
  if (amended != nullptr) return *amended->power;
  if (ramp.empty()) return power;
  Power now;
  for (const auto& step : ramp) {
    if (step.from <= t) now = step.power;
  }
  return now;
}

LeaseTerms Lease::terms_at(Instant t) const {
  LeaseTerms terms{contracted_at(t), power, price, power, take_or_pay, minimum_bill};
  const auto power_at = [&](Instant when) {
    const auto* a = in_force(amendments, &Amendment::power, when);
    return a != nullptr ? *a->power : power;
  };
  terms.power = power_at(t);
  auto priced_from = starts;
  if (const auto* a = in_force(amendments, &Amendment::price, t)) {
    terms.price = *a->price;
    terms.priced = power_at(a->from);
    priced_from = a->from;
  }
  if (const auto* a = in_force(amendments, &Amendment::take_or_pay, t)) {
    terms.take_or_pay = *a->take_or_pay;
  }
  if (const auto* a = in_force(amendments, &Amendment::minimum_bill, t)) {
    terms.minimum_bill = *a->minimum_bill;
  }
  if (escalator == Ratio() || t < priced_from) return terms;
  auto years = whole_years(starts, t) - whole_years(starts, priced_from);
  for (; years > 0; --years) {
    terms.price.amount =
        Money::of(scaled(terms.price.amount.count(), one.count() + escalator.count(), one.count()));
  }
  return terms;
}

std::vector<Instant> Lease::edges(Instant from, Instant until) const {
  std::vector<Instant> all{from, until};
  const auto add = [&](Instant t) {
    if (t > from && t < until) all.push_back(t);
  };
  add(starts);
  add(term_ends());
  for (const auto& step : ramp) add(step.from);
  for (const auto& a : amendments) add(a.from);
  // Contract years too, escalated or not: no piece is longer, so its cost stays inside 64 bits.
  for (std::int64_t y = 1; years_after(starts, y) < until; ++y) add(years_after(starts, y));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Lease Lease::known_at(Instant t) const {
  auto known = *this;
  std::erase_if(known.amendments,
                [&](const Amendment& a) { return a.agreed.value_or(a.from) > t; });
  return known;
}

LeaseStage stage_of(const Lease& lease, const std::vector<Lease>& all, Instant t) {
  if (lease.proposed) return LeaseStage::Proposed;
  if (lease.canceled && t >= *lease.canceled && *lease.canceled <= lease.term_ends()) {
    return LeaseStage::Canceled;
  }
  if (t < lease.starts) return LeaseStage::Pending;
  if (t < lease.term_ends()) return LeaseStage::Active;
  const bool followed = std::any_of(all.begin(), all.end(), [&](const Lease& other) {
    return other.supersedes == lease.name && other.runs_at(t);
  });
  return followed ? LeaseStage::Superseded : LeaseStage::Expired;
}

}  // namespace ampacity
