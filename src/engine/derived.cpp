// SPDX-License-Identifier: Apache-2.0
// What follows from the state and is rebuilt rather than stored: the fleet's free counts, the
// queue, the deadlines; and the engine's packed form.
#include <algorithm>

#include "base/pack.hpp"
#include "engine/engine.hpp"

namespace ampacity {

const Job& Engine::job_of(JobId id) const {
  const auto* job = state_.jobs.find(id);
  AMPACITY_ASSERT(job != nullptr, "job {} is not in the state", id.value());
  return *job;
}

Job& Engine::change(JobId id) {
  auto* job = state_.jobs.change(id);
  AMPACITY_ASSERT(job != nullptr, "job {} is not in the state", id.value());
  return *job;
}

// Two steps of an endless round through the specifications: forgets those that no job has any more.
void Engine::sweep_specs() {
  for (int i = 0; i < 2 && !specs_.empty(); ++i) {
    auto next = specs_.upper_bound(swept_);
    if (next == specs_.end()) next = specs_.begin();
    swept_ = next->first;
    if (next->second.expired()) specs_.erase(next);
  }
}

// A sweep of ten thousand jobs has one specification.
std::shared_ptr<const JobSpec> Engine::kept_once(std::shared_ptr<const JobSpec> spec) {
  DigestSink sink;
  pack(sink, *spec);
  sweep_specs();
  auto& kept = specs_[sink.finish()];
  if (auto known = kept.lock()) return known;
  kept = spec;
  return spec;
}

LaneIndex Engine::lane_of(const Job& job) {
  const auto team = job.team;
  sizes_.insert(job.spec->gpus.count());
  const Shape shape{demand_of(*job.spec), accepted_pools(*state_.portfolio, fleet_, *job.spec),
                    quotas_.none() ? Quotas::fleet() : quotas_.entry(team).group};
  return queue_.lane(shape, account_of(job), job.priority,
                     claim_of(team, shape.demand.gpus, job.priority));
}

void Engine::enqueue(JobId id, Job& job) {
  const auto lane = lane_of(job);
  job.lane = lane.value();
  queue_.insert(lane, id, walltime_of(job));
  dirty_ = true;
}

void Engine::dequeue(JobId id, Job& job) {
  queue_.erase(*job.waits_in(), id);
  job.lane = Job::no_lane;
}

Duration Engine::walltime_of(const Job& job) const {
  return job.spec->walltime.value_or(state_.portfolio->policy.default_walltime);
}

PoolIndex Engine::pool_of(const LiveAttempt& live) const {
  return fleet_.pool_of(live.shares.front().node);
}

SiteIndex Engine::site_of(const LiveAttempt& live) const {
  return fleet_.pool(pool_of(live)).site;
}

void Engine::occupy(JobId id, const Job& job) {
  const auto& live = *job.live;
  planner_.occupy(fleet_, pool_of(live), id, live.shares, draw_of(job), live.expected_end);
}

void Engine::reoccupy(NodeRange nodes) {
  for (const auto id : planner_.tenants(nodes)) occupy(id, job_of(id));
}

// Somebody may preempt somebody: only then it is kept who runs since when.
bool Engine::preempts() const {
  return !quotas_.none() || !preempting_.empty();
}

void Engine::runs(JobId id, const Job& job) {
  if (!preempts()) return;
  running_[pool_of(*job.live).value()][job.team].insert({*job.live->started, id, job.priority});
}

void Engine::runs_no_more(JobId id, const Job& job) {
  if (!preempts()) return;
  auto& of_pool = running_[pool_of(*job.live).value()];
  const auto of_team = of_pool.find(job.team);
  of_team->second.erase({*job.live->started, id, job.priority});
  if (of_team->second.empty()) of_pool.erase(of_team);
}

bool Engine::over_guarantee(TeamIndex team) const {
  return quotas_.use_of(team).used > quotas_.entry(team).guaranteed;
}

void Engine::arm(JobId id, const LiveAttempt& live, const Job& job) {
  if (!live.started || live.stopping) return;
  const auto end = *live.started + live.walltime;
  deadlines_.insert({end, id, Due::Walltime});
  if (job.spec->early_signal && !live.signalled) {
    deadlines_.insert(
        {end - std::min(job.spec->early_signal->lead, live.walltime), id, Due::Signal});
  }
}

void Engine::disarm(JobId id) {
  const auto& job = job_of(id);
  if (!job.live || !job.live->started) return;
  const auto end = *job.live->started + job.live->walltime;
  deadlines_.erase({end, id, Due::Walltime});
  if (job.spec->early_signal) {
    deadlines_.erase(
        {end - std::min(job.spec->early_signal->lead, job.live->walltime), id, Due::Signal});
  }
}

void Engine::apply_drains(NodeRange within) {
  for (const auto& target : state_.drained) {
    const auto range = fleet_.resolve(target);
    if (!range || range->end <= within.begin || range->begin >= within.end) continue;
    fleet_.set_drained({std::max(range->begin, within.begin), std::min(range->end, within.end)},
                       true);
  }
}

void Engine::rebuild_fleet() {
  fleet_ = Fleet(*state_.portfolio);
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    const auto limit = state_.site_power.find(fleet_.sites()[i].name);
    if (limit != state_.site_power.end()) fleet_.set_power_limit(SiteIndex(i), limit->second);
  }
  for (const auto& hall : state_.usable_halls) fleet_.set_usable(*fleet_.find_hall(hall), true);
  for (const auto& node : state_.down)
    fleet_.set_down(NodeIndex(fleet_.resolve(node)->begin), true);
  apply_drains({0, static_cast<std::uint32_t>(fleet_.node_count())});
  planner_ = Planner(fleet_);
  running_.assign(fleet_.pools().size(), {});
  borrowing_.clear();
  stopping_.clear();
  for (const auto& [id, job] : state_.jobs) {
    if (!job.live) continue;
    fleet_.take(job.live->shares);
    fleet_.draw(site_of(*job.live), draw_of(job));
    occupy(id, job);
    quotas_.use(quotas_.team(job.spec->team), job.spec->gpus.count());
    if (job.live->stopping) stopping_.insert(id);
  }
}

void Engine::rebuild() {
  queue_ = {};
  rebuild_teams();
  rebuild_fleet();
  deadlines_.clear();
  standings_ = standings(*state_.portfolio, fleet_, state_.last_at);
  capacity_due_ = state_.last_at;
  specs_.clear();
  std::vector<JobId> ids;
  ids.reserve(state_.jobs.size());
  for (const auto& [id, job] : state_.jobs) ids.push_back(id);
  for (const auto id : ids) {
    auto& job = change(id);
    job.spec = kept_once(std::move(job.spec));
    job.lane = Job::no_lane;
    job.team = quotas_.team(job.spec->team);
    if (job.live) {
      arm(id, *job.live, job);
      if (job.live->started) runs(id, job);
      if (over_guarantee(job.team)) borrowing_.insert(job.team);
    } else if (job.not_before > state_.last_at) {
      deadlines_.insert({job.not_before, id, Due::BackOff});
    } else {
      enqueue(id, job);
    }
  }
  dirty_ = true;
}

Digest Engine::digest() const {
  DigestSink sink;
  pack(sink, state_);
  return sink.finish();
}

std::string Engine::pack_state() const {
  ByteSink sink;
  pack(sink, state_);
  return sink.take();
}

std::string Engine::shape() {
  std::string text;
  describe_shape<State>(text);
  describe_shape<Job>(text);
  describe_shape<LiveAttempt>(text);
  describe_shape<JobSpec>(text);
  describe_shape<Portfolio>(text);
  describe_shape<Site>(text);
  describe_shape<Lease>(text);
  describe_shape<Hall>(text);
  return digest_of(text).text();
}

Status Engine::unpack_state(std::string_view bytes) {
  Unpacker from(bytes);
  State state;
  if (!unpack(from, state) || !from.at_end()) {
    return Error{ErrorCode::Corrupt, "the snapshot's bytes do not unpack"};
  }
  if (!check(*state.portfolio).empty() && state.configured) {
    return Error{ErrorCode::Corrupt, "the snapshot's portfolio is not sound"};
  }
  state_ = std::move(state);
  now_ = state_.last_at;
  rebuild();
  return {};
}

}  // namespace ampacity
