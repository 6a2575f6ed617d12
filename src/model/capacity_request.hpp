// SPDX-License-Identifier: Apache-2.0
// A capacity request: "we need 800 MW from 2027-03". Whoever has a right of first refusal when it
// is asked is offered it first, each for the window of its right; only what they leave goes to
// market. Made by the command line and the API, told by the engine (engine/requests.cpp), kept as
// the evidence that a lease from somebody else was permitted: docs/decisions/0016 has the rules.
// Powers are critical IT load. Plain values; check() says what is wrong with one.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t capacity_requests = 1'024;  // ever made: they are evidence
inline constexpr std::size_t quotes = 256;               // of one request
}  // namespace limits

struct CapacityRequest {
  std::string name;  // as is_name()
  Power power;
  Instant from;
  std::optional<Instant> until;  // absent: each quote says how long
  std::string note;
  bool operator==(const CapacityRequest&) const = default;
};
BOOST_DESCRIBE_STRUCT(CapacityRequest, (), (name, power, from, until, note))

// Withdrawn: others took all of it before this holder answered.
enum class OfferAnswer { Open, Accepted, Declined, Lapsed, Withdrawn };
BOOST_DESCRIBE_ENUM(OfferAnswer, Open, Accepted, Declined, Lapsed, Withdrawn)

// The request, in the hands of one holder of a right.
struct RefusalOffer {
  std::string provider;
  std::string scope;  // of its right, when it was asked
  Instant until;      // it lapses then
  OfferAnswer answer = OfferAnswer::Open;
  Power accepted;
  std::optional<LeasePrice> price;  // that it asks, if it said so
  std::optional<Instant> answered;
  bool operator==(const RefusalOffer&) const = default;
};
BOOST_DESCRIBE_STRUCT(RefusalOffer, (), (provider, scope, until, answer, accepted, price, answered))

// What a provider would lease: a lease that is proposed.
struct Quote {
  std::string name;
  std::string provider;
  std::string site;  // of the portfolio
  Power power;
  LeasePrice price;
  Instant from;
  std::optional<Instant> until;             // absent: the request's
  std::optional<Ratio> pue;                 // these three: absent as the site has them
  std::optional<EnergyPrice> energy_price;  // passed through; the price does not include it
  std::optional<Carbon> carbon;
  std::string note;
  bool operator==(const Quote&) const = default;
};
BOOST_DESCRIBE_STRUCT(Quote, (),
                      (name, provider, site, power, price, from, until, pue, energy_price, carbon,
                       note))

struct Award {
  std::string quote;
  std::string lease;
  bool operator==(const Award&) const = default;
};
BOOST_DESCRIBE_STRUCT(Award, (), (quote, lease))

// Unheld: nobody had a right. Declined: all said no; Lapsed: the last word was silence.
enum class RequestStage { Offered, Matched, PartlyMatched, Declined, Lapsed, Unheld };
BOOST_DESCRIBE_ENUM(RequestStage, Offered, Matched, PartlyMatched, Declined, Lapsed, Unheld)

// A request and what was answered.
struct OpenRequest {
  CapacityRequest request;
  Instant asked;
  std::vector<RefusalOffer> offers;  // in the order of the providers
  std::vector<Quote> quotes;         // in the order in which they came
  std::vector<Award> awards;
  std::optional<Instant> settled;  // nobody has to be asked any more, since then
  bool operator==(const OpenRequest&) const = default;

  RequestStage stage() const;
  Power left() const;                                // not accepted
  Power accepted_by(const std::string& name) const;  // of this provider
};
BOOST_DESCRIBE_STRUCT(OpenRequest, (), (request, asked, offers, quotes, awards, settled))

// A quote and what it is ranked by. Usable: what the site's interconnection carries of it from its
// first day on, beside the leases that run there then.
struct RankedQuote {
  Quote quote;
  Power usable;
  Money per_usable_mw_year;  // of the lease's price; 0 when nothing is usable
  Ratio pue = one;
  EnergyPrice energy_price;
  Carbon carbon;
  std::string lease;  // that it became; empty: none
  bool operator==(const RankedQuote&) const = default;
};
BOOST_DESCRIBE_STRUCT(RankedQuote, (),
                      (quote, usable, per_usable_mw_year, pue, energy_price, carbon, lease))

// What is wrong with it alone, whatever the portfolio.
std::vector<Problem> check(const CapacityRequest& request);
std::vector<Problem> check(const Quote& quote);

// The lease that a quote comes to. Requires that the quote or the request says until when.
Lease lease_of(const OpenRequest& request, const Quote& quote, const std::string& name);

// Best first: cost per usable MW, then the first day, the price of energy, carbon, the order in
// which they came; what is not usable comes last. Cost: quotes x leases.
std::vector<RankedQuote> ranked(const OpenRequest& request, const Portfolio& portfolio);

}  // namespace ampacity
