// SPDX-License-Identifier: Apache-2.0
// Curtailments: a site has to draw less for a while (model/curtailment.hpp). From the call on
// nothing starts that would run into it above its ceiling; a grace before it counts the gangs give
// up what has to go (policy/shedding.hpp); when it is over the loads return. The ceiling is the
// draw at the meter when it was called less what was asked, over the PUE.
#include <algorithm>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "fleet/booked_room.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {

Power Engine::facility_power(SiteIndex site) const {
  return times(fleet_.power_judged(site), state_.portfolio->sites[site.value()].pue);
}

std::optional<Refusal> Engine::objection_to(const Curtailment& call) const {
  const auto invalid = [](std::string message) {
    return Refusal{Reason::CurtailmentInvalid, std::move(message)};
  };
  if (const auto problems = check(call); !problems.empty()) {
    return invalid(to_text(problems.front()));
  }
  if (state_.curtailments.count(call.name) > 0) {
    return invalid(fmt::format("a curtailment is called '{}' already", call.name));
  }
  if (call.until <= now_) {
    return invalid(fmt::format("until: {} has passed", to_text(call.until)));
  }
  if (state_.curtailments.size() >= limits::curtailments) {
    return invalid(fmt::format("there are {} curtailments, the limit", limits::curtailments));
  }
  const auto names = names_of(state_.portfolio->sites);
  if (std::find(names.begin(), names.end(), call.site) == names.end()) {
    return Refusal{Reason::NameUnknown, unknown_name("site", call.site, names)};
  }
  return std::nullopt;
}

void Engine::on(const Curtail& command) {
  auto call = command.curtailment;
  call.from = std::max(call.from, now_);
  if (auto objected = objection_to(call)) return refuse(std::move(*objected));
  const auto site = site_index(call.site);
  const auto drawn = facility_power(site);
  const auto left = call.limit.value_or(std::max(drawn - call.power, Power()));
  const auto ceiling = it_limit(left, state_.portfolio->sites[site.value()].pue);
  emit(CurtailmentCalled{call, drawn, ceiling, command.by});
  refresh_capacity(now_);
}

void Engine::on(const EndCurtailment& command) {
  if (state_.curtailments.count(command.name) == 0) {
    return refuse(Reason::NameUnknown,
                  unknown_name("curtailment", command.name, keys_of(state_.curtailments)));
  }
  end_curtailment(command.name, command.by.empty() ? "called off" : "called off by " + command.by);
}

// Whoever has to stop has a grace for it.
Instant Engine::acts_at(const Curtailment& call) const {
  return call.from - state_.portfolio->policy.grace;
}

void Engine::curtailments_due(Instant now) {
  std::vector<std::string> begin;
  std::vector<std::string> end;
  for (const auto& [name, c] : state_.curtailments) {
    for (const auto at : {acts_at(c.curtailment), c.curtailment.from, c.curtailment.until}) {
      look_at_capacity(at);
    }
    if (c.curtailment.until <= now) {
      end.push_back(name);
      continue;
    }
    if (!c.begun && acts_at(c.curtailment) <= now) begin.push_back(name);
  }
  for (const auto& name : end) end_curtailment(name, "its time is over");
  for (const auto& name : begin) begin_curtailment(name);
}

// Once what ends at this instant has ended.
void Engine::measure_curtailments(Instant now) {
  std::vector<CurtailmentMeasured> measured;
  for (const auto& [name, c] : state_.curtailments) {
    if (!c.begun || c.measured || c.curtailment.from > now) continue;
    const auto drawn = facility_power(site_index(c.curtailment.site));
    measured.push_back({name, drawn, c.drawn - drawn, c.asked()});
  }
  for (auto& event : measured) emit(std::move(event));
}

// Between two events nothing changes what a site draws.
CalledCurtailment Engine::so_far(const CalledCurtailment& call, Instant now) const {
  auto c = call;
  const auto begin = std::max(state_.last_at, c.curtailment.from);
  const auto end = std::min(now, c.curtailment.until);
  if (!c.begun || end <= begin) return c;
  const auto less = c.drawn - facility_power(site_index(c.curtailment.site));
  c.saved += energy_of(less, end - begin);
  c.least = std::min(c.least.value_or(less), less);
  return c;
}

void Engine::count_curtailed(Instant at) {
  for (auto& [name, c] : state_.curtailments) {
    if (c.begun && c.curtailment.from < at) c = so_far(c, at);
  }
}

Load Engine::load_of(JobId id, const std::vector<Share>& shares) const {
  const auto& job = job_of(id);
  const auto& live = *job.live;
  Load load;
  load.job = id;
  load.power = power_of(*job.spec, shares);
  load.priority = job.priority;
  load.pace = live.pace;
  const bool can_slow = live.started && can_pace(site_of(live));
  load.least_pace = can_slow ? job.spec->slowest.value_or(one) : one;
  load.gpus = live.gpus;
  const bool resizes = job.spec->gpus_min && live.started && !job.spec->mixed;
  if (resizes) load.spare = gpus_of(on_loan(job, pool_of(live)));
  load.may_pause = job.spec->pausable && job.spec->requeue;
  load.may_move = job.spec->requeue;
  load.loss = loss_of(job);
  return load;
}

// The gangs of a site that are not on their way out already.
std::vector<Load> Engine::loads_of(SiteIndex site) const {
  std::vector<Load> loads;
  for (const auto id : live_jobs()) {
    const auto& live = *job_of(id).live;
    if (!live.stopping && site_of(live) == site) loads.push_back(load_of(id, live.shares));
  }
  return loads;
}

void Engine::begin_curtailment(const std::string& name) {
  const auto c = state_.curtailments.at(name);
  const auto site = site_index(c.curtailment.site);
  send_stops_at(site);
  // What is being stopped is gone by then.
  auto drawn = fleet_.power_judged(site);
  for (const auto id : stopping_) {
    const auto& job = job_of(id);
    if (site_of(*job.live) == site) {
      drawn -= part_of(job.live->draws, shares_leaving(job, id), job);
    }
  }
  const auto wanted = std::max(drawn - c.ceiling, Power());
  const auto relief = shed(loads_of(site), wanted);
  const auto count = [](const auto& gangs) { return static_cast<std::int64_t>(gangs.size()); };
  emit(CurtailmentBegun{name, wanted, relief.power, count(relief.slowed), count(relief.shrunk),
                        count(relief.paused), count(relief.moved)});
  relieve(relief, "curtailment " + name);
}

void Engine::relieve(const Relief& relief, const std::string& by) {
  for (const auto& slowed : relief.slowed) set_pace(slowed.job, slowed.pace, by);
  for (const auto id : relief.shrunk) {
    const auto& job = job_of(id);
    resize(id, without(job.live->shares, on_loan(job, pool_of(*job.live))), std::nullopt);
  }
  for (const auto id : relief.paused) stop(id, StopCause::Curtailed, by);
  for (const auto id : relief.moved) stop(id, StopCause::Curtailed, by);
}

void Engine::set_pace(JobId id, Ratio pace, const std::string& by) {
  const auto& job = job_of(id);
  const auto draws = power_of(*job.spec, job.live->shares).at(pace);
  const AttemptId attempt{id, job.attempts};
  effect(SetPace{attempt, job.live->site, job.live->pace, pace});
  emit(PaceChanged{attempt, pace, draws, by});
}

bool Engine::is_curtailed(SiteIndex site) const {
  return std::any_of(state_.curtailments.begin(), state_.curtailments.end(), [&](const auto& call) {
    return call.second.begun && site_index(call.second.curtailment.site) == site;
  });
}

// Whoever works slower at this site returns to its pace, as far as no other call is on.
void Engine::end_curtailment(const std::string& name, const std::string& why) {
  const auto call = so_far(state_.curtailments.at(name), now_);
  const auto site = site_index(call.curtailment.site);
  const auto counted = std::min(now_, call.curtailment.until) - call.curtailment.from;
  emit(CurtailmentEnded{name, why, call.saved,
                        energy_of(call.asked(), std::max(counted, Duration(0))),
                        call.least.value_or(Power())});
  const auto& of_site = fleet_.sites()[site.value()].name;
  if (!call.begun || is_curtailed(site) || is_capped_at(of_site)) return;
  if (state_.ramps.count(of_site) > 0) return;  // in steps: raise_paces()
  for (const auto id : live_jobs()) {
    const auto& live = *job_of(id).live;
    if (live.pace == one || live.stopping || site_of(live) != site) continue;
    set_pace(id, one, "the end of curtailment " + name);
  }
}

void Engine::apply(const CurtailmentCalled& event, Instant) {
  CalledCurtailment call;
  call.curtailment = event.curtailment;
  call.drawn = event.drawn;
  call.ceiling = event.ceiling;
  state_.curtailments[event.curtailment.name] = std::move(call);
  dirty_ = true;
}

void Engine::apply(const CurtailmentBegun& event, Instant) {
  auto& c = state_.curtailments.at(event.name);
  c.begun = true;
  limit_power(site_index(c.curtailment.site));
  dirty_ = true;
}

void Engine::apply(const CurtailmentMeasured& event, Instant) {
  state_.curtailments.at(event.name).measured = true;
}

void Engine::apply(const CurtailmentEnded& event, Instant) {
  const auto site = site_index(state_.curtailments.at(event.name).curtailment.site);
  state_.curtailments.erase(event.name);
  limit_power(site);
  power_check_ = true;
  dirty_ = true;
}

// The time that its pace has cost it.
Duration Engine::slowed_until(const LiveAttempt& live, Instant at) {
  if (live.pace == one || !live.started) return live.slowed;
  const auto lost = scaled((at - live.paced).count(), (one - live.pace).count(), one.count());
  return live.slowed + Duration(lost);
}

// What remains to be done takes longer, or less long; what was used until now is put aside, because
// from now on the gang draws something else.
void Engine::apply(const PaceChanged& event, Instant at) {
  const auto id = event.attempt.job;
  auto& job = change(id);
  auto& live = *job.live;
  disarm(id);
  put_aside(live, usage_so_far(job, at), at);
  if (!live.stop_waits) {
    const auto left = std::max(live.expected_end - at, Duration(0));
    live.expected_end = at + Duration(scaled(left.count(), live.pace.count(), event.pace.count()));
    live.walltime = live.expected_end - live.started.value_or(live.placed);
  }
  live.pace = event.pace;
  if (event.pace == one) {
    paced_.erase(id);
  } else {
    paced_.insert(id);
  }
  const bool starts_slower = !live.started && live.placed == at;
  redraw(live.shares, live.draws, event.draws, at, !starts_slower);
  live.draws = event.draws;
  occupy(id, job);
  arm(id, live, job);
  dirty_ = true;
}

// By its interconnection, and by the calls that are on.
void Engine::limit_power(SiteIndex site) {
  const auto& name = fleet_.sites()[site.value()].name;
  std::optional<Power> limit;
  const auto stated = state_.site_power.find(name);
  if (stated != state_.site_power.end()) limit = stated->second;
  for (const auto& [call, c] : state_.curtailments) {
    if (c.begun && c.curtailment.site == name)
      limit = std::min(limit.value_or(c.ceiling), c.ceiling);
  }
  fleet_.set_power_limit(site, limit);
}

// In every pass: what is called and has not begun takes its power from the beginning on; what is on
// gives it back at its end.
void Engine::reserve_curtailments() {
  if (state_.curtailments.empty()) return;
  for (std::uint32_t i = 0; i < fleet_.pools().size(); ++i) {
    const PoolIndex pool(i);
    const auto site = fleet_.pool(pool).site;
    expect_loads_back(pool);
    for (const auto& [name, c] : state_.curtailments) {
      if (c.begun || site_index(c.curtailment.site) != site) continue;
      const auto left = c.ceiling - fleet_.power_judged(site);
      Planner::Reservation r;
      r.at = c.curtailment.from;
      r.until = c.curtailment.until;
      r.booking = name;
      r.curtails = true;
      const auto foreseen = power_at(pool, r.at).left - power_at(pool, now_).left;
      r.need.watts = (fleet_.power_free(pool) + foreseen - left).count();
      if (r.need.watts > 0) planner_.reserve(pool, r);
    }
  }
}

void Engine::expect_loads_back(PoolIndex pool) {
  const auto site = fleet_.pool(pool).site;
  std::vector<std::pair<Instant, Power>> on;  // until when, and the ceiling
  for (const auto& [name, c] : state_.curtailments) {
    if (c.begun && site_index(c.curtailment.site) == site) {
      on.emplace_back(c.curtailment.until, c.ceiling);
    }
  }
  std::sort(on.begin(), on.end());
  const auto stated = state_.site_power.find(fleet_.sites()[site.value()].name);
  auto limit = stated == state_.site_power.end() ? Fleet::unlimited_power : stated->second;
  for (auto i = on.size(); i-- > 0;) {  // from the last on: what is left of the limit before it
    const auto before = std::min(limit, on[i].second);
    if (before < limit) planner_.expect(pool, on[i].first, {0, 0, (limit - before).count()});
    limit = before;
  }
}

}  // namespace ampacity
