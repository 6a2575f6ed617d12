// SPDX-License-Identifier: Apache-2.0
// How fast the draw of a site may change (ramp_limit, swing_limit of the portfolio): two buckets of
// watts, one for rises and one for falls. Each holds the swing limit at most and fills with the
// ramp limit; either alone stands for both, as a minute's worth. A rise empties the one and fills
// the other, so that over any time the draw rises by no more than one swing and the ramp of that
// time. Who would exceed it waits for its turn, and nobody starts at that site before it. A gang
// larger than the bucket starts when it is full, at the pace that it allows, and is raised in
// steps. Who is stopped by choice waits for its turn too (engine/stops.cpp). What ends by itself
// cannot be held back: what exceeds the limit is reported (PowerSwung).
// docs/decisions/0022-ramps-readings-capping.md says why.
#include <algorithm>

#include "engine/engine.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr Wide minute = 60'000;

// What has flowed in until then, rounded down: nobody gets ahead of the limit by rounding.
Power filled(Power before, Power most, PowerRate rate, Duration time) {
  const auto all = Wide{before.count()} + Wide{rate.count()} * time.count() / minute;
  return Power::of(static_cast<std::int64_t>(std::min(all, Wide{most.count()})));
}

Duration time_to_fill(Power missing, PowerRate rate) {
  const auto wait = (Wide{missing.count()} * minute + rate.count() - 1) / rate.count();
  return std::max(Duration(static_cast<std::int64_t>(wait)), Duration(0));
}

}  // namespace

Engine::RampTerms Engine::ramp_terms(const Site& site) {
  const auto at_meter = site.ramp_limit ? Power::of(site.ramp_limit->count()) : *site.swing_limit;
  const auto rate = std::max(it_limit(at_meter, site.pue), Power::of(1));
  const auto most = std::max(it_limit(site.swing_limit.value_or(at_meter), site.pue), Power::of(1));
  return {most, PowerRate::of(rate.count())};
}

// Both buckets, with what has flowed in until then.
void Engine::settle(SiteRamp& ramp, const RampTerms& terms, Instant at) {
  ramp.rise = filled(ramp.rise, terms.most, terms.rate, at - ramp.at);
  ramp.fall = filled(ramp.fall, terms.most, terms.rate, at - ramp.at);
  ramp.at = at;
}

// Before the portfolio changes: by its limits.
void Engine::settle_ramps(Instant at) {
  for (auto& [name, ramp] : state_.ramps) settle(ramp, ramp_terms(site_named(name)), at);
}

// After the portfolio changed: sites that state a limit now begin with full buckets.
void Engine::keep_ramps(Instant at) {
  std::map<std::string, SiteRamp> kept;
  for (const auto& site : state_.portfolio->sites) {
    if (!site.ramp_limit && !site.swing_limit) continue;
    const auto most = ramp_terms(site).most;
    auto& ramp = kept[site.name];
    ramp = {most, most, at, Power()};
    if (const auto known = state_.ramps.find(site.name); known != state_.ramps.end()) {
      ramp = known->second;
      ramp.rise = std::min(ramp.rise, most);
      ramp.fall = std::min(ramp.fall, most);
    }
  }
  state_.ramps = std::move(kept);
}

// The only way in which the draw of a gang changes. `drawn`: it really drew that before, for longer
// than an instant.
void Engine::redraw(const std::vector<Share>& shares, Power before, Power after, Instant at,
                    bool drawn) {
  if (before > Power()) fleet_.draw(shares, Power() - before);
  if (after > Power()) fleet_.draw(shares, after);
  const auto index = fleet_.pool(fleet_.pool_of(shares.front().node)).site;
  if (after > before && (fleet_.is_over(index) || fleet_.any_hall_over())) power_check_ = true;
  if (!state_.readings.empty()) remember_draw(index, at);
  if (state_.ramps.empty()) return;
  const auto& site = state_.portfolio->sites[index.value()];
  const auto found = state_.ramps.find(site.name);
  if (found == state_.ramps.end()) return;
  auto& ramp = found->second;
  const auto more = after - before;
  const auto terms = ramp_terms(site);
  settle(ramp, terms, at);
  if (ramp.rise >= Power() && ramp.fall >= Power()) ramp.said = Power();  // what was said is over
  ramp.rise = std::min(ramp.rise - more, terms.most);
  if (drawn) ramp.fall = std::min(ramp.fall + more, terms.most);
}

// IT power by which the draw may rise at an instant.
Power Engine::may_rise_by(SiteIndex index, Instant now) const {
  const auto& site = state_.portfolio->sites[index.value()];
  const auto found = state_.ramps.find(site.name);
  if (found == state_.ramps.end()) return Fleet::unlimited_power;
  const auto [most, rate] = ramp_terms(site);
  return filled(found->second.rise, most, rate, now - found->second.at);
}

// The same of falls: what was told to stop has its part of it already.
Power Engine::may_fall_by(SiteIndex index, Instant now) const {
  const auto& site = state_.portfolio->sites[index.value()];
  const auto& ramp = state_.ramps.at(site.name);
  const auto [most, rate] = ramp_terms(site);
  auto left = filled(ramp.fall, most, rate, now - ramp.at);
  for (const auto id : stopping_) {
    const auto& live = *job_of(id).live;
    if (!live.stop_waits && live.site == site.name) left -= live.draws;
  }
  return left;
}

// From when on a bucket that has so much has what is needed, or is full.
Instant Engine::when_filled(SiteIndex index, Power need, Power has) const {
  const auto [most, rate] = ramp_terms(state_.portfolio->sites[index.value()]);
  return now_ + time_to_fill(std::min(need, most) - has, rate);
}

// How long a gang takes at least to fall by its draw.
Duration Engine::falls_in(SiteIndex index, Power draws) const {
  return time_to_fill(draws, ramp_terms(state_.portfolio->sites[index.value()]).rate);
}

void Engine::look_at_ramp(Instant at) {
  if (at > now_ && (!ramp_due_ || at < *ramp_due_)) ramp_due_ = at;
}

// Nobody starts there in this pass; who comes first does when it may.
void Engine::close_site(SiteIndex site, JobId first, Power need) {
  const auto at = when_filled(site, need, may_rise_by(site, now_));
  closed_sites_[site] = {first, at};
  look_at_ramp(at);
}

bool Engine::waits_for_power(JobId id, const Choice& choice) {
  if (state_.ramps.empty()) return false;
  const auto site = fleet_.pool(choice.pool).site;
  if (closed_sites_.count(site) > 0) return true;
  if (state_.ramps.count(fleet_.sites()[site.value()].name) == 0) return false;
  const auto need = draw_of(*job_of(id).spec, choice.shares);
  const auto most = ramp_terms(state_.portfolio->sites[site.value()]).most;
  if (may_rise_by(site, now_) >= std::min(need, most)) return false;
  close_site(site, id, need);
  return true;
}

bool Engine::can_pace(SiteIndex site) const {
  return state_.portfolio->sites[site.value()].cluster.kind == ClusterKind::Simulated;
}

// At each pace, as draw_of() has it at full pace.
GangPower Engine::power_of(const JobSpec& spec, const std::vector<Share>& shares) const {
  GangPower power(draw_of(spec, shares, Ratio()));
  each_pool_of(spec, shares, [&](PoolIndex pool, std::int64_t count) {
    const auto& accelerator = *fleet_.pool(pool).accelerator;
    const auto own = fleet_.capped_in(pool, spec.draw, spec.power_cap);
    const auto gpus = GpuCount::of(count);
    const auto rest = it_power(accelerator, gpus, Ratio());
    power.add(accelerator, it_power(accelerator, gpus, own.draw) - rest, own.pace);
  });
  return power;
}

// It was placed, and is more than the limit allows at once: as fast as a full bucket allows.
void Engine::start_slowly(JobId id) {
  if (state_.ramps.empty()) return;
  const auto site = site_of(*job_of(id).live);
  if (may_rise_by(site, now_) >= Power() || !can_pace(site)) return;
  const auto& live = *job_of(id).live;
  const auto power = power_of(*job_of(id).spec, live.shares);
  const auto wanted = live.draws + may_rise_by(site, now_);  // which is below 0
  set_pace(id, power.fastest_below(wanted), "the ramp of " + live.site);
  close_site(site, JobId(), power.at(one) - job_of(id).live->draws);
}

// Gangs that work below their pace for no call: those of sites with a ramp in steps, of capped
// sites as far as there is room, of all others at once.
void Engine::raise_paces() {
  closed_sites_.clear();
  ramp_due_.reset();
  if (!state_.over_limit.empty()) look_within();
  if (paced_.empty() && state_.capped.empty()) return;
  std::map<SiteIndex, std::vector<JobId>> slowed;
  for (const auto& [place, since] : state_.capped) slowed[site_index(site_part(place))];
  for (const auto id : paced_) {
    const auto& live = *job_of(id).live;
    if (!live.stopping) slowed[site_of(live)].push_back(id);
  }
  for (auto& [site, gangs] : slowed) {
    if (is_curtailed(site)) continue;
    const auto& name = fleet_.sites()[site.value()].name;
    if (is_capped_at(name)) {
      restore_capped(site, gangs);
    } else if (state_.ramps.count(name) > 0) {
      raise_at(site, std::move(gangs));
    } else {
      for (const auto id : gangs) set_pace(id, one, "the end of the limits of " + name);
    }
  }
  end_capping();
}

// The highest priority first, then the oldest job.
void Engine::raise_at(SiteIndex site, std::vector<JobId> gangs) {
  std::stable_sort(gangs.begin(), gangs.end(),
                   [&](JobId a, JobId b) { return job_of(a).priority > job_of(b).priority; });
  for (const auto id : gangs) {
    if (!raise(id, site, one)) return;
  }
}

// Towards this pace by one step; false: it is not there yet, and whoever is next waits.
bool Engine::raise(JobId id, SiteIndex site, Ratio up_to) {
  const auto& live = *job_of(id).live;
  const auto power = power_of(*job_of(id).spec, live.shares);
  const auto all = power.at(up_to) - live.draws;
  const auto most = ramp_terms(state_.portfolio->sites[site.value()]).most;
  const auto room = may_rise_by(site, now_);
  if (room < std::min(all, most)) {
    close_site(site, JobId(), all);
    return false;
  }
  const auto next = std::max(power.fastest_below(live.draws + room), live.pace + a_percent);
  const auto pace = std::min(next, up_to);  // a percent at least, whatever that draws
  set_pace(id, pace, "the ramp of " + live.site);
  if (pace == up_to) return true;
  close_site(site, JobId(), power.at(up_to) - job_of(id).live->draws);
  return false;
}

// Once when it begins, and again when it is twice as much.
void Engine::report_swings() {
  std::vector<PowerSwung> swings;
  for (const auto& [name, ramp] : state_.ramps) {
    const auto beyond = Power() - std::min(ramp.rise, ramp.fall);
    if (beyond <= Power() || beyond < ramp.said * 2) continue;
    const auto index = site_index(name);
    const auto pue = state_.portfolio->sites[index.value()].pue;
    swings.push_back(
        {name, ramp.fall < ramp.rise, times(beyond, pue), times(fleet_.power_drawn(index), pue)});
  }
  for (auto& event : swings) emit(std::move(event));
}

void Engine::apply(const PowerSwung& event, Instant) {
  auto& ramp = state_.ramps.at(event.site);
  ramp.said = Power() - std::min(ramp.rise, ramp.fall);
}

std::string Engine::pace_in_words(const LiveAttempt& live) const {
  if (live.pace == one && live.stop_waits) {
    return "; it is told to stop when the draw of its site may fall";
  }
  if (live.pace == one) return "";
  const auto* why = is_curtailed(site_index(live.site)) ? "its site has to draw less"
                    : live.stop_waits                   ? "the ramp of its site lowers it in steps"
                    : live.stopping   ? "it worked slower when it was told to stop"
                    : is_capped(live) ? "more was drawn there than may be"
                                      : "the ramp of its site raises it in steps";
  return fmt::format("; works at {} % of its pace: {}", live.pace.count() / a_percent.count(), why);
}

// It fits there, and nobody starts there now.
void Engine::explain_turn(SiteExplanation& e, const Shape& shape, SiteIndex site) const {
  const bool capped =
      std::any_of(state_.capped.begin(), state_.capped.end(), [&](const auto& known) {
        const auto nodes = *fleet_.resolve(known.first);
        return known.first == e.site ||
               (site_part(known.first) == e.site &&
                contains(shape.pools, fleet_.pool_of(NodeIndex(nodes.begin))));
      });
  if (e.reason == Reason::NotEnoughPower && capped) {
    e.reason = Reason::PowerCapped;
    e.message += "; its gangs are slowed until there is enough, and nobody starts there before";
    return;
  }
  const auto closed = closed_sites_.find(site);
  if (closed == closed_sites_.end() || e.reason != Reason::Starting) return;
  const auto& turn = closed->second;
  e.reason = Reason::RampLimited;
  const auto& limits = state_.portfolio->sites[site.value()];
  const auto pool = std::find_if(shape.pools.begin(), shape.pools.end(),
                                 [&](PoolIndex p) { return fleet_.pool(p).site == site; });
  const auto who = turn.first == JobId() ? std::string("gangs that run are raised to their pace")
                                         : fmt::format("job {} comes first", turn.first.value());
  e.message = fmt::format(
      "{}: needs {} of IT power, its draw may rise by {} now ({}{}{} at the meter); {}, by {}",
      e.site, to_text(fleet_.power_of(*pool, shape.demand)),
      to_text(std::max(may_rise_by(site, now_), Power())),
      limits.ramp_limit ? to_text(*limits.ramp_limit) : "",
      limits.ramp_limit && limits.swing_limit ? ", " : "",
      limits.swing_limit ? "at most " + to_text(*limits.swing_limit) + " at once" : "", who,
      to_text(turn.at));
}

}  // namespace ampacity
