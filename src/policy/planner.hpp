// SPDX-License-Identifier: Apache-2.0
// The planner: how much of each pool is free at any instant ahead, as a step function. It rises
// where running gangs are expected to end (placed or started, plus walltime) and falls where a
// place is reserved for a gang that waits. Backfill is two questions to it: when can this gang
// start (earliest), and how long may that one run before it is in somebody's way (window). Called
// by the engine: occupy and vacate as gangs come and go, the rest within one scheduling pass.
// Derived state: rebuilt from the running gangs after a restart.
//
// Capacity is counted twice, in whole nodes and in GPUs, because a gang of whole nodes cannot use
// GPUs that are free here and there: a node counts as whole when its last tenant has ended. A gang
// of parts of several nodes is counted in GPUs only, so that its reservation may come a little
// early when free GPUs are scattered; it then moves, as every pass makes it anew.
//
// Power is the site's: pools of one site share it, and a pool plans with what its own gangs give
// back.
//
// Costs: occupy, vacate O(nodes of the gang + log gangs); window, earliest O(reservations that it
// passes x log gangs), where answers of the same pass spare most of the way; reserve O(reservations
// of the pool), moving numbers. Source: the EASY rule (Lifka 1995) and conservative backfill
// (Mu'alem and Feitelson 2001), both as reservations in one step function.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/aggregate_tree.hpp"
#include "base/lookup.hpp"
#include "fleet/fleet.hpp"
#include "protocol/ids.hpp"

namespace ampacity {

struct Capacity {
  std::int64_t nodes = 0;  // whole ones
  std::int64_t gpus = 0;
  std::int64_t watts = 0;  // IT power of the site
  Capacity operator+(const Capacity& o) const {
    return {nodes + o.nodes, gpus + o.gpus, watts + o.watts};
  }
  Capacity operator-(const Capacity& o) const {
    return {nodes - o.nodes, gpus - o.gpus, watts - o.watts};
  }
  // What is not needed may lack: a promise for whole nodes is nothing to a job of one GPU.
  bool covers(const Capacity& need) const {
    return (need.nodes <= 0 || nodes >= need.nodes) && (need.gpus <= 0 || gpus >= need.gpus) &&
           (need.watts <= 0 || watts >= need.watts);
  }
  bool within(const Capacity& o) const {
    return nodes <= o.nodes && gpus <= o.gpus && watts <= o.watts;
  }
  bool operator==(const Capacity&) const = default;
};

class Planner {
 public:
  struct Reservation {
    JobId job;  // 0: of a booking
    Instant at;
    Instant until;
    Capacity need;
    // Nobody else's from `at` on: the racks of a gang that must stand together, the nodes that
    // others are being stopped on for it.
    std::vector<NodeRange> places;
    std::string booking;  // or the curtailment
    bool curtails = false;
    bool steps = false;  // `booking` names what carries less power from `at` on, for good
    bool for_job() const { return job != JobId(); }
    // "job 12", "booking spring", "curtailment noon"
    std::string whose() const;
  };

  static constexpr Duration unlimited = Duration::max();

  Planner() = default;
  explicit Planner(const Fleet& fleet)
      : pools_(fleet.pools().size()), tenancy_(fleet.node_count()) {}

  // A gang holds `shares` and is expected to end at `until`. What lies on nodes out of service does
  // not come back to their pool. Again for a gang that is here: replaces, and costs less where it
  // stays.
  void occupy(const Fleet& fleet, JobId job, const std::vector<Share>& shares, Power draws,
              Instant until);
  void vacate(JobId job);
  bool holds(JobId job) const { return held_.has(job); }
  // All gangs that hold something, ascending.
  std::vector<JobId> gangs() const;
  // The gangs on these nodes, ascending; O(nodes x log gangs).
  std::vector<JobId> tenants(NodeRange nodes) const;

  static Capacity free_now(const Fleet& fleet, PoolIndex pool);
  // The whole nodes that come back, neighbours together, by expected end, until `visit(at, first
  // node, nodes)` returns false.
  template <class Visit>
  void each_release(const Fleet& fleet, PoolIndex pool, const Visit& visit) const;
  // The gangs of the pool by expected end, with all that they hold and what they draw there, until
  // `visit(at, shares, draws)` returns false.
  template <class Visit>
  void each_end(PoolIndex pool, const Visit& visit) const {
    pools_[pool.value()].releases.for_each([&](const Moment& moment, const Capacity& amount) {
      if (moment.who < 0) return true;
      return visit(moment.at, held_.find(JobId(moment.who))->shares, Power::of(amount.watts));
    });
  }
  // All that running gangs give back to the pool.
  Capacity held(PoolIndex pool) const { return pools_[pool.value()].releases.total(); }
  // How long `need` may be taken from now on before a reservation lacks it; 0 when the pool is
  // closed, `unlimited` when nothing is in the way. Requires that it is free now.
  Duration window(PoolIndex pool, const Capacity& free, const Capacity& need, Instant now) const;
  // The first instant after `now` from which `need` is free for `walltime`, beside what is reserved
  // already. None: not even when everything has ended.
  std::optional<Instant> earliest(PoolIndex pool, const Capacity& free, const Capacity& need,
                                  Duration walltime, Instant now) const;

  // The reservations of one pass; forgotten at the next.
  void forget_reservations();
  void reserve(PoolIndex pool, const Reservation& reservation);
  // The same for good: what is gone does not come back at `until`.
  void lose(PoolIndex pool, const Reservation& step);
  // What the gangs of the pool give back until then.
  Capacity released(PoolIndex pool, Instant until) const;
  // From then on there is more of it.
  void expect(PoolIndex pool, Instant at, const Capacity& more);
  void close(PoolIndex pool, JobId behind);  // nobody starts behind this one
  const std::vector<Reservation>& reservations(PoolIndex pool) const {
    return pools_[pool.value()].reservations;
  }
  std::int64_t jobs_reserved_for(PoolIndex pool) const {
    const auto& all = reservations(pool);
    return std::count_if(all.begin(), all.end(), [](const auto& r) { return r.for_job(); });
  }
  // Nobody is promised anything there, and nothing more or less is expected.
  bool promises_nothing(PoolIndex pool) const {
    const auto& plan = pools_[pool.value()];
    return plan.steps.empty() && plan.reservations.empty() && !plan.closed_for;
  }
  std::optional<JobId> closed_for(PoolIndex pool) const { return pools_[pool.value()].closed_for; }
  // Who is in the way of a gang of this length: the first reservation that it would run into.
  const Reservation* blocker(PoolIndex pool, const Capacity& free, const Capacity& need,
                             Duration walltime, Instant now) const;

 private:
  // Ends of gangs by time; a node that several gangs share comes back whole with its last one,
  // under minus its number.
  struct Moment {
    Instant at;
    std::int64_t who = 0;
    friend auto operator<=>(const Moment&, const Moment&) = default;
  };
  struct Sum {
    static Capacity nothing() { return {}; }
    static Capacity join(const Capacity& a, const Capacity& b) { return a + b; }
    static Capacity less(const Capacity& all, const Capacity& gone) { return all - gone; }
  };
  // What the reservations have added and taken by an instant, in all.
  struct Step {
    Instant at;
    Capacity sum;
  };
  // An answer of earliest() in this pass: who needs no less, for no less time, comes no sooner, as
  // there is never more of anything while a pass lasts.
  struct Answered {
    Capacity free;
    Capacity need;
    Duration walltime{};
    Instant from;
    Instant at;
    bool binds(const Answered& other) const {
      return other.free.within(free) && need.within(other.need) && walltime <= other.walltime &&
             from <= other.from;
    }
  };
  // Beside no reservation, the first instant depends on the releases alone: kept until they change,
  // so that a pass asks anew only in the pools where something happened.
  struct Known {
    Capacity free;
    Capacity need;
    std::optional<Instant> at;
  };
  struct PoolPlan {
    mutable std::vector<Known> known;
    mutable std::vector<Answered> answered;
    AggregateTree<Moment, Capacity, Sum> releases;
    Instant last_release = Instant::min();  // none comes after it
    std::vector<Reservation> reservations;
    std::vector<Step> steps;  // of the reservations, by instant
    std::optional<JobId> closed_for;
  };
  struct Held {
    PoolIndex pool;
    std::vector<PoolIndex> more;  // of a gang of mixed accelerators
    Moment moment;
    std::vector<Share> shares;
  };
  struct Tenant {
    JobId job;
    Instant until;
  };
  struct SharedNode {
    PoolIndex pool;
    std::vector<Tenant> tenants;    // at most one for each GPU of the node
    std::optional<Moment> counted;  // its entry among the releases
  };
  // Who is on a node: nobody, a gang that has it whole, or several that share it.
  class Tenancy {
   public:
    static Tenancy of(JobId whole) { return Tenancy(whole.value()); }
    static Tenancy of_shared(std::size_t number) {
      return Tenancy(-1 - static_cast<std::int64_t>(number));
    }
    Tenancy() = default;
    JobId whole() const { return JobId(std::max<std::int64_t>(code_, 0)); }
    std::optional<std::size_t> shared() const {
      return code_ < 0 ? std::optional(static_cast<std::size_t>(-1 - code_)) : std::nullopt;
    }

   private:
    explicit Tenancy(std::int64_t code) : code_(code) {}
    std::int64_t code_ = 0;
  };

  static void add_release(PoolPlan& plan, const Moment& moment, const Capacity& amount);
  static Capacity released(const PoolPlan& plan, Instant until);
  void forget_releases(const Held& gang);
  void set_tenancy(const Share& share, Tenancy tenancy);
  SharedNode& shared(PoolIndex pool, NodeIndex node);
  static void add_tenant(SharedNode& node, JobId job, Instant until);
  void recount(SharedNode& shared, NodeIndex node, bool in_service);
  static void add_step(PoolPlan& plan, Instant at, const Capacity& change);
  class Walk;
  static std::optional<Instant> first_beside_none(const PoolPlan& plan, const Capacity& free,
                                                  const Capacity& need);
  static std::size_t after(const PoolPlan& plan, Instant at);
  static void forget_answers(PoolPlan& plan);
  static Instant no_sooner(const PoolPlan& plan, const Answered& asked);
  static void remember(const PoolPlan& plan, const Answered& answer);

  std::vector<PoolPlan> pools_;
  Lookup<JobId, Held> held_;
  std::vector<SharedNode> shared_;
  std::vector<std::size_t> unused_;  // of these
  std::vector<Tenancy> tenancy_;     // by node
};

template <class Visit>
void Planner::each_release(const Fleet& fleet, PoolIndex pool, const Visit& visit) const {
  pools_[pool.value()].releases.for_each([&](const Moment& moment, const Capacity& amount) {
    if (amount.nodes == 0) return true;
    if (moment.who < 0)
      return visit(moment.at, NodeIndex(static_cast<std::uint32_t>(-1 - moment.who)), 1);
    for (const auto& share : held_.find(JobId(moment.who))->shares) {
      if (share.gpus != fleet.pool(pool).gpus_per_node || fleet.pool_of(share.node) != pool) {
        continue;
      }
      std::int64_t serving = 0;
      each_node(share, [&](NodeIndex node) { serving += fleet.in_service(node) ? 1 : 0; });
      if (serving > 0 && !visit(moment.at, share.node, serving)) return false;
    }
    return true;
  });
}

}  // namespace ampacity
