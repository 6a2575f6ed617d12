// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ledger/budget_period.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

bool is_idle(const InvoiceLine& line) {
  const auto kind = line.corrects.value_or(line.kind);
  return kind == LineKind::CommitmentUnused || kind == LineKind::MinimumBill;
}

bool is_credit(const InvoiceLine& line) {
  const auto kind = line.corrects.value_or(line.kind);
  return kind == LineKind::SlaCredit || kind == LineKind::DelayDamages;
}

bool is_money(const InvoiceLine& line) {
  return line.kind == LineKind::Prepayment || line.kind == LineKind::PrepaymentApplied;
}

std::int64_t cents_of_cost(const Invoice& invoice) {
  std::int64_t sum = 0;
  for (const auto& line : invoice.lines) {
    if (!is_money(line)) sum += line.cents;
  }
  return sum;
}

std::int64_t spent_by(const std::string& team, const AllInvoices& all, Month first, Month last) {
  std::int64_t sum = 0;
  const auto from = to_text(first);
  const auto until = to_text(last);
  for (const auto& invoices : all) {
    for (const auto& invoice : invoices) {
      if (invoice.month < from || invoice.month > until) continue;
      for (const auto& charge : invoice.charges) {
        if (charge.team == team) sum += charge.lease_micro_usd + charge.energy_micro_usd;
      }
    }
  }
  return sum;
}

void show_budget(ChargebackRow& row, const Team& team, const AllInvoices& all, Month month) {
  if (!team.budget) return;
  const auto& budget = *team.budget;
  const auto spent = spent_by(team.name, all, first_of(month, budget.period), month);
  row.budget_micro_usd = budget.amount.count();
  row.spent_micro_usd = spent;
  const auto share = scaled(spent, 100, budget.amount.count());
  const auto warn = scaled(budget.amount.count(), budget.warn_at.count(), one.count());
  if (spent >= budget.amount.count()) {
    row.warning = fmt::format("the budget is spent: {} %", share);
  } else if (spent >= warn) {
    row.warning = fmt::format("{} % of the budget", share);
  }
}

class Rows {
 public:
  Rows(const Portfolio& portfolio, bool by_project, const Observed* observed)
      : portfolio_(portfolio), by_project_(by_project), observed_(observed) {
    if (observed != nullptr) {
      for (const auto& [lease, facts] : observed->facts) {
        for (const auto& reading : facts.readings) readings_.push_back(&reading);
      }
    }
    if (by_project) return;
    for (const auto& team : portfolio.teams) {
      if (team.budget) row(team.name, "");  // it is shown, whether it used anything or not
    }
  }

  void add(const Invoice& invoice) {
    for (const auto& c : invoice.charges) {
      auto& r = row(c.team.empty() ? "(none)" : c.team, by_project_ ? c.project : "");
      r.gpu_ms += c.gpu_ms;
      r.facility_j += c.facility_j;
      r.lease_micro_usd += c.lease_micro_usd;
      r.energy_micro_usd += c.energy_micro_usd;
    }
    std::int64_t unused = 0;
    for (const auto& idle : invoice.idle_energy) time_.facility_j += idle.facility_j;
    for (const auto& line : invoice.lines) {
      if (is_money(line)) continue;
      if (is_idle(line)) {
        auto& sum = line.kind == LineKind::Adjustment ? idle_ : unused;
        sum += line.micro_usd;
      } else if (line.kind == LineKind::EnergyIdle) {
        idle_energy_ += line.micro_usd;
      } else if (is_credit(line)) {
        credits_ += line.micro_usd;
      } else if (line.kind == LineKind::Adjustment) {
        adjustments_ += line.micro_usd;
      }
    }
    if (observed_ == nullptr) {
      idle_ += unused;
    } else {
      explain(invoice, unused);
    }
  }

  std::vector<ChargebackRow> take() {
    std::vector<ChargebackRow> rows;
    for (auto& [key, r] : rows_) rows.push_back(std::move(r));
    const auto rest = [&](const char* name, std::int64_t micro) {
      if (micro == 0) return;
      rows.push_back({.team = name,
                      .cause = {},
                      .project = "",
                      .lease_micro_usd = micro,
                      .unbilled_micro_usd = {},
                      .warning = ""});
    };
    for (std::size_t i = 0; i < idle_causes; ++i) {
      if (by_cause_[i] == 0 && time_.gpu_ms[i] == 0) continue;
      rows.push_back({.team = "(idle)",
                      .cause = static_cast<IdleCause>(i),
                      .project = "",
                      .gpu_ms = time_.gpu_ms[i],
                      .lease_micro_usd = by_cause_[i],
                      .unbilled_micro_usd = {},
                      .warning = ""});
    }
    rest("(idle)", idle_);
    if (time_.facility_j > 0 || idle_energy_ > 0) {
      const auto unbilled =
          observed_ == nullptr ? std::nullopt : std::optional(time_.energy_micro_usd);
      rows.push_back({.team = "(idle power)",
                      .cause = {},
                      .project = "",
                      .facility_j = time_.facility_j,
                      .energy_micro_usd = idle_energy_,
                      .unbilled_micro_usd = unbilled,
                      .warning = ""});
    }
    rest("(credits)", credits_);
    rest("(adjustments)", adjustments_);
    return rows;
  }

 private:
  // Why nobody used what the invoice bills for nothing.
  void explain(const Invoice& invoice, std::int64_t billed) {
    const auto& leases = portfolio_.leases;
    const auto lease = std::find_if(leases.begin(), leases.end(),
                                    [&](const Lease& l) { return l.name == invoice.lease; });
    const auto& sites = observed_->watched.sites;
    const auto facts = observed_->facts.find(invoice.lease);
    const auto known = facts != observed_->facts.end();
    const auto since = known ? facts->second.held_since(invoice.lease) : std::nullopt;
    const auto time = idle_time(sites ? *sites : portfolio_, *lease, from_ms(invoice.from_ms),
                                from_ms(invoice.until_ms), since.value_or(Instant::min()),
                                readings_, observed_->watched);
    const auto cost = idle_cost(invoice, time, billed);
    for (std::size_t i = 0; i < idle_causes; ++i) {
      by_cause_[i] += cost[i];
      time_.gpu_ms[i] += time.gpu_ms[i];
    }
    const bool billed_energy = lease->energy_pass_through && known && !facts->second.sites.empty();
    if (billed_energy) return;  // the invoice has it
    time_.facility_j += time.facility_j;
    time_.energy_micro_usd += time.energy_micro_usd;
  }

  ChargebackRow& row(const std::string& team, const std::string& project) {
    auto& r = rows_[{team, project}];
    r.team = team;
    r.project = project;
    return r;
  }

  const Portfolio& portfolio_;
  bool by_project_;
  const Observed* observed_;
  std::vector<const Reading*> readings_;
  std::array<std::int64_t, idle_causes> by_cause_{};
  IdleTime time_;                 // its energy: of leases whose invoices do not have it
  std::int64_t idle_energy_ = 0;  // on invoices
  std::map<std::pair<std::string, std::string>, ChargebackRow> rows_;
  std::int64_t idle_ = 0;  // without a cause
  std::int64_t credits_ = 0;
  std::int64_t adjustments_ = 0;
};

Envelope envelope_of(const Portfolio& portfolio, const AllInvoices& all, Instant from,
                     Instant until, Money budget) {
  Envelope e{to_ms(from), to_ms(until), budget.count(), 0, 0, 0, 0};
  for (const auto& lease : portfolio.leases) {
    if (lease.proposed) continue;
    const auto s = statement(portfolio, lease, {}, from, until);
    e.committed_micro_usd += s.committed_cost.count();
  }
  const Calendar utc;
  for (const auto& invoices : all) {
    for (const auto& invoice : invoices) {
      // By the first day of its month, as people count it: in the contract's zone it may begin the
      // day before.
      const auto begin = to_ms(utc.start_of(*parse_month(invoice.month)));
      if (begin < e.from_ms || begin >= e.until_ms) continue;
      e.forecast_micro_usd += invoice.total_micro_usd;
      if (invoice.closed) e.invoiced_micro_usd += invoice.total_micro_usd;
    }
  }
  e.left_micro_usd = e.budget_micro_usd - e.forecast_micro_usd;
  return e;
}

}  // namespace

AllInvoices all_invoices(const Portfolio& portfolio, const Calendars& calendars,
                         const AllFacts& facts, Month last, Instant now) {
  static const LeaseFacts unused;
  AllInvoices all;
  for (const auto& lease : portfolio.leases) {
    const auto it = facts.find(lease.name);
    all.push_back(invoices_of(portfolio, lease, calendars.at(lease.time_zone),
                              it == facts.end() ? unused : it->second, last, now));
  }
  return all;
}

Chargeback chargeback(const Portfolio& portfolio, const AllInvoices& all, Month month,
                      bool by_project, const Observed* observed) {
  Chargeback result{to_text(month), {}, 0, 0};
  Rows rows(portfolio, by_project, observed);
  for (const auto& invoices : all) {
    for (const auto& invoice : invoices) {
      if (invoice.month != result.month) continue;
      rows.add(invoice);
      result.total_cents += cents_of_cost(invoice);
    }
  }
  result.rows = rows.take();
  std::vector<std::int64_t> parts;
  for (auto& row : result.rows) {
    row.total_micro_usd = row.lease_micro_usd + row.energy_micro_usd;
    result.total_micro_usd += row.total_micro_usd;
    parts.push_back(row.total_micro_usd);
    const auto* team = portfolio.find_team(row.team);
    if (!by_project && team != nullptr) show_budget(row, *team, all, month);
  }
  const auto rounded = rounded_cents(result.total_micro_usd);
  const auto cents = cents_of(parts, rounded);
  for (std::size_t i = 0; i < cents.size(); ++i) result.rows[i].cents = cents[i];
  // Each invoice is rounded on all that came before it: a cent more or less is the largest row's.
  const auto largest = std::max_element(parts.begin(), parts.end());
  if (largest != parts.end()) {
    result.rows[static_cast<std::size_t>(largest - parts.begin())].cents +=
        result.total_cents - rounded;
  }
  return result;
}

ProgrammeList programmes(const Portfolio& portfolio, const AllInvoices& all) {
  ProgrammeList list;
  for (const auto& p : portfolio.programmes) {
    ProgrammeAccount account{p.name, p.total.count(), {}, {}};
    for (const auto& b : p.budgets) {
      account.envelopes.push_back(envelope_of(portfolio, all, b.from, b.until, b.amount));
    }
    account.whole = envelope_of(portfolio, all, p.from, p.until, p.total);
    list.programmes.push_back(std::move(account));
  }
  return list;
}

std::optional<Month> last_month(const std::vector<Programme>& programmes) {
  std::optional<Month> last;
  for (const auto& p : programmes) {
    const auto month = Calendar().month_of(p.until);
    if (!last || *last < month) last = month;
  }
  return last;
}

}  // namespace ampacity
