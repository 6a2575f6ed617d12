// SPDX-License-Identifier: Apache-2.0
// What follows from the state and is rebuilt rather than stored: the fleet's free counts, the
// queue, the deadlines; and the engine's packed form.
#include <algorithm>
#include <cstring>

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

namespace {

// Of what differs from job to job; not of all.
std::uint64_t mixed(const JobSpec& spec) {
  std::uint64_t hash = 0;
  const auto mix = [&](std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32U;
  };
  const auto mix_text = [&](const std::string& text) {
    for (std::size_t i = 0; i <= text.size(); i += 8) {
      std::int64_t word = 0;
      std::memcpy(&word, text.data() + i, std::min<std::size_t>(text.size() - i, 8));
      mix(word);
    }
  };
  mix(spec.gpus.count());
  mix(spec.least().count());
  mix(spec.walltime.value_or(Duration(0)).count());
  mix(spec.simulated_runtime.value_or(Duration(0)).count());
  mix_text(spec.team);
  mix_text(spec.project);
  mix_text(spec.name);
  return hash;
}

// It may run anywhere and asks for nothing but its size: its lane follows from a few words.
bool is_plain(const JobSpec& spec) {
  return spec.accelerators.empty() && spec.sites.empty() && spec.booking.empty();
}

}  // namespace

// A sweep of ten thousand jobs has one specification. Each has four places in the table; where all
// are taken by others that live, one of them is no longer known here, and nobody can tell.
std::shared_ptr<const JobSpec> Engine::kept_once(std::shared_ptr<const JobSpec> spec) {
  constexpr std::size_t places = 4;
  const auto keep = [&](const std::shared_ptr<const JobSpec>& fresh) {
    const auto hash = mixed(*fresh);
    const auto place = [&](std::size_t i) -> KeptSpec& {
      return specs_[(hash + i) & (specs_.size() - 1)];
    };
    for (std::size_t i = 0; i < places; ++i) {
      if (place(i).mixed != hash) continue;
      if (auto known = place(i).spec.lock(); known && *known == *fresh) return known;
    }
    std::size_t free = 0;
    while (free < places && !place(free).spec.expired()) ++free;
    if (free == places) ++specs_displaced_;
    place(free % places) = {hash, fresh};
    return fresh;
  };
  if (64 * specs_displaced_ > specs_.size() || specs_.empty()) {
    const auto size = std::max<std::size_t>(2 * specs_.size(), 1'024);
    const auto before = std::exchange(specs_, std::vector<KeptSpec>(size));
    for (const auto& known : before) {
      if (const auto alive = known.spec.lock()) keep(alive);
    }
    specs_placed_ = specs_displaced_ = 0;
  }
  auto kept = keep(spec);
  if (++specs_placed_ >= specs_.size()) specs_placed_ = specs_displaced_ = 0;
  return kept;
}

LaneIndex Engine::lane_of(const Job& job) {
  const auto team = job.team;
  const auto& account = account_of(job);
  if (queue_.is_stale(account.index)) restate(team, account);
  const auto size = job.spec->least().count();
  const auto claim = claim_of(team, size, job.priority);
  if (!is_plain(*job.spec) || is_restart_on_budget(job))
    return new_lane_of(job, account.index, claim);
  const PlainLane plain{demand_of(*job.spec), account.index, job.priority, {}};
  auto& known = plain_lanes_[static_cast<std::uint64_t>(size) << 16U ^
                             static_cast<std::uint64_t>(plain.demand.most) << 40U ^
                             std::uint64_t{account.index.value()}];
  if (known == plain) {
    queue_.stand_ready(known.lane, claim);
  } else {
    known = plain;
    known.lane = new_lane_of(job, account.index, claim);
  }
  return known.lane;
}

LaneIndex Engine::new_lane_of(const Job& job, AccountIndex account, const Claim& claim) {
  const auto shape = shape_of(job);
  sizes_.insert(shape.demand.gpus);
  return queue_.lane(shape, account, job.priority, claim);
}

Shape Engine::shape_of(const Job& job) const {
  auto shape = ampacity::shape_of(fleet_, *job.spec);
  if (state_.bookings.count(job.spec->booking) > 0) shape.booking = job.spec->booking;
  if (!quotas_.none()) shape.group = quotas_.entry(job.team).group;
  shape.restarts = is_restart_on_budget(job);
  return shape;
}

void Engine::enqueue(JobId id, Job& job) {
  if (state_.bookings.count(job.spec->booking) > 0) booked_jobs_[job.spec->booking].insert(id);
  const auto lane = lane_of(job);
  job.lane = lane.value();
  queue_.insert(lane, id, walltime_of(job));
  dirty_ = true;
}

// Into the queue, or beside it: held, or backing off.
void Engine::waits(JobId id, Job& job, Instant now) {
  if (state_.held.count(id) > 0) return;
  if (job.not_before <= now) return enqueue(id, job);
  deadlines_.insert({job.not_before, id, Due::BackOff});
}

void Engine::waits_no_more(JobId id, Job& job) {
  if (job.waits_in()) {
    dequeue(id, job);
  } else if (job.not_before > job.submitted) {  // else it never backed off
    deadlines_.erase({job.not_before, id, Due::BackOff});
  }
}

void Engine::dequeue(JobId id, Job& job) {
  const auto booked = booked_jobs_.find(job.spec->booking);
  if (booked != booked_jobs_.end()) booked->second.erase(id);
  queue_.erase(*job.waits_in(), id);
  job.lane = Job::no_lane;
}

// At full speed: what remains of it.
Duration Engine::walltime_of(const Job& job) const {
  const auto whole = job.spec->walltime.value_or(state_.portfolio->policy.default_walltime);
  return std::max(whole - job.ran, std::min(whole, Duration(1'000)));
}

PoolIndex Engine::pool_of(const LiveAttempt& live) const {
  return fleet_.pool_of(live.shares.front().node);
}

SiteIndex Engine::site_of(const LiveAttempt& live) const {
  return fleet_.pool(pool_of(live)).site;
}

void Engine::occupy(JobId id, const Job& job) {
  const auto& live = *job.live;
  planner_.occupy(fleet_, id, live.shares, live.draws, live.expected_end);
}

void Engine::reoccupy(NodeRange nodes) {
  for (const auto id : planner_.tenants(nodes)) occupy(id, job_of(id));
}

// Somebody may preempt somebody: only then it is kept who runs since when.
bool Engine::preempts() const {
  return !quotas_.none() || !preempting_.empty();
}

// Of a gang of mixed accelerators more than one.
std::vector<PoolIndex> Engine::pools_of(const LiveAttempt& live) const {
  std::vector<PoolIndex> pools{pool_of(live)};
  if (fleet_.pool_of(live.shares.back().node) == pools.front() && live.shares.size() < 3) {
    return pools;
  }
  for (const auto& share : live.shares) {
    const auto pool = fleet_.pool_of(share.node);
    if (std::find(pools.begin(), pools.end(), pool) == pools.end()) pools.push_back(pool);
  }
  return pools;
}

void Engine::runs(JobId id, const Job& job) {
  if (job.spec->gpus_min) elastic_runs(id, job, true);
  if (!preempts()) return;
  for (const auto pool : pools_of(*job.live)) {
    running_[pool.value()][job.team].insert({*job.live->started, id, job.priority});
  }
}

void Engine::runs_no_more(JobId id, const Job& job) {
  if (job.spec->gpus_min) elastic_runs(id, job, false);
  if (!preempts()) return;
  for (const auto pool : pools_of(*job.live)) {
    auto& of_pool = running_[pool.value()];
    const auto of_team = of_pool.find(job.team);
    of_team->second.erase({*job.live->started, id, job.priority});
    if (of_team->second.empty()) of_pool.erase(of_team);
  }
}

bool Engine::over_guarantee(TeamIndex team) const {
  return quotas_.use_of(team).used > quotas_.entry(team).guaranteed;
}

void Engine::arm(JobId id, const LiveAttempt& live, const Job& job) {
  if (!live.started || (live.stopping && !live.stop_waits)) return;
  if (live.stopping == StopCause::WalltimeReached) return;
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

namespace {

// Of these targets, those that hold the path, lie in it or are it.
template <class Visit>
void each_overlap(const std::set<std::string>& targets, const std::string& path,
                  const Visit& visit) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto around = targets.find(path.substr(0, slash));
    if (around != targets.end()) visit(*around);
  }
  if (targets.count(path) > 0) visit(path);
  const auto inside = path + "/";
  for (auto it = targets.lower_bound(inside); it != targets.end() && it->starts_with(inside);
       ++it) {
    visit(*it);
  }
}

NodeRange common(NodeRange a, NodeRange b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

}  // namespace

// What else keeps nodes of this place drained, or down.
void Engine::apply_drains(const std::string& within) {
  const auto range = *fleet_.resolve(within);
  each_overlap(state_.drained, within, [&](const std::string& target) {
    fleet_.set_drained(common(*fleet_.resolve(target), range), true);
  });
}

void Engine::apply_downs(const std::string& within) {
  const auto range = *fleet_.resolve(within);
  each_overlap(state_.down, within, [&](const std::string& target) {
    fleet_.set_down(common(*fleet_.resolve(target), range), true);
  });
}

void Engine::rebuild_fleet() {
  fleet_ = Fleet(*state_.portfolio);
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    limit_power(SiteIndex(i));
  }
  for (const auto& [place, reading] : state_.readings) {
    watch_hall(place);
    offset_power(place);
  }
  for (const auto& hall : state_.usable_halls) fleet_.set_usable(*fleet_.find_hall(hall), true);
  for (const auto& site : fleet_.sites()) {
    apply_downs(site.name);
    apply_drains(site.name);
  }
  rebuild_bookings();
  planner_ = Planner(fleet_);
  running_.assign(fleet_.pools().size(), {});
  elastic_.assign(fleet_.pools().size(), {});
  borrowing_.clear();
  held_by_.clear();
  stopping_.clear();
  paced_.clear();
  resizing_.clear();
  for (const auto& [id, job] : state_.jobs) {
    if (!job.live) continue;
    fleet_.take(job.live->shares);
    fleet_.draw(job.live->shares, job.live->draws);
    occupy(id, job);
    const auto team = quotas_.team(job.spec->team);
    quotas_.use(team, job.live->gpus);
    held_by_[{team, job.spec->project}] += job.live->gpus;
    if (job.live->stopping) stopping_.insert(id);
    if (job.live->pace != one) paced_.insert(id);
    if (job.live->stopping == StopCause::Resized)
      resizing_.emplace(id, promise_to_resizing(id, job));
  }
}

void Engine::rebuild() {
  queue_ = {};
  plain_lanes_.clear();
  rebuild_teams();
  rebuild_fleet();
  deadlines_.clear();
  failures_.clear();
  for (const auto& [node, failures] : state_.node_failures) {
    for (const auto at : failures) failures_.emplace(at, node);
  }
  watch_leases();
  standings_ = standings(*state_.portfolio, fleet_, state_.lease_use, state_.last_at);
  fleet_.set_power_tree(std::make_shared<PowerTree>(*state_.portfolio, fleet_.topology(),
                                                    state_.last_at, measured_sites()));
  capacity_due_ = state_.last_at;
  for (const auto& [place, since] : state_.capped) fleet_.set_power_closed(place, true);
  capping_due_.reset();
  ramp_due_.reset();
  closed_sites_.clear();
  power_check_ = true;
  budgets_due_.reset();
  if (has_budgets()) {
    budgets_due_ = state_.spending.empty() ? state_.last_at : next_look(state_.last_at);
  }
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
    } else {
      waits(id, job, state_.last_at);
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
  describe_shape<CalledCurtailment>(text);
  describe_shape<TeamSpending>(text);
  describe_shape<SiteRamp>(text);
  describe_shape<SiteReading>(text);
  describe_shape<Policy>(text);
  describe_shape<Accelerator>(text);
  describe_shape<JobSpec>(text);
  describe_shape<Portfolio>(text);
  describe_shape<Site>(text);
  describe_shape<HourlySeries>(text);
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
