// SPDX-License-Identifier: Apache-2.0
// The rules of FOCUS 1.2 that apply to what Ampacity writes, held over many made worlds. The rules
// are those of the column pages of the specification
// (github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, specification/columns/*.md): presence,
// nullability, allowed values, formats, and how costs belong together.
#include "ledger/focus.hpp"

#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "ledger/made_world.hpp"

namespace ampacity {
namespace {

using Names = std::set<std::string>;
using Row = std::map<std::string, std::optional<std::string>>;

const Names never_null{
    "BilledCost",         "BillingAccountId", "BillingCurrency",   "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory",   "ChargePeriodEnd",   "ChargePeriodStart",
    "ContractedCost",     "EffectiveCost",    "InvoiceIssuerName", "ListCost",
    "ProviderName",       "PublisherName",    "ServiceCategory",   "ServiceName"};
const Names mandatory_and_nullable{"BillingAccountName", "ChargeClass", "ChargeDescription",
                                   "PricingQuantity", "PricingUnit"};
const Names recommended{"ChargeFrequency", "InvoiceId", "ServiceSubcategory"};
const Names conditional{"BillingAccountType",
                        "CapacityReservationId",
                        "CapacityReservationStatus",
                        "CommitmentDiscountCategory",
                        "CommitmentDiscountId",
                        "CommitmentDiscountName",
                        "CommitmentDiscountQuantity",
                        "CommitmentDiscountStatus",
                        "CommitmentDiscountType",
                        "CommitmentDiscountUnit",
                        "ConsumedQuantity",
                        "ConsumedUnit",
                        "ContractedUnitPrice",
                        "ListUnitPrice",
                        "PricingCategory",
                        "RegionId",
                        "RegionName",
                        "ResourceId",
                        "ResourceName",
                        "ResourceType",
                        "SkuId",
                        "SkuMeter",
                        "SkuPriceDetails",
                        "SkuPriceId",
                        "SubAccountId",
                        "SubAccountName",
                        "SubAccountType",
                        "Tags"};

const std::map<std::string, Names> allowed{
    {"ChargeCategory", {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}},
    {"ChargeClass", {"Correction"}},
    {"ChargeFrequency", {"One-Time", "Recurring", "Usage-Based"}},
    {"PricingCategory", {"Standard", "Dynamic", "Committed", "Other"}},
    {"CommitmentDiscountCategory", {"Spend", "Usage"}},
    {"CommitmentDiscountStatus", {"Used", "Unused"}},
    {"CapacityReservationStatus", {"Used", "Unused"}},
    {"ServiceCategory", {"AI and Machine Learning"}},
    {"ServiceSubcategory", {"Machine Learning"}},
    {"BillingCurrency", {"USD"}}};

__extension__ using Wide = __int128;

// Trillionths.
Wide number(const std::string& text) {
  Wide value = 0;
  int places = -1;
  for (const char c : text) {
    if (c == '-') continue;
    if (c == '.') {
      places = 0;
      continue;
    }
    value = value * 10 + (c - '0');
    if (places >= 0) ++places;
  }
  for (int i = std::max(places, 0); i < 12; ++i) value *= 10;
  return text.front() == '-' ? -value : value;
}

bool close(Wide a, Wide b) {  // to a hundredth of a cent
  const auto d = a > b ? a - b : b - a;
  return d <= 100'000'000;
}

class Rules {
 public:
  std::vector<std::string> broken(const FocusTable& table) {
    columns(table);
    for (const auto& values : table.rows) {
      if (values.size() != table.columns.size()) {
        say("a row has another number of fields");
        continue;
      }
      row_.clear();
      for (std::size_t i = 0; i < values.size(); ++i) row_[table.columns[i]] = values[i];
      row();
    }
    return broken_;
  }

 private:
  void say(const std::string& what) { broken_.push_back(what); }
  void must(bool holds, const std::string& what) {
    if (!holds) say(what + " [" + text("ChargeDescription") + "]");
  }
  bool null(const std::string& column) const {
    const auto it = row_.find(column);
    return it == row_.end() || !it->second;
  }
  std::string text(const std::string& column) const { return null(column) ? "" : *row_.at(column); }
  Wide value(const std::string& column) const { return null(column) ? 0 : number(text(column)); }

  void columns(const FocusTable& table) {
    Names have(table.columns.begin(), table.columns.end());
    if (have.size() != table.columns.size()) say("a column twice");
    Names known;
    for (const auto* group : {&never_null, &mandatory_and_nullable, &recommended, &conditional}) {
      for (const auto& name : *group) {
        known.insert(name);
        if (have.count(name) == 0) say("no column " + name);
      }
    }
    for (const auto& name : have) {
      if (known.count(name) == 0) say(name + " is no column of FOCUS 1.2");
    }
  }

  void row() {
    for (const auto& name : never_null) must(!null(name), name + " is null");
    for (const auto& [name, values] : allowed) {
      must(null(name) || values.count(text(name)) > 0, name + ": " + text(name));
    }
    formats();
    commitment();
    pricing();
    costs();
    const bool usage = text("ChargeCategory") == "Usage";
    const bool purchase = text("ChargeCategory") == "Purchase";
    must(!purchase || text("ChargeFrequency") != "Usage-Based", "a purchase by usage");
    const bool correction = !null("ChargeClass");
    const bool measured = usage && text("CommitmentDiscountStatus") != "Unused" && !correction;
    must(null("ConsumedQuantity") != measured, "ConsumedQuantity");
    must(null("ConsumedQuantity") == null("ConsumedUnit"), "ConsumedUnit");
    must(null("ResourceId") == null("ResourceType"), "ResourceType");
    must(null("SubAccountId") == null("SubAccountType"), "SubAccountType");
    must(!null("SkuId") || (null("SkuMeter") && null("SkuPriceId")), "SkuMeter, SkuPriceId");
  }

  void formats() {
    static const std::regex decimal("^-?[0-9]+(\\.[0-9]+)?$");
    static const std::regex instant("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
    for (const auto* name : {"BilledCost", "EffectiveCost", "ContractedCost", "ListCost",
                             "PricingQuantity", "ContractedUnitPrice", "ListUnitPrice",
                             "ConsumedQuantity", "CommitmentDiscountQuantity"}) {
      must(null(name) || std::regex_match(text(name), decimal),
           std::string(name) + " " + text(name));
    }
    for (const auto* name :
         {"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"}) {
      must(std::regex_match(text(name), instant), std::string(name) + " " + text(name));
    }
    must(text("BillingPeriodStart") < text("BillingPeriodEnd"), "the period ends before it starts");
    for (const auto* name : {"Tags", "SkuPriceDetails"}) {
      must(null(name) || (text(name).front() == '{' && text(name).back() == '}'), name);
    }
  }

  void commitment() {
    const bool of_one = !null("CommitmentDiscountId");
    const bool usage = text("ChargeCategory") == "Usage";
    for (const auto* name :
         {"CommitmentDiscountName", "CommitmentDiscountCategory", "CommitmentDiscountType",
          "CommitmentDiscountUnit", "CommitmentDiscountQuantity"}) {
      must(null(name) != of_one, name);
    }
    must(null("CommitmentDiscountStatus") != (of_one && usage), "CommitmentDiscountStatus");
    must(null("CapacityReservationId") == null("CapacityReservationStatus"), "CapacityReservation");
    must(!of_one || value("CommitmentDiscountQuantity") > 0, "CommitmentDiscountQuantity <= 0");
    if (!of_one || usage) return;
    must(text("ResourceId") == text("CommitmentDiscountId"), "the purchase's ResourceId");
    must(text("PricingCategory") == "Standard", "a commitment is bought at a standard price");
  }

  void pricing() {
    const bool correction = !null("ChargeClass");
    const auto category = text("ChargeCategory");
    const bool priced = (category == "Usage" || category == "Purchase") && !correction;
    for (const auto* name : {"PricingQuantity", "PricingUnit", "PricingCategory", "SkuId",
                             "SkuPriceId", "ContractedUnitPrice", "ListUnitPrice"}) {
      must(!priced || !null(name), std::string(name) + " is null");
    }
    if (!priced) return;
    must(value("ContractedUnitPrice") >= 0, "a negative price");
    const bool committed = category == "Usage" && !null("CommitmentDiscountId");
    must((text("PricingCategory") == "Committed") == committed, "PricingCategory");
    if (value("ContractedUnitPrice") == 0) return;
    const auto product =
        value("PricingQuantity") / 1'000 * (value("ContractedUnitPrice") / 1'000'000) / 1'000;
    const auto contracted = value("ContractedCost");
    // The quotient is cut to twelve places here: allow what that loses.
    const auto slack = value("ContractedUnitPrice") / 100'000'000 + 100'000'000;
    must(product - contracted <= slack && contracted - product <= slack, "quantity x unit price");
  }

  void costs() {
    const auto category = text("ChargeCategory");
    if (category == "Purchase") must(value("EffectiveCost") == 0, "a purchase has effective cost");
    if (category == "Credit" && null("ChargeClass")) {
      must(value("EffectiveCost") == value("BilledCost"), "a credit's costs");
    }
    if (category == "Usage" && !null("CommitmentDiscountId")) {
      must(value("BilledCost") == 0, "use of a commitment is billed twice");
    }
  }

  Row row_;
  std::vector<std::string> broken_;
};

Wide sum(const FocusTable& table, const std::string& column,
         const std::function<bool(const Row&)>& of) {
  Wide all = 0;
  for (const auto& values : table.rows) {
    Row row;
    for (std::size_t i = 0; i < values.size(); ++i) row[table.columns[i]] = values[i];
    if (of(row) && row[column]) all += number(*row[column]);
  }
  return all;
}

FocusTable table_of(std::uint64_t seed, std::vector<Invoice>& invoices) {
  const auto world = test::world_of(seed);
  invoices = world.invoices();
  return focus_cost_and_usage(world.portfolio, invoices);
}

std::string first_broken(const FocusTable& table) {
  const auto all = Rules().broken(table);
  return all.empty() ? "" : all.front();
}

}  // namespace

TEST_CASE("the rules of FOCUS 1.2 hold over 300 made worlds, and sums are the invoices") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::vector<Invoice> invoices;
    const auto table = table_of(seed, invoices);
    REQUIRE(first_broken(table) == "");
    for (const auto& invoice : invoices) {
      const auto of_it = [&](const Row& row) { return row.at("InvoiceId") == invoice.number; };
      REQUIRE(sum(table, "BilledCost", of_it) == Wide{invoice.total_cents} * 10'000'000'000);
    }
    for (const auto& values : table.rows) seen.insert(values[9].value() + values[10].value_or(""));
    // What the commitments were bought for is what their use and their rest cost.
    const auto bought = [](const Row& row) {
      return row.at("ChargeCategory") == "Purchase" && row.at("CommitmentDiscountId");
    };
    const auto used = [](const Row& row) {
      return row.at("ChargeCategory") == "Usage" && row.at("CommitmentDiscountId");
    };
    REQUIRE(close(sum(table, "ContractedCost", bought), sum(table, "EffectiveCost", used)));
  }
  CHECK(seen == std::set<std::string>{"Adjustment", "Credit", "CreditCorrection", "Purchase",
                                      "Usage", "UsageCorrection"});
}

TEST_CASE(
    "a closed month keeps its unit prices: of energy when a site's changes, of power its mean") {
  auto p = test::small_portfolio({{"north", 2, 4, "azure"}});
  auto& lease = p.leases[0];
  lease.energy_pass_through = true;
  lease.price = {PriceBasis::MwMonth, Money::of(1'000'000'000)};
  lease.starts = test::day("2026-01-01");
  Amendment dearer;
  dearer.from = test::day("2026-01-16") + Duration(43'200'000);  // the middle of the month
  dearer.price = LeasePrice{PriceBasis::MwMonth, Money::of(3'000'000'000)};
  lease.amendments = {dearer};
  LeaseFacts facts;
  facts.readings = {{"north", "vision", "", test::day("2026-01-03"), test::day("2026-01-28"),
                     GpuCount::of(4), Power::of(500'000)}};
  const auto all = invoices_of(p, lease, Calendar(), facts, {2026, 1}, test::day("2026-03-01"));
  const auto before = focus_cost_and_usage(p, all);
  p.sites[0].energy_price = EnergyPrice::of(132'000'000);
  const auto after = focus_cost_and_usage(p, all);
  REQUIRE(first_broken(after) == "");
  CHECK(after.rows == before.rows);
  const auto price = sum(before, "ContractedUnitPrice",
                         [](const Row& row) { return row.at("ChargeCategory") == "Purchase"; });
  CHECK(price == number("2000"));
}

TEST_CASE("the checker finds what is wrong") {
  std::vector<Invoice> invoices;
  const auto sound = table_of(1, invoices);
  REQUIRE(first_broken(sound) == "");
  const auto column = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(sound.columns.begin(), sound.columns.end(), name) -
                                    sound.columns.begin());
  };
  auto table = sound;
  table.columns[column("BilledCost")] = "BilledPrice";
  CHECK(first_broken(table) == "no column BilledCost");
  const auto bought = std::find_if(sound.rows.begin(), sound.rows.end(), [&](const auto& row) {
    return row[column("ChargeCategory")] == "Purchase" && row[column("CommitmentDiscountId")];
  });
  REQUIRE(bought != sound.rows.end());
  const auto with = [&](const std::string& name, std::optional<std::string> value) {
    auto changed = sound;
    changed.rows[static_cast<std::size_t>(bought - sound.rows.begin())][column(name)] =
        std::move(value);
    return first_broken(changed);
  };
  CHECK(with("ChargeCategory", "Fee") != "");
  CHECK(with("ProviderName", std::nullopt) != "");
  CHECK(with("BilledCost", "$1.00") != "");
  CHECK(with("EffectiveCost", "1.00") != "");
  CHECK(with("PricingQuantity", std::nullopt) != "");
  CHECK(with("PricingQuantity", "1") != "");
  CHECK(with("BillingPeriodEnd", "2028-02-01") != "");
  CHECK(with("CommitmentDiscountQuantity", "-5") != "");
}

TEST_CASE("the contract commitments of FOCUS 1.3") {
  auto portfolio = test::small_portfolio({{"north", 2, 4, "azure"}});
  auto& lease = portfolio.leases[0];
  lease.price = {PriceBasis::Year, Money::of(8'760'000'000'000)};
  lease.starts = test::day("2026-01-01");
  lease.ends = test::day("2027-01-01");
  lease.take_or_pay = Ratio::of(800'000);
  const auto table = focus_contract_commitments(portfolio, {{"UTC", Calendar()}});
  CHECK(table.columns.size() == 13);
  REQUIRE(table.rows.size() == 1);
  const auto field = [&](const std::string& name) {
    const auto it = std::find(table.columns.begin(), table.columns.end(), name);
    return table.rows[0][static_cast<std::size_t>(it - table.columns.begin())];
  };
  CHECK(field("ContractCommitmentCategory") == "Spend");
  CHECK(field("ContractCommitmentCost") == "7008000");
  CHECK(field("ContractCommitmentId") == "north-lease");
  CHECK(field("ContractCommitmentPeriodStart") == "2026-01-01T00:00:00Z");
  CHECK(field("ContractPeriodEnd") == "2027-01-01T00:00:00Z");
  CHECK_FALSE(field("ContractCommitmentQuantity"));
  CHECK_FALSE(field("ContractCommitmentUnit"));
  lease.proposed = true;
  CHECK(focus_contract_commitments(portfolio, {{"UTC", Calendar()}}).rows.empty());
}

}  // namespace ampacity
