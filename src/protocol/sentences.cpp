// SPDX-License-Identifier: Apache-2.0
#include "protocol/sentences.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>
#include <charconv>

#include "units/text.hpp"

namespace ampacity {
namespace {

template <class E>
std::string name_of(E value) {
  return boost::describe::enum_to_string(value, "?");
}

struct NodeNumber {
  std::string stem;  // up to and with the last 'n'
  std::int64_t number = 0;
};

NodeNumber split(const std::string& path) {
  NodeNumber node{path, -1};
  const auto at = path.find_last_not_of("0123456789");
  if (at == std::string::npos || at + 1 == path.size()) return node;
  node.stem = path.substr(0, at + 1);
  std::from_chars(path.data() + at + 1, path.data() + path.size(), node.number);
  return node;
}

std::string range(std::int64_t first, std::int64_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("[{}-{}]", first, last);
}

// "abilene/h1/p1/r7" and "/n[1-18]:4".
struct InRack {
  NodeNumber rack;
  std::string nodes;
};

InRack placed_in(const NodeShare& share) {
  const auto slash = std::min(share.node.rfind('/'), share.node.size());
  const auto node = split(share.node.substr(slash));
  return {split(share.node.substr(0, slash)),
          fmt::format("{}{}:{}", node.stem, range(node.number, node.number + share.nodes - 1),
                      share.gpus)};
}

std::string by(const std::string& who) {
  return who.empty() ? "" : " by " + who;
}

const char* answer(OfferAnswer answer) {
  switch (answer) {
    case OfferAnswer::Open:
      return "has not answered";
    case OfferAnswer::Accepted:
      return "accepts";
    case OfferAnswer::Declined:
      return "declines";
    case OfferAnswer::Lapsed:
      return "does not answer";
    case OfferAnswer::Withdrawn:
      return "need not answer";
  }
  return "?";
}

const char* stage(RequestStage stage) {
  switch (stage) {
    case RequestStage::Offered:
      return "offered";
    case RequestStage::Matched:
      return "matched";
    case RequestStage::PartlyMatched:
      return "partly matched";
    case RequestStage::Declined:
      return "declined";
    case RequestStage::Lapsed:
      return "lapsed";
    case RequestStage::Unheld:
      return "free of rights";
  }
  return "?";
}

std::string job(JobId id) {
  return "job " + to_text(id);
}

std::string attempt(AttemptId id) {
  return "attempt " + to_text(id);
}

std::string ending_text(const Ending& e) {
  std::string text = e.rank ? fmt::format("rank {}: ", *e.rank) : "";
  switch (e.kind) {
    case EndKind::Exited:
      text += fmt::format("exit code {}", e.code);
      break;
    case EndKind::Signalled:
      text += fmt::format("signal {}", e.signal);
      break;
    case EndKind::NotStarted:
      text += "not started";
      break;
    case EndKind::Lost:
      text += "lost";
      break;
  }
  return e.detail.empty() ? text : text + " (" + e.detail + ")";
}

struct Teller {
  std::string operator()(const PortfolioConfigured& e) const {
    return fmt::format("portfolio {} configured: {} sites, {} leases", e.portfolio->name,
                       e.portfolio->sites.size(), e.portfolio->leases.size());
  }
  std::string operator()(const JobSubmitted& e) const {
    const auto least = e.spec->least();
    return fmt::format("{} '{}' submitted{}: {}{} GPUs, priority {}", job(e.job), e.spec->name,
                       by(e.by), least < e.spec->gpus ? fmt::format("{} to ", least.count()) : "",
                       e.spec->gpus.count(), e.priority);
  }
  std::string operator()(const AttemptPlaced& e) const {
    return fmt::format("{} placed at {} under lease {} of {} on {}: {}", attempt(e.attempt), e.site,
                       e.lease, e.provider, to_text(e.nodes), e.why);
  }
  std::string operator()(const AttemptStarted& e) const { return attempt(e.attempt) + " runs"; }
  std::string operator()(const AttemptSignalled& e) const {
    return fmt::format("{} gets signal {} ahead of its walltime", attempt(e.attempt), e.signal);
  }
  std::string operator()(const AttemptStopping& e) const {
    return fmt::format("{} is being stopped: {}{}{}", attempt(e.attempt), name_of(e.cause),
                       by(e.by),
                       e.in_turn ? "; it is told when the draw of its site may fall" : "");
  }
  std::string operator()(const AttemptEnded& e) const {
    return fmt::format("{} ended {}: {}; {}, {}, {}", attempt(e.attempt), name_of(e.result),
                       ending_text(e.ending), to_text(e.usage.gpu_time),
                       to_text(e.usage.facility_energy),
                       to_text(e.usage.lease_cost + e.usage.energy_cost));
  }
  std::string operator()(const JobRequeued& e) const {
    return fmt::format("{} requeued, not before {}: {}", job(e.job), to_text(e.not_before), e.why);
  }
  std::string operator()(const JobEnded& e) const {
    return fmt::format("{} {}: {}", job(e.job), name_of(e.state), e.why);
  }
  std::string operator()(const NodeChanged& e) const {
    const bool node = std::count(e.node.begin(), e.node.end(), '/') == 4;
    return fmt::format("{}{} is {}{}", node ? "node " : "", e.node,
                       e.state == NodeState::Down ? "down" : "up",
                       e.detail.empty() ? "" : ": " + e.detail);
  }
  std::string operator()(const Drained& e) const {
    return fmt::format("{} drained{}{}", e.target, by(e.by), e.note.empty() ? "" : ": " + e.note);
  }
  std::string operator()(const Resumed& e) const {
    return fmt::format("{} resumed{}", e.target, by(e.by));
  }
  std::string operator()(const RoomPromised& e) const {
    return fmt::format("room is made for {} at {} on {}", job(e.job), e.site, to_text(e.nodes));
  }
  std::string operator()(const UseCharged& e) const {
    return fmt::format("the use of teams is charged until {}", to_text(e.until));
  }
  std::string operator()(const SitePowerChanged& e) const {
    return fmt::format("site {} may draw {} of IT power", e.site,
                       e.limit ? to_text(*e.limit) : "any amount");
  }
  std::string operator()(const CapacityChanged& e) const {
    return fmt::format("hall {} {}: {}", e.hall, e.usable ? "usable" : "not usable", e.why);
  }

  std::string operator()(const BookingMade& e) const {
    const auto& b = *e.booking;
    return fmt::format("booking {} made{}: {}{} from {} until {} on {}{}", b.name, by(e.by),
                       b.maintenance ? "maintenance" : "capacity",
                       b.team.empty() ? "" : " for team " + b.team, to_text(b.from),
                       to_text(b.until), to_text(e.nodes), b.note.empty() ? "" : ": " + b.note);
  }
  std::string operator()(const BookingBegun& e) const {
    return fmt::format("booking {} begins", e.name);
  }
  std::string operator()(const BookingEnded& e) const {
    return fmt::format("booking {} ends: {}", e.name, e.why);
  }
  std::string operator()(const JobHeld& e) const {
    return fmt::format("{} is held: {}", job(e.job), e.why);
  }
  std::string operator()(const JobReleased& e) const {
    return fmt::format("{} is released{}", job(e.job), by(e.by));
  }
  std::string operator()(const LeaseUseChanged& e) const {
    return fmt::format("lease {}: {}", e.lease, e.why);
  }
  std::string operator()(const LeaseAmended& e) const {
    const auto& a = e.amendment;
    std::string what;
    const auto add = [&](const std::string& text) { what += (what.empty() ? "" : ", ") + text; };
    if (a.power) add("power " + to_text(*a.power));
    if (a.price) add("price " + to_text(*a.price));
    if (a.ends) add("ends " + to_text(*a.ends));
    if (a.take_or_pay) add("take-or-pay " + to_text(*a.take_or_pay));
    if (a.minimum_bill) add("minimum bill " + to_text(*a.minimum_bill));
    return fmt::format("lease {} amended{} from {}: {}{}", e.lease, by(a.by), to_text(a.from), what,
                       a.why.empty() ? "" : "; " + a.why);
  }
  std::string operator()(const PolicyChanged& e) const {
    return fmt::format("policy changed{}: {}", by(e.by), fmt::join(e.changes, ", "));
  }

  std::string operator()(const BudgetBegun& e) const {
    return fmt::format("the budget of team {} counts from {} until {}", e.team, to_text(e.since),
                       to_text(e.until));
  }
  std::string operator()(const BudgetSpent& e) const {
    return fmt::format("team {} has spent {} of its {}{}", e.team, to_text(e.spent),
                       to_text(e.amount), e.all ? ": no new job of it starts" : "");
  }
  std::string operator()(const CurtailmentCalled& e) const {
    const auto& c = e.curtailment;
    const auto asked = c.limit ? "at most " + to_text(*c.limit) : to_text(c.power) + " less";
    return fmt::format(
        "curtailment {} called{}: {} at {} from {} until {}; it draws {} at the "
        "meter, its IT load stays below {}{}",
        c.name, by(e.by), asked, c.site, to_text(c.from), to_text(c.until), to_text(e.drawn),
        to_text(e.ceiling), c.note.empty() ? "" : ": " + c.note);
  }
  std::string operator()(const CurtailmentBegun& e) const {
    std::string gangs;
    const auto add = [&](std::int64_t count, std::string_view what) {
      if (count > 0) gangs += fmt::format("{}{} {}", gangs.empty() ? ": " : ", ", count, what);
    };
    add(e.slower, "slower");
    add(e.smaller, "smaller");
    add(e.paused, "paused");
    add(e.moved, "moved");
    return fmt::format("curtailment {} begins: {} of IT load have to go, {} will{}", e.name,
                       to_text(e.wanted), to_text(e.planned), gangs);
  }
  std::string operator()(const CurtailmentMeasured& e) const {
    const auto less = fmt::format("{} less of the {} asked, ", to_text(e.less), to_text(e.asked));
    return fmt::format("curtailment {} counts from now on: {}{} at the meter", e.name,
                       e.asked > Power() ? less : "", to_text(e.drawn));
  }
  std::string operator()(const CurtailmentEnded& e) const {
    const auto saved = fmt::format("; {} not drawn of the {} asked, never less than {} less",
                                   to_text(e.saved), to_text(e.asked), to_text(e.least));
    return fmt::format("curtailment {} ends: {}{}", e.name, e.why, e.asked > Energy() ? saved : "");
  }
  std::string operator()(const PaceChanged& e) const {
    return fmt::format("{} works at {} % of its pace and draws {}{}", attempt(e.attempt),
                       e.pace.count() / 10'000, to_text(e.draws), by(e.by));
  }
  std::string operator()(const BearerChanged& e) const {
    return fmt::format("{} is borne by lease {} since {}: {} has ended", attempt(e.attempt),
                       e.lease, to_text(e.since), e.before);
  }

  std::string operator()(const PowerSwung& e) const {
    return fmt::format("the draw of {} {} by {} more than its limits allow, to {} at the meter",
                       e.site, e.down ? "fell" : "rose", to_text(e.beyond), to_text(e.drawn));
  }
  std::string operator()(const PowerMeasured& e) const {
    return fmt::format("{} drew {} of IT power at {}{}, {} by the model", e.place, to_text(e.drawn),
                       to_text(e.at), by(e.by), to_text(e.modelled));
  }
  std::string operator()(const ReadingExpired& e) const {
    return fmt::format("the latest reading of {} is too old: its power is the model's again",
                       e.place);
  }
  std::string operator()(const PowerCapped& e) const {
    const auto stopped = e.stopped > 0 ? fmt::format(": {} stopped", e.stopped) : std::string();
    return fmt::format(
        "{} draws {} of IT power{}, more than its limit of {}: {} have to go, {} will{}", e.whose,
        to_text(e.drawn), e.measured ? "" : " by the model", to_text(e.limit), to_text(e.wanted),
        to_text(e.planned), stopped);
  }
  std::string operator()(const PowerWithinLimit& e) const {
    return e.whose + " draws no more than its limit again";
  }
  std::string operator()(const StopSent& e) const {
    return attempt(e.attempt) + " is told to stop";
  }
  std::string operator()(const CappingEnded& e) const {
    return fmt::format("capping at {} ends: {}", e.place, e.why);
  }

  std::string operator()(const RequestCreated& e) const {
    const auto& r = e.request;
    std::string asked;
    for (const auto& offer : e.offers) {
      asked += fmt::format("; offered to {} until {} ('{}')", offer.provider, to_text(offer.until),
                           offer.scope);
    }
    return fmt::format("request {} made{}: {} from {}{}{}", r.name, by(e.by), to_text(r.power),
                       to_date(r.from), r.until ? " until " + to_date(*r.until) : "",
                       asked.empty() ? "; nobody has a right of first refusal" : asked);
  }
  std::string operator()(const OfferAnswered& e) const {
    const bool accepted = e.answer == OfferAnswer::Accepted;
    return fmt::format("request {}: {} {}{}{}{}", e.request, e.provider, answer(e.answer),
                       accepted ? " " + to_text(e.power) : "",
                       e.price ? " at " + to_text(*e.price) : "",
                       e.why.empty() ? "" : ", " + e.why);
  }
  std::string operator()(const RequestSettled& e) const {
    return fmt::format(
        "request {} is {}: {}", e.request, stage(e.stage),
        e.left > Power() ? to_text(e.left) + " may be leased from anybody" : "nothing is left");
  }
  std::string operator()(const QuoteAdded& e) const {
    const auto& q = *e.quote;
    return fmt::format("request {}: quote {} recorded{}: {} from {} at {} for {}, from {}",
                       e.request, q.name, by(e.by), to_text(q.power), q.provider, q.site,
                       to_text(q.price), to_date(q.from));
  }
  std::string operator()(const QuoteAwarded& e) const {
    const auto& l = *e.lease;
    return fmt::format("request {}: quote {} awarded{}: lease {} of {} from {}, from {} until {}",
                       e.request, e.quote, by(e.by), l.name, to_text(l.power), l.provider,
                       to_date(l.starts), to_date(l.ends));
  }
  std::string operator()(const RightAmended& e) const {
    const auto& a = e.amendment;
    std::string what;
    const auto add = [&](const std::string& text) { what += (what.empty() ? "" : ", ") + text; };
    if (a.scope) add("covers '" + *a.scope + "'");
    if (a.response_window) add(to_text(*a.response_window) + " to answer");
    if (a.ends) add("ends " + to_date(*a.ends));
    return fmt::format("right of {} amended{} from {}: {}{}", e.provider, by(a.by), to_text(a.from),
                       what, a.why.empty() ? "" : "; " + a.why);
  }

  std::string operator()(const StartGang& e) const {
    return fmt::format("start {} at {} on {}", attempt(e.attempt), e.site, to_text(e.nodes));
  }
  std::string operator()(const StopGang& e) const {
    return fmt::format("stop {} at {}, KILL after {}", attempt(e.attempt), e.site,
                       to_text(e.grace));
  }
  std::string operator()(const SignalGang& e) const {
    return fmt::format("signal {} to {}{}", e.signal, attempt(e.attempt),
                       e.batch_only ? " (batch script only)" : "");
  }
  std::string operator()(const ForgetAttempt& e) const { return "forget " + attempt(e.attempt); }
  std::string operator()(const SetPace& e) const {
    return fmt::format("cap {} at {} to {} % of its pace", attempt(e.attempt), e.site,
                       e.pace.count() / 10'000);
  }
};

}  // namespace

// Neighbouring racks with the same nodes are one: "abilene/h1/p1/r[1-100]/n[1-18]:4".
std::string to_text(const std::vector<NodeShare>& shares) {
  std::string text;
  for (std::size_t i = 0; i < shares.size();) {
    const auto first = placed_in(shares[i]);
    auto last = first.rack.number;
    for (++i; i < shares.size(); ++i) {
      const auto next = placed_in(shares[i]);
      if (next.rack.stem != first.rack.stem || next.nodes != first.nodes ||
          next.rack.number != last + 1)
        break;
      ++last;
    }
    if (!text.empty()) text += ' ';
    text += first.rack.stem + range(first.rack.number, last) + first.nodes;
  }
  return text;
}

std::string sentence(const EventBody& event) {
  return std::visit(Teller{}, event);
}

std::string sentence(const Effect& effect) {
  return std::visit(Teller{}, effect);
}

}  // namespace ampacity
