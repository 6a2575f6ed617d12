// SPDX-License-Identifier: Apache-2.0
// Why the GPUs of a lease idled, and what they drew meanwhile: a sweep over what was metered, what
// was out of service and who waited. Called by the chargeback (ledger/reports.cpp), for the month
// that it shows. Pure.
//
// The rule, at each instant and site: GPUs that gangs hold are not idle. Of the others those on
// nodes that are down or drained are out of service. The rest is free, and has one cause: nothing
// waits for this site; or nothing that waits could be made of what is free, as that is too little
// or scattered over its nodes (fragments; ledger/free_nodes.hpp); or something that waits would
// find its nodes, and is kept from them (by a hold, a quota, a budget, a promise to a job ahead, or
// because they are not close enough). Halls that are not energised are not there.
// What it assumes: ledger/occupancy.hpp. Cost: O((readings + outages + waits) x (log +
// shapes that wait and are not larger than what is free)) of the month, and a byte or ten a node.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/books.hpp"
#include "ledger/free_nodes.hpp"

namespace ampacity {

// A job that waited, by the least that it runs on.
struct Waiting {
  Instant from;
  Instant until;
  WaitingShape gang;
  std::vector<std::string> sites;  // that it accepts; empty: any
};

// What is known of the fleet beside what gangs used.
struct FleetWatch {
  std::map<std::string, std::vector<OutOfService>> out_of_service;  // by site: down or drained
  std::vector<Waiting> waiting;
  std::map<std::string, SiteNodes> nodes;  // by site; of one that is not there: nobody knows
  Instant now;
  // Whose sites those were; none: the portfolio's at hand.
  std::shared_ptr<const Portfolio> sites = {};
};

inline constexpr std::size_t idle_causes = 7;  // of IdleCause

struct IdleTime {
  std::array<std::int64_t, idle_causes> gpu_ms{};  // by cause; none for NotDrawn
  std::int64_t energised_gpu_ms = 0;
  std::int64_t facility_j = 0;  // of free GPUs
  std::int64_t energy_micro_usd = 0;
};

// `readings`: of all leases, by which its sites are held. Before `since` nobody watched. Requires
// from < until.
IdleTime idle_time(const Portfolio& portfolio, const Lease& lease, Instant from, Instant until,
                   Instant since, const std::vector<const Reading*>& readings,
                   const FleetWatch& watched);

// What the lease bills for nothing (`billed`) by cause: an idle GPU costs its share of what is
// committed and delivered, and what is left is power that was not drawn. Adds up to `billed`.
std::array<std::int64_t, idle_causes> idle_cost(const Invoice& invoice, const IdleTime& time,
                                                std::int64_t billed);

}  // namespace ampacity
