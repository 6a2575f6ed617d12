// SPDX-License-Identifier: Apache-2.0
// Questions to the engine: what runs, why a job waits, how a lease stands. Nothing here changes
// anything.
#include <algorithm>

#include "engine/engine.hpp"
#include "policy/explain.hpp"
#include "units/text.hpp"

namespace ampacity {

JobState Engine::state_of(JobId id) const {
  const auto& live = job_of(id).live;
  if (!live) return JobState::Waiting;
  if (live->stopping) return JobState::Stopping;
  return live->phase == AttemptPhase::Placed ? JobState::Starting : JobState::Running;
}

std::vector<NodeShare> Engine::named(const std::vector<Share>& shares) const {
  std::vector<NodeShare> nodes;
  nodes.reserve(shares.size());
  for (const auto& share : shares) {
    nodes.push_back({fleet_.path(share.node), share.nodes, share.gpus});
  }
  return nodes;
}

StartGang Engine::start_order(JobId id, const Job& job, std::vector<NodeShare> nodes) const {
  StartGang order;
  order.attempt = {id, job.attempts};
  order.site = job.live->site;
  order.spec = job.spec;
  order.nodes = std::move(nodes);
  order.walltime = job.live->walltime;
  order.placed = job.live->placed;
  order.speed = job.live->speed;
  return order;
}

std::vector<LiveView> Engine::live_attempts() const {
  std::vector<LiveView> all;
  for (const auto id : live_jobs()) {
    const auto& job = job_of(id);
    all.push_back({start_order(id, job, named(job.live->shares)),
                   job.live->phase == AttemptPhase::Started, job.live->started,
                   job.live->stop_waits ? std::nullopt : job.live->stopping, job.live->pace,
                   slowed_until(*job.live, std::max(now_, state_.last_at))});
  }
  return all;
}

const Lease* Engine::lease_named(const std::string& name) const {
  for (const auto& lease : state_.portfolio->leases) {
    if (lease.name == name) return &lease;
  }
  return nullptr;
}

SiteIndex Engine::site_index(const std::string& name) const {
  const auto& sites = fleet_.sites();
  const auto it = std::find_if(sites.begin(), sites.end(),
                               [&](const SitePlace& site) { return site.name == name; });
  AMPACITY_ASSERT(it != sites.end(), "no site {}", name);
  return SiteIndex(static_cast<std::uint32_t>(it - sites.begin()));
}

Usage Engine::usage_so_far(const Job& job, Instant now) const {
  if (!job.live) return {};
  const auto& live = *job.live;
  const auto since = std::max(live.placed, live.paced);
  auto usage = live.used;
  const auto& active = standings_[pool_of(live).value()].lease;  // nearly always still the same
  const auto* lease = active ? &state_.portfolio->leases[*active] : nullptr;
  if (lease == nullptr || lease->name != live.lease) lease = lease_named(live.lease);
  usage += usage_of(state_.portfolio->sites[site_of(live).value()], lease, GpuCount::of(live.gpus),
                    live.draws, since, std::max(now, since));
  return usage;
}

Usage Engine::lease_usage(const Lease& lease, Instant now) const {
  const auto it = state_.leases.find(lease.name);
  Usage used = it == state_.leases.end() ? Usage{} : it->second.used;
  each_gang_on(lease, [&](const Job& job) { used += usage_so_far(job, now); });
  return used;
}

LeaseStatement Engine::lease_statement(const Lease& lease, Instant now) const {
  const auto it = state_.leases.find(lease.name);
  const auto since = it == state_.leases.end() ? lease.starts : it->second.since;
  return statement(*state_.portfolio, lease, lease_usage(lease, now), since, now);
}

std::optional<std::size_t> Engine::active_lease(SiteIndex site) const {
  for (std::size_t i = 0; i < fleet_.pools().size(); ++i) {
    if (fleet_.pools()[i].site == site) return standings_[i].lease;
  }
  return std::nullopt;
}

// Of a gang that stands on these nodes: of each accelerator by its own figures.
Power Engine::draw_of(const JobSpec& spec, const std::vector<Share>& shares, Ratio draw) const {
  Power sum;
  each_pool_of(spec, shares, [&](PoolIndex pool, std::int64_t gpus) {
    sum += it_power(*fleet_.pool(pool).accelerator, GpuCount::of(gpus),
                    fleet_.capped_in(pool, draw, spec.power_cap).draw);
  });
  return sum;
}

namespace {

void say_exhausted(const Fleet& fleet, const Portfolio& portfolio,
                   const std::vector<Standing>& standings, SiteIndex site, SiteExplanation& e) {
  if (e.reason != Reason::NotEnergised) return;
  for (std::uint32_t i = 0; i < standings.size(); ++i) {
    const auto exhausted = standings[i].exhausted;
    if (!exhausted || fleet.pools()[i].site != site) continue;
    const auto& lease = portfolio.leases[*exhausted];
    e.reason = Reason::LeaseExhausted;
    e.message = fmt::format("{}: the {} GPU-hours of its lease {} are used up", e.site,
                            lease.gpu_hours.value_or(0), lease.name);
  }
}

}  // namespace

std::optional<Explanation> Engine::explain(JobId id, Instant now) const {
  const auto* found = state_.jobs.find(id);
  if (found == nullptr) return std::nullopt;
  const auto& job = *found;
  Explanation e;
  if (job.live) {
    e.reason = Reason::Starting;
    e.message = fmt::format("has its place at {} since {}{}", job.live->site,
                            to_text(job.live->placed), pace_in_words(*job.live));
    return e;
  }
  if (const auto held = state_.held.find(id); held != state_.held.end()) {
    e.reason = Reason::Held;
    e.message = held->second;
    e.unblocks = {fmt::format("it is released (ampacity release {})", id.value())};
    return e;
  }
  if (job.not_before > now) {
    e.reason = Reason::BackingOff;
    e.message = fmt::format("waits {} more before attempt {}", to_text(job.not_before - now),
                            job.attempts + 1);
    return e;
  }
  e.jobs_ahead = job.waits_in() ? queue_.ahead_of(*job.waits_in(), id) : 0;
  if (auto booked = explain_booked(*job.spec, walltime_of(job), now)) {
    booked->jobs_ahead = e.jobs_ahead;
    return booked;
  }
  auto kept = kept_by_budget(job);
  if (!kept) kept = kept_by_quota(*job.spec);
  const auto shape = ampacity::shape_of(fleet_, *job.spec);
  const Asker asker{*job.spec, shape, id, walltime_of(job)};
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    e.sites.push_back(explain_site(fleet_, planner_, asker, SiteIndex(i), now));
    auto& site = e.sites.back();
    if (site.reason == Reason::NotEnoughPower) site.message += power_to_come(SiteIndex(i), shape);
    say_exhausted(fleet_, *state_.portfolio, standings_, SiteIndex(i), site);
  }
  for (std::uint32_t i = 0; i < e.sites.size(); ++i) explain_turn(e.sites[i], shape, SiteIndex(i));
  for (auto& site : e.sites) {
    if (!kept || site.reason != Reason::Starting) continue;
    site.reason = kept->reason;
    site.message =
        fmt::format("{}: {} GPUs are free, and not for its team now", site.site, site.free);
  }
  // The headline is the site that is nearest to taking it: reasons are enumerated from near to far.
  const auto nearest = std::min_element(
      e.sites.begin(), e.sites.end(), [](const SiteExplanation& a, const SiteExplanation& b) {
        const auto distance = [](const SiteExplanation& s) {
          return s.reason == Reason::NotEnoughInService || s.reason == Reason::SiteNotAllowed ||
                 s.reason == Reason::AcceleratorAbsent || s.reason == Reason::NotEnergised ||
                 s.reason == Reason::LeaseExhausted;
        };
        return std::pair(distance(a), a.needed - a.free) <
               std::pair(distance(b), b.needed - b.free);
      });
  e.unblocks = ways_to_start(fleet_, asker);
  e.reason = kept ? kept->reason : nearest->reason;
  e.message = fmt::format("{} ({} jobs ahead{})", kept ? kept->message : nearest->message,
                          e.jobs_ahead, use_in_words(*job.spec));
  if (!kept) explain_wait(job, shape, now, e);
  return e;
}

void Engine::verify() const {
  std::vector<Power> drawn(fleet_.sites().size());
  std::vector<std::int64_t> used(fleet_.node_count(), 0);
  std::size_t waiting = 0;
  std::vector<std::int64_t> used_by(quotas_.entries().size(), 0);
  for (const auto& [id, job] : state_.jobs) {
    AMPACITY_ASSERT(id.value() < state_.next_job, "job {} from the future", id.value());
    AMPACITY_ASSERT(planner_.holds(id) == static_cast<bool>(job.live), "job {} holds {}",
                    id.value(), job.live ? "nothing" : "something");
    if (!job.live) {
      const bool backing_off = deadlines_.has({job.not_before, id, Due::BackOff});
      const bool queued = job.waits_in().has_value();
      const auto places = state_.held.count(id) + (backing_off ? 1 : 0) + (queued ? 1 : 0);
      AMPACITY_ASSERT(places == 1, "job {} waits in {} places", id.value(), places);
      waiting += queued ? 1 : 0;
      continue;
    }
    drawn[site_of(*job.live).value()] += job.live->draws;
    for (auto t = quotas_.team(job.spec->team);; t = quotas_.entry(t).group) {
      used_by[t.value()] += job.live->gpus;
      if (t == Quotas::fleet()) break;
    }
    const auto gang = gpus_of(job.live->shares);
    const auto least = job.spec->least().count();
    for (const auto& share : job.live->shares) {
      each_node(share, [&](NodeIndex node) { used[node.value()] += share.gpus; });
    }
    AMPACITY_ASSERT(gang == job.live->gpus && gang >= least && gang <= job.spec->gpus.count(),
                    "job {} runs on {} of {} GPUs", id.value(), gang, job.spec->gpus.count());
  }
  AMPACITY_ASSERT(waiting == queue_.size(), "{} jobs wait, {} are queued", waiting, queue_.size());
  for (std::uint32_t i = 0; i < used_by.size(); ++i) {
    const auto& e = quotas_.entry(TeamIndex(i));
    AMPACITY_ASSERT(quotas_.use_of(TeamIndex(i)).used == used_by[i],
                    "team '{}' uses {} GPUs, {} are counted", e.name, used_by[i],
                    quotas_.use_of(TeamIndex(i)).used);
  }
  for (std::uint32_t n = 0; n < used.size(); ++n) {
    const NodeIndex node(n);
    AMPACITY_ASSERT(used[n] + fleet_.free_gpus(node) == fleet_.gpus(node),
                    "node {}: {} used and {} free of {}", fleet_.path(node), used[n],
                    fleet_.free_gpus(node), fleet_.gpus(node));
  }
  for (std::uint32_t i = 0; i < drawn.size(); ++i) {
    const auto counted = fleet_.power_drawn(SiteIndex(i));
    AMPACITY_ASSERT(drawn[i] == counted, "{} draws {} W, not {}", fleet_.sites()[i].name,
                    drawn[i].count(), counted.count());
  }
  for (std::uint32_t i = 0; i < fleet_.pools().size(); ++i) {
    const auto& pool = fleet_.pools()[i];
    const auto all = planner_.held(PoolIndex(i)) + Planner::free_now(fleet_, PoolIndex(i));
    const auto serving = pool.nodes_in_service;
    AMPACITY_ASSERT(all.nodes == serving && all.gpus == serving * pool.gpus_per_node,
                    "pool {}: {} nodes and {} GPUs free or ahead, {} nodes serve", i, all.nodes,
                    all.gpus, serving);
  }
}

}  // namespace ampacity
