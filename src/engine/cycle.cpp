// SPDX-License-Identifier: Apache-2.0
// One decision, in order: 1 periods of budgets and what may be used now, 2 the commands of this
// instant, 3 due timers, 4 the queue in order: a place for each gang that fits, room made by
// preemption where that helps, a reservation for the first that do not fit, and backfill around
// those. Timers come after the commands, so that a gang that ends at the very end of its walltime
// has ended, not been stopped.
#include <algorithm>
#include <queue>

#include "engine/engine.hpp"
#include "policy/mixed.hpp"
#include "policy/wasted.hpp"

namespace ampacity {

std::vector<Outcome> Engine::decide(std::span<const Command> commands, Instant now) {
  std::vector<Outcome> outcomes;
  decide(commands, now, outcomes);
  return outcomes;
}

void Engine::decide(std::span<const Command> commands, Instant now,
                    std::vector<Outcome>& outcomes) {
  AMPACITY_ASSERT(!commands.empty(), "nothing to decide; send a Tick");
  now_ = std::max({now, now_, state_.last_at});
  outcomes.resize(commands.size());
  const auto begin = [&](std::size_t i) {
    outcome_ = std::move(outcomes[i]);
    outcome_.clear();
  };
  begin(0);
  begin_budgets(now_);
  if (capacity_due_ && *capacity_due_ <= now_) refresh_capacity(now_);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (i > 0) begin(i);
    std::visit([&](const auto& c) { on(c); }, commands[i]);
    if (i + 1 == commands.size()) {
      due_timers(now_);
      measure_curtailments(now_);
      budgets_due(now_);
      charge_due(now_);
      cap_power();
      schedule();
      report_swings();
    }
    outcomes[i] = std::move(outcome_);
  }
}

Outcome Engine::decide(const Command& command, Instant now) {
  return std::move(decide(std::span(&command, 1), now).front());
}

std::optional<Instant> Engine::next_deadline() const {
  auto next = capacity_due_;
  if (shares() && state_.charged_until && (!next || *state_.charged_until < *next)) {
    next = state_.charged_until;
  }
  if (preempt_due_ && (!next || *preempt_due_ < *next)) next = preempt_due_;
  if (budgets_due_ && (!next || *budgets_due_ < *next)) next = budgets_due_;
  if (ramp_due_ && (!next || *ramp_due_ < *next)) next = ramp_due_;
  if (capping_due_ && (!next || *capping_due_ < *next)) next = capping_due_;
  if (!deadlines_.empty() && (!next || deadlines_.first().at < *next)) next = deadlines_.first().at;
  return next;
}

void Engine::due_timers(Instant now) {
  if (preempt_due_ && *preempt_due_ <= now) dirty_ = true;
  if (ramp_due_ && *ramp_due_ <= now) dirty_ = true;
  if (capping_due_ && *capping_due_ <= now) {
    capping_due_.reset();
    power_check_ = true;
  }
  while (!deadlines_.empty() && deadlines_.first().at <= now) {
    const auto deadline = deadlines_.first();
    deadlines_.pop();
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

void Engine::look_at_capacity(Instant at) {
  if (at > now_ && (!capacity_due_ || at < *capacity_due_)) capacity_due_ = at;
}

// What may be used now: bookings that begin or are over; halls that are energised, and their site
// under a lease that has begun and not ended.
void Engine::refresh_capacity(Instant now) {
  capacity_due_.reset();
  change_bearers(now);  // before anything else that puts use aside
  for (const auto& lease : state_.portfolio->leases) {
    look_at_capacity(lease.starts);
    look_at_capacity(lease.term_ends());
  }
  bookings_due(now);
  curtailments_due(now);
  readings_due(now);
  requests_due(now);
  leases_due(now);
  standings_ = standings(*state_.portfolio, fleet_, state_.lease_use, now);
  for (std::uint32_t i = 0; i < fleet_.halls().size(); ++i) {
    const auto& hall = fleet_.halls()[i];
    if (hall.energised) look_at_capacity(*hall.energised);
    const bool energised = !hall.energised || *hall.energised <= now;
    const auto& standing = standings_[hall.pool.value()];
    const bool leased = standing.lease.has_value();
    if ((energised && leased) == fleet_.is_usable(HallIndex(i))) continue;
    emit(CapacityChanged{hall.path, energised && leased,
                         !energised           ? "not energised"
                         : leased             ? "energised and leased"
                         : standing.exhausted ? "its lease is exhausted"
                                              : "no lease is active"});
  }
  refresh_power(now);
  refresh_power_tree(now);
}

// What each site may draw: its interconnection of the day / PUE.
void Engine::refresh_power(Instant now) {
  for (const auto& site : state_.portfolio->sites) {
    for (const auto& step : site.interconnection) look_at_capacity(step.from);
    const auto limit = admitted_now(site, now);
    const auto known = state_.site_power.find(site.name);
    const auto before =
        known == state_.site_power.end() ? std::nullopt : std::optional(known->second);
    if (limit != before) emit(SitePowerChanged{site.name, limit});
  }
}

// Asks the queue for one candidate after the other in the course of a pass. Of a shape the first
// that its quota keeps may be promised a place; after it only those that may have what is free now.
class Engine::Pass {
 public:
  using Candidate = WaitingQueue::Candidate;
  explicit Pass(const Engine& engine) : engine_(engine) {
    for (const auto shape : engine.queue_.shapes_waiting()) ask(shape, Planner::unlimited);
  }

  // The next, as things are now.
  std::optional<Candidate> next() {
    while (!candidates_.empty()) {
      const auto job = candidates_.top();
      candidates_.pop();
      const auto& queue = engine_.queue_;
      if (queue.rank(job.lane) == job.rank && queue.lacks(job.lane) <= bound(job.shape)) return job;
      ask(job.shape, Planner::unlimited);
    }
    return std::nullopt;
  }

  void ask(ShapeIndex shape, Duration longest) {
    if (const auto next = engine_.queue_.best(shape, longest, bound(shape), seen_)) {
      candidates_.push(*next);
    }
  }
  void is_seen(const Candidate& job) { seen_[job.lane] = job.job; }
  void quota_keeps(const Candidate& job) {
    seen_[job.lane] = JobId(INT64_MAX);  // and all of its lane
    kept_.insert(job.shape);
  }

 private:
  std::int64_t bound(ShapeIndex index) const {
    const auto& quotas = engine_.quotas_;
    if (quotas.none()) return Quotas::unlimited;
    const auto& shape = engine_.queue_.shape(index);
    if (!shape.booking.empty()) return Quotas::unlimited;
    if (quotas.limit(shape.group) < shape.demand.gpus) return Claim::nothing;
    if (kept_.count(index) == 0) return Quotas::unlimited;
    return quotas.inside(shape.group, engine_.fleet_.gpus_free());
  }

  const Engine& engine_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
  WaitingQueue::Seen seen_;
  std::set<ShapeIndex> kept_;
};

// The candidates are the best job of each shape, in order. One that does not fit is answered by the
// next of its shape that is short enough to end before a reservation is due; the rest of the shape
// is never looked at. Room only shrinks and use only grows within a pass, so what did not fit does
// not fit later, and a candidate whose team has moved back is asked again.
void Engine::schedule() {
  if (!dirty_) return;
  dirty_ = false;
  preempt_due_.reset();
  ahead_.reset();
  full_bookings_.clear();
  raise_paces();
  stop_in_turn();
  planner_.forget_reservations();
  reserve_bookings();
  foresee_power();
  reserve_curtailments();
  reserve_resizing();
  const auto had_their_turn = serve_those_with_room();
  Pass pass(*this);
  while (const auto job = pass.next()) {
    switch (had_their_turn.count(job->job) > 0 ? Answer::Reserved : offer(*job)) {
      case Answer::Placed:
        pass.ask(job->shape, Planner::unlimited);
        break;
      case Answer::Reserved:
        pass.is_seen(*job);
        pass.ask(job->shape, Planner::unlimited);
        break;
      case Answer::NoRoom:
        pass.is_seen(*job);
        pass.ask(job->shape, longest(queue_.shape(job->shape)));
        break;
      case Answer::NoQuota:
        pass.quota_keeps(*job);
        pass.ask(job->shape, Planner::unlimited);
        break;
      case Answer::Closed:
        break;
    }
  }
  grow_elastic();
  if (leases_end_early_) look_at_limits();
}

// No job of this shape with a longer walltime can start now.
Duration Engine::longest(const Shape& shape) {
  if (shape.booking.empty()) return longest_window(fleet_, planner_, shape, now_);
  return state_.bookings.at(shape.booking).booking.until - now_;
}

// One candidate: a place now, or one that is promised, or room made for it.
Engine::Answer Engine::offer(const WaitingQueue::Candidate& candidate) {
  const auto& shape = queue_.shape(candidate.shape);
  if (!shape.booking.empty()) return offer_booked(candidate);
  if (is_kept_by_budget(job_of(candidate.job))) return Answer::NoQuota;
  const auto gpus = shape.demand.gpus;
  const auto free = fleet_.gpus_free();
  auto inside = free;  // what the team may have of it
  auto at_most = free;
  if (!quotas_.none()) {
    const auto team = job_of(candidate.job).team;
    inside = std::min(quotas_.inside(team, free), free);
    auto limit = quotas_.limit(team);
    if (ahead_) {
      inside = std::min(inside, ahead_->quotas.inside(team, ahead_->free));
      limit = std::min(limit, ahead_->quotas.limit(team));
    }
    if (limit < gpus) {
      return make_room(candidate) ? Answer::Reserved : Answer::NoQuota;
    }
    at_most = std::min(inside, limit);
  }
  // Others were stopped or made smaller for this place: it takes no more than was promised.
  const auto room = state_.making_room.find(candidate.job);
  if (room != state_.making_room.end()) {
    at_most = std::min(at_most, std::max(gpus, gpus_of(room->second.place)));
  }
  const auto wait = awaited(job_of(candidate.job), shape, now_);
  if (inside >= gpus) {
    const auto interrupted = state_.interrupted.find(candidate.job);
    const auto* last = interrupted == state_.interrupted.end() ? nullptr : &interrupted->second;
    const auto choice = choose(scene(), {shape, candidate.job, candidate.walltime, last, at_most,
                                         wait ? std::optional(wait->coming.key) : std::nullopt,
                                         is_flexible(*job_of(candidate.job).spec)});
    if (choice && choice->waits) {
      reserve(candidate, free - inside, choice->pool);
      return Answer::Closed;
    }
    if (choice) {
      if (waits_for_power(candidate.job, *choice)) return Answer::Closed;
      place(candidate, std::move(*choice));
      return Answer::Placed;
    }
  }
  if (wait) return wait_for(candidate, free - inside, *wait);
  if (make_room(candidate)) return Answer::Reserved;
  const bool reserved = reserve(candidate, free - inside);
  if (inside < gpus && free >= gpus) return Answer::NoQuota;
  return reserved ? Answer::Reserved : Answer::NoRoom;
}

// Is there a place in this pool for one more that waits?
bool Engine::is_open(PoolIndex pool) const {
  const auto& policy = state_.portfolio->policy;
  if (policy.backfill == Backfill::Easy &&
      planner_.jobs_reserved_for(pool) >= policy.reservations) {
    return false;
  }
  return !planner_.closed_for(pool);
}

bool Engine::takes_reservation(PoolIndex pool, const Demand& demand) const {
  return is_open(pool) && fleet_.fits_in_service(pool, demand) &&
         (fleet_.carries(pool, demand) || will_carry(pool, demand));
}

// Promises a place to a job that cannot start: in the pool where it can start first, of those that
// still take a reservation, or in the one that is given. Without backfill every pool that it could
// use waits for it. `held_back` GPUs have to stay free for others.
bool Engine::reserve(const WaitingQueue::Candidate& job, std::int64_t held_back,
                     std::optional<PoolIndex> only, const std::optional<PlaceKey>& not_beyond) {
  const auto& shape = queue_.shape(job.shape);
  std::optional<PoolIndex> best;
  Planner::Reservation r;
  bool closed = false;
  for (std::size_t k = 0; k < shape.pools.size(); ++k) {
    const auto pool = shape.pools[k];
    if ((only && pool != *only) || !takes_reservation(pool, shape.demand)) continue;
    if (not_beyond && standings_[pool.value()].key > *not_beyond) continue;
    if (state_.portfolio->policy.backfill == Backfill::None) {
      if (!fleet_.carries(pool, shape.demand)) continue;
      planner_.close(pool, job.job);
      closed = true;
      continue;
    }
    const auto walltime = walltime_in(shape, k, job.walltime);
    const auto place =
        promise(fleet_, planner_, pool, shape.demand, {job.job, walltime, held_back}, now_);
    if (!place || (best && place->at >= r.at)) continue;
    best = pool;
    r = *place;
  }
  if (best) planner_.reserve(*best, r);
  if (!best && !closed && shape.demand.mixed && !not_beyond) return reserve_mixed(job);
  return closed || best;
}

bool Engine::reserve_mixed(const WaitingQueue::Candidate& job) {
  const auto parts =
      promise_mixed(scene(), {queue_.shape(job.shape), job.job, job.walltime, nullptr, 0},
                    [&](PoolIndex pool) { return is_open(pool); });
  for (const auto& [pool, r] : parts) planner_.reserve(pool, r);
  return !parts.empty();
}

std::string Engine::under_cap(const JobSpec& spec, PoolIndex pool) const {
  if (!fleet_.pool(pool).caps) return "; its power cap is not kept: the cluster cannot cap GPUs";
  const auto pace = fleet_.capped_in(pool, spec.draw, spec.power_cap).pace;
  if (pace == one) return fmt::format("; draws less than its cap of {}", to_text(*spec.power_cap));
  return fmt::format("; capped at {}: {} % of its speed", to_text(*spec.power_cap),
                     pace.count() / 10'000);
}

void Engine::place(const WaitingQueue::Candidate& candidate, Choice choice) {
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
  placed.nodes = named(choice.shares);
  placed.walltime = choice.walltime;
  placed.speed = choice.speed;
  placed.why = std::move(choice.why);
  placed.spilled = choice.spilled;
  if (ahead_) {
    const auto gpus = gpus_of(choice.shares);
    ahead_->quotas.use(job.team, gpus);
    ahead_->free -= gpus;
  }
  auto nodes = placed.nodes;
  if (job.spec->power_cap) placed.why += under_cap(*job.spec, choice.pool);
  emit(std::move(placed), choice.shares);
  effect(start_order(id, job_of(id), std::move(nodes)));
  start_slowly(id);
}

}  // namespace ampacity
