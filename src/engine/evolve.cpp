// SPDX-License-Identifier: Apache-2.0
// The only place where state changes. Each event is a fact that decide() established; replay comes
// here too.
#include <algorithm>

#include "base/pack.hpp"
#include "engine/engine.hpp"
#include "units/arithmetic.hpp"
#include "units/calendar.hpp"

namespace ampacity {

void Engine::evolve(const Event& event) {
  AMPACITY_ASSERT(event.at >= state_.last_at, "an event at {} after one at {}", to_ms(event.at),
                  to_ms(state_.last_at));
  if (event.at > state_.last_at && !state_.curtailments.empty()) count_curtailed(event.at);
  state_.last_at = event.at;
  std::visit([&](const auto& body) { apply(body, event.at); }, event.body);
}

// Since when each lease is held. One that a portfolio leaves out or only proposes is not, and is
// held anew when it comes back; until its first month is over its start may be mended.
void Engine::hold_leases(Instant at) {
  const Calendar utc;
  std::set<std::string> signed_now;
  for (const auto& lease : state_.portfolio->leases) {
    if (lease.proposed) continue;
    signed_now.insert(lease.name);
    auto& account =
        state_.leases.try_emplace(lease.name, LeaseAccount{Instant::max(), {}}).first->second;
    if (account.since > at) {
      account.since = std::max(at, lease.starts);
    } else if (account.since >= utc.start_of(utc.month_of(at))) {
      account.since = std::max(account.since, lease.starts);
    }
  }
  for (auto& [name, account] : state_.leases) {
    if (signed_now.count(name) == 0) account.since = Instant::max();
  }
}

void Engine::apply(const PortfolioConfigured& event, Instant at) {
  settle_ramps(at);
  const auto spent = cost_of_running(at);
  const auto before = state_.portfolio;
  std::map<JobId, std::vector<NodeShare>> kept;
  for (const auto id : live_jobs()) kept[id] = named(job_of(id).live->shares);
  std::map<std::string, std::vector<NodeShare>> booked;
  for (const auto& [name, b] : state_.bookings) booked[name] = named(b.nodes);
  state_.portfolio = event.portfolio;
  state_.configured = true;
  hold_leases(at);
  const Fleet fresh(*state_.portfolio);
  const auto unknown = [&](const std::string& path) { return !fresh.resolve(path); };
  std::erase_if(state_.down, unknown);
  std::erase_if(state_.drained, unknown);
  std::erase_if(state_.usable_halls, unknown);
  std::erase_if(state_.node_failures, [&](const auto& known) { return unknown(known.first); });
  state_.interrupted.clear();
  state_.making_room.clear();  // its nodes are numbered anew; the next pass asks again
  std::erase_if(state_.lease_use,
                [&](const auto& known) { return lease_named(known.first) == nullptr; });
  std::erase_if(state_.spending, [&](const auto& known) {
    const auto* team = event.portfolio->find_team(known.first);
    return team == nullptr || !team->budget;
  });
  std::erase_if(state_.curtailments,
                [&](const auto& known) { return unknown(known.second.curtailment.site); });
  std::erase_if(state_.site_power, [&](const auto& known) { return unknown(known.first); });
  std::erase_if(state_.readings, [&](const auto& known) { return unknown(known.first); });
  std::erase_if(state_.capped, [&](const auto& known) { return unknown(known.first); });
  state_.over_limit.clear();  // it is judged anew
  keep_ramps(at);
  const auto renumbered = [&](const std::vector<NodeShare>& nodes) {
    std::vector<Share> shares;
    for (const auto& node : nodes) {
      const auto first = fresh.resolve(node.node);
      if (first) shares.push_back({NodeIndex(first->begin), node.nodes, node.gpus});
    }
    std::sort(shares.begin(), shares.end(), first_node);
    return shares;
  };
  for (auto& [id, nodes] : kept) change(id).live->shares = renumbered(nodes);
  for (auto& [name, b] : state_.bookings) b.nodes = renumbered(booked[name]);
  forget_use_unless_shared();
  rebuild();
  keep_spent(spent, at);
  rejudge_budgets(*before, at);
}

void Engine::forget_use_unless_shared() {
  if (shares()) return;
  state_.use.clear();
  state_.charged_until.reset();
}

void Engine::apply(const PolicyChanged& event, Instant) {
  auto portfolio = *state_.portfolio;
  portfolio.policy = event.policy;
  state_.portfolio = std::make_shared<const Portfolio>(std::move(portfolio));
  forget_use_unless_shared();
  rebuild();
}

void Engine::apply(const JobSubmitted& event, Instant at) {
  state_.next_job = event.job.value() + 1;
  Job job;
  job.spec = kept_once(event.spec);
  job.team = quotas_.team(job.spec->team);
  job.priority = event.priority;
  job.submitted = at;
  job.not_before = at;
  auto& stored = state_.jobs.append(event.job, std::move(job));
  if (!event.request.empty()) {
    DigestSink sink;
    pack(sink, *event.spec);
    state_.requests[event.request] = {event.job, sink.finish().low};
    state_.request_of[event.job] = event.request;
    if (state_.request_of.size() > State::remembered_requests) {
      state_.requests.erase(state_.request_of.begin()->second);
      state_.request_of.erase(state_.request_of.begin());
    }
  }
  enqueue(event.job, stored);
}

std::vector<Share> Engine::shares_of(const std::vector<NodeShare>& nodes) const {
  if (named_nodes_ != nullptr) return *named_nodes_;
  std::vector<Share> shares;
  shares.reserve(nodes.size());
  for (const auto& node : nodes) {
    const auto range = fleet_.resolve(node.node);
    AMPACITY_ASSERT(range, "{} is nowhere", node.node);
    shares.push_back({NodeIndex(range->begin), node.nodes, node.gpus});
  }
  return shares;
}

void Engine::apply(const AttemptPlaced& event, Instant at) {
  auto& job = change(event.attempt.job);
  const auto id = event.attempt.job;
  AMPACITY_ASSERT(!job.live && event.attempt.number == job.attempts + 1, "job {} is placed twice",
                  id.value());
  waits_no_more(id, job);
  state_.making_room.erase(id);
  state_.interrupted.erase(id);
  LiveAttempt live;
  live.site = event.site;
  live.lease = event.lease;
  live.shares = shares_of(event.nodes);
  live.gpus = gpus_of(live.shares);
  live.draws = draw_of(*job.spec, live.shares);
  live.speed = event.speed;
  live.walltime = event.walltime;
  live.expected_end = at + event.walltime;
  live.placed = at;
  fleet_.take(live.shares);
  job.attempts = static_cast<std::int32_t>(event.attempt.number);
  job.live = std::move(live);
  redraw(job.live->shares, Power(), job.live->draws, at);
  occupy(id, job);
  if (shares()) {
    if (state_.charged_until) {
      charge(job, at, *state_.charged_until);
    } else {  // the first; or others run since before use was shared
      state_.charged_until = at + state_.portfolio->policy.fair_share_interval;
      for (const auto other : live_jobs()) charge(job_of(other), at, *state_.charged_until);
    }
  }
  use_quota(job, 1);
}

void Engine::apply(const AttemptStarted& event, Instant at) {
  auto& job = change(event.attempt.job);
  if (job.live->pace != one) put_aside(*job.live, usage_so_far(job, at), at);  // it counts from now
  if (!state_.capped.empty()) power_check_ = true;  // it can be slowed now
  job.live->phase = AttemptPhase::Started;
  job.live->started = at;
  runs(event.attempt.job, job);
  if (const auto end = at + job.live->walltime;
      !job.live->stopping && end != job.live->expected_end) {
    job.live->expected_end = end;
    occupy(event.attempt.job, job);
  }
  arm(event.attempt.job, *job.live, job);
}

void Engine::apply(const AttemptSignalled& event, Instant) {
  auto& job = change(event.attempt.job);
  job.live->signalled = true;
  disarm(event.attempt.job);
  arm(event.attempt.job, *job.live, job);
}

void Engine::apply(const AttemptStopping& event, Instant at) {
  auto& job = change(event.attempt.job);
  if (!event.in_turn) disarm(event.attempt.job);
  job.live->stopping = event.cause;
  job.live->stop_waits = event.in_turn;
  job.live->lost_node = event.cause == StopCause::NodeDown && is_node(event.by);
  stopping_.insert(event.attempt.job);
  if (event.cause == StopCause::Resized) {
    resizing_[event.attempt.job] = promise_to_resizing(event.attempt.job, job);
  } else {
    resizing_.erase(event.attempt.job);
  }
  if (event.room_for) {
    job.live->room_for = event.room_for;
    auto& room = state_.making_room[*event.room_for];
    ++room.pending;
    room.at = at;
  }
  auto gone = at + state_.portfolio->policy.grace;
  if (event.in_turn) gone += falls_in(site_of(*job.live), job.live->draws);
  const bool overdue = event.in_turn && event.cause == StopCause::WalltimeReached;
  job.live->expected_end = overdue ? gone : std::min(job.live->expected_end, gone);
  occupy(event.attempt.job, job);
  if (event.in_turn) dirty_ = true;
}

void Engine::apply(const AttemptEnded& event, Instant at) {
  auto& job = change(event.attempt.job);
  if (shares() && state_.charged_until) {
    charge(job, *state_.charged_until, at);  // what it will not use is given back
  }
  use_quota(job, -1);
  disarm(event.attempt.job);
  if (job.live->started) runs_no_more(event.attempt.job, job);
  fleet_.give_back(job.live->shares);
  redraw(job.live->shares, job.live->draws, Power(), at);
  planner_.vacate(event.attempt.job);
  paced_.erase(event.attempt.job);
  stopping_.erase(event.attempt.job);
  resizing_.erase(event.attempt.job);
  std::erase_if(state_.making_room, [&](const auto& entry) {
    const auto& [id, room] = entry;
    return room.pending == 0 && room.at + state_.portfolio->policy.grace < at && !job_of(id).live;
  });
  if (job.live->room_for) {
    const auto room = state_.making_room.find(*job.live->room_for);
    if (room != state_.making_room.end()) {
      --room->second.pending;
      room->second.at = at;
    }
  }
  state_.leases[job.live->lease].used += event.usage;
  count_month(*job.live, event.usage, at);
  if (const auto team = state_.spending.find(job.spec->team); team != state_.spending.end()) {
    team->second.ended += billed(lease_named(job.live->lease), event.usage);
  }
  const auto own_room = state_.making_room.find(event.attempt.job);
  if (event.result == AttemptResult::InfrastructureFailed) {
    state_.interrupted[event.attempt.job] = job.live->shares;
  } else if (event.result == AttemptResult::Resized && own_room != state_.making_room.end()) {
    state_.interrupted[event.attempt.job] = own_room->second.place;
    own_room->second.at = at;
  }
  count_run(job, event.result, at);
  job.live.reset();
  job.own_failures += event.result == AttemptResult::Failed ? 1 : 0;
  job.infrastructure_failures += event.result == AttemptResult::InfrastructureFailed ? 1 : 0;
  dirty_ = true;
}

// What the attempt leaves of the walltime, and whether the job kills nodes.
void Engine::count_run(Job& job, AttemptResult result, Instant at) {
  const auto& policy = state_.portfolio->policy;
  auto ran = job.live->started ? at - *job.live->started : Duration(0);
  ran -= std::min(ran, slowed_until(*job.live, at));
  if (result == AttemptResult::Resized || policy.restart_walltime == RestartWalltime::Remaining) {
    job.ran += Duration(scaled(ran.count(), job.live->speed.count(), one.count()));
  }
  if (job.live->lost_node && job.live->started && ran <= policy.killer_window) {
    ++job.early_losses;
  } else if (ran > policy.killer_window) {
    job.early_losses = 0;
  }
}

void Engine::apply(const JobRequeued& event, Instant at) {
  auto& job = change(event.job);
  job.not_before = event.not_before;
  waits(event.job, job, at);
}

void Engine::apply(const JobHeld& event, Instant) {
  auto& job = change(event.job);
  state_.held[event.job] = event.why;
  if (!job.live) waits_no_more(event.job, job);
  state_.making_room.erase(event.job);
  dirty_ = true;
}

void Engine::apply(const JobReleased& event, Instant at) {
  auto& job = change(event.job);
  state_.held.erase(event.job);
  job.early_losses = 0;
  if (!job.live) waits(event.job, job, at);
}

void Engine::apply(const JobEnded& event, Instant) {
  auto& job = change(event.job);
  AMPACITY_ASSERT(!job.live, "job {} ends while it runs", event.job.value());
  if (job.waits_in()) dirty_ = true;  // it may have held a pool
  waits_no_more(event.job, job);
  state_.held.erase(event.job);
  state_.jobs.erase(event.job);
  state_.making_room.erase(event.job);
  state_.interrupted.erase(event.job);
  ++state_.ended[event.state];
}

void Engine::apply(const RoomPromised& event, Instant at) {
  auto& room = state_.making_room[event.job];
  room.at = at;
  room.place = shares_of(event.nodes);
}

// Failures that are older than the window are forgotten, of every node.
void Engine::remember_failure(const std::string& node, Instant at) {
  const auto& policy = state_.portfolio->policy;
  if (policy.lemon_failures == 0) return;
  while (!failures_.empty() && failures_.begin()->first + policy.lemon_window <= at) {
    const auto old = state_.node_failures.find(failures_.begin()->second);
    if (old != state_.node_failures.end()) {  // else somebody resumed the node
      std::erase(old->second, failures_.begin()->first);
      if (old->second.empty()) state_.node_failures.erase(old);
    }
    failures_.erase(failures_.begin());
  }
  state_.node_failures[node].push_back(at);
  failures_.emplace_hint(failures_.end(), at, node);
}

void Engine::apply(const NodeChanged& event, Instant at) {
  const bool down = event.state == NodeState::Down;
  const auto range = *fleet_.resolve(event.node);
  if (down) {
    state_.down.insert(event.node);
    if (is_node(event.node)) remember_failure(event.node, at);
    fleet_.set_down(range, true);
  } else {
    state_.down.erase(event.node);
    fleet_.set_down(range, false);
    apply_downs(event.node);  // a node inside may be down on its own account, or the rack around it
  }
  reoccupy(range);
  dirty_ = true;
}

void Engine::apply(const Drained& event, Instant) {
  state_.drained.insert(event.target);
  const auto range = *fleet_.resolve(event.target);
  fleet_.set_drained(range, true);
  reoccupy(range);
  dirty_ = true;  // a pool that no longer fits a job is no longer held for it
}

void Engine::apply(const Resumed& event, Instant) {
  state_.drained.erase(event.target);
  state_.node_failures.erase(event.target);
  const auto range = *fleet_.resolve(event.target);
  fleet_.set_drained(range, false);
  apply_drains(event.target);  // a rack inside may be drained on its own account
  reoccupy(range);
  dirty_ = true;
}

void Engine::apply(const CapacityChanged& event, Instant) {
  if (event.usable) {
    state_.usable_halls.insert(event.hall);
  } else {
    state_.usable_halls.erase(event.hall);
  }
  const auto hall = *fleet_.find_hall(event.hall);
  fleet_.set_usable(hall, event.usable);
  reoccupy(fleet_.halls()[hall.value()].nodes);
  dirty_ = true;
}

void Engine::apply(const SitePowerChanged& event, Instant) {
  if (event.limit) {
    state_.site_power[event.site] = *event.limit;
  } else {
    state_.site_power.erase(event.site);
  }
  limit_power(site_index(event.site));
  power_check_ = true;
  dirty_ = true;
}

}  // namespace ampacity
