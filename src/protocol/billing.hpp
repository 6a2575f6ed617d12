// SPDX-License-Identifier: Apache-2.0
// What a lease is billed and who bears it: the invoice of a month, as the ledger makes it
// (ledger/books.hpp), the API sends it and the commands show it. Amounts are exact micro-dollars;
// `cents` is what is billed, and adds up to the invoice's total to the cent. Credits are negative.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ampacity {

enum class LineKind {
  CommitmentUsed,     // what jobs used of the commitment
  CommitmentUnused,   // the rest of what take-or-pay owes
  Overuse,            // what jobs used beyond the commitment
  MinimumBill,        // up to the minimum bill
  EnergyUsed,         // passed through, at the meter of a site
  SlaCredit,          // for what was not available
  DelayDamages,       // for what was not energised
  Prepayment,         // billed ahead
  PrepaymentApplied,  // taken from what was billed ahead
  Adjustment,         // of a month that was closed already
  EnergyIdle,         // passed through: what free GPUs of a site draw
};
BOOST_DESCRIBE_ENUM(LineKind, CommitmentUsed, CommitmentUnused, Overuse, MinimumBill, EnergyUsed,
                    SlaCredit, DelayDamages, Prepayment, PrepaymentApplied, Adjustment, EnergyIdle)

struct InvoiceLine {
  LineKind kind = LineKind::CommitmentUsed;
  std::string text;                  // for people: quantity and price
  std::string site;                  // EnergyUsed, EnergyIdle
  std::string month;                 // Adjustment: the closed month
  std::optional<LineKind> corrects;  // Adjustment: which of its lines
  std::int64_t micro_usd = 0;
  std::int64_t cents = 0;
  bool operator==(const InvoiceLine&) const = default;
};
BOOST_DESCRIBE_STRUCT(InvoiceLine, (), (kind, text, site, month, corrects, micro_usd, cents))

// What one project of a team used of the lease in the month, and bears of it.
struct Charge {
  std::string team;  // empty: jobs without one
  std::string project;
  std::string site;
  std::int64_t gpu_ms = 0;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t lease_micro_usd = 0;
  std::int64_t energy_micro_usd = 0;  // when it is passed through
  bool operator==(const Charge&) const = default;
};
BOOST_DESCRIBE_STRUCT(Charge, (),
                      (team, project, site, gpu_ms, it_j, facility_j, lease_micro_usd,
                       energy_micro_usd))

// What free GPUs of a site drew in the month, at its meter, as far as the lease bears it.
struct IdleEnergy {
  std::string site;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  bool operator==(const IdleEnergy&) const = default;
};
BOOST_DESCRIBE_STRUCT(IdleEnergy, (), (site, facility_j, energy_micro_usd))

// The accounts of the books. Held by the lease, except Payable (the provider) and Team.
enum class Account {
  Payable,           // what is owed to the provider, in whole cents
  CommitmentUsed,    // an expense until teams are charged for it
  CommitmentUnused,  // take-or-pay and minimum bill beyond what was used
  EnergyCost,
  SlaCredits,
  DelayDamages,
  Prepaid,   // an asset: billed ahead and not yet taken
  Rounding,  // between micro-dollars and cents; less than a cent a month
  Team,      // charged back to "team" or "team/project"
  Idle,      // borne by nobody: what was paid for and not used
};
BOOST_DESCRIBE_ENUM(Account, Payable, CommitmentUsed, CommitmentUnused, EnergyCost, SlaCredits,
                    DelayDamages, Prepaid, Rounding, Team, Idle)

// One side of an entry. The sides of an invoice add up to 0.
struct Posting {
  Account account = Account::Payable;
  std::string holder;
  std::int64_t micro_usd = 0;  // debit positive, credit negative
  std::string text;
  bool operator==(const Posting&) const = default;
};
BOOST_DESCRIBE_STRUCT(Posting, (), (account, holder, micro_usd, text))

struct Invoice {
  std::string number;  // "oracle-4500/2028-01"
  std::string lease;
  std::string provider;
  std::string month;
  std::string time_zone;
  std::int64_t from_ms = 0;  // the month in the contract's zone
  std::int64_t until_ms = 0;
  bool closed = false;  // the month is over: nothing of it changes any more
  // The month's commitment, energised or not; used + unused = committed - not_delivered, and of
  // the unused part take-or-pay leaves `waived` unbilled.
  std::int64_t committed_micro_usd = 0;
  std::int64_t not_delivered_micro_usd = 0;
  std::int64_t used_micro_usd = 0;
  std::int64_t unused_micro_usd = 0;
  std::int64_t waived_micro_usd = 0;
  std::int64_t committed_j = 0;
  std::int64_t used_j = 0;
  std::int64_t available_ppm = 1'000'000;
  std::vector<InvoiceLine> lines;
  std::int64_t total_micro_usd = 0;
  std::int64_t total_cents = 0;
  std::vector<Charge> charges;          // ascending by team, project, site
  std::vector<IdleEnergy> idle_energy;  // ascending by site, where it is passed through
  std::vector<Posting> postings;
  bool operator==(const Invoice&) const = default;
};
BOOST_DESCRIBE_STRUCT(Invoice, (),
                      (number, lease, provider, month, time_zone, from_ms, until_ms, closed,
                       committed_micro_usd, not_delivered_micro_usd, used_micro_usd,
                       unused_micro_usd, waived_micro_usd, committed_j, used_j, available_ppm,
                       lines, total_micro_usd, total_cents, charges, idle_energy, postings))

// The invoices of a month: of every lease that has one.
struct Billing {
  std::string month;
  std::vector<Invoice> invoices;
};
BOOST_DESCRIBE_STRUCT(Billing, (), (month, invoices))

// Why capacity that is paid for was used by nobody.
enum class IdleCause {
  OutOfService,  // its nodes are down or drained
  Fragments,     // jobs wait, and all of them are larger than what is free at the site
  Kept,          // enough is free for a job that waits, and something keeps it from there
  NothingWaits,  // for this site
  NotDrawn,      // gangs draw less than what is committed for their GPUs
  ToCome,        // the month is not over
  NotWatched,    // before Ampacity first held the lease: nobody knows
};
BOOST_DESCRIBE_ENUM(IdleCause, OutOfService, Fragments, Kept, NothingWaits, NotDrawn, ToCome,
                    NotWatched)

// Who bears a month.
struct ChargebackRow {
  std::string team;                // "(none)" for jobs without one, "(idle)" for what nobody used
  std::optional<IdleCause> cause;  // of "(idle)"; none: nobody watched
  std::string project;             // when asked by project
  std::int64_t gpu_ms = 0;
  std::int64_t facility_j = 0;
  std::int64_t lease_micro_usd = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t total_micro_usd = 0;
  std::int64_t cents = 0;
  std::optional<std::int64_t> budget_micro_usd;  // of the period that the month is in
  std::optional<std::int64_t> spent_micro_usd;   // in the period, until the end of the month
  // "(idle power)": what its energy costs where no invoice has it, at the prices of the sites.
  std::optional<std::int64_t> unbilled_micro_usd;
  std::string warning;
};
BOOST_DESCRIBE_STRUCT(ChargebackRow, (),
                      (team, cause, project, gpu_ms, facility_j, lease_micro_usd, energy_micro_usd,
                       total_micro_usd, cents, budget_micro_usd, spent_micro_usd,
                       unbilled_micro_usd, warning))

struct Chargeback {
  std::string month;
  std::vector<ChargebackRow> rows;   // teams, idle by cause, what idle GPUs drew, credits
  std::int64_t total_micro_usd = 0;  // of the invoices, without what is only billed ahead
  std::int64_t total_cents = 0;
};
BOOST_DESCRIBE_STRUCT(Chargeback, (), (month, rows, total_micro_usd, total_cents))

// What was drawn in a month, by whom and where; the cost is at the site's prices, whether a lease
// bills it or not.
struct EnergyRow {
  std::string site;
  std::string lease;  // empty: of free GPUs
  std::string team;   // empty: of jobs without one; "(idle)": of free GPUs in service
  std::string project;
  std::int64_t gpu_ms = 0;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t energy_micro_usd = 0;
  std::int64_t carbon_g = 0;
};
BOOST_DESCRIBE_STRUCT(EnergyRow, (),
                      (site, lease, team, project, gpu_ms, it_j, facility_j, energy_micro_usd,
                       carbon_g))

struct EnergyAccount {
  std::string month;            // of UTC
  std::vector<EnergyRow> rows;  // ascending by site; what idled last
  EnergyRow sum;                // of the rows
};
BOOST_DESCRIBE_STRUCT(EnergyAccount, (), (month, rows, sum))

// A dated envelope of a programme against the leases.
struct Envelope {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  std::int64_t budget_micro_usd = 0;
  std::int64_t committed_micro_usd = 0;  // by contract in that time, used or not
  std::int64_t invoiced_micro_usd = 0;   // months that are closed
  std::int64_t forecast_micro_usd = 0;   // invoiced, and what contracts owe until its end
  std::int64_t left_micro_usd = 0;       // budget - forecast; negative: it does not suffice
  bool operator==(const Envelope&) const = default;
};
BOOST_DESCRIBE_STRUCT(Envelope, (),
                      (from_ms, until_ms, budget_micro_usd, committed_micro_usd, invoiced_micro_usd,
                       forecast_micro_usd, left_micro_usd))

struct ProgrammeAccount {
  std::string name;
  std::int64_t total_micro_usd = 0;
  std::vector<Envelope> envelopes;
  Envelope whole;
};
BOOST_DESCRIBE_STRUCT(ProgrammeAccount, (), (name, total_micro_usd, envelopes, whole))

struct ProgrammeList {
  std::vector<ProgrammeAccount> programmes;
};
BOOST_DESCRIBE_STRUCT(ProgrammeList, (), (programmes))

}  // namespace ampacity
