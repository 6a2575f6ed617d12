// SPDX-License-Identifier: Apache-2.0
// The books of a lease: its invoices, month by month, with double-entry postings, folded from what
// was metered. Called by the server (facts from the journal) and by the finance commands (a
// portfolio alone: no facts). Pure: the same facts give the same books.
//
// An invoice is a function of what was known when its month closed: use is known as it happens, an
// amendment since it was agreed, a site as the portfolio had it then. So a closed invoice never
// changes. What is agreed later about a closed month comes as an Adjustment line of the next
// invoice, and closing twice is the same as closing once.
// Promises, held by ledger_prop.cpp: the postings of an invoice add up to 0; its lines add up to
// its total, in micro-dollars and in cents; used + unused = committed - not delivered; the months
// add up to the integral of the meter, and their cents to its rounding. Bounds: those of the
// portfolio; a month is at most 9.2 trillion USD (check() sees to it). Cost: months x (edges of the
// lease) + readings x the months that each touches; months x months only where an amendment reaches
// back. How a month is reckoned, in words: docs/guides/finance.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/bearers.hpp"
#include "ledger/reading.hpp"
#include "model/portfolio.hpp"
#include "protocol/billing.hpp"
#include "units/calendar.hpp"

namespace ampacity {

// GPUs of the lease's sites that were down.
struct OutOfService {
  Instant from;
  Instant until;
  std::int64_t gpus = 0;
};

// GPUs that a gang held, of whatever lease.
struct Held {
  Instant from;
  Instant until;
  std::int64_t gpus = 0;
};

// A site, as it was seen: who was on it, and what was down or drained.
struct SiteWatch {
  std::vector<Held> held;
  std::vector<OutOfService> out_of_service;
};

// A portfolio that was put in force, and when.
struct InForce {
  Instant from;
  std::shared_ptr<const Portfolio> portfolio;
};

// Of an ascending list the one that was in force at an instant, or the first where that is earlier.
// Requires that there is one.
const InForce& in_force_at(const std::vector<InForce>& all, Instant at);

struct LeaseFacts {
  std::vector<Reading> readings;
  std::vector<OutOfService> outages;
  // Of its sites, if it passes energy through: what free GPUs draw is billed from then on. None:
  // nobody watched, and only what gangs draw is known.
  std::map<std::string, std::shared_ptr<const SiteWatch>> sites;
  Instant watched_since;
  // Since when a server holds each lease, by name. Until the month is over in which it first held
  // one its file may still be mended, so no month of it is closed before; and it bears nothing of
  // what was closed without it. None: nobody holds any.
  std::shared_ptr<const HeldSince> held;
  std::optional<Instant> held_since(const std::string& lease) const {
    if (!held) return std::nullopt;
    const auto it = held->find(lease);
    return it == held->end() ? std::nullopt : std::optional(it->second);
  }
  // Ascending. A month is reckoned by the sites of the portfolio that was in force when it closed;
  // the first counts for all months before it. None: there is but one.
  std::shared_ptr<const std::vector<InForce>> portfolios;
};

// From the month in which the lease starts until `last`, as far as it runs; none for one that is
// only proposed. `now` says which months are closed.
std::vector<Invoice> invoices_of(const Portfolio& portfolio, const Lease& lease,
                                 const Calendar& calendar, const LeaseFacts& facts, Month last,
                                 Instant now);

// `total` in shares that add up to it: each is its exact part (millionths of a dollar against
// cents) rounded down, and what remains goes to the largest remainders, the first of equals first.
// Requires that total is the sum of the parts, rounded down or up.
std::vector<std::int64_t> cents_of(const std::vector<std::int64_t>& micro_usd, std::int64_t total);

// Micro-dollars as cents, rounded half up.
std::int64_t rounded_cents(std::int64_t micro_usd);

}  // namespace ampacity
