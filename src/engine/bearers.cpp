// SPDX-License-Identifier: Apache-2.0
// Gangs that outlive their lease go on, and the next lease of the site bears them (ledger/bearers
// says which). What a gang used until then is put aside and stays with the old lease: in the
// accounts of leases it is taken from what the new one will be charged with when the attempt ends
// with all that it used. Called wherever capacity is looked at. Cost: O(gangs) while the portfolio
// has a lease that has ended, else O(leases).
#include "ledger/bearers.hpp"

#include <algorithm>

#include "engine/engine.hpp"

namespace ampacity {

HeldSince Engine::held_since() const {
  HeldSince held;
  for (const auto& [name, account] : state_.leases) held[name] = account.since;
  return held;
}

void Engine::change_bearers(Instant now) {
  const auto portfolio = state_.portfolio;  // kept over the events
  const auto& leases = portfolio->leases;
  const auto has_ended = [&](const Lease& lease) { return lease.term_ends() <= now; };
  if (std::none_of(leases.begin(), leases.end(), has_ended)) return;
  const auto held = held_since();
  for (const auto id : live_jobs()) {
    const auto& job = job_of(id);
    const auto& live = *job.live;
    const auto* lease = lease_named(live.lease);
    if (lease == nullptr || !has_ended(*lease)) continue;
    const auto since = std::max(live.placed, live.paced);
    for (const auto& next : bearers(*portfolio, held, live.lease, live.site, since, now)) {
      if (next.lease == live.lease) continue;
      emit(BearerChanged{{id, job.attempts},
                         live.lease,
                         next.lease,
                         next.from,
                         live.draws,
                         usage_so_far(job, next.from)});
    }
  }
}

// What a gang has used until then, at a draw and on a lease that end there.
void Engine::put_aside(LiveAttempt& live, const Usage& used, Instant at) {
  count_month(live, used, at);
  live.slowed = slowed_until(live, at);
  live.used = used;
  live.paced = at;
}

void Engine::apply(const BearerChanged& event, Instant) {
  auto& job = change(event.attempt.job);
  put_aside(*job.live, event.used, event.since);
  job.live->lease = event.lease;
  state_.leases[event.before].used += event.used;
  state_.leases[event.lease].used -= event.used;
  if (const auto team = state_.spending.find(job.spec->team); team != state_.spending.end()) {
    team->second.ended += billed(lease_named(event.before), event.used) -
                          billed(lease_named(event.lease), event.used);
  }
}

}  // namespace ampacity
