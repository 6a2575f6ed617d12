// SPDX-License-Identifier: Apache-2.0
// Capacity requests and rights of first refusal (model/capacity_request.hpp). A lease that is new,
// or larger than it was, is permitted if each holder of a right that is in force on the day of its
// signature was asked and has answered, and if it takes no more than they left. What the first
// configuration has are facts. docs/decisions/0016 says why.
#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

template <class T>
const T* find_named(const std::vector<T>& all, const std::string& name) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const T& t) { return t.name == name; });
  return it == all.end() ? nullptr : &*it;
}

Refusal wrong(std::string message) {
  return {Reason::RequestInvalid, std::move(message)};
}

Refusal invalid_lease(const Lease& lease, const std::string& why) {
  return wrong(fmt::format("lease {}: {}", lease.name, why));
}

const RefusalOffer* find_offer(const OpenRequest& asked, const std::string& provider) {
  for (const auto& offer : asked.offers) {
    if (offer.provider == provider) return &offer;
  }
  return nullptr;
}

std::string in_words(const RightTerms& terms) {
  return fmt::format("'{}', from {} until {}", terms.scope, to_date(terms.from),
                     terms.until ? to_date(*terms.until) : "it is amended");
}

Power most_of(const Lease& lease) {
  auto most = lease.power;
  for (const auto& a : lease.amendments) most = std::max(most, a.power.value_or(Power()));
  return most;
}

// The terms as they were agreed at first.
bool same_clause(const RefusalRight& a, const RefusalRight& b) {
  return a.scope == b.scope && a.response_window == b.response_window && a.from == b.from &&
         a.until == b.until;
}

bool has_ended(const RefusalRight& right, Instant now) {
  const auto until = right.terms_at(now).until;
  return until && *until <= now;
}

bool is_unanswered(const RefusalOffer& offer) {
  return offer.answer == OfferAnswer::Open;
}

}  // namespace

// ---- what a right forbids ----

std::optional<Refusal> Engine::objection_to_rights(const Portfolio& next) const {
  for (const auto& known : state_.portfolio->providers) {
    const auto& right = known.right_of_first_refusal;
    if (!right || has_ended(*right, now_)) continue;
    const auto* provider = find_named(next.providers, known.name);
    const bool kept = provider != nullptr && provider->right_of_first_refusal &&
                      same_clause(*provider->right_of_first_refusal, *right);
    if (kept) continue;
    return Refusal{
        Reason::RefusalRight,
        fmt::format("{} has a right of first refusal ({}), which the new portfolio changes or "
                    "takes away: amend it from a date on (ampacity right amend {})",
                    known.name, in_words(right->terms_at(now_)), known.name)};
  }
  return std::nullopt;
}

std::optional<Refusal> Engine::objection_to_leases(const Portfolio& next) const {
  if (!state_.configured) return std::nullopt;
  for (const auto& lease : next.leases) {
    if (lease.proposed) continue;
    if (auto no = objection_to_lease(lease, next)) return no;
  }
  return std::nullopt;
}

std::optional<Refusal> Engine::objection_to_lease(const Lease& lease, const Portfolio& next) const {
  const auto* known = lease_named(lease.name);
  const bool in_force = known != nullptr && !known->proposed && known->provider == lease.provider;
  if (in_force && most_of(lease) <= most_of(*known)) return std::nullopt;
  if (lease.signed_on && *lease.signed_on > now_) {
    return Refusal{Reason::PortfolioInvalid,
                   fmt::format("lease {} is signed on {}, which lies ahead: it is proposed until "
                               "then",
                               lease.name, to_date(*lease.signed_on))};
  }
  // What it has more than it had is agreed now.
  const auto agreed = in_force ? now_ : lease.signed_on.value_or(now_);
  for (const auto& holder : next.providers) {
    const auto& right = holder.right_of_first_refusal;
    if (!right || holder.name == lease.provider || !right->in_force_at(agreed)) continue;
    if (auto no = objection_by(holder, agreed, lease)) return no;
  }
  return lease.request.empty() ? std::nullopt : beyond_request(lease, next);
}

std::optional<Refusal> Engine::objection_by(const Provider& holder, Instant agreed,
                                            const Lease& lease) const {
  const auto terms = holder.right_of_first_refusal->terms_at(agreed);
  const auto no = [&](const std::string& what) {
    return Refusal{Reason::RefusalRight,
                   fmt::format("lease {}, {} from {}, agreed on {}: {} has the right of first "
                               "refusal ({}), {}",
                               lease.name, to_text(most_of(lease)), lease.provider, to_date(agreed),
                               holder.name, in_words(terms), what)};
  };
  if (lease.request.empty()) {
    return no(
        fmt::format("has {} to answer, and was not asked: ampacity request create, then name "
                    "the request in the lease",
                    to_text(terms.response_window)));
  }
  const auto asked = state_.capacity_requests.find(lease.request);
  if (asked == state_.capacity_requests.end()) {
    return Refusal{Reason::NameUnknown, "lease " + lease.name + ": " +
                                            unknown_name("capacity request", lease.request,
                                                         keys_of(state_.capacity_requests))};
  }
  if (const auto* offer = find_offer(asked->second, holder.name)) {
    if (!is_unanswered(*offer)) return std::nullopt;
    return no(
        fmt::format("and may answer request {} until {}", lease.request, to_text(offer->until)));
  }
  return no(fmt::format("and was not asked by request {} of {}", lease.request,
                        to_date(asked->second.asked)));
}

// All leases that answer the request, of those who took it or of those to whom the rest is left.
std::optional<Refusal> Engine::beyond_request(const Lease& lease, const Portfolio& next) const {
  const auto it = state_.capacity_requests.find(lease.request);
  if (it == state_.capacity_requests.end()) {
    return Refusal{Reason::NameUnknown, "lease " + lease.name + ": " +
                                            unknown_name("capacity request", lease.request,
                                                         keys_of(state_.capacity_requests))};
  }
  const auto& asked = it->second;
  if (lease.starts < asked.request.from) {
    return invalid_lease(
        lease, fmt::format("it starts on {}; request {} is for capacity from {} on",
                           to_date(lease.starts), lease.request, to_date(asked.request.from)));
  }
  const auto* own = find_offer(asked, lease.provider);
  if (own != nullptr && is_unanswered(*own)) {
    return invalid_lease(lease, fmt::format("{} has not answered request {} yet (until {})",
                                            lease.provider, lease.request, to_text(own->until)));
  }
  const bool holder = own != nullptr && own->accepted > Power();
  const auto may = holder ? asked.accepted_by(lease.provider) : asked.left();
  Power sum;
  for (const auto& other : next.leases) {
    if (other.request != lease.request || other.proposed) continue;
    const bool counts =
        holder ? other.provider == lease.provider : asked.accepted_by(other.provider) == Power();
    if (counts) sum += most_of(other);
  }
  if (sum <= may) return std::nullopt;
  return Refusal{Reason::RefusalRight,
                 fmt::format("lease {}: request {} leaves {} {}, and {} would be leased by it",
                             lease.name, lease.request, to_text(may),
                             holder ? "to " + lease.provider + ", as it accepted" : "to others",
                             to_text(sum))};
}

// ---- the conversation ----

const OpenRequest* Engine::request_called(const std::string& name) {
  const auto it = state_.capacity_requests.find(name);
  if (it != state_.capacity_requests.end()) return &it->second;
  refuse(Reason::NameUnknown,
         unknown_name("capacity request", name, keys_of(state_.capacity_requests)));
  return nullptr;
}

// The offer that is to be answered; an empty name: the only one that is open.
const RefusalOffer* Engine::offer_of(const OpenRequest& asked, const std::string& provider) {
  std::vector<const RefusalOffer*> open;
  for (const auto& offer : asked.offers) {
    if (is_unanswered(offer) && (provider.empty() || offer.provider == provider))
      open.push_back(&offer);
  }
  if (open.size() == 1) return open.front();
  const auto& name = asked.request.name;
  if (open.size() > 1) {
    refuse(Reason::RequestInvalid,
           fmt::format("{} providers may answer request {}: say which", open.size(), name));
    return nullptr;
  }
  for (const auto& offer : asked.offers) {
    if (!provider.empty() && offer.provider != provider) continue;
    refuse(Reason::RequestInvalid,
           fmt::format("{} has answered request {}, or not in time: {} on {}", offer.provider, name,
                       boost::describe::enum_to_string(offer.answer, "?"),
                       to_text(offer.answered.value_or(offer.until))));
    return nullptr;
  }
  refuse(Reason::RequestInvalid,
         fmt::format("request {} is not offered to {}: a right of first refusal was not in force "
                     "on {}",
                     name, provider.empty() ? "anybody" : provider, to_date(asked.asked)));
  return nullptr;
}

std::optional<Refusal> Engine::objection_to(const CapacityRequest& request) const {
  if (!state_.configured) {
    return Refusal{Reason::PortfolioInvalid, "no portfolio is configured yet"};
  }
  if (const auto problems = check(request); !problems.empty())
    return wrong(to_text(problems.front()));
  if (state_.capacity_requests.count(request.name) > 0) {
    return wrong(fmt::format("a capacity request is called '{}' already", request.name));
  }
  if (state_.capacity_requests.size() >= limits::capacity_requests) {
    return wrong(
        fmt::format("there are {} capacity requests, the limit", limits::capacity_requests));
  }
  return std::nullopt;
}

void Engine::on(const CreateRequest& command) {
  auto request = command.request;
  request.from = std::max(request.from, now_);
  if (auto objected = objection_to(request)) return refuse(std::move(*objected));
  std::vector<RefusalOffer> offers;
  for (const auto& provider : state_.portfolio->providers) {
    const auto& right = provider.right_of_first_refusal;
    if (!right || !right->in_force_at(now_)) continue;
    const auto terms = right->terms_at(now_);
    offers.push_back({.provider = provider.name,
                      .scope = terms.scope,
                      .until = now_ + terms.response_window,
                      .price = {},
                      .answered = {}});
  }
  const auto name = request.name;
  emit(RequestCreated{std::move(request), std::move(offers), command.by});
  settle(name);
  refresh_capacity(now_);
}

void Engine::on(const AcceptRequest& command) {
  const auto* asked = request_called(command.request);
  if (asked == nullptr) return;
  const auto* offer = offer_of(*asked, command.provider);
  if (offer == nullptr) return;
  const auto power = command.power.value_or(asked->left());
  if (power <= Power() || power > asked->left()) {
    return refuse(Reason::RequestInvalid,
                  fmt::format("expected more than 0 W and at most {}, which is left of request {}, "
                              "got {}",
                              to_text(asked->left()), command.request, to_text(power)));
  }
  if (command.price && command.price->amount < Money()) {
    return refuse(Reason::RequestInvalid, "price: a price cannot be negative");
  }
  emit(OfferAnswered{command.request, offer->provider, OfferAnswer::Accepted, power, command.price,
                     command.by.empty() ? "" : "by " + command.by});
  settle(command.request);
}

void Engine::on(const DeclineRequest& command) {
  const auto* asked = request_called(command.request);
  if (asked == nullptr) return;
  const auto* offer = offer_of(*asked, command.provider);
  if (offer == nullptr) return;
  emit(OfferAnswered{command.request,
                     offer->provider,
                     OfferAnswer::Declined,
                     Power(),
                     {},
                     command.by.empty() ? "" : "by " + command.by});
  settle(command.request);
}

// Silence is an answer once the window is over, or the right is.
void Engine::requests_due(Instant now) {
  std::vector<OfferAnswered> lapsed;
  for (const auto& [name, asked] : state_.capacity_requests) {
    if (asked.settled) continue;
    for (const auto& offer : asked.offers) {
      if (!is_unanswered(offer)) continue;
      look_at_capacity(offer.until);
      const auto* holder = find_named(state_.portfolio->providers, offer.provider);
      const auto* right = holder != nullptr && holder->right_of_first_refusal
                              ? &*holder->right_of_first_refusal
                              : nullptr;
      if (right != nullptr) {
        if (const auto until = right->terms_at(now).until) look_at_capacity(*until);
        for (const auto& a : right->amendments) look_at_capacity(a.from);
      }
      const bool holds = right != nullptr && right->in_force_at(now);
      if (holds && now < offer.until) continue;
      lapsed.push_back({name,
                        offer.provider,
                        OfferAnswer::Lapsed,
                        Power(),
                        {},
                        holds ? "its window is over" : "its right has ended"});
    }
  }
  for (const auto& answer : lapsed) emit(answer);
  for (const auto& answer : lapsed) settle(answer.request);
}

// Once nothing is left, or nobody has to answer.
void Engine::settle(const std::string& name) {
  const auto asked = state_.capacity_requests.at(name);
  if (asked.settled) return;
  const bool all_taken = asked.left() == Power();
  for (const auto& offer : asked.offers) {
    if (!is_unanswered(offer)) continue;
    if (!all_taken) return;
    emit(OfferAnswered{
        name, offer.provider, OfferAnswer::Withdrawn, Power(), {}, "others took all of it"});
  }
  emit(RequestSettled{name, asked.stage(), asked.left()});
}

void Engine::on(const AddQuote& command) {
  const auto* asked = request_called(command.request);
  if (asked == nullptr) return;
  const auto& quote = command.quote;
  if (const auto problems = check(quote); !problems.empty()) {
    return refuse(Reason::RequestInvalid, to_text(problems.front()));
  }
  if (find_named(asked->quotes, quote.name) != nullptr) {
    return refuse(Reason::RequestInvalid,
                  fmt::format("request {} has a quote '{}' already", command.request, quote.name));
  }
  if (asked->quotes.size() >= limits::quotes) {
    return refuse(Reason::RequestInvalid, fmt::format("request {} has {} quotes, the limit",
                                                      command.request, limits::quotes));
  }
  if (quote.power > asked->request.power) {
    return refuse(Reason::RequestInvalid,
                  fmt::format("power: {} is more than the {} of the request", to_text(quote.power),
                              to_text(asked->request.power)));
  }
  if (!quote.until && !asked->request.until) {
    return refuse(Reason::RequestInvalid,
                  "until: neither the quote nor the request says when it ends");
  }
  if (find_named(state_.portfolio->providers, quote.provider) == nullptr) {
    return refuse(Reason::NameUnknown,
                  unknown_name("provider", quote.provider, names_of(state_.portfolio->providers)));
  }
  if (find_named(state_.portfolio->sites, quote.site) == nullptr) {
    return refuse(Reason::NameUnknown,
                  unknown_name("site", quote.site, names_of(state_.portfolio->sites)));
  }
  if (const auto problems = check(lease_of(*asked, quote, quote.name)); !problems.empty()) {
    return refuse(Reason::RequestInvalid, to_text(problems.front()));
  }
  emit(QuoteAdded{command.request, std::make_shared<const Quote>(quote), command.by});
}

void Engine::on(const AwardQuote& command) {
  const auto* asked = request_called(command.request);
  if (asked == nullptr) return;
  const auto* quote = find_named(asked->quotes, command.quote);
  if (quote == nullptr) {
    return refuse(Reason::NameUnknown,
                  unknown_name("quote", command.quote, names_of(asked->quotes)));
  }
  for (const auto& award : asked->awards) {
    if (award.quote != command.quote) continue;
    return refuse(Reason::RequestInvalid,
                  fmt::format("quote {} is lease {} already", award.quote, award.lease));
  }
  const auto name = command.lease.empty() ? command.request + "-" + command.quote : command.lease;
  auto lease = lease_of(*asked, *quote, name);
  lease.signed_on = now_;
  if (lease.ends <= now_) {
    return refuse(Reason::RequestInvalid,
                  fmt::format("quote {} ended on {}", command.quote, to_date(lease.ends)));
  }
  auto next = *state_.portfolio;
  next.leases.push_back(lease);
  if (const auto problems = check(next); !problems.empty()) {
    return refuse(Reason::RequestInvalid, to_text(problems.front()));
  }
  if (auto no = objection_to_lease(lease, next)) return refuse(std::move(*no));
  emit(QuoteAwarded{command.request, command.quote, std::make_shared<const Lease>(std::move(lease)),
                    command.by});
  refresh_capacity(now_);
}

void Engine::on(const AmendRight& command) {
  if (!state_.configured) return refuse(Reason::PortfolioInvalid, "no portfolio is configured yet");
  const auto* provider = find_named(state_.portfolio->providers, command.provider);
  if (provider == nullptr) {
    return refuse(Reason::NameUnknown, unknown_name("provider", command.provider,
                                                    names_of(state_.portfolio->providers)));
  }
  if (!provider->right_of_first_refusal) {
    return refuse(
        Reason::AmendmentInvalid,
        fmt::format("{} has no right of first refusal: a portfolio grants it", command.provider));
  }
  auto right = *provider->right_of_first_refusal;
  auto amendment = command.amendment;
  if (amendment.from == Instant()) amendment.from = now_;
  amendment.agreed = now_;
  amendment.by = command.by;
  right.amendments.push_back(amendment);
  if (const auto problems = check(right); !problems.empty()) {
    return refuse(Reason::AmendmentInvalid, to_text(problems.front()));
  }
  emit(RightAmended{command.provider, std::move(amendment)});
  refresh_capacity(now_);
}

// ---- facts ----

void Engine::apply(const RequestCreated& event, Instant at) {
  OpenRequest asked;
  asked.request = event.request;
  asked.asked = at;
  asked.offers = event.offers;
  state_.capacity_requests.emplace(event.request.name, std::move(asked));
}

void Engine::apply(const OfferAnswered& event, Instant at) {
  for (auto& offer : state_.capacity_requests.at(event.request).offers) {
    if (offer.provider != event.provider) continue;
    offer.answer = event.answer;
    offer.accepted = event.power;
    offer.price = event.price;
    offer.answered = at;
  }
}

void Engine::apply(const RequestSettled& event, Instant at) {
  state_.capacity_requests.at(event.request).settled = at;
}

void Engine::apply(const QuoteAdded& event, Instant) {
  state_.capacity_requests.at(event.request).quotes.push_back(*event.quote);
}

void Engine::apply(const QuoteAwarded& event, Instant at) {
  state_.capacity_requests.at(event.request).awards.push_back({event.quote, event.lease->name});
  auto portfolio = *state_.portfolio;
  portfolio.leases.push_back(*event.lease);
  state_.portfolio = std::make_shared<const Portfolio>(std::move(portfolio));
  hold_leases(at);
  rebuild();
}

void Engine::apply(const RightAmended& event, Instant) {
  auto portfolio = *state_.portfolio;
  for (auto& provider : portfolio.providers) {
    if (provider.name != event.provider) continue;
    provider.right_of_first_refusal->amendments.push_back(event.amendment);
  }
  state_.portfolio = std::make_shared<const Portfolio>(std::move(portfolio));
  rebuild();
}

}  // namespace ampacity
