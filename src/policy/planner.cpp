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
    pools_[part.pool.value()].known.clear();
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
    pools_[pool.value()].known.clear();
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

std::optional<Instant> Planner::first_lack(const PoolPlan& plan, const Capacity& free,
                                           const Capacity& need, Instant now) {
  Capacity change;
  for (std::size_t i = 0; i < plan.steps.size();) {
    const auto at = plan.steps[i].at;
    for (; i < plan.steps.size() && plan.steps[i].at == at; ++i) {
      change = change + plan.steps[i].change;
    }
    if (at <= now) continue;
    const auto ahead = free + released(plan, at) + change;
    if (!ahead.covers(need)) return at;
  }
  return std::nullopt;
}

Duration Planner::window(PoolIndex pool, const Capacity& free, const Capacity& need,
                         Instant now) const {
  const auto& plan = pools_[pool.value()];
  if (plan.closed_for) return Duration(0);
  const auto lack = first_lack(plan, free, need, now);
  return lack ? *lack - now : unlimited;
}

std::optional<Instant> Planner::first_covering(const PoolPlan& plan, const Capacity& free,
                                               const Capacity& need, Instant from) {
  auto ready = free;
  std::size_t i = 0;
  while (true) {
    for (; i < plan.steps.size() && plan.steps[i].at <= from; ++i) {
      ready = ready + plan.steps[i].change;
    }
    const auto enough = [&](const Capacity& released) { return (ready + released).covers(need); };
    std::optional<Instant> found;
    if (ready.covers(need)) {
      found = from;
    } else if (const auto moment = plan.releases.first_with_prefix(enough)) {
      found = std::max(moment->at, from);
    }
    const bool last_stretch = i == plan.steps.size();
    if (found && (last_stretch || *found < plan.steps[i].at)) return found;
    if (last_stretch) return std::nullopt;
    from = plan.steps[i].at;
  }
}

std::optional<Instant> Planner::first_beside_none(const PoolPlan& plan, const Capacity& free,
                                                  const Capacity& need) {
  for (const auto& known : plan.known) {
    if (known.free == free && known.need == need) return known.at;
  }
  constexpr std::size_t enough = 32;
  if (plan.known.size() == enough) plan.known.clear();
  plan.known.push_back({free, need, first_covering(plan, free, need, Instant::min())});
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
  auto at = first_covering(plan, free, need, now + Duration(1));
  while (at) {
    const auto lack = first_lack(plan, free, need, *at);
    if (!lack || *lack >= *at + walltime) return at;
    at = first_covering(plan, free, need, *lack);
  }
  return std::nullopt;
}

void Planner::forget_reservations() {
  for (auto& plan : pools_) {
    plan.reservations.clear();
    plan.steps.clear();
    plan.closed_for.reset();
  }
}

void Planner::reserve(PoolIndex pool, const Reservation& r) {
  auto& plan = pools_[pool.value()];
  plan.reservations.push_back(r);
  add_step(plan, {r.at, Capacity{} - r.need});
  add_step(plan, {r.until, r.need});
}

void Planner::lose(PoolIndex pool, const Reservation& step) {
  auto& plan = pools_[pool.value()];
  plan.reservations.push_back(step);
  add_step(plan, {step.at, Capacity{} - step.need});
}

Capacity Planner::released(PoolIndex pool, Instant until) const {
  return released(pools_[pool.value()], until);
}

void Planner::expect(PoolIndex pool, Instant at, const Capacity& more) {
  add_step(pools_[pool.value()], {at, more});
}

void Planner::add_step(PoolPlan& plan, const Step& step) {
  const auto later = [](const Step& a, const Step& b) { return a.at < b.at; };
  plan.steps.insert(std::upper_bound(plan.steps.begin(), plan.steps.end(), step, later), step);
}

void Planner::close(PoolIndex pool, JobId behind) {
  pools_[pool.value()].closed_for = behind;
}

const Planner::Reservation* Planner::blocker(PoolIndex pool, const Capacity& free,
                                             const Capacity& need, Duration walltime,
                                             Instant now) const {
  const auto& plan = pools_[pool.value()];
  const auto lack = first_lack(plan, free, need, now);
  if (!lack || *lack - now >= walltime) return nullptr;
  for (const auto& r : plan.reservations) {
    if (r.at == *lack) return &r;
  }
  return nullptr;
}

}  // namespace ampacity
