// SPDX-License-Identifier: Apache-2.0
// How far leases are used, as far as the order of places (policy/order.hpp) and the start of jobs
// ask: whether this month's take-or-pay or minimum bill is used up, and whether all that a lease is
// for is. Facts of their own (LeaseUseChanged), so that a restart decides as before. Months are
// those of UTC here; bills are made in the zone of the lease (ledger/books). A month's commitment
// is looked at on every hour, and only if leases differ in what of it is owed; a lease of so many
// GPU-hours after each pass, for the instant at which the gangs that run will have used it up.
// Cost: O(gangs) then, and nothing where no lease asks for it.
// And jobs that rather wait for capacity that is to come than to spill over.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/arithmetic.hpp"
#include "units/calendar.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

struct MonthSpan {
  Month month;
  Instant from;
  Instant until;
};

MonthSpan month_around(Instant at) {
  const Calendar utc;
  const auto month = utc.month_of(at);
  return {month, utc.start_of(month), utc.start_of(next(month))};
}

// The part of a cost that grew evenly over [from, until) which lies after `since`.
Money part_since(Money cost, Instant from, Instant until, Instant since) {
  if (from >= since || from >= until) return cost;
  return Money::of(scaled(cost.count(), (until - since).count(), (until - from).count()));
}

bool depends_on_use(const LeaseTerms& terms) {
  return terms.take_or_pay < one && use_by_terms(terms) == LeaseUse::Committed;
}

bool may_depend_on_use(const Lease& lease) {
  bool differs = lease.take_or_pay < one;
  for (const auto& a : lease.amendments) differs |= a.take_or_pay.value_or(one) < one;
  return differs;
}

// What of a month is owed whether it is used or not. `gone`: of its gpu_hours, used before.
Money owed_anyway(const Portfolio& portfolio, const Lease& lease, const MonthSpan& month,
                  GpuTime gone) {
  const auto from = std::max(month.from, lease.starts);
  const auto until = std::min(month.until, lease.term_ends());
  return statement(portfolio, lease, {}, from, until, gone).owed;
}

}  // namespace

// Which of the questions below the portfolio asks at all.
void Engine::watch_leases() {
  const auto& leases = state_.portfolio->leases;
  months_watched_ =
      leases.size() > 1 && std::any_of(leases.begin(), leases.end(), may_depend_on_use);
  leases_end_early_ = std::any_of(leases.begin(), leases.end(),
                                  [](const Lease& lease) { return lease.gpu_hours.has_value(); });
}

// Of what the gang has used until `at`: what was not put aside before, and lies in that month.
void Engine::count_month(const LiveAttempt& live, const Usage& used, Instant at) {
  if (!months_watched_) return;
  auto& account = state_.leases[live.lease];
  const auto month = month_around(at).from;
  if (month < account.month) return;
  if (month > account.month) account.this_month = Money();
  account.month = month;
  account.this_month += cost_this_month(live, used, at);
}

Money Engine::cost_this_month(const LiveAttempt& live, const Usage& used, Instant at) {
  const auto cost = used.lease_cost - live.used.lease_cost;
  return part_since(cost, std::max(live.placed, live.paced), at, month_around(at).from);
}

Money Engine::used_this_month(const Lease& lease, Instant now) const {
  const auto month = month_around(now);
  const auto account = state_.leases.find(lease.name);
  Money used;
  if (account != state_.leases.end() && account->second.month == month.from) {
    used = account->second.this_month;
  }
  each_gang_on(lease, [&](const Job& job) {
    used += cost_this_month(*job.live, usage_so_far(job, now), now);
  });
  return used;
}

// Of its gpu_hours, by use before this month.
GpuTime Engine::gone_before(const Lease& lease, Money used, Instant now) const {
  const auto price = lease.terms_at(now).price;
  if (!lease.gpu_hours || price.basis != PriceBasis::GpuHour || price.amount <= Money()) return {};
  const auto hours = scaled(used.count(), ms_per_hour, price.amount.count());
  return std::max(lease_usage(lease, now).gpu_time - GpuTime::of(hours), GpuTime());
}

// Else it is looked at again when the gangs that run have used it up.
bool Engine::is_exhausted(const Lease& lease, Instant now) {
  const auto account = state_.leases.find(lease.name);
  Wide used = account == state_.leases.end() ? 0 : account->second.used.gpu_time.count();
  std::int64_t gpus = 0;
  each_gang_on(lease, [&](const Job& job) {
    used += usage_so_far(job, now).gpu_time.count();
    gpus += job.live->gpus;
  });
  const auto left = Wide{*lease.gpu_hours} * ms_per_hour - used;
  if (left <= 0) return true;
  if (gpus > 0) {
    const auto lasts = static_cast<std::int64_t>((left + gpus - 1) / gpus);
    if (lasts < (lease.term_ends() - now).count()) look_at_capacity(now + Duration(lasts));
  }
  return false;
}

void Engine::judge(const Lease& lease, Instant now) {
  const auto terms = lease.terms_at(now);
  const auto before = use_of(lease, state_.lease_use, now);
  if (lease.gpu_hours && is_exhausted(lease, now)) {
    if (before == LeaseUse::Exhausted) return;
    emit(LeaseUseChanged{lease.name, LeaseUse::Exhausted,
                         fmt::format("its {} GPU-hours are used up; nothing starts on it any more",
                                     *lease.gpu_hours)});
    return;
  }
  if (!months_watched_ || !depends_on_use(terms)) {
    if (state_.lease_use.count(lease.name) == 0) return;
    emit(LeaseUseChanged{lease.name, use_by_terms(terms), "as its terms say again"});
    return;
  }
  const auto month = month_around(now);
  const auto used = used_this_month(lease, now);
  const auto owed = owed_anyway(*state_.portfolio, lease, month, gone_before(lease, used, now));
  const auto use = used >= owed ? LeaseUse::Beyond : LeaseUse::Committed;
  if (use == before) return;
  emit(LeaseUseChanged{
      lease.name, use,
      use == LeaseUse::Beyond
          ? fmt::format("{} used in {}, all of the {} that is owed anyway; more is billed on top",
                        to_text(used), to_text(month.month), to_text(owed))
          : fmt::format("{} used in {} of the {} that is owed anyway", to_text(used),
                        to_text(month.month), to_text(owed))});
}

// Another price of the hour, or a commitment that is used up, changes the order of places.
bool Engine::order_follows_hours(Instant now) const {
  const auto& portfolio = *state_.portfolio;
  if (portfolio.sites.size() < 2) return false;
  for (const auto& lease : portfolio.leases) {
    if (!lease.runs_at(now)) continue;
    if (months_watched_ && depends_on_use(lease.terms_at(now))) return true;
    if (!lease.energy_pass_through) continue;
    for (const auto& site : portfolio.sites) {
      if (site.energy_price_by_hour && lease.is_at(site.name)) return true;
    }
  }
  return false;
}

void Engine::leases_due(Instant now) {
  if (order_follows_hours(now)) {
    look_at_capacity(begin_of_hour(now) + an_hour);
  }
  if (!months_watched_ && !leases_end_early_ && state_.lease_use.empty()) return;
  const auto portfolio = state_.portfolio;  // kept over the events
  for (const auto& lease : portfolio->leases) {
    if (lease.runs_at(now)) judge(lease, now);
  }
}

// After a pass more may run on them than before.
void Engine::look_at_limits() {
  for (const auto& lease : state_.portfolio->leases) {
    if (!lease.gpu_hours || !lease.runs_at(now_)) continue;
    if (use_of(lease, state_.lease_use, now_) == LeaseUse::Exhausted) continue;
    if (is_exhausted(lease, now_)) look_at_capacity(now_ + Duration(1));
  }
}

void Engine::apply(const LeaseUseChanged& event, Instant at) {
  const auto* lease = lease_named(event.lease);
  AMPACITY_ASSERT(lease != nullptr, "no lease {}", event.lease);
  if (event.use == use_by_terms(lease->terms_at(at))) {
    state_.lease_use.erase(event.lease);
  } else {
    state_.lease_use[event.lease] = event.use;
  }
}

LeaseStage Engine::stage(const Lease& lease, Instant now) const {
  const auto stage = stage_of(lease, state_.portfolio->leases, now);
  const bool exhausted = use_of(lease, state_.lease_use, now) == LeaseUse::Exhausted;
  return stage == LeaseStage::Active && exhausted ? LeaseStage::Exhausted : stage;
}

// What the job waits for rather than to spill over. A job that was placed once does not wait again,
// nor does one that weighs price and delay of different accelerators already.
std::optional<Engine::Awaited> Engine::awaited(const Job& job, const Shape& shape,
                                               Instant now) const {
  if (!job.spec->wait_for_capacity || job.attempts > 0 || shape.speeds_differ() ||
      shape.demand.mixed) {
    return std::nullopt;
  }
  const auto until = job.submitted + *job.spec->wait_for_capacity;
  if (until <= now) return std::nullopt;
  auto next = coming(*state_.portfolio, fleet_, state_.lease_use, shape, now, until);
  if (!next) return std::nullopt;
  const bool could_spill = std::any_of(shape.pools.begin(), shape.pools.end(), [&](PoolIndex pool) {
    const auto& standing = standings_[pool.value()];
    return standing.lease && standing.key > next->key;
  });
  if (!could_spill) return std::nullopt;
  return Awaited{std::move(*next), until};
}

// No place that comes after the awaited one, neither now nor promised; the next pass is due when
// its patience is over.
Engine::Answer Engine::wait_for(const WaitingQueue::Candidate& job, std::int64_t held_back,
                                const Awaited& awaited) {
  preempt_due_ = std::min(preempt_due_.value_or(awaited.until), awaited.until);
  reserve(job, held_back, {}, awaited.coming.key);
  return Answer::Reserved;
}

void Engine::explain_wait(const Job& job, const Shape& shape, Instant now, Explanation& e) const {
  const auto wait = awaited(job, shape, now);
  if (!wait) return;
  const auto& [next, until] = *wait;
  const auto& site = site_name(fleet_, next.pool);
  e.reason = Reason::WaitsForCapacity;
  e.message = fmt::format(
      "waits for capacity at {}: {} on {}; it spills over by {} at the latest ({} jobs ahead)",
      site, next.what, to_text(next.at), to_text(until), e.jobs_ahead);
  for (auto& there : e.sites) {
    if (there.reason != Reason::Starting) continue;
    there.reason = Reason::WaitsForCapacity;
    there.message =
        fmt::format("{}: {} GPUs are free; it rather waits for {}", there.site, there.free, site);
  }
  e.unblocks.push_back(fmt::format("it did not wait for capacity ({} left)", to_text(until - now)));
}

}  // namespace ampacity
