// SPDX-License-Identifier: Apache-2.0
// One decision, in order: 1 due timers, 2 the command, 3 the queue in order, 4 a place for each
// gang that fits, 5 the pools held for those that do not. (Fair share enters at 3, backfill and
// preemption after 5, the power tree in Fleet::fits: issue 3 and 5.)
#include <algorithm>

#include "engine/engine.hpp"

namespace ampacity {

Outcome Engine::decide(const Command& command, Instant now) {
  outcome_ = {};
  now_ = std::max({now, now_, state_.last_at});
  due_timers(now_);
  std::visit([&](const auto& c) { on(c); }, command);
  schedule();
  return std::move(outcome_);
}

std::optional<Instant> Engine::next_deadline() const {
  auto next = capacity_due_;
  if (!deadlines_.empty() && (!next || deadlines_.begin()->at < *next))
    next = deadlines_.begin()->at;
  return next;
}

void Engine::due_timers(Instant now) {
  if (capacity_due_ && *capacity_due_ <= now) refresh_capacity(now);
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
      enqueue(deadline.job, job);
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
  for (const auto& hall : std::vector(fleet_.halls())) {
    if (hall.energised) next(*hall.energised);
    const bool energised = !hall.energised || *hall.energised <= now;
    const bool leased = standings_[hall.pool.value()].lease.has_value();
    if ((energised && leased) == hall.usable) continue;
    emit(CapacityChanged{
        hall.path, energised && leased,
        energised ? (leased ? "energised and leased" : "no lease is active") : "not energised"});
  }
}

void Engine::schedule() {
  if (!dirty_) return;
  dirty_ = false;
  holds_.assign(fleet_.pools().size(), std::nullopt);
  auto open = std::count_if(fleet_.pools().begin(), fleet_.pools().end(),
                            [](const Pool& pool) { return pool.nodes_in_service > 0; });
  auto it = queue_.heads().begin();
  while (it != queue_.heads().end() && open > 0) {
    const auto head = *it;
    const auto& shape = queue_.shape(head.shape);
    if (const auto choice = choose(fleet_, standings_, holds_, shape)) {
      place(head.order.job, *choice);
      it = queue_.heads().upper_bound(head);  // the next of this shape comes later in the order
      continue;
    }
    for (const auto pool : shape.pools) {
      if (holds_[pool.value()] || !fleet_.fits_in_service(pool, shape.demand)) continue;
      holds_[pool.value()] = head.order.job;
      --open;
    }
    ++it;
  }
}

void Engine::place(JobId id, const Choice& choice) {
  const auto& job = job_of(id);
  const auto& shape = queue_.shape(shapes_.at(id));
  const auto& standing = standings_[choice.pool.value()];
  AMPACITY_ASSERT(standing.lease, "a pool without an active lease was chosen");
  const auto& lease = state_.portfolio->leases[*standing.lease];
  AttemptPlaced placed;
  placed.attempt = {id, job.attempts + 1};
  placed.site = fleet_.sites()[fleet_.pool(choice.pool).site.value()].name;
  placed.provider = lease.provider;
  placed.lease = lease.name;
  for (const auto& share : fleet_.find(choice.pool, shape.demand)) {
    placed.nodes.push_back({fleet_.path(share.node), share.gpus});
  }
  placed.walltime = job.spec->walltime.value_or(state_.portfolio->policy.default_walltime);
  placed.why = choice.why;
  emit(std::move(placed));
  effect(start_order(id, job_of(id)));
}

}  // namespace ampacity
