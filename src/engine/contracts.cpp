// SPDX-License-Identifier: Apache-2.0
// Dated changes of leases: model/lease.hpp says what they mean. They are facts of their own, so a
// portfolio that is put in force later keeps them, whatever its file says; and what has been billed
// is amended, never edited.
#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11.hpp>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "units/calendar.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

Lease* find_lease(Portfolio& portfolio, const std::string& name) {
  auto& leases = portfolio.leases;
  const auto it =
      std::find_if(leases.begin(), leases.end(), [&](const Lease& l) { return l.name == name; });
  return it == leases.end() ? nullptr : &*it;
}

void keep_rights(const Portfolio& known, Portfolio& next) {
  for (const auto& provider : known.providers) {
    if (!provider.right_of_first_refusal) continue;
    for (auto& same : next.providers) {
      if (same.name != provider.name || !same.right_of_first_refusal) continue;
      auto& all = same.right_of_first_refusal->amendments;
      for (const auto& a : provider.right_of_first_refusal->amendments) {
        if (std::find(all.begin(), all.end(), a) == all.end()) all.push_back(a);
      }
    }
  }
}

bool is_award(const OpenRequest& asked, const std::string& lease) {
  return std::any_of(asked.awards.begin(), asked.awards.end(),
                     [&](const Award& a) { return a.lease == lease; });
}

// Its terms as they are known now: what its invoices follow from, also that of this month, which
// has closed already where clocks are ahead of UTC.
Lease billed_terms(const Lease& lease, Instant now) {
  auto terms = lease.known_at(now);
  if (terms.canceled && *terms.canceled >= now) terms.canceled.reset();
  terms.source.clear();
  terms.renewal.reset();
  terms.supersedes.clear();
  terms.signed_on.reset();
  terms.request.clear();
  terms.oversubscription = one;
  return terms;
}

// The first member that differs; "": none.
std::string difference(const Lease& a, const Lease& b) {
  using Members = boost::describe::describe_members<Lease, boost::describe::mod_public>;
  std::string name;
  boost::mp11::mp_for_each<Members>([&](auto member) {
    if (name.empty() && !(a.*member.pointer == b.*member.pointer)) name = member.name;
  });
  return name;
}

}  // namespace

// Of leases that have a closed month. The engine knows no zones: none is closed before the month of
// UTC is over in which the lease was first held (Books::edits_end), and from then on any may be.
std::optional<Refusal> Engine::objection_to_edits(const Portfolio& next) const {
  const Calendar utc;
  const auto closed = utc.start_of(utc.month_of(now_));
  for (const auto& known : state_.portfolio->leases) {
    const auto account = state_.leases.find(known.name);
    if (known.proposed || account == state_.leases.end()) continue;
    const auto same = std::find_if(next.leases.begin(), next.leases.end(),
                                   [&](const Lease& l) { return l.name == known.name; });
    const bool billed = account->second.since < closed;
    if (billed && same == next.leases.end()) {
      return Refusal{Reason::PortfolioInUse,
                     fmt::format("lease {} has months that are billed and is not in the new "
                                 "portfolio: end it with 'ampacity lease amend {} --ends DATE'",
                                 known.name, known.name)};
    }
    const bool gone = same == next.leases.end() || same->proposed || same->starts > known.starts;
    const auto used = gone ? lease_usage(known, now_) : Usage();
    if (used != Usage()) {
      return Refusal{Reason::PortfolioInUse,
                     fmt::format("jobs used {} of lease {}, which the new portfolio does not have "
                                 "then: end it with 'ampacity lease amend {} --ends DATE'",
                                 to_text(used.gpu_time), known.name, known.name)};
    }
    if (!billed) continue;
    auto changed = difference(billed_terms(known, now_), billed_terms(*same, now_));
    // Whatever is agreed for later: what has ended stays ended, and what runs has not ended.
    const bool another_end = known.term_ends() != same->term_ends();
    if (changed.empty() && another_end && std::min(known.term_ends(), same->term_ends()) < now_) {
      changed = "ends";
    }
    if (changed.empty()) continue;
    return Refusal{Reason::PortfolioInUse,
                   fmt::format("lease {}: {} is another in the new portfolio, and months until {} "
                               "are billed by it: 'ampacity lease amend {}' changes it from a day "
                               "on",
                               known.name, changed, to_date(closed), known.name)};
  }
  return std::nullopt;
}

// What was amended stays amended, and what was awarded stays leased.
Portfolio Engine::with_amendments(Portfolio portfolio) const {
  keep_rights(*state_.portfolio, portfolio);
  for (const auto& known : state_.portfolio->leases) {
    const bool awarded = state_.capacity_requests.count(known.request) > 0 &&
                         is_award(state_.capacity_requests.at(known.request), known.name);
    if (awarded && find_lease(portfolio, known.name) == nullptr) portfolio.leases.push_back(known);
  }
  for (const auto& known : state_.portfolio->leases) {
    auto* lease = find_lease(portfolio, known.name);
    if (lease == nullptr) continue;
    for (const auto& a : known.amendments) {
      auto& all = lease->amendments;
      if (std::find(all.begin(), all.end(), a) == all.end()) all.push_back(a);
    }
  }
  return portfolio;
}

void Engine::on(const AmendLease& command) {
  if (!state_.configured) return refuse(Reason::PortfolioInvalid, "no portfolio is configured yet");
  auto next = *state_.portfolio;
  auto* lease = find_lease(next, command.lease);
  if (lease == nullptr) {
    return refuse(Reason::NameUnknown, unknown_name("lease", command.lease, names_of(next.leases)));
  }
  auto amendment = command.amendment;
  if (amendment.from == Instant()) amendment.from = std::max(now_, lease->starts);
  amendment.agreed = now_;
  amendment.by = command.by;
  if (lease->term_ends() <= now_) {
    return refuse(Reason::AmendmentInvalid,
                  fmt::format("lease {} ended on {}", command.lease, to_date(lease->term_ends())));
  }
  if (amendment.ends && *amendment.ends < now_) {
    return refuse(Reason::AmendmentInvalid,
                  fmt::format("ends: {} has passed", to_text(*amendment.ends)));
  }
  lease->amendments.push_back(amendment);
  if (const auto problems = check(*lease); !problems.empty()) {
    return refuse(Reason::AmendmentInvalid, to_text(problems.front()));
  }
  if (const auto problems = check(next); !problems.empty()) {
    return refuse(Reason::AmendmentInvalid, to_text(problems.front()));
  }
  if (amendment.ends && !lease->canceled && lease->term_ends() != *amendment.ends) {
    return refuse(Reason::AmendmentInvalid,
                  fmt::format("ends: an amendment that holds from a later day on has it end on {}: "
                              "give --from that day, or later",
                              to_date(lease->term_ends())));
  }
  if (auto no = objection_to_leases(next)) return refuse(std::move(*no));
  emit(LeaseAmended{command.lease, std::move(amendment)});
  refresh_capacity(now_);
}

void Engine::apply(const LeaseAmended& event, Instant at) {
  const auto spent = cost_of_running(at);
  auto portfolio = *state_.portfolio;
  auto* lease = find_lease(portfolio, event.lease);
  AMPACITY_ASSERT(lease != nullptr, "no lease {}", event.lease);
  lease->amendments.push_back(event.amendment);
  state_.portfolio = std::make_shared<const Portfolio>(std::move(portfolio));
  rebuild();
  keep_spent(spent, at);
}

}  // namespace ampacity
