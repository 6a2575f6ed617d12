// SPDX-License-Identifier: Apache-2.0
// Every "no" of the engine: an enumerated reason and figures. A Refusal answers a command; an
// Explanation says why an accepted job still waits, site by site. docs/reference/reasons.md lists
// what to do for each.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace ampacity {

enum class Reason {
  // why a command is refused
  JobInvalid,
  NameUnknown,  // a team, priority class, site, accelerator, node that the portfolio lacks
  NeverFits,    // the gang is larger than any allowed site, all healthy and energised
  QueueFull,
  WalltimeTooLong,
  RequestReused,  // the request id was used for a different job
  JobUnknown,
  JobEnded,
  PortfolioInvalid,
  PortfolioInUse,  // the new portfolio takes away what a running attempt stands on
  NothingToDo,
  BookingInvalid,
  BookingConflict,  // what it asks for is booked, or not there by then
  CurtailmentInvalid,
  ReadingInvalid,  // of power: from the future, older than the last, or below 0
  AmendmentInvalid,
  RequestInvalid,  // of a capacity request, an answer to it, or a quote
  RefusalRight,    // somebody has to be asked first
  // why a job waits
  Starting,  // nothing is wrong: it has a place
  NotEnoughFreeGpus,
  NotEnoughWholeNodes,
  NotEnoughInService,  // even with everything free: nodes are down or drained
  HeldForEarlierJob,   // a job that comes first waits for the GPUs of this site
  SiteNotAllowed,
  AcceleratorAbsent,
  NotEnergised,        // no hall is usable yet: energisation or the lease lie ahead
  BackingOff,          // waits after a failure before the next attempt
  NotEnoughPower,      // the site's interconnection carries no more
  RampLimited,         // the site's draw may not rise so fast: it waits its turn
  PowerCapped,         // the site draws more than its limit: its gangs are slowed, nobody starts
  OverQuota,           // its team has all that it may have
  GuaranteedToOthers,  // what is free is held back for the guarantees of other teams
  BudgetExhausted,     // its team has spent what it may in this period
  Held,                // by somebody, or because it kills nodes; until it is released
  Booked,              // what is free is booked for others before this job would end
  BookingAhead,        // the booking that it names has not begun
  BookingFull,         // other jobs have what it needs of its booking
  WaitsForFaster,      // it could start, and is done sooner or cheaper elsewhere
  WaitsForCapacity,    // it rather waits for capacity that is to come than to spill over
  LeaseExhausted,      // what the site's lease was for is used up
  OutsidePreference,   // it would not stand as close together as it prefers
};
BOOST_DESCRIBE_ENUM(Reason, JobInvalid, NameUnknown, NeverFits, QueueFull, WalltimeTooLong,
                    RequestReused, JobUnknown, JobEnded, PortfolioInvalid, PortfolioInUse,
                    NothingToDo, BookingInvalid, BookingConflict, CurtailmentInvalid,
                    ReadingInvalid, AmendmentInvalid, RequestInvalid, RefusalRight, Starting,
                    NotEnoughFreeGpus, NotEnoughWholeNodes, NotEnoughInService, HeldForEarlierJob,
                    SiteNotAllowed, AcceleratorAbsent, NotEnergised, BackingOff, NotEnoughPower,
                    RampLimited, PowerCapped, OverQuota, GuaranteedToOthers, BudgetExhausted, Held,
                    Booked, BookingAhead, BookingFull, WaitsForFaster, WaitsForCapacity,
                    LeaseExhausted, OutsidePreference)

struct Refusal {
  Reason reason = Reason::JobInvalid;
  std::string message;
  bool operator==(const Refusal&) const = default;
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (reason, message))

struct SiteExplanation {
  std::string site;
  Reason reason = Reason::NotEnoughFreeGpus;
  std::int64_t needed = 0;  // GPUs
  std::int64_t free = 0;    // GPUs usable by this gang's shape right now
  std::int64_t in_service = 0;
  std::string message;
  bool operator==(const SiteExplanation&) const = default;
};
BOOST_DESCRIBE_STRUCT(SiteExplanation, (), (site, reason, needed, free, in_service, message))

struct Explanation {
  Reason reason = Reason::NotEnoughFreeGpus;
  std::string message;          // one sentence with numbers
  std::int64_t jobs_ahead = 0;  // in the queue, by priority then age
  std::vector<SiteExplanation> sites;
  std::vector<std::string> unblocks;  // what would let it start now, each on its own
  bool operator==(const Explanation&) const = default;
};
BOOST_DESCRIBE_STRUCT(Explanation, (), (reason, message, jobs_ahead, sites, unblocks))

}  // namespace ampacity
