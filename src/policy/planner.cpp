// SPDX-License-Identifier: Apache-2.0
#include "policy/planner.hpp"

#include <algorithm>
#include <limits>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

constexpr auto last = std::numeric_limits<std::int64_t>::max();

}  // namespace

Capacity Planner::free_now(const Fleet& fleet, PoolIndex index) {
  return {fleet.nodes_free(index), fleet.pool(index).gpus_free, fleet.power_free(index).count()};
}

std::string Planner::Reservation::whose() const {
  if (for_job()) return fmt::format("job {}", job.value());
  if (steps) return booking;
  return (curtails ? "curtailment " : "booking ") + booking;
}

void Planner::occupy(const Fleet& fleet, JobId job, const std::vector<Share>& shares, Power draws,
                     Instant until) {
  const auto* known = held_.find(job);
  if (known != nullptr && known->shares != shares) vacate(job);
  const bool anew = !holds(job);
  struct Part {
    PoolIndex pool;
    Capacity comes_back;
    std::int64_t gpus = 0;
  };
  // Nearly always one: only a gang of mixed accelerators has more, and costs more.
  Part first{fleet.pool_of(shares.front().node), {}, 0};
  std::vector<Part> more;
  const auto part_in = [&](PoolIndex pool) -> Part& {
    if (pool == first.pool) return first;
    for (auto& part : more) {
      if (part.pool == pool) return part;
    }
    return more.emplace_back(Part{pool, {}, 0});
  };
  for (const auto& share : shares) {
    const auto pool = fleet.pool_of(share.node);
    auto& part = part_in(pool);
    auto& comes_back = part.comes_back;
    part.gpus += share.nodes * share.gpus;
    if (share.gpus == fleet.pool(pool).gpus_per_node) {
      const auto serving = fleet.nodes_in_service(nodes_of(share));
      comes_back.nodes += serving;
      comes_back.gpus += serving * share.gpus;
      if (anew) set_tenancy(share, Tenancy::of(job));
      continue;
    }
    each_node(share, [&](NodeIndex node) {
      const bool in_service = fleet.in_service(node);
      if (in_service) comes_back.gpus += share.gpus;
      auto& tenants = shared(pool, node);
      add_tenant(tenants, job, until);
      recount(tenants, node, in_service);
    });
  }
  if (!anew) forget_releases(*held_.find(job));
  const Moment moment{until, job.value()};
  const auto gpus = more.empty() ? first.gpus : gpus_of(shares);
  const auto release = [&](Part& part) {  // the power is the site's; each gives its part of it back
    part.comes_back.watts = more.empty() ? draws.count() : scaled(draws.count(), part.gpus, gpus);
    add_release(pools_[part.pool.value()], moment, part.comes_back);
    forget_answers(pools_[part.pool.value()]);
  };
  auto& held = held_[job];
  held.pool = first.pool;
  held.more.clear();
  held.moment = moment;
  if (anew) held.shares = shares;
  release(first);
  for (auto& part : more) {
    release(part);
    held.more.push_back(part.pool);
  }
}

void Planner::add_release(PoolPlan& plan, const Moment& moment, const Capacity& amount) {
  if (plan.releases.empty()) plan.last_release = moment.at;
  plan.last_release = std::max(plan.last_release, moment.at);
  plan.releases.insert(moment, amount);
}

// What is asked about years ahead, such as the end of a lease, is mostly all there is.
Capacity Planner::released(const PoolPlan& plan, Instant until) {
  return until >= plan.last_release ? plan.releases.total() : plan.releases.through({until, last});
}

void Planner::forget_releases(const Held& gang) {
  const auto forget = [&](PoolIndex pool) {
    pools_[pool.value()].releases.erase(gang.moment);
    forget_answers(pools_[pool.value()]);
  };
  forget(gang.pool);
  for (const auto pool : gang.more) forget(pool);
}

void Planner::vacate(JobId job) {
  AMPACITY_ASSERT(held_.has(job), "job {} holds nothing", job.value());
  const auto gang = held_.take(job);
  forget_releases(gang);
  for (const auto& share : gang.shares) {
    if (!tenancy_[share.node.value()].shared()) {  // all of them, or none
      set_tenancy(share, Tenancy());
      continue;
    }
    each_node(share, [&](NodeIndex index) {
      const auto number = tenancy_[index.value()].shared();
      auto& node = shared_[*number];
      const bool in_service = node.counted.has_value();
      std::erase_if(node.tenants, [&](const Tenant& tenant) { return tenant.job == job; });
      recount(node, index, in_service);
      if (!node.tenants.empty()) return;
      unused_.push_back(*number);
      tenancy_[index.value()] = Tenancy();
    });
  }
}

void Planner::set_tenancy(const Share& share, Tenancy tenancy) {
  const auto nodes = nodes_of(share);
  std::fill(tenancy_.begin() + nodes.begin, tenancy_.begin() + nodes.end, tenancy);
}

// The node as one that gangs share; nobody has it whole.
Planner::SharedNode& Planner::shared(PoolIndex pool, NodeIndex node) {
  auto& tenancy = tenancy_[node.value()];
  if (const auto number = tenancy.shared()) return shared_[*number];
  if (unused_.empty()) {
    unused_.push_back(shared_.size());
    shared_.emplace_back();
  }
  const auto number = unused_.back();
  unused_.pop_back();
  tenancy = Tenancy::of_shared(number);
  shared_[number].pool = pool;
  return shared_[number];
}

void Planner::add_tenant(SharedNode& node, JobId job, Instant until) {
  for (auto& tenant : node.tenants) {
    if (tenant.job != job) continue;
    tenant.until = until;
    return;
  }
  node.tenants.push_back({job, until});
}

void Planner::recount(SharedNode& node, NodeIndex index, bool in_service) {
  std::optional<Moment> counted;
  if (in_service && !node.tenants.empty()) {
    Instant until = node.tenants.front().until;
    for (const auto& tenant : node.tenants) until = std::max(until, tenant.until);
    counted = Moment{until, -1 - static_cast<std::int64_t>(index.value())};
  }
  if (counted == node.counted) return;
  auto& plan = pools_[node.pool.value()];
  if (node.counted) plan.releases.erase(*node.counted);
  if (counted) add_release(plan, *counted, {1, 0, 0});
  node.counted = counted;
}

std::vector<JobId> Planner::gangs() const {
  return held_.keys();
}

std::vector<JobId> Planner::tenants(NodeRange nodes) const {
  std::vector<JobId> jobs;
  for (auto n = nodes.begin; n < nodes.end; ++n) {
    if (const auto number = tenancy_[n].shared()) {
      for (const auto& tenant : shared_[*number].tenants) jobs.push_back(tenant.job);
    } else if (const auto job = tenancy_[n].whole(); job != JobId()) {
      if (jobs.empty() || jobs.back() != job) jobs.push_back(job);
    }
  }
  std::sort(jobs.begin(), jobs.end());
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  return jobs;
}

// The first step after an instant, by its number.
std::size_t Planner::after(const PoolPlan& plan, Instant at) {
  const auto later = [](Instant t, const Step& step) { return t < step.at; };
  const auto it = std::upper_bound(plan.steps.begin(), plan.steps.end(), at, later);
  return static_cast<std::size_t>(it - plan.steps.begin());
}

// Along the steps of a pool, ahead only: where is `need` covered, and how long?
class Planner::Walk {
 public:
  Walk(const PoolPlan& plan, const Capacity& free, const Capacity& need, Instant from)
      : plan_(plan),
        free_(free),
        need_(need),
        all_(plan.releases.total()),
        from_(from),
        next_(after(plan, from)) {}

  // The first instant from here on at which it is; the walk goes there.
  std::optional<Instant> covering() {
    const auto& steps = plan_.steps;
    while (true) {
      const auto found = covering_here();
      const bool last_stretch = next_ == steps.size();
      if (found && (last_stretch || *found < steps[next_].at)) {
        from_ = *found;
        return found;
      }
      if (last_stretch) return std::nullopt;
      go_on();
    }
  }

  // The first instant after this one, and before `until`, at which it is not; the walk goes there.
  std::optional<Instant> lack(Instant until) {
    const auto& steps = plan_.steps;
    while (next_ < steps.size() && steps[next_].at < until) {
      go_on();
      const auto ready = free_ + steps[next_ - 1].sum;
      if ((ready + back_).covers(need_)) continue;
      back_ = released(plan_, from_);
      if (!(ready + back_).covers(need_)) return from_;
    }
    return std::nullopt;
  }

 private:
  // To the next step, and past all of its instant.
  void go_on() {
    const auto& steps = plan_.steps;
    from_ = steps[next_].at;
    while (next_ < steps.size() && steps[next_].at == from_) ++next_;
  }

  // As if no other step came.
  std::optional<Instant> covering_here() const {
    const auto ready = next_ == 0 ? free_ : free_ + plan_.steps[next_ - 1].sum;
    if ((ready + back_).covers(need_)) return from_;
    if (!(ready + all_).covers(need_)) return std::nullopt;
    if (from_ >= plan_.last_release) return from_;
    const auto enough = [&](const Capacity& back) { return (ready + back).covers(need_); };
    return std::max(plan_.releases.first_with_prefix(enough)->at, from_);
  }

  const PoolPlan& plan_;
  const Capacity& free_;
  const Capacity& need_;
  const Capacity all_;  // that gangs give back, ever
  Capacity back_;       // that they have given back by here, at least
  Instant from_;
  std::size_t next_;  // step after it
};

Duration Planner::window(PoolIndex pool, const Capacity& free, const Capacity& need,
                         Instant now) const {
  const auto& plan = pools_[pool.value()];
  if (plan.closed_for) return Duration(0);
  const auto lack = Walk(plan, free, need, now).lack(Instant::max());
  return lack ? *lack - now : unlimited;
}

std::optional<Instant> Planner::first_beside_none(const PoolPlan& plan, const Capacity& free,
                                                  const Capacity& need) {
  for (const auto& known : plan.known) {
    if (known.free == free && known.need == need) return known.at;
  }
  constexpr std::size_t enough = 32;
  if (plan.known.size() == enough) plan.known.clear();
  plan.known.push_back({free, need, Walk(plan, free, need, Instant::min()).covering()});
  return plan.known.back().at;
}

std::optional<Instant> Planner::earliest(PoolIndex pool, const Capacity& free, const Capacity& need,
                                         Duration walltime, Instant now) const {
  const auto& plan = pools_[pool.value()];
  if (plan.closed_for) return std::nullopt;
  if (plan.steps.empty()) {
    const auto first = first_beside_none(plan, free, need);
    return first ? std::optional(std::max(*first, now + Duration(1))) : std::nullopt;
  }
  Answered asked{free, need, walltime, now + Duration(1), {}};
  Walk walk(plan, free, need, no_sooner(plan, asked));
  while (const auto at = walk.covering()) {
    if (walk.lack(*at + walltime)) continue;
    asked.at = *at;
    remember(plan, asked);
    return at;
  }
  return std::nullopt;
}

Instant Planner::no_sooner(const PoolPlan& plan, const Answered& asked) {
  auto at = asked.from;
  for (const auto& answer : plan.answered) {
    if (answer.at > at && answer.binds(asked)) at = answer.at;
  }
  return at;
}

// Those that say the most: of those that bind the same the latest.
void Planner::remember(const PoolPlan& plan, const Answered& answer) {
  constexpr std::size_t enough = 32;
  auto& all = plan.answered;
  std::erase_if(all, [&](const Answered& old) { return answer.binds(old) && answer.at >= old.at; });
  if (all.size() == enough) {
    all.erase(std::min_element(all.begin(), all.end(),
                               [](const auto& a, const auto& b) { return a.at < b.at; }));
  }
  all.push_back(answer);
}

void Planner::forget_answers(PoolPlan& plan) {
  plan.known.clear();
  plan.answered.clear();
}

void Planner::forget_reservations() {
  for (auto& plan : pools_) {
    plan.reservations.clear();
    plan.steps.clear();
    plan.answered.clear();
    plan.closed_for.reset();
  }
}

void Planner::reserve(PoolIndex pool, const Reservation& r) {
  auto& plan = pools_[pool.value()];
  plan.reservations.push_back(r);
  add_step(plan, r.at, Capacity{} - r.need);
  add_step(plan, r.until, r.need);
}

void Planner::lose(PoolIndex pool, const Reservation& step) {
  auto& plan = pools_[pool.value()];
  plan.reservations.push_back(step);
  add_step(plan, step.at, Capacity{} - step.need);
}

Capacity Planner::released(PoolIndex pool, Instant until) const {
  return released(pools_[pool.value()], until);
}

void Planner::expect(PoolIndex pool, Instant at, const Capacity& more) {
  auto& plan = pools_[pool.value()];
  plan.answered.clear();
  add_step(plan, at, more);
}

void Planner::add_step(PoolPlan& plan, Instant at, const Capacity& change) {
  auto& steps = plan.steps;
  auto i = after(plan, at);
  const auto before = i == 0 ? Capacity{} : steps[i - 1].sum;
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(i), {at, before + change});
  while (++i < steps.size()) steps[i].sum = steps[i].sum + change;
}

void Planner::close(PoolIndex pool, JobId behind) {
  pools_[pool.value()].closed_for = behind;
}

const Planner::Reservation* Planner::blocker(PoolIndex pool, const Capacity& free,
                                             const Capacity& need, Duration walltime,
                                             Instant now) const {
  const auto& plan = pools_[pool.value()];
  const auto lack = Walk(plan, free, need, now).lack(Instant::max());
  if (!lack || *lack - now >= walltime) return nullptr;
  for (const auto& r : plan.reservations) {
    if (r.at == *lack) return &r;
  }
  return nullptr;
}

}  // namespace ampacity
