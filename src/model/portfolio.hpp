// SPDX-License-Identifier: Apache-2.0
// The portfolio: what the tenant has. Input of serve (and later simulate and plan). Plain values;
// loaded by wire/portfolio_file.hpp, checked by check() below, journalled whole when it is
// configured. Bounds: limits:: below. Lists keep the order of the file; the order of providers is
// the order in which they are filled (the holder of a refusal right that one prefers comes first).
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/accelerator.hpp"
#include "model/hourly_series.hpp"
#include "model/lease.hpp"
#include "units/quantity.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t providers = 64;
inline constexpr std::size_t leases = 1'024;
inline constexpr std::size_t sites = 1'024;
inline constexpr std::size_t halls = 16'384;
inline constexpr std::size_t teams = 4'096;
inline constexpr std::size_t team_depth = 3;  // a team, its group, and the group of that
inline constexpr std::size_t accelerators = 256;
inline constexpr std::size_t curve_points = 64;
inline constexpr std::size_t priority_classes = 1'024;
inline constexpr std::size_t programmes = 64;
inline constexpr std::size_t right_amendments = 64;  // of one right
inline constexpr std::size_t name_length = 63;
inline constexpr std::int64_t nodes = 4'000'000;
inline constexpr std::int64_t gpus_per_node = 64;
}  // namespace limits

// A dated change of a refusal right, never an edit. What it does not state stays as it was; of
// several the one that holds from the latest instant counts, and of these the last.
struct RightAmendment {
  Instant from;                   // holds from then on
  std::optional<Instant> agreed;  // when it was recorded; absent: since `from`
  std::optional<std::string> scope;
  std::optional<Duration> response_window;
  std::optional<Instant> ends;
  std::string why;
  std::string by;
  bool operator==(const RightAmendment&) const = default;
};
BOOST_DESCRIBE_STRUCT(RightAmendment, (), (from, agreed, scope, response_window, ends, why, by))

// What holds of a right at an instant.
struct RightTerms {
  std::string scope;
  Duration response_window{};
  Instant from;
  std::optional<Instant> until;
  bool operator==(const RightTerms&) const = default;
};
BOOST_DESCRIBE_STRUCT(RightTerms, (), (scope, response_window, from, until))

// A provider's right to be asked first. A dated clause that can be amended, never a constant of the
// program. What it forbids: model/capacity_request.hpp.
struct RefusalRight {
  std::string scope;  // what it covers, in words
  Duration response_window{};
  Instant from;
  std::optional<Instant> until;
  std::vector<RightAmendment> amendments = {};
  bool operator==(const RefusalRight&) const = default;

  RightTerms terms_at(Instant t) const;  // amended as of then, in force or not
  bool in_force_at(Instant t) const;
};
BOOST_DESCRIBE_STRUCT(RefusalRight, (), (scope, response_window, from, until, amendments))

struct Provider {
  std::string name;
  std::string title;
  std::optional<RefusalRight> right_of_first_refusal;
  std::string source;
  std::optional<Power> power;    // at most so much IT load of all its leases together
  Ratio oversubscription = one;  // of that power
  bool operator==(const Provider&) const = default;
};
BOOST_DESCRIBE_STRUCT(Provider, (),
                      (name, title, right_of_first_refusal, source, power, oversubscription))

enum class ClusterKind { Local, Simulated };
BOOST_DESCRIBE_ENUM(ClusterKind, Local, Simulated)

struct Cluster {
  ClusterKind kind = ClusterKind::Simulated;
  bool operator==(const Cluster&) const = default;
};
BOOST_DESCRIBE_STRUCT(Cluster, (), (kind))

// Gangs may be admitted to so many times a limit of power: what they draw by their profiles is more
// than what they draw at one time. `one`: not at all.
namespace limits {
inline constexpr auto oversubscription = Ratio::of(2'000'000);
}  // namespace limits

// `count` halls alike, named <name>1 .. <name>N when count > 1.
struct Hall {
  std::string name;
  std::int64_t count = 1;
  Power power;  // what may be drawn in one hall, IT load
  std::int64_t pods = 1;
  std::int64_t racks_per_pod = 1;
  std::optional<std::int64_t> nodes_per_rack;  // the accelerator's unless given
  std::optional<std::int64_t> gpus_per_node;   // the accelerator's unless given
  std::string accelerator;
  std::optional<Instant> energised;  // usable from then on; absent: already
  Ratio oversubscription = one;      // of its power
  std::optional<Power> rack_power;   // what one rack may draw; absent: the accelerator's
  Ratio rack_oversubscription = one;
  bool operator==(const Hall&) const = default;
};
BOOST_DESCRIBE_STRUCT(Hall, (),
                      (name, count, power, pods, racks_per_pod, nodes_per_rack, gpus_per_node,
                       accelerator, energised, oversubscription, rack_power, rack_oversubscription))

struct Site {
  std::string name;
  std::string title;
  std::string state;  // two letters, or empty
  std::string grid;
  std::optional<std::int64_t> latitude_microdegrees;
  std::optional<std::int64_t> longitude_microdegrees;
  std::vector<PowerStep> interconnection;
  // How fast its draw at the meter may rise, and by how much at once; engine/ramps.cpp.
  std::optional<PowerRate> ramp_limit;
  std::optional<Power> swing_limit;
  Ratio pue = one;
  EnergyPrice energy_price;  // all the time, where there is no series of it
  Carbon carbon;
  std::optional<HourlySeries> energy_price_by_hour;
  std::optional<HourlySeries> carbon_by_hour;
  Cluster cluster;
  std::vector<Hall> halls;
  std::string source;
  Ratio oversubscription = one;  // of its interconnection
  bool operator==(const Site&) const = default;
};
BOOST_DESCRIBE_STRUCT(Site, (),
                      (name, title, state, grid, latitude_microdegrees, longitude_microdegrees,
                       interconnection, ramp_limit, swing_limit, pue, energy_price, carbon,
                       energy_price_by_hour, carbon_by_hour, cluster, halls, source,
                       oversubscription))

// What energy costs at the meter at an instant, and the carbon that it comes with, in mg per kWh.
EnergyPrice energy_price_at(const Site& site, Instant at);
std::int64_t carbon_mg_at(const Site& site, Instant at);

// What the grid gives the site at an instant; none: the portfolio does not say.
std::optional<Power> interconnection_at(const Site& site, Instant at);
// The IT load that this can carry: interconnection / PUE, rounded down.
Power it_limit(Power interconnection, Ratio pue);
// The IT load up to which gangs are admitted there at an instant: the same, oversubscribed.
std::optional<Power> admitted_at(const Site& site, Instant at);

// What a team has of the fleet, in GPUs; policy/quota.hpp has the algebra. Of a group: what all of
// its members have together.
struct Quota {
  GpuCount guaranteed;
  std::optional<GpuCount> borrow;  // beyond it, of what others do not use; absent: any amount
  std::optional<GpuCount> lend;    // of it, while it is not used; absent: all
  bool operator==(const Quota&) const = default;
};
BOOST_DESCRIBE_STRUCT(Quota, (), (guaranteed, borrow, lend))

// What a team may be charged in a period of the calendar (UTC).
enum class BudgetPeriod { Month, Quarter, Year };
BOOST_DESCRIBE_ENUM(BudgetPeriod, Month, Quarter, Year)

struct TeamBudget {
  Money amount;
  BudgetPeriod period = BudgetPeriod::Month;
  Ratio warn_at = Ratio::of(800'000);  // of the amount
  bool operator==(const TeamBudget&) const = default;
};
BOOST_DESCRIBE_STRUCT(TeamBudget, (), (amount, period, warn_at))

struct Team {
  std::string name;
  std::int64_t weight = 1;
  std::vector<std::string> projects;
  std::string group;  // the team that it is a part of; empty: of none
  std::optional<Quota> quota;
  std::optional<TeamBudget> budget;
  bool operator==(const Team&) const = default;
};
BOOST_DESCRIBE_STRUCT(Team, (), (name, weight, projects, group, quota, budget))

struct PriorityClass {
  std::string name;
  std::int64_t value = 0;
  bool preempts = false;  // its jobs may stop running gangs of lower value
  bool operator==(const PriorityClass&) const = default;
};
BOOST_DESCRIBE_STRUCT(PriorityClass, (), (name, value, preempts))

struct Budget {
  Instant from;
  Instant until;
  Money amount;
  bool operator==(const Budget&) const = default;
};
BOOST_DESCRIBE_STRUCT(Budget, (), (from, until, amount))

// What is to be built with how much money: held, shown and checked; the planner uses it.
struct Programme {
  std::string name;
  Money total;
  Instant from;
  Instant until;
  std::vector<Budget> budgets;
  std::string source;
  bool operator==(const Programme&) const = default;
};
BOOST_DESCRIBE_STRUCT(Programme, (), (name, total, from, until, budgets, source))

// None: nobody passes a job that cannot start (FCFS by pool). Easy: a job may pass where it delays
// none of the first `reservations` of each pool. Conservative: where it delays nobody ahead of it.
enum class Backfill { None, Easy, Conservative };
BOOST_DESCRIBE_ENUM(Backfill, None, Easy, Conservative)

// What a restarted job may still run for: its whole walltime again, or what it has left of it.
enum class RestartWalltime { Whole, Remaining };
BOOST_DESCRIBE_ENUM(RestartWalltime, Whole, Remaining)

// How the engine behaves: data, journalled with the portfolio, the same for serve and for
// simulation.
struct Policy {
  std::int64_t requeue_limit = 3;    // restarts of one job after infrastructure failures
  Duration requeue_backoff{10'000};  // before the first restart; doubles each time
  Duration requeue_backoff_max{600'000};
  Duration grace{30'000};  // between TERM and KILL
  Duration default_walltime{3'600'000};
  Duration max_walltime{30LL * 86'400'000};
  std::int64_t max_waiting = 2'000'000;  // jobs; one more is refused
  Backfill backfill = Backfill::Easy;
  std::int64_t reservations = 1;  // Easy: for so many blocked jobs of each pool
  // Teams are ordered by what they used per weight, where use counts half after each half-life. 0:
  // by age alone. Without teams there is nothing to share.
  Duration fair_share_half_life{7LL * 86'400'000};
  Duration fair_share_interval{300'000};  // between two charges
  // A node that went down so often within the window is a lemon: drained until somebody resumes it.
  // 0: never.
  std::int64_t lemon_failures = 3;
  Duration lemon_window{86'400'000};
  // A job that its team's guarantee covers may stop gangs on borrowed capacity.
  bool reclaim = true;
  Duration min_runtime{600'000};        // no gang is preempted before
  Duration resize_interval{1'800'000};  // an elastic gang is not made larger before it ran so long
  RestartWalltime restart_walltime = RestartWalltime::Whole;
  // A job that so many times in a row lost a node within the window after its start kills nodes: it
  // is held until somebody releases it. 0: never.
  std::int64_t killer_attempts = 3;
  Duration killer_window{900'000};
  // What an hour of delay is worth, per GPU: weighs a fast accelerator that is busy, or dear,
  // against a slow one that is free. Only for jobs whose accelerators differ in speed.
  GpuPrice delay_price = GpuPrice::of(2'000'000);
  Duration reading_max_age{300'000};  // a power reading that is older no longer counts
  // Gangs of a site that draws more than its limit are slowed until it draws this share of it, and
  // are raised as far as it then does.
  Ratio capping_target = Ratio::of(950'000);
  Ratio capping_slowest = Ratio::of(500'000);  // of jobs that state no `slowest`
  Duration capping_patience{300'000};  // where that is not enough for so long, gangs are stopped
  bool operator==(const Policy&) const = default;
};
BOOST_DESCRIBE_STRUCT(Policy, (),
                      (requeue_limit, requeue_backoff, requeue_backoff_max, grace, default_walltime,
                       max_walltime, max_waiting, backfill, reservations, fair_share_half_life,
                       fair_share_interval, lemon_failures, lemon_window, reclaim, min_runtime,
                       resize_interval, restart_walltime, killer_attempts, killer_window,
                       delay_price, reading_max_age, capping_target, capping_slowest,
                       capping_patience))

struct Portfolio {
  std::string name;
  std::string description;
  std::vector<Accelerator> accelerators;  // in addition to, or instead of, the built-in ones
  std::vector<Provider> providers;
  std::vector<Lease> leases;
  std::vector<Site> sites;
  std::vector<Team> teams;
  std::vector<PriorityClass> priority_classes;
  std::vector<Programme> programmes;
  Policy policy;
  bool operator==(const Portfolio&) const = default;

  const Accelerator* find_accelerator(const std::string& wanted) const;
  const PriorityClass* find_priority_class(const std::string& wanted) const;
  const Team* find_team(const std::string& wanted) const;
};
BOOST_DESCRIBE_STRUCT(Portfolio, (),
                      (name, description, accelerators, providers, leases, sites, teams,
                       priority_classes, programmes, policy))

// What is wrong with a value, and where: "sites[2].pue". The loader turns the path into
// file:line:column.
struct Problem {
  std::string path;
  std::string message;
  bool operator==(const Problem&) const = default;
};
inline std::string to_text(const Problem& problem) {
  return problem.path + ": " + problem.message;
}

// Everything that a reader of one field cannot see: duplicate names, dangling references, dates out
// of order, absurd values, limits. Empty: the portfolio is sound, and every other room may rely on
// it.
std::vector<Problem> check(const Portfolio& portfolio);
// The terms of one lease among themselves: what needs no other part of the portfolio. Paths are
// relative to the lease ("ramp[1].from").
std::vector<Problem> check(const Lease& lease);
// The same of a right; an amendment changes something, and stays within the bounds.
std::vector<Problem> check(const RefusalRight& right);

// What a hall is made of, after the catalogue's defaults. Requires a sound portfolio.
struct HallShape {
  const Accelerator* accelerator = nullptr;
  std::int64_t nodes_per_rack = 0;
  std::int64_t gpus_per_node = 0;
  std::int64_t nodes(const Hall& hall) const {
    return hall.count * hall.pods * hall.racks_per_pod * nodes_per_rack;
  }
};
HallShape shape_of(const Portfolio& portfolio, const Hall& hall);

// What is energised at an instant: the IT load of the halls of a site, or of a lease's sites.
Power energised_at(const Site& site, Instant t);
Power energised_at(const Portfolio& portfolio, const Lease& lease, Instant t);
// The GPUs of a lease's sites, energised or not, and the IT power that they take at full draw. A
// price by the GPU-hour is paid for as many of them as the contracted power carries.
struct LeasedGpus {
  std::int64_t all = 0;
  Power draw;
  GpuCount carried_by(Power contracted) const;  // whole GPUs, rounded down
};
LeasedGpus leased_gpus(const Portfolio& portfolio, const Lease& lease);

// Lower-case letters, digits and inner '-'; at most 63: safe in paths, URLs and Slurm names.
bool is_name(const std::string& text);

}  // namespace ampacity
