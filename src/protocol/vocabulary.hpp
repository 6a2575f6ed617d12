// SPDX-License-Identifier: Apache-2.0
// The closed vocabulary between the engine and its drivers.
//   Command  what somebody asks or reports          (imperative)  in
//   Event    what is now a fact; durable before use  (past tense)  out, and in again on replay
//   Effect   what an executor is to do; idempotent   (an order)    out, only after its events are
//   durable
// All are plain described values; wire/json.hpp gives their text form. Adding a kind: at the END of
// the variant (snapshots store its index), then the engine's switch, wire tests,
// docs/reference/events.md.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/booking.hpp"
#include "model/capacity_request.hpp"
#include "model/job.hpp"
#include "model/portfolio.hpp"
#include "protocol/ids.hpp"
#include "protocol/power.hpp"
#include "protocol/reason.hpp"
#include "units/quantity.hpp"

namespace ampacity {

// How an attempt's processes ended, as its executor saw it.
enum class EndKind {
  Exited,      // code
  Signalled,   // signal
  NotStarted,  // the executor could not start it: detail says why
  Lost,        // it is gone and nobody saw how
};
BOOST_DESCRIBE_ENUM(EndKind, Exited, Signalled, NotStarted, Lost)

struct Ending {
  EndKind kind = EndKind::Exited;
  std::int64_t code = 0;
  std::int64_t signal = 0;
  std::optional<std::int64_t> rank;  // the rank that ended first and badly
  std::string detail;
  bool operator==(const Ending&) const = default;
};
BOOST_DESCRIBE_STRUCT(Ending, (), (kind, code, signal, rank, detail))

// Resized: an elastic gang, to run on at another size at once.
// Curtailed: its site has to draw less. Capped: a level of power draws more than its limit.
enum class StopCause {
  Cancelled,
  WalltimeReached,
  NodeDown,
  Preempted,
  Resized,
  Curtailed,
  Capped
};
BOOST_DESCRIBE_ENUM(StopCause, Cancelled, WalltimeReached, NodeDown, Preempted, Resized, Curtailed,
                    Capped)

// What an attempt came to, in the engine's judgement.
enum class AttemptResult {
  Completed,
  Failed,
  Cancelled,
  TimedOut,
  InfrastructureFailed,
  Preempted,
  Resized,
  Curtailed,
  Capped
};
BOOST_DESCRIBE_ENUM(AttemptResult, Completed, Failed, Cancelled, TimedOut, InfrastructureFailed,
                    Preempted, Resized, Curtailed, Capped)

enum class JobState {
  Waiting,
  Starting,
  Running,
  Stopping,
  Completed,
  Failed,
  Cancelled,
  TimedOut
};
BOOST_DESCRIBE_ENUM(JobState, Waiting, Starting, Running, Stopping, Completed, Failed, Cancelled,
                    TimedOut)
constexpr bool is_final(JobState s) {
  return s >= JobState::Completed;
}

enum class NodeState { Up, Down };
BOOST_DESCRIBE_ENUM(NodeState, Up, Down)

// `gpus` on each of `nodes` neighbours in one rack, from the node with this path on:
// "site/hall/pod/rack/node".
struct NodeShare {
  std::string node;
  std::int64_t nodes = 1;
  std::int64_t gpus = 0;
  bool operator==(const NodeShare&) const = default;
};
BOOST_DESCRIBE_STRUCT(NodeShare, (), (node, nodes, gpus))
// The same, node by node.
std::vector<NodeShare> node_by_node(const std::vector<NodeShare>& shares);

// What an attempt used and what that costs at the lease's price. Exact integers; see
// ledger/usage.hpp.
struct Usage {
  GpuTime gpu_time;
  Energy it_energy;
  Energy facility_energy;  // it_energy x PUE
  Money lease_cost;
  Money energy_cost;
  bool operator==(const Usage&) const = default;
  Usage& operator+=(const Usage& other);
  Usage& operator-=(const Usage& other);
};
BOOST_DESCRIBE_STRUCT(Usage, (), (gpu_time, it_energy, facility_energy, lease_cost, energy_cost))

// ---- commands ----

struct Configure {  // the first command of every journal; later ones replace the portfolio
  Portfolio portfolio;
  bool operator==(const Configure&) const = default;
};
BOOST_DESCRIBE_STRUCT(Configure, (), (portfolio))

struct SubmitJob {
  std::string request;  // chosen by the client; the same id submits once
  JobSpec spec;
  std::string by;
  bool operator==(const SubmitJob&) const = default;
};
BOOST_DESCRIBE_STRUCT(SubmitJob, (), (request, spec, by))

struct CancelJob {
  JobId job;
  std::string by;
  bool operator==(const CancelJob&) const = default;
};
BOOST_DESCRIBE_STRUCT(CancelJob, (), (job, by))

struct ReportStarted {
  AttemptId attempt;
  bool operator==(const ReportStarted&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportStarted, (), (attempt))

struct ReportEnded {
  AttemptId attempt;
  Ending ending;
  bool operator==(const ReportEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportEnded, (), (attempt, ending))

// A node, or all that stands in a rack, pod, hall or site: one report, one outage.
struct ReportNode {
  std::string node;
  NodeState state = NodeState::Down;
  std::string detail;
  bool operator==(const ReportNode&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportNode, (), (node, state, detail))

// Takes a site, hall, pod, rack or node out of service for new work; what runs there goes on.
struct Drain {
  std::string target;
  std::string by;
  std::string note;
  bool operator==(const Drain&) const = default;
};
BOOST_DESCRIBE_STRUCT(Drain, (), (target, by, note))

struct Resume {
  std::string target;
  std::string by;
  bool operator==(const Resume&) const = default;
};
BOOST_DESCRIBE_STRUCT(Resume, (), (target, by))

// The jobs that name it may use it; see model/booking.hpp.
struct MakeBooking {
  Booking booking;
  std::string by;
  bool operator==(const MakeBooking&) const = default;
};
BOOST_DESCRIBE_STRUCT(MakeBooking, (), (booking, by))

struct EndBooking {
  std::string name;
  std::string by;
  bool operator==(const EndBooking&) const = default;
};
BOOST_DESCRIBE_STRUCT(EndBooking, (), (name, by))

// A job that waits, or that is requeued later, does not start until it is released.
struct HoldJob {
  JobId job;
  std::string by;
  std::string note;
  bool operator==(const HoldJob&) const = default;
};
BOOST_DESCRIBE_STRUCT(HoldJob, (), (job, by, note))

struct ReleaseJob {
  JobId job;
  std::string by;
  bool operator==(const ReleaseJob&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReleaseJob, (), (job, by))

struct SetPolicy {
  Policy policy;
  std::string by;
  bool operator==(const SetPolicy&) const = default;
};
BOOST_DESCRIBE_STRUCT(SetPolicy, (), (policy, by))

// A dated change of a lease's terms. The engine stamps when it was agreed and by whom.
struct AmendLease {
  std::string lease;
  Amendment amendment;
  std::string by;
  bool operator==(const AmendLease&) const = default;
};
BOOST_DESCRIBE_STRUCT(AmendLease, (), (lease, amendment, by))

// Capacity is wanted: whoever has a right of first refusal now is asked; see
// model/capacity_request.hpp.
struct CreateRequest {
  CapacityRequest request;
  std::string by;
  bool operator==(const CreateRequest&) const = default;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (), (request, by))

// A holder takes the request, or so much of it.
struct AcceptRequest {
  std::string request;
  std::string provider;        // empty: the only one that has not answered
  std::optional<Power> power;  // absent: all that is left
  std::optional<LeasePrice> price;
  std::string by;
  bool operator==(const AcceptRequest&) const = default;
};
BOOST_DESCRIBE_STRUCT(AcceptRequest, (), (request, provider, power, price, by))

struct DeclineRequest {
  std::string request;
  std::string provider;  // empty: the only one that has not answered
  std::string by;
  bool operator==(const DeclineRequest&) const = default;
};
BOOST_DESCRIBE_STRUCT(DeclineRequest, (), (request, provider, by))

struct AddQuote {
  std::string request;
  Quote quote;
  std::string by;
  bool operator==(const AddQuote&) const = default;
};
BOOST_DESCRIBE_STRUCT(AddQuote, (), (request, quote, by))

// The quote becomes a lease of this name; empty: the names of the request and the quote.
struct AwardQuote {
  std::string request;
  std::string quote;
  std::string lease;
  std::string by;
  bool operator==(const AwardQuote&) const = default;
};
BOOST_DESCRIBE_STRUCT(AwardQuote, (), (request, quote, lease, by))

// A dated change of a provider's refusal right. The engine stamps when and by whom.
struct AmendRight {
  std::string provider;
  RightAmendment amendment;
  std::string by;
  bool operator==(const AmendRight&) const = default;
};
BOOST_DESCRIBE_STRUCT(AmendRight, (), (provider, amendment, by))

struct Tick {  // "a deadline has come": the driver sends it at next_deadline()
  bool operator==(const Tick&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tick, (), ())

// A server has started from its journal: the queue is looked at as after any change, because what a
// pass remembers for the next is not in the state.
struct LookAnew {
  bool operator==(const LookAnew&) const = default;
};
BOOST_DESCRIBE_STRUCT(LookAnew, (), ())

using Command =
    std::variant<Configure, SubmitJob, CancelJob, ReportStarted, ReportEnded, ReportNode, Drain,
                 Resume, Tick, MakeBooking, EndBooking, HoldJob, ReleaseJob, SetPolicy, Curtail,
                 EndCurtailment, AmendLease, CreateRequest, AcceptRequest, DeclineRequest, AddQuote,
                 AwardQuote, AmendRight, LookAnew, ReportPower>;

// ---- events ----
// What is large is held by a pointer, never null, so that the events of a decision stand in one
// small piece of memory.

struct PortfolioConfigured {
  std::shared_ptr<const Portfolio> portfolio;
};
BOOST_DESCRIBE_STRUCT(PortfolioConfigured, (), (portfolio))

struct JobSubmitted {
  JobId job;
  std::string request;
  std::shared_ptr<const JobSpec> spec;
  std::int64_t priority = 0;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(JobSubmitted, (), (job, request, spec, priority, by))

struct AttemptPlaced {
  AttemptId attempt;
  std::string site;
  std::string provider;
  std::string lease;
  std::vector<NodeShare> nodes;  // in rank order
  Duration walltime{};
  std::string why;                // "first of 2 sites" or what the preferred ones lacked
  Ratio speed = one;              // of the job there; the walltime has it already
  std::optional<Reason> spilled;  // why not in the place that comes first; none: it is there
  bool operator==(const AttemptPlaced&) const = default;
};
BOOST_DESCRIBE_STRUCT(AttemptPlaced, (),
                      (attempt, site, provider, lease, nodes, walltime, why, speed, spilled))

struct AttemptStarted {
  AttemptId attempt;
  bool operator==(const AttemptStarted&) const = default;
};
BOOST_DESCRIBE_STRUCT(AttemptStarted, (), (attempt))

struct AttemptSignalled {
  AttemptId attempt;
  std::int64_t signal = 0;
  bool operator==(const AttemptSignalled&) const = default;
};
BOOST_DESCRIBE_STRUCT(AttemptSignalled, (), (attempt, signal))

struct AttemptStopping {
  AttemptId attempt;
  StopCause cause = StopCause::Cancelled;
  std::string by;
  std::optional<JobId> room_for;  // Preempted: the job that gets the place
  bool in_turn = false;           // told to stop when the draw of its site may fall: StopSent
  bool operator==(const AttemptStopping&) const = default;
};
BOOST_DESCRIBE_STRUCT(AttemptStopping, (), (attempt, cause, by, room_for, in_turn))

struct StopSent {
  AttemptId attempt;
  bool operator==(const StopSent&) const = default;
};
BOOST_DESCRIBE_STRUCT(StopSent, (), (attempt))

struct AttemptEnded {
  AttemptId attempt;
  Ending ending;
  AttemptResult result = AttemptResult::Completed;
  Usage usage;
  bool operator==(const AttemptEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(AttemptEnded, (), (attempt, ending, result, usage))

struct JobRequeued {
  JobId job;
  Instant not_before;
  std::string why;
  bool operator==(const JobRequeued&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobRequeued, (), (job, not_before, why))

struct JobEnded {
  JobId job;
  JobState state = JobState::Completed;
  std::string why;
  bool operator==(const JobEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobEnded, (), (job, state, why))

struct NodeChanged {
  std::string node;
  NodeState state = NodeState::Down;
  std::string detail;
  bool operator==(const NodeChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(NodeChanged, (), (node, state, detail))

struct Drained {
  std::string target;
  std::string by;
  std::string note;
  bool operator==(const Drained&) const = default;
};
BOOST_DESCRIBE_STRUCT(Drained, (), (target, by, note))

struct Resumed {
  std::string target;
  std::string by;
  bool operator==(const Resumed&) const = default;
};
BOOST_DESCRIBE_STRUCT(Resumed, (), (target, by))

// The halls of a site that may be used changed: energised, or a lease began or ended.
struct CapacityChanged {
  std::string hall;  // "site/hall"
  bool usable = false;
  std::string why;
  bool operator==(const CapacityChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(CapacityChanged, (), (hall, usable, why))

// The use of teams was decayed, and running gangs were charged up to an instant ahead.
struct UseCharged {
  Instant until;
  bool operator==(const UseCharged&) const = default;
};
BOOST_DESCRIBE_STRUCT(UseCharged, (), (until))

// Gangs are being stopped so that a job can start here: nobody else does meanwhile.
struct RoomPromised {
  JobId job;
  std::string site;
  std::vector<NodeShare> nodes;
  bool operator==(const RoomPromised&) const = default;
};
BOOST_DESCRIBE_STRUCT(RoomPromised, (), (job, site, nodes))

// From `from` on these nodes are kept: runs of neighbours, as in allocations.
struct BookingMade {
  std::shared_ptr<const Booking> booking;
  std::vector<NodeShare> nodes;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(BookingMade, (), (booking, nodes, by))

struct BookingBegun {
  std::string name;
  bool operator==(const BookingBegun&) const = default;
};
BOOST_DESCRIBE_STRUCT(BookingBegun, (), (name))

struct BookingEnded {
  std::string name;
  std::string why;
  bool operator==(const BookingEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(BookingEnded, (), (name, why))

struct JobHeld {
  JobId job;
  std::string why;
  bool operator==(const JobHeld&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobHeld, (), (job, why))

struct JobReleased {
  JobId job;
  std::string by;
  bool operator==(const JobReleased&) const = default;
};
BOOST_DESCRIBE_STRUCT(JobReleased, (), (job, by))

struct PolicyChanged {
  Policy policy;
  std::vector<std::string> changes;  // for people: "backfill: easy -> none"
  std::string by;
  bool operator==(const PolicyChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(PolicyChanged, (), (policy, changes, by))

// A period of a team's budget began; its gangs that run had cost so much before.
struct BudgetBegun {
  std::string team;
  Instant since;
  Instant until;
  Money before;
  bool operator==(const BudgetBegun&) const = default;
};
BOOST_DESCRIBE_STRUCT(BudgetBegun, (), (team, since, until, before))

// So much of it is spent that somebody should know; or all of it: no new job of the team starts
// until the period is over.
struct BudgetSpent {
  std::string team;
  Money spent;
  Money amount;
  bool all = false;
  bool operator==(const BudgetSpent&) const = default;
};
BOOST_DESCRIBE_STRUCT(BudgetSpent, (), (team, spent, amount, all))

struct LeaseAmended {
  std::string lease;
  Amendment amendment;
  bool operator==(const LeaseAmended&) const = default;
};
BOOST_DESCRIBE_STRUCT(LeaseAmended, (), (lease, amendment))

// Capacity is wanted, and these are asked first: each until an instant.
struct RequestCreated {
  CapacityRequest request;
  std::vector<RefusalOffer> offers;
  std::string by;
  bool operator==(const RequestCreated&) const = default;
};
BOOST_DESCRIBE_STRUCT(RequestCreated, (), (request, offers, by))

// An answer of a holder, or none in time: OfferAnswer says which.
struct OfferAnswered {
  std::string request;
  std::string provider;
  OfferAnswer answer = OfferAnswer::Declined;
  Power power;  // Accepted
  std::optional<LeasePrice> price;
  std::string why;
  bool operator==(const OfferAnswered&) const = default;
};
BOOST_DESCRIBE_STRUCT(OfferAnswered, (), (request, provider, answer, power, price, why))

// Nobody has to be asked any more: what is left may be leased from anybody.
struct RequestSettled {
  std::string request;
  RequestStage stage = RequestStage::Lapsed;
  Power left;
  bool operator==(const RequestSettled&) const = default;
};
BOOST_DESCRIBE_STRUCT(RequestSettled, (), (request, stage, left))

struct QuoteAdded {
  std::string request;
  std::shared_ptr<const Quote> quote;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(QuoteAdded, (), (request, quote, by))

// The lease is signed, and in the portfolio from now on.
struct QuoteAwarded {
  std::string request;
  std::string quote;
  std::shared_ptr<const Lease> lease;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(QuoteAwarded, (), (request, quote, lease, by))

struct RightAmended {
  std::string provider;
  RightAmendment amendment;
  bool operator==(const RightAmended&) const = default;
};
BOOST_DESCRIBE_STRUCT(RightAmended, (), (provider, amendment))

// From now on one more GPU-hour of the lease is owed already, or billed on top, or there is none.
struct LeaseUseChanged {
  std::string lease;
  LeaseUse use = LeaseUse::Committed;
  std::string why;
  bool operator==(const LeaseUseChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(LeaseUseChanged, (), (lease, use, why))

// The lease of a gang has ended, and another bears what it uses since then: what it had used until
// then, drawing so much (IT), is put aside, and stays with those that bore it.
struct BearerChanged {
  AttemptId attempt;
  std::string before;
  std::string lease;
  Instant since;  // not after the event
  Power draws;
  Usage used;
  bool operator==(const BearerChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(BearerChanged, (), (attempt, before, lease, since, draws, used))

using EventBody =
    std::variant<PortfolioConfigured, JobSubmitted, AttemptPlaced, AttemptStarted, AttemptSignalled,
                 AttemptStopping, AttemptEnded, JobRequeued, JobEnded, NodeChanged, Drained,
                 Resumed, CapacityChanged, SitePowerChanged, UseCharged, RoomPromised, BookingMade,
                 BookingBegun, BookingEnded, JobHeld, JobReleased, PolicyChanged, CurtailmentCalled,
                 CurtailmentBegun, CurtailmentMeasured, CurtailmentEnded, PaceChanged, LeaseAmended,
                 BudgetBegun, BudgetSpent, RequestCreated, OfferAnswered, RequestSettled,
                 QuoteAdded, QuoteAwarded, RightAmended, LeaseUseChanged, PowerSwung, PowerMeasured,
                 ReadingExpired, PowerCapped, CappingEnded, StopSent, PowerWithinLimit,
                 BearerChanged>;

struct Event {
  Instant at;
  EventBody body;
};
BOOST_DESCRIBE_STRUCT(Event, (), (at, body))

// ---- effects ----

// Start every process of the gang, once.
struct StartGang {
  AttemptId attempt;
  std::string site;
  std::shared_ptr<const JobSpec> spec;
  std::vector<NodeShare> nodes;
  Duration walltime{};
  Instant placed;
  Ratio speed = one;
};
BOOST_DESCRIBE_STRUCT(StartGang, (), (attempt, site, spec, nodes, walltime, placed, speed))

struct StopGang {  // TERM, then KILL after `grace`
  AttemptId attempt;
  std::string site;
  Duration grace{};
};

struct SignalGang {
  AttemptId attempt;
  std::string site;
  std::int64_t signal = 0;
  bool batch_only = false;
};

struct ForgetAttempt {  // its end is on record: the executor keeps the output, and nothing else
  AttemptId attempt;
  std::string site;
};

struct SetPace {  // cap the power of its GPUs so that they work at this pace
  AttemptId attempt;
  std::string site;
  Ratio from;
  Ratio pace;
};

using Effect = std::variant<StartGang, StopGang, SignalGang, ForgetAttempt, SetPace>;

}  // namespace ampacity
