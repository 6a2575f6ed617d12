// SPDX-License-Identifier: Apache-2.0
#include "finance/show.hpp"

#include <fmt/format.h>

#include <boost/describe/enum_to_string.hpp>

#include "ledger/percent.hpp"
#include "terminal/table.hpp"
#include "units/text.hpp"

namespace ampacity::finance {
namespace {

using terminal::Table;

// "1,234.50" from cents.
std::string dollars(std::int64_t cents) {
  const bool negative = cents < 0;
  if (negative) cents = -cents;
  auto whole = fmt::format("{}", cents / 100);
  for (auto i = static_cast<std::ptrdiff_t>(whole.size()) - 3; i > 0; i -= 3) {
    whole.insert(static_cast<std::size_t>(i), ",");
  }
  return fmt::format("{}{}.{:02}", negative ? "-" : "", whole, cents % 100);
}

std::string money(std::int64_t micro_usd) {
  return to_text(Money::of(micro_usd));
}

std::string carbon(std::int64_t grams) {
  if (grams < 1'000) return fmt::format("{} g", grams);
  const bool tonnes = grams >= 1'000'000;
  const auto unit = tonnes ? 1'000'000 : 1'000;
  return fmt::format("{}.{:02} {}", grams / unit, grams % unit * 100 / unit, tonnes ? "t" : "kg");
}

std::string name_of(LineKind kind) {
  switch (kind) {
    case LineKind::CommitmentUsed:
      return "commitment, used";
    case LineKind::CommitmentUnused:
      return "commitment, unused";
    case LineKind::Overuse:
      return "overuse";
    case LineKind::MinimumBill:
      return "minimum bill";
    case LineKind::EnergyUsed:
      return "energy";
    case LineKind::EnergyIdle:
      return "energy, idle";
    case LineKind::SlaCredit:
      return "SLA credit";
    case LineKind::DelayDamages:
      return "delay damages";
    case LineKind::Prepayment:
      return "prepayment";
    case LineKind::PrepaymentApplied:
      return "prepayment applied";
    case LineKind::Adjustment:
      return "adjustment";
  }
  return "";
}

const char* in_words(IdleCause cause) {
  switch (cause) {
    case IdleCause::OutOfService:
      return "out of service";
    case IdleCause::Fragments:
      return "fragments";
    case IdleCause::Kept:
      return "kept";
    case IdleCause::NothingWaits:
      return "nothing waits";
    case IdleCause::NotDrawn:
      return "not drawn";
    case IdleCause::ToCome:
      return "to come";
    case IdleCause::NotWatched:
      return "not watched yet";
  }
  return "";
}

std::string remark(const ChargebackRow& row) {
  if (row.unbilled_micro_usd.value_or(0) == 0) return row.warning;
  return fmt::format("{} more at the sites' prices, which no invoice has",
                     money(*row.unbilled_micro_usd));
}

// Options that are left: a term that was lengthened has taken some.
std::string in_words(const Lease& lease, const Renewal& renewal) {
  std::int64_t taken = 0;
  while (taken < renewal.times &&
         years_after(lease.ends, (taken + 1) * renewal.years) <= lease.term_ends()) {
    ++taken;
  }
  if (taken == renewal.times) return "none left";
  return fmt::format("{} x {} years, to be claimed by {}", renewal.times - taken, renewal.years,
                     to_date(lease.term_ends() - renewal.notice));
}

void add_terms(Table& table, const Lease& lease) {
  const auto row = [&](const char* name, const std::string& value) {
    table.add({{name}, {value}});
  };
  row("time zone", lease.time_zone);
  row("take-or-pay", percent(lease.take_or_pay));
  if (lease.minimum_bill > Ratio()) row("minimum bill", percent(lease.minimum_bill));
  if (lease.escalator > Ratio()) row("escalator", percent(lease.escalator) + " a year");
  row("energy", lease.energy_pass_through ? "passed through" : "in the price");
  for (const auto& step : lease.ramp) {
    row("ramp", fmt::format("{} from {}", to_text(step.power), to_text(step.from)));
  }
  for (const auto& tier : lease.sla) {
    row("SLA",
        fmt::format("below {} available: {} credited", percent(tier.below), percent(tier.credit)));
  }
  if (lease.delay_damages) {
    row("delay damages", to_text(lease.delay_damages->per_mw_day) + " per MW-day");
  }
  if (lease.gpu_hours) row("for", fmt::format("{} GPU-hours in all", *lease.gpu_hours));
  if (lease.prepayment) {
    row("prepayment",
        fmt::format("{} on {}", to_text(lease.prepayment->amount), to_date(lease.prepayment->due)));
  }
  if (lease.renewal) row("renewal", in_words(lease, *lease.renewal));
  if (!lease.supersedes.empty()) row("supersedes", lease.supersedes);
}

std::string in_words(const Amendment& a) {
  std::string what;
  const auto add = [&](const std::string& text) { what += (what.empty() ? "" : ", ") + text; };
  if (a.power) add("power " + to_text(*a.power));
  if (a.price) add("price " + to_text(*a.price));
  if (a.ends) add("ends " + to_text(*a.ends));
  if (a.take_or_pay) add("take-or-pay " + percent(*a.take_or_pay));
  if (a.minimum_bill) add("minimum bill " + percent(*a.minimum_bill));
  return what;
}

}  // namespace

void show(const Invoice& invoice) {
  fmt::print("invoice {} of {}{}\n", invoice.number, invoice.provider,
             invoice.closed ? "" : " (the month is not closed)");
  fmt::print("{} to {} ({})\n", to_text(from_ms(invoice.from_ms)),
             to_text(from_ms(invoice.until_ms)), invoice.time_zone);
  Table table({{"LINE"}, {"", false, true}, {"USD", true}});
  for (const auto& line : invoice.lines) {
    table.add({{name_of(line.kind)}, {line.text}, {dollars(line.cents)}});
  }
  table.add({{"total", terminal::Colour::Bold}, {""}, {dollars(invoice.total_cents)}});
  table.print();
  fmt::print("committed {}, not delivered {}, used {}, unused {} of which {} is not owed\n",
             money(invoice.committed_micro_usd), money(invoice.not_delivered_micro_usd),
             money(invoice.used_micro_usd), money(invoice.unused_micro_usd),
             money(invoice.waived_micro_usd));
}

void show(const Chargeback& chargeback) {
  Table table({{"TEAM", false, true},
               {"PROJECT / CAUSE"},
               {"GPU TIME", true},
               {"ENERGY", true},
               {"USD", true},
               {"BUDGET", true},
               {"SPENT", true},
               {""}});
  for (const auto& r : chargeback.rows) {
    const bool over = r.spent_micro_usd && *r.spent_micro_usd >= *r.budget_micro_usd;
    table.add({{r.team},
               {r.cause ? in_words(*r.cause) : r.project},
               {r.gpu_ms > 0 ? to_text(GpuTime::of(r.gpu_ms)) : ""},
               {r.facility_j > 0 ? to_text(Energy::of(r.facility_j)) : ""},
               {dollars(r.cents)},
               {r.budget_micro_usd ? money(*r.budget_micro_usd) : ""},
               {r.spent_micro_usd ? money(*r.spent_micro_usd) : ""},
               {remark(r), over ? terminal::Colour::Red : terminal::Colour::Yellow}});
  }
  table.add({{"total", terminal::Colour::Bold},
             {""},
             {""},
             {""},
             {dollars(chargeback.total_cents)},
             {""},
             {""},
             {""}});
  table.print();
}

void show(const EnergyAccount& account) {
  Table table({{"SITE", false, true},
               {"LEASE", false, true},
               {"TEAM"},
               {"PROJECT"},
               {"GPU TIME", true},
               {"IT", true},
               {"AT THE METER", true},
               {"ENERGY COST", true},
               {"CO2", true}});
  const auto add = [&](const EnergyRow& r, terminal::Cell site) {
    table.add({std::move(site),
               {r.lease},
               {r.team},
               {r.project},
               {to_text(GpuTime::of(r.gpu_ms))},
               {to_text(Energy::of(r.it_j))},
               {to_text(Energy::of(r.facility_j))},
               {money(r.energy_micro_usd)},
               {carbon(r.carbon_g)}});
  };
  for (const auto& row : account.rows) add(row, {row.site});
  add(account.sum, {"total", terminal::Colour::Bold});
  table.print();
  fmt::print(
      "{}, UTC; at the sites' prices, whether a lease bills energy or its price includes it\n",
      account.month);
}

void show(const ProgrammeList& list) {
  Table table({{"PROGRAMME", false, true},
               {"FROM"},
               {"UNTIL"},
               {"BUDGET", true},
               {"COMMITTED", true},
               {"INVOICED", true},
               {"FORECAST", true},
               {"LEFT", true}});
  const auto add = [&](const std::string& name, const Envelope& e) {
    table.add({{name},
               {to_date(from_ms(e.from_ms))},
               {to_date(from_ms(e.until_ms))},
               {money(e.budget_micro_usd)},
               {money(e.committed_micro_usd)},
               {money(e.invoiced_micro_usd)},
               {money(e.forecast_micro_usd)},
               {money(e.left_micro_usd),
                e.left_micro_usd < 0 ? terminal::Colour::Red : terminal::Colour::None}});
  };
  for (const auto& p : list.programmes) {
    for (const auto& e : p.envelopes) add(p.name, e);
    add(p.name + ", whole", p.whole);
  }
  table.print();
  fmt::print(
      "committed by contract, used or not; forecast: invoiced, and what contracts still owe until "
      "then\n");
}

void show(const Article& article) {
  Table table({{"FACT", true}, {"THE REPORT"}, {"THIS PORTFOLIO"}, {"FORMULA", false, true}});
  for (const auto& r : article.rows) {
    table.add({{fmt::format("{}", r.fact)}, {r.said}, {r.computed}, {r.formula}});
  }
  table.print();
}

void show(const api::LeaseDetail& detail) {
  const auto& l = detail.lease;
  Table table({{"LEASE"}, {l.name, false, true}});
  const auto row = [&](const char* name, const std::string& value) {
    table.add({{name}, {value}});
  };
  row("provider", l.provider + (l.first_refusal ? " (ROFR)" : ""));
  row("stage", boost::describe::enum_to_string(l.stage, "?"));
  row("power",
      fmt::format("{}, now {}", to_text(Power::of(l.power_w)), to_text(Power::of(l.contracted_w))));
  row("price", l.price);
  row("term", to_text(from_ms(l.starts_ms)) + " to " + to_text(from_ms(l.ends_ms)));
  add_terms(table, detail.terms);
  for (const auto& a : detail.terms.amendments) {
    row("amendment",
        fmt::format("from {}: {}{}{}", to_text(a.from), in_words(a),
                    a.by.empty() ? "" : ", by " + a.by, a.why.empty() ? "" : "; " + a.why));
  }
  table.print();
}

}  // namespace ampacity::finance
