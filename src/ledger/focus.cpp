// SPDX-License-Identifier: Apache-2.0
#include "ledger/focus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "ledger/books.hpp"
#include "ledger/percent.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// In the order of the alphabet, as the specification has them.
const std::vector<std::string>& cost_and_usage_columns() {
  static const std::vector<std::string> columns{
      "BilledCost",
      "BillingAccountId",
      "BillingAccountName",
      "BillingAccountType",
      "BillingCurrency",
      "BillingPeriodEnd",
      "BillingPeriodStart",
      "CapacityReservationId",
      "CapacityReservationStatus",
      "ChargeCategory",
      "ChargeClass",
      "ChargeDescription",
      "ChargeFrequency",
      "ChargePeriodEnd",
      "ChargePeriodStart",
      "CommitmentDiscountCategory",
      "CommitmentDiscountId",
      "CommitmentDiscountName",
      "CommitmentDiscountQuantity",
      "CommitmentDiscountStatus",
      "CommitmentDiscountType",
      "CommitmentDiscountUnit",
      "ConsumedQuantity",
      "ConsumedUnit",
      "ContractedCost",
      "ContractedUnitPrice",
      "EffectiveCost",
      "InvoiceId",
      "InvoiceIssuerName",
      "ListCost",
      "ListUnitPrice",
      "PricingCategory",
      "PricingQuantity",
      "PricingUnit",
      "ProviderName",
      "PublisherName",
      "RegionId",
      "RegionName",
      "ResourceId",
      "ResourceName",
      "ResourceType",
      "ServiceCategory",
      "ServiceName",
      "ServiceSubcategory",
      "SkuId",
      "SkuMeter",
      "SkuPriceDetails",
      "SkuPriceId",
      "SubAccountId",
      "SubAccountName",
      "SubAccountType",
      "Tags",
  };
  return columns;
}

constexpr int digits = 12;
constexpr Wide one_unit = Wide{1'000'000'000'000};  // 10^digits

// A decimal of `places` places from a whole number, without needless zeros.
std::string decimal(Wide value, int places) {
  const bool negative = value < 0;
  if (negative) value = -value;
  std::string text;
  for (int i = 0; value > 0 || i <= places; ++i, value /= 10) {
    if (i == places && places > 0) text += '.';
    text += static_cast<char>('0' + static_cast<int>(value % 10));
  }
  std::reverse(text.begin(), text.end());
  if (places > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return (negative && text != "0" ? "-" : "") + text;
}

std::string usd(std::int64_t micro) {
  return decimal(micro, 6);
}

std::string cents(std::int64_t amount) {
  return decimal(amount, 2);
}

std::string instant(std::int64_t ms) {
  auto text = to_text(from_ms(ms));  // "2028-01-01T00:00:00.000Z"
  return text.erase(text.size() - 5) + "Z";
}

// a / b with twelve places, rounded.
std::string quotient(std::int64_t a, std::int64_t b) {
  const Wide scaled_up = Wide{a} * one_unit;
  const Wide half = a < 0 ? -Wide{b} / 2 : Wide{b} / 2;
  return decimal((scaled_up + half) / b, digits);
}

std::string json_text(const std::string& text) {  // names: no quotes or control characters in them
  return "\"" + text + "\"";
}

const Provider* provider_of(const Portfolio& portfolio, const std::string& name) {
  const auto it = std::find_if(portfolio.providers.begin(), portfolio.providers.end(),
                               [&](const Provider& p) { return p.name == name; });
  return it == portfolio.providers.end() ? nullptr : &*it;
}

const Lease& lease_of(const Portfolio& portfolio, const std::string& name) {
  const auto it = std::find_if(portfolio.leases.begin(), portfolio.leases.end(),
                               [&](const Lease& l) { return l.name == name; });
  AMPACITY_ASSERT(it != portfolio.leases.end(), "no lease {}", name);
  return *it;
}

// What a price is for, and its amount for one of it: the specification's PricingUnit.
struct UnitPrice {
  std::string unit;
  std::int64_t micro_usd = 0;
};

UnitPrice unit_price(const LeaseTerms& terms) {
  switch (terms.price.basis) {
    case PriceBasis::GpuHour:
      return {"GPU-Hours", terms.price.amount.count()};
    case PriceBasis::MwMonth:
      return {"MW-Months", terms.price.amount.count()};
    case PriceBasis::Year:
      return {"MW-Years", scaled(terms.price.amount.count(), 1'000'000,
                                 std::max<std::int64_t>(terms.priced.count(), 1))};
  }
  return {};
}

using Row = std::map<std::string, std::string>;

class Writer {
 public:
  Writer(const Portfolio& portfolio, const Invoice& invoice, FocusTable& table)
      : portfolio_(portfolio),
        invoice_(invoice),
        lease_(lease_of(portfolio, invoice.lease)),
        table_(table) {
    price_ = price_of_month();
  }

  void run() {
    std::int64_t effective = 0;  // of the commitment
    std::int64_t billed = 0;     // cents
    std::int64_t overuse = 0;
    for (const auto& line : invoice_.lines) {
      switch (line.kind) {
        case LineKind::CommitmentUsed:
        case LineKind::CommitmentUnused:
        case LineKind::MinimumBill:
          effective += line.micro_usd;
          billed += line.cents;
          break;
        case LineKind::Overuse:
          overuse = line.micro_usd;
          overused(line);
          break;
        case LineKind::EnergyUsed:
          energy(line);
          break;
        case LineKind::EnergyIdle:
          idle_energy(line);
          break;
        case LineKind::SlaCredit:
        case LineKind::DelayDamages:
          credit(line);
          break;
        case LineKind::Prepayment:
          prepayment(line);
          break;
        case LineKind::PrepaymentApplied:
          applied(line);
          break;
        case LineKind::Adjustment:
          correction(line);
          break;
      }
    }
    if (effective == 0 && billed == 0) return;
    purchase(effective, billed);
    used(overuse);
    unused();
  }

 private:
  // As it was known when the month closed. Where it changes on the way: its mean over what is
  // contracted, at the basis that the month begins with.
  UnitPrice price_of_month() const {
    const auto end = from_ms(invoice_.until_ms);
    const auto known = lease_.known_at(end);
    const auto from = std::max(from_ms(invoice_.from_ms), known.starts);
    const auto until = std::min(end, known.term_ends());
    auto price = unit_price(known.terms_at(from));
    if (from >= until) return price;
    Wide weighted = 0;
    Wide weights = 0;
    const auto edges = known.edges(from, until);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      const auto terms = known.terms_at(edges[i]);
      const auto piece = unit_price(terms);
      if (piece.unit != price.unit) return price;
      const auto weight = Wide{terms.contracted.count()} * (edges[i + 1] - edges[i]).count();
      weighted += weight * piece.micro_usd;
      weights += weight;
    }
    if (weights > 0) {
      price.micro_usd = static_cast<std::int64_t>((weighted + weights / 2) / weights);
    }
    return price;
  }

  Row row(const std::string& category, const std::string& frequency, const std::string& text) {
    const auto* provider = provider_of(portfolio_, invoice_.provider);
    const auto name =
        provider == nullptr || provider->title.empty() ? invoice_.provider : provider->title;
    return {{"BillingAccountId", portfolio_.name},
            {"BillingAccountName", portfolio_.name},
            {"BillingAccountType", "Portfolio"},
            {"BillingCurrency", "USD"},
            {"BillingPeriodStart", instant(invoice_.from_ms)},
            {"BillingPeriodEnd", instant(invoice_.until_ms)},
            {"ChargePeriodStart", instant(invoice_.from_ms)},
            {"ChargePeriodEnd", instant(invoice_.until_ms)},
            {"ChargeCategory", category},
            {"ChargeFrequency", frequency},
            {"ChargeDescription", invoice_.lease + ": " + text},
            {"InvoiceId", invoice_.number},
            {"InvoiceIssuerName", name},
            {"ProviderName", name},
            {"PublisherName", name},
            {"ServiceCategory", "AI and Machine Learning"},
            {"ServiceSubcategory", "Machine Learning"},
            {"ServiceName", "Leased compute power"}};
  }

  // Priced: quantity x unit price = contracted cost, to a millionth of a cent.
  static void price(Row& row, const std::string& sku, const UnitPrice& price,
                    std::int64_t contracted) {
    row["SkuId"] = sku;
    row["SkuMeter"] = sku == "energy" ? "Energy at the meter" : "Compute power";
    row["SkuPriceId"] = sku + "/" + price.unit;
    row["PricingUnit"] = price.unit;
    row["PricingQuantity"] = price.micro_usd == 0 ? "0" : quotient(contracted, price.micro_usd);
    row["ContractedUnitPrice"] = usd(price.micro_usd);
    row["ListUnitPrice"] = usd(price.micro_usd);  // no other price is published
  }

  static void cost(Row& row, std::int64_t billed_cents, std::int64_t effective,
                   std::int64_t contracted) {
    row["BilledCost"] = cents(billed_cents);
    row["EffectiveCost"] = usd(effective);
    row["ContractedCost"] = usd(contracted);
    row["ListCost"] = usd(contracted);
  }

  void commitment(Row& row, const char* status, std::int64_t quantity) {
    row["CommitmentDiscountId"] = invoice_.lease;
    row["CommitmentDiscountName"] = invoice_.lease;
    row["CommitmentDiscountCategory"] = "Spend";
    row["CommitmentDiscountType"] = "Take-or-Pay Lease";
    row["CommitmentDiscountUnit"] = "USD";
    row["CommitmentDiscountQuantity"] = usd(quantity);
    if (status == nullptr) return;
    row["CommitmentDiscountStatus"] = status;
    row["CapacityReservationId"] = invoice_.lease;
    row["CapacityReservationStatus"] = status;
  }

  void of_lease(Row& row) const {
    row["ResourceId"] = invoice_.lease;
    row["ResourceName"] = invoice_.lease;
    row["ResourceType"] = "Lease";
  }

  void of_site(Row& row, const std::string& name) const {
    row["ResourceId"] = row["ResourceName"] = row["RegionId"] = row["RegionName"] = name;
    row["ResourceType"] = "Site";
    for (const auto& site : portfolio_.sites) {
      if (site.name == name && !site.title.empty()) row["RegionName"] = site.title;
    }
  }

  static void of_team(Row& row, const Charge& charge) {
    if (!charge.team.empty()) {
      row["SubAccountId"] = row["SubAccountName"] = charge.team;
      row["SubAccountType"] = "Team";
    }
    if (!charge.project.empty()) {
      row["Tags"] = "{\"ampacity/project\":" + json_text(charge.project) + "}";
    }
  }

  void purchase(std::int64_t owed, std::int64_t billed) {
    auto r = row("Purchase", "Recurring", "the month's commitment");
    price(r, "compute", price_, owed);
    r["PricingCategory"] = "Standard";
    cost(r, billed, 0, owed);
    commitment(r, nullptr, owed);
    of_lease(r);
    add(std::move(r));
  }

  // What each project used within the commitment: all of it, unless there was overuse.
  void used(std::int64_t overuse) {
    const auto within = parts_within(overuse);
    for (std::size_t i = 0; i < invoice_.charges.size(); ++i) {
      const auto& charge = invoice_.charges[i];
      if (within[i] == 0) continue;
      auto r = row("Usage", "Usage-Based", "used at " + charge.site);
      price(r, "compute", price_, within[i]);
      r["PricingCategory"] = "Committed";
      cost(r, 0, within[i], within[i]);
      commitment(r, "Used", within[i]);
      r["ConsumedQuantity"] = quotient(charge.gpu_ms, ms_per_hour);
      r["ConsumedUnit"] = "GPU-Hours";
      of_site(r, charge.site);
      of_team(r, charge);
      add(std::move(r));
    }
  }

  // Overuse is nobody's in particular: it comes off all charges alike, and the parts add up.
  std::vector<std::int64_t> parts_within(std::int64_t overuse) const {
    std::vector<std::int64_t> parts;
    const auto all = std::max<std::int64_t>(invoice_.used_micro_usd, 1);
    Wide before = 0;
    for (const auto& charge : invoice_.charges) {
      const auto upto = [&](Wide sum) { return sum * (all - overuse) / all; };
      const Wide after = before + charge.lease_micro_usd;
      parts.push_back(static_cast<std::int64_t>(upto(after) - upto(before)));
      before = after;
    }
    return parts;
  }

  void unused() {
    for (const auto& line : invoice_.lines) {
      if (line.kind != LineKind::CommitmentUnused && line.kind != LineKind::MinimumBill) continue;
      auto r = row("Usage", "Usage-Based", line.text);
      price(r, "compute", price_, line.micro_usd);
      r["PricingCategory"] = "Committed";
      cost(r, 0, line.micro_usd, line.micro_usd);
      commitment(r, "Unused", line.micro_usd);
      of_lease(r);
      add(std::move(r));
    }
  }

  void overused(const InvoiceLine& line) {
    auto r = row("Usage", "Usage-Based", line.text);
    price(r, "compute", price_, line.micro_usd);
    r["PricingCategory"] = "Standard";
    cost(r, line.cents, line.micro_usd, line.micro_usd);
    of_lease(r);
    std::int64_t gpu_ms = 0;
    for (const auto& charge : invoice_.charges) gpu_ms += charge.gpu_ms;
    const auto over =
        scaled(gpu_ms, line.micro_usd, std::max<std::int64_t>(invoice_.used_micro_usd, 1));
    r["ConsumedQuantity"] = quotient(over, ms_per_hour);
    r["ConsumedUnit"] = "GPU-Hours";
    add(std::move(r));
  }

  // Of a MWh: the site's price, or what the hours of the month came to.
  UnitPrice price_of_energy(const std::string& site, Wide cost, std::int64_t joules) const {
    UnitPrice mwh{"MW-Hours", 0};
    for (const auto& known : portfolio_.sites) {
      if (known.name == site) mwh.micro_usd = price_of_energy(known, cost, joules);
    }
    return mwh;
  }
  // A closed month keeps its price though the site has another today.
  static bool is_priced_at(EnergyPrice price, Wide cost, std::int64_t joules) {
    const auto off = Wide{cost_of(Energy::of(joules), price).count()} - cost;
    return -1'000 <= off && off <= 1'000;  // its parts are rounded
  }
  static std::int64_t price_of_energy(const Site& site, Wide cost, std::int64_t joules) {
    if (!site.energy_price_by_hour && is_priced_at(site.energy_price, cost, joules)) {
      return site.energy_price.count();
    }
    return joules == 0 ? 0 : static_cast<std::int64_t>(cost * 3'600'000'000 / joules);
  }

  // Each project's energy; their cents add up to the line's.
  void energy(const InvoiceLine& line) {
    std::vector<const Charge*> charges;
    std::vector<std::int64_t> parts;
    for (const auto& charge : invoice_.charges) {
      if (charge.site != line.site || charge.energy_micro_usd == 0) continue;
      charges.push_back(&charge);
      parts.push_back(charge.energy_micro_usd);
    }
    const auto billed = shared(parts, line.cents);
    std::int64_t joules = 0;
    for (const auto* charge : charges) joules += charge->facility_j;
    const auto mwh =
        price_of_energy(line.site, std::accumulate(parts.begin(), parts.end(), Wide{0}), joules);
    for (std::size_t i = 0; i < charges.size(); ++i) {
      auto r = energy_row(line, mwh, parts[i], billed[i], charges[i]->facility_j);
      of_team(r, *charges[i]);
      add(std::move(r));
    }
  }

  // Nobody's: it has no sub account.
  void idle_energy(const InvoiceLine& line) {
    for (const auto& idle : invoice_.idle_energy) {
      if (idle.site != line.site) continue;
      const auto mwh = price_of_energy(line.site, line.micro_usd, idle.facility_j);
      add(energy_row(line, mwh, line.micro_usd, line.cents, idle.facility_j));
    }
  }

  Row energy_row(const InvoiceLine& line, const UnitPrice& mwh, std::int64_t micro_usd,
                 std::int64_t billed, std::int64_t joules) {
    auto r = row("Usage", "Usage-Based", line.text);
    price(r, "energy", mwh, micro_usd);
    r["PricingCategory"] = "Standard";
    cost(r, billed, micro_usd, micro_usd);
    r["ConsumedQuantity"] = quotient(joules, 3'600'000'000);
    r["ConsumedUnit"] = "MW-Hours";
    of_site(r, line.site);
    return r;
  }

  // The line's cents may be one more or less than the rounding of these parts alone.
  static std::vector<std::int64_t> shared(const std::vector<std::int64_t>& parts,
                                          std::int64_t total) {
    const auto sum = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
    const auto own = rounded_cents(sum);
    auto cents = cents_of(parts, own);
    if (!cents.empty()) cents.front() += total - own;
    return cents;
  }

  void credit(const InvoiceLine& line) {
    auto r = row("Credit", "One-Time", line.text);
    cost(r, line.cents, line.micro_usd, 0);
    r["ContractedCost"] = r["ListCost"] = cents(line.cents);
    r["EffectiveCost"] = cents(line.cents);  // as billed: it is related to no other row
    of_lease(r);
    add(std::move(r));
  }

  void prepayment(const InvoiceLine& line) {
    auto r = row("Purchase", "One-Time", line.text);
    price(r, "prepayment", {"USD", 1'000'000}, line.micro_usd);
    r["SkuMeter"] = "Prepayment";
    r["PricingCategory"] = "Standard";
    cost(r, line.cents, 0, line.micro_usd);
    of_lease(r);
    add(std::move(r));
  }

  // It covers what is billed here and was paid before; what things cost does not change by it.
  void applied(const InvoiceLine& line) {
    auto r = row("Adjustment", "Recurring", "taken from the prepayment; " + line.text);
    cost(r, line.cents, 0, line.micro_usd);
    of_lease(r);
    add(std::move(r));
  }

  void correction(const InvoiceLine& line) {
    const auto kind = line.corrects.value_or(LineKind::CommitmentUsed);
    const bool credited = kind == LineKind::SlaCredit || kind == LineKind::DelayDamages;
    auto r = row(credited ? "Credit" : "Usage", credited ? "One-Time" : "Usage-Based", line.text);
    r["ChargeClass"] = "Correction";
    cost(r, line.cents, line.micro_usd, line.micro_usd);
    of_lease(r);
    add(std::move(r));
  }

  void add(Row row) {
    std::vector<std::optional<std::string>> values;
    for (const auto& column : table_.columns) {
      const auto it = row.find(column);
      values.push_back(it == row.end() ? std::nullopt : std::optional(it->second));
    }
    table_.rows.push_back(std::move(values));
  }

  const Portfolio& portfolio_;
  const Invoice& invoice_;
  const Lease& lease_;
  FocusTable& table_;
  UnitPrice price_;
};

}  // namespace

FocusTable focus_cost_and_usage(const Portfolio& portfolio, const std::vector<Invoice>& invoices) {
  FocusTable table{cost_and_usage_columns(), {}};
  for (const auto& invoice : invoices) Writer(portfolio, invoice, table).run();
  return table;
}

namespace {

std::string least_in_words(const Lease& lease) {
  const auto minimum = "minimum bill of " + percent(lease.minimum_bill);
  if (lease.take_or_pay == Ratio() && lease.minimum_bill > Ratio()) return minimum;
  const auto owed = "take-or-pay of " + percent(lease.take_or_pay);
  return lease.minimum_bill > Ratio() ? owed + ", " + minimum : owed;
}

std::int64_t committed_by(const Portfolio& portfolio, const Lease& lease,
                          const Calendar& calendar) {
  std::int64_t sum = 0;
  if (lease.term_ends() <= lease.starts) return sum;
  const auto last = calendar.month_of(lease.term_ends() - Duration(1));
  for (const auto& invoice : invoices_of(portfolio, lease, calendar, {}, last, lease.starts)) {
    for (const auto& line : invoice.lines) {
      const auto kind = line.corrects.value_or(line.kind);
      const bool owed = kind == LineKind::CommitmentUnused || kind == LineKind::MinimumBill;
      if (owed) sum += line.micro_usd;
    }
  }
  return sum;
}

}  // namespace

FocusTable focus_contract_commitments(const Portfolio& portfolio, const Calendars& calendars) {
  FocusTable table{
      {"BillingCurrency", "ContractCommitmentCategory", "ContractCommitmentCost",
       "ContractCommitmentDescription", "ContractCommitmentId", "ContractCommitmentPeriodEnd",
       "ContractCommitmentPeriodStart", "ContractCommitmentQuantity", "ContractCommitmentType",
       "ContractCommitmentUnit", "ContractId", "ContractPeriodEnd", "ContractPeriodStart"},
      {}};
  for (const auto& lease : portfolio.leases) {
    if (lease.proposed) continue;
    const auto owed = committed_by(portfolio, lease, calendars.at(lease.time_zone));
    const auto starts = instant(to_ms(lease.starts));
    const auto ends = instant(to_ms(lease.term_ends()));
    table.rows.push_back({"USD", "Spend", usd(owed),
                          fmt::format("{} from {} at {}: {}", to_text(lease.power), lease.provider,
                                      to_text(lease.price), least_in_words(lease)),
                          lease.name, ends, starts, std::nullopt, "Take-or-Pay Lease", std::nullopt,
                          lease.name, ends, starts});
  }
  return table;
}

}  // namespace ampacity
