// SPDX-License-Identifier: Apache-2.0
// One month of one lease under one knowledge of its terms: what is owed and why. Called by the
// books (ledger/books.cpp) only. In order:
//   committed      contracted power x price x time, by the ramp and the amendments
//   not delivered  the part of it that is contracted and not energised: it is not paid for
//   used           what the meter says, at the price of its time
//   owed           used, or take-or-pay's share of what was delivered if that is more, or the
//                  minimum bill's share of the whole power's charge if that is more
//   and            energy where it is passed through, of gangs and of free GPUs; SLA credits,
//                  delay damages
// Each piece between two changes of terms is rounded as a whole: the months of it add up to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/books.hpp"

namespace ampacity {

// A site that is watched, and whose idle energy is passed through.
struct SiteMeter {
  std::string site;
  Instant since;
  std::vector<const Held*> held;  // that touch the month
  std::shared_ptr<const SiteWatch> watch;
};

struct MonthMeter {
  Instant from;
  Instant until;
  const std::vector<const Reading*>& readings;  // that touch the month
  const std::vector<OutOfService>& outages;
  std::vector<SiteMeter> sites;
  Instant now;
  std::optional<GpuTime> left;      // of the lease's gpu_hours, when the month begins
  const HeldSince* held = nullptr;  // since when each lease; none: always
};

struct Amount {
  LineKind kind = LineKind::CommitmentUsed;
  std::string site;
  Money amount;
  std::string text;
};

struct MonthAccount {
  Money committed;
  Money not_delivered;
  Money used;
  Money unused;
  Money waived;  // unused, and not billed
  Energy committed_energy;
  Energy used_energy;
  GpuTime taken;  // of the lease's gpu_hours: what is committed, or used if that is more
  std::vector<IdleEnergy> idle_energy;
  Ratio available = one;
  std::vector<Amount> amounts;
  std::vector<Charge> charges;
};

MonthAccount reckon(const Portfolio& portfolio, const Lease& lease, const MonthMeter& meter);

}  // namespace ampacity
