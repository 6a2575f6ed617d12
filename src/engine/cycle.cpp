// SPDX-License-Identifier: Apache-2.0
// One decision, in order: 1 what may be used now, 2 the commands of this instant, 3 due timers,
// 4 the queue in order: a place for each gang that fits, a reservation for the first that do not,
// and backfill around those. Timers come after the commands, so that a gang that ends at the very
// end of its walltime has ended, not been stopped. (Fair share enters in the order of the queue,
// preemption after the reservation, the power tree in Fleet::fits.)
#include <algorithm>
#include <queue>

#include "engine/engine.hpp"

namespace ampacity {

std::vector<Outcome> Engine::decide(std::span<const Command> commands, Instant now) {
  AMPACITY_ASSERT(!commands.empty(), "nothing to decide; send a Tick");
  now_ = std::max({now, now_, state_.last_at});
  std::vector<Outcome> outcomes;
  outcomes.reserve(commands.size());
  outcome_ = {};
  if (capacity_due_ && *capacity_due_ <= now_) refresh_capacity(now_);
  for (const auto& command : commands) {
    if (!outcomes.empty()) outcome_ = {};
    std::visit([&](const auto& c) { on(c); }, command);
    if (outcomes.size() + 1 == commands.size()) {
      due_timers(now_);
      charge_due(now_);
      schedule();
    }
    outcomes.push_back(std::move(outcome_));
  }
  return outcomes;
}

Outcome Engine::decide(const Command& command, Instant now) {
  return std::move(decide(std::span(&command, 1), now).front());
}

std::optional<Instant> Engine::next_deadline() const {
  auto next = capacity_due_;
  if (shares() && state_.charged_until && (!next || *state_.charged_until < *next)) {
    next = state_.charged_until;
  }
  if (!deadlines_.empty() && (!next || deadlines_.begin()->at < *next))
    next = deadlines_.begin()->at;
  return next;
}

void Engine::due_timers(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->at <= now) {
    const auto deadline = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    due(deadline);
  }
}

void Engine::due(const Deadline& deadline) {
  const auto& job = job_of(deadline.job);
  switch (deadline.due) {
    case Due::BackOff:
      enqueue(deadline.job, change(deadline.job));
      return;
    case Due::Signal: {
      const AttemptId attempt{deadline.job, job.attempts};
      const auto signal = *job.spec->early_signal;
      effect(SignalGang{attempt, job.live->site, signal.number, signal.batch_only});
      emit(AttemptSignalled{attempt, signal.number});
      return;
    }
    case Due::Walltime:
      stop(deadline.job, StopCause::WalltimeReached, "walltime");
      return;
  }
}

// Which halls may be used now: energised, and their site under a lease that has begun and not
// ended.
void Engine::refresh_capacity(Instant now) {
  capacity_due_.reset();
  const auto next = [&](Instant at) {
    if (at > now && (!capacity_due_ || at < *capacity_due_)) capacity_due_ = at;
  };
  for (const auto& lease : state_.portfolio->leases) {
    next(lease.starts);
    next(lease.ends);
  }
  standings_ = standings(*state_.portfolio, fleet_, now);
  for (std::uint32_t i = 0; i < fleet_.halls().size(); ++i) {
    const auto& hall = fleet_.halls()[i];
    if (hall.energised) next(*hall.energised);
    const bool energised = !hall.energised || *hall.energised <= now;
    const bool leased = standings_[hall.pool.value()].lease.has_value();
    if ((energised && leased) == fleet_.is_usable(HallIndex(i))) continue;
    emit(CapacityChanged{
        hall.path, energised && leased,
        energised ? (leased ? "energised and leased" : "no lease is active") : "not energised"});
  }
  refresh_power(now);
}

// What each site may draw: its interconnection of the day / PUE.
void Engine::refresh_power(Instant now) {
  for (const auto& site : state_.portfolio->sites) {
    for (const auto& step : site.interconnection) {
      if (step.from > now && (!capacity_due_ || step.from < *capacity_due_)) {
        capacity_due_ = step.from;
      }
    }
    std::optional<Power> limit;
    if (const auto power = interconnection_at(site, now)) limit = it_limit(*power, site.pue);
    const auto known = state_.site_power.find(site.name);
    const auto before =
        known == state_.site_power.end() ? std::nullopt : std::optional(known->second);
    if (limit != before) emit(SitePowerChanged{site.name, limit});
  }
}

// The candidates are the best job of each shape, in order. One that does not fit is answered by the
// next of its shape that is short enough to end before a reservation is due; the rest of the shape
// is never looked at. Room only shrinks and use only grows within a pass, so what did not fit does
// not fit later, and a candidate whose team has moved back is asked again.
void Engine::schedule() {
  if (!dirty_) return;
  dirty_ = false;
  planner_.forget_reservations();
  using Candidate = WaitingQueue::Candidate;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  WaitingQueue::Seen seen;
  const auto ask = [&](ShapeIndex shape, Duration longest) {
    if (const auto next = queue_.best(shape, longest, seen)) candidates.push(*next);
  };
  for (const auto shape : queue_.shapes_waiting()) ask(shape, Planner::unlimited);
  while (!candidates.empty()) {
    const auto job = candidates.top();
    candidates.pop();
    if (queue_.rank(job.lane) != job.rank) {
      ask(job.shape, Planner::unlimited);
    } else if (const auto choice = choose(fleet_, standings_, planner_, queue_, job, now_)) {
      place(job, *choice);
      ask(job.shape, Planner::unlimited);
    } else if (reserve(job)) {
      seen[job.lane] = job.job;
      ask(job.shape, Planner::unlimited);
    } else {
      seen[job.lane] = job.job;
      ask(job.shape, longest_window(fleet_, planner_, queue_.shape(job.shape), now_));
    }
  }
}

// Promises a place to a job that cannot start: in the pool where it can start first, of those that
// still take a reservation. Without backfill every pool that it could use waits for it.
bool Engine::reserve(const WaitingQueue::Candidate& job) {
  const auto& policy = state_.portfolio->policy;
  const auto& shape = queue_.shape(job.shape);
  std::optional<PoolIndex> best;
  Planner::Reservation r;
  bool closed = false;
  for (const auto pool : shape.pools) {
    const auto made = static_cast<std::int64_t>(planner_.reservations(pool).size());
    if (policy.backfill == Backfill::Easy && made >= policy.reservations) continue;
    if (planner_.closed_for(pool) || !fleet_.fits_in_service(pool, shape.demand)) continue;
    if (policy.backfill == Backfill::None) {
      planner_.close(pool, job.job);
      closed = true;
      continue;
    }
    const auto place = promise(fleet_, planner_, pool, shape.demand, job.job, job.walltime, now_);
    if (!place || (best && place->at >= r.at)) continue;
    best = pool;
    r = *place;
  }
  if (best) planner_.reserve(*best, r);
  return closed || best;
}

void Engine::place(const WaitingQueue::Candidate& candidate, const Choice& choice) {
  const auto id = candidate.job;
  const auto& job = job_of(id);
  const auto& standing = standings_[choice.pool.value()];
  AMPACITY_ASSERT(standing.lease, "a pool without an active lease was chosen");
  const auto& lease = state_.portfolio->leases[*standing.lease];
  AttemptPlaced placed;
  placed.attempt = {id, job.attempts + 1};
  placed.site = fleet_.sites()[fleet_.pool(choice.pool).site.value()].name;
  placed.provider = lease.provider;
  placed.lease = lease.name;
  for (const auto& share : choice.shares) {
    placed.nodes.push_back({fleet_.path(share.node), share.nodes, share.gpus});
  }
  placed.walltime = candidate.walltime;
  placed.why = choice.why;
  emit(std::move(placed));
  effect(start_order(id, job_of(id)));
}

}  // namespace ampacity
