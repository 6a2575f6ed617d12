// SPDX-License-Identifier: Apache-2.0
#include "model/capacity_request.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

using Problems = std::vector<Problem>;

void check_name(Problems& problems, const std::string& name) {
  if (is_name(name)) return;
  problems.push_back(
      {"name", fmt::format("'{}' is not a name: lower-case letters, digits and inner '-'", name)});
}

void check_power(Problems& problems, Power power) {
  if (power > Power() && power <= limits::power) return;
  problems.push_back({"power", fmt::format("expected more than 0 W and at most {}, got {}",
                                           to_text(limits::power), to_text(power))});
}

void check_until(Problems& problems, Instant from, const std::optional<Instant>& until) {
  if (!until || *until > from) return;
  problems.push_back({"until", fmt::format("ends on {}, which is not after its start on {}",
                                           to_date(*until), to_date(from))});
}

void check_note(Problems& problems, const std::string& note) {
  if (note.size() <= limits::note_length) return;
  problems.push_back({"note", fmt::format("{} bytes, at most {} are supported", note.size(),
                                          limits::note_length)});
}

// amount x times x more / usable; the most that there is where that is more.
Money shared_by(Power usable, Money amount, std::int64_t times, std::int64_t more) {
  const Wide whole = Wide(amount.count()) * times * more / usable.count();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return Money::of(whole > most ? most : static_cast<std::int64_t>(whole));
}

Money per_usable_mw_year(const Lease& lease, Power usable, const Portfolio& portfolio) {
  constexpr std::int64_t mw = 1'000'000;
  const auto& price = lease.price;
  if (usable <= Power()) return Money();
  if (price.basis == PriceBasis::MwMonth) {
    return shared_by(usable, price.amount, lease.power.count(), 12);
  }
  if (price.basis == PriceBasis::Year) return shared_by(usable, price.amount, 1, mw);
  const auto gpus = leased_gpus(portfolio, lease).carried_by(lease.power);
  return shared_by(usable, price.amount, gpus.count(), 8'760 * mw);
}

// A lease of several sites is taken to run on all of them alike.
Power leased_at(const Portfolio& portfolio, const std::string& site, Instant t,
                const std::string& but) {
  Power sum;
  for (const auto& lease : portfolio.leases) {
    if (lease.name == but || lease.proposed) continue;
    if (!lease.is_at(site)) continue;
    const auto sites = static_cast<std::int64_t>(lease.sites.size());
    sum += Power::of(lease.contracted_at(t).count() / sites);
  }
  return sum;
}

RankedQuote figures_of(const OpenRequest& request, const Quote& quote, const Portfolio& portfolio) {
  RankedQuote r;
  r.quote = quote;
  for (const auto& award : request.awards) {
    if (award.quote == quote.name) r.lease = award.lease;
  }
  const auto is_it = [&](const Site& s) { return s.name == quote.site; };
  const auto site = std::find_if(portfolio.sites.begin(), portfolio.sites.end(), is_it);
  if (site == portfolio.sites.end()) return r;  // a later portfolio has it no more
  r.pue = quote.pue.value_or(site->pue);
  r.energy_price = quote.energy_price.value_or(energy_price_at(*site, quote.from));
  r.carbon = quote.carbon.value_or(Carbon::of(carbon_mg_at(*site, quote.from) / 1'000));
  r.usable = quote.power;
  if (const auto grid = interconnection_at(*site, quote.from)) {
    const auto room =
        it_limit(*grid, r.pue) - leased_at(portfolio, quote.site, quote.from, r.lease);
    r.usable = std::clamp(room, Power(), quote.power);
  }
  r.per_usable_mw_year =
      per_usable_mw_year(lease_of(request, quote, quote.name), r.usable, portfolio);
  return r;
}

}  // namespace

RequestStage OpenRequest::stage() const {
  const auto all = [&](OfferAnswer answer) {
    return std::all_of(offers.begin(), offers.end(),
                       [&](const RefusalOffer& o) { return o.answer == answer; });
  };
  const auto any = [&](OfferAnswer answer) {
    return std::any_of(offers.begin(), offers.end(),
                       [&](const RefusalOffer& o) { return o.answer == answer; });
  };
  if (offers.empty()) return RequestStage::Unheld;
  if (left() == Power()) return RequestStage::Matched;
  if (any(OfferAnswer::Open)) return RequestStage::Offered;
  if (any(OfferAnswer::Accepted)) return RequestStage::PartlyMatched;
  return all(OfferAnswer::Declined) ? RequestStage::Declined : RequestStage::Lapsed;
}

Power OpenRequest::left() const {
  auto rest = request.power;
  for (const auto& offer : offers) rest -= offer.accepted;
  return rest;
}

Power OpenRequest::accepted_by(const std::string& name) const {
  for (const auto& offer : offers) {
    if (offer.provider == name) return offer.accepted;
  }
  return Power();
}

std::vector<Problem> check(const CapacityRequest& request) {
  Problems problems;
  check_name(problems, request.name);
  check_power(problems, request.power);
  check_until(problems, request.from, request.until);
  check_note(problems, request.note);
  return problems;
}

std::vector<Problem> check(const Quote& quote) {
  Problems problems;
  check_name(problems, quote.name);
  check_power(problems, quote.power);
  check_until(problems, quote.from, quote.until);
  check_note(problems, quote.note);
  if (quote.pue && (*quote.pue < one || *quote.pue > Ratio::of(3'000'000))) {
    problems.push_back(
        {"pue", fmt::format("a PUE is between 1.0 and 3.0, got {}", to_text(*quote.pue))});
  }
  constexpr auto most = EnergyPrice::of(10'000'000'000);  // as a site's
  if (quote.energy_price &&
      (*quote.energy_price > most || *quote.energy_price < EnergyPrice::of(-most.count()))) {
    problems.push_back({"energy_price", "expected -10,000 to 10,000 USD/MWh"});
  }
  if (quote.carbon && (*quote.carbon < Carbon() || *quote.carbon > Carbon::of(2'000))) {
    problems.push_back({"carbon", "expected 0 to 2000 g/kWh"});
  }
  return problems;
}

Lease lease_of(const OpenRequest& request, const Quote& quote, const std::string& name) {
  Lease lease;
  lease.name = name;
  lease.provider = quote.provider;
  lease.sites = {quote.site};
  lease.power = quote.power;
  lease.price = quote.price;
  lease.starts = quote.from;
  lease.ends = quote.until ? *quote.until : request.request.until.value_or(Instant());
  lease.energy_pass_through = quote.energy_price.has_value();
  lease.request = request.request.name;
  lease.source = fmt::format("quote {} of {}", quote.name, quote.provider);
  return lease;
}

std::vector<RankedQuote> ranked(const OpenRequest& request, const Portfolio& portfolio) {
  std::vector<RankedQuote> all;
  for (const auto& quote : request.quotes) all.push_back(figures_of(request, quote, portfolio));
  std::stable_sort(all.begin(), all.end(), [](const RankedQuote& a, const RankedQuote& b) {
    const auto key = [](const RankedQuote& r) {
      return std::tuple(r.usable == Power(), r.per_usable_mw_year, r.quote.from, r.energy_price,
                        r.carbon);
    };
    return key(a) < key(b);
  });
  return all;
}

}  // namespace ampacity
