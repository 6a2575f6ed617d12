// SPDX-License-Identifier: Apache-2.0
// The bodies of the HTTP API, shared by the server (serve/) and the client (client/);
// docs/reference/openapi.json says the same, and a test holds it against the running server. Units
// are in the names: _ms (UTC instants and durations), _w, _j (joules), _micro_usd, gpu_ms. Ids are
// integers, attempts "12.1".
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/vocabulary.hpp"

namespace ampacity::api {

struct ErrorBody {
  std::string error;   // what, where and what to do
  std::string reason;  // a Reason or ErrorCode by name
};
BOOST_DESCRIBE_STRUCT(ErrorBody, (), (error, reason))

struct SubmitBody {
  std::string request;  // optional: the same id submits once
  std::string by;       // optional: who, for the record
  JobSpec job;
};
BOOST_DESCRIBE_STRUCT(SubmitBody, (), (request, by, job))

struct Submitted {
  std::int64_t job = 0;
  bool known = false;  // the request id had submitted it before
};
BOOST_DESCRIBE_STRUCT(Submitted, (), (job, known))

struct UsageView {
  std::int64_t gpu_ms = 0;
  std::int64_t it_j = 0;
  std::int64_t facility_j = 0;
  std::int64_t lease_cost_micro_usd = 0;
  std::int64_t energy_cost_micro_usd = 0;
};
BOOST_DESCRIBE_STRUCT(UsageView, (),
                      (gpu_ms, it_j, facility_j, lease_cost_micro_usd, energy_cost_micro_usd))
UsageView view(const Usage& usage);

struct JobView {
  std::int64_t id = 0;
  std::string name;
  std::string team;
  std::string project;
  std::string by;
  JobState state = JobState::Waiting;
  std::int64_t priority = 0;
  std::int64_t gpus = 0;                  // asked for; of an elastic job the most
  std::optional<std::int64_t> gpus_min;   // of an elastic job that has not ended
  std::optional<std::int64_t> gpus_held;  // by the attempt that holds GPUs now
  bool held = false;                      // does not start until it is released; why says by whom
  std::int64_t submitted_ms = 0;
  std::optional<std::int64_t> started_ms;
  std::optional<std::int64_t> ended_ms;
  std::int64_t attempts = 0;
  std::string site;
  std::optional<std::int64_t> exit_code;
  std::string why;
  UsageView usage;  // including the attempt that runs now
};
BOOST_DESCRIBE_STRUCT(JobView, (),
                      (id, name, team, project, by, state, priority, gpus, gpus_min, gpus_held,
                       held, submitted_ms, started_ms, ended_ms, attempts, site, exit_code, why,
                       usage))

struct JobList {
  std::vector<JobView> jobs;           // newest first
  std::optional<std::int64_t> before;  // pass as ?before= for the next page
};
BOOST_DESCRIBE_STRUCT(JobList, (), (jobs, before))

struct AttemptView {
  std::string attempt;
  std::string site;
  std::string provider;
  std::string lease;
  std::string state;
  std::string why;  // why there
  std::int64_t placed_ms = 0;
  std::optional<std::int64_t> started_ms;
  std::optional<std::int64_t> ended_ms;
  std::optional<Ending> ending;
  UsageView usage;
  std::vector<NodeShare> nodes;
};
BOOST_DESCRIBE_STRUCT(AttemptView, (),
                      (attempt, site, provider, lease, state, why, placed_ms, started_ms, ended_ms,
                       ending, usage, nodes))

struct JobDetail {
  JobView job;
  std::vector<AttemptView> attempts;
  std::optional<Explanation> explanation;  // while it waits
  JobSpec spec;
};
BOOST_DESCRIBE_STRUCT(JobDetail, (), (job, attempts, explanation, spec))

struct EventView {
  std::int64_t id = 0;
  std::int64_t at_ms = 0;
  std::string text;  // one line for people
  EventBody event;
};
BOOST_DESCRIBE_STRUCT(EventView, (), (id, at_ms, text, event))

struct EventList {
  std::vector<EventView> events;
};
BOOST_DESCRIBE_STRUCT(EventList, (), (events))

struct HallView {
  std::string path;
  std::string accelerator;
  std::int64_t gpus = 0;
  std::int64_t power_w = 0;
  bool usable = false;
  std::optional<std::int64_t> energised_ms;
};
BOOST_DESCRIBE_STRUCT(HallView, (), (path, accelerator, gpus, power_w, usable, energised_ms))

// The largest gang of whole nodes that would fit now, by how close together it must stand: what is
// free in all beyond it is fragments.
struct LargestGang {
  std::int64_t rack = 0;  // GPUs
  std::int64_t pod = 0;
  std::int64_t hall = 0;
  std::int64_t site = 0;
};
BOOST_DESCRIBE_STRUCT(LargestGang, (), (rack, pod, hall, site))

struct SiteView {
  std::string name;
  std::string title;
  std::string state;  // of the US
  std::string grid;
  std::string cluster;   // Local or Simulated
  std::string provider;  // of the active lease
  std::string lease;
  std::int64_t nodes = 0;
  std::int64_t nodes_in_service = 0;
  std::int64_t gpus = 0;
  std::int64_t gpus_in_service = 0;
  std::int64_t gpus_free = 0;
  LargestGang largest_gang;
  std::int64_t running_jobs = 0;
  std::int64_t it_power_w = 0;        // of the running gangs, by their profiles
  std::int64_t facility_power_w = 0;  // x PUE
  std::int64_t interconnection_w = 0;
  std::int64_t pue_ppm = 0;
  std::vector<std::string> drained;
  std::vector<std::string> down;
  std::vector<HallView> halls;
};
BOOST_DESCRIBE_STRUCT(SiteView, (),
                      (name, title, state, grid, cluster, provider, lease, nodes, nodes_in_service,
                       gpus, gpus_in_service, gpus_free, largest_gang, running_jobs, it_power_w,
                       facility_power_w, interconnection_w, pue_ppm, drained, down, halls))

// One level of power above the racks: what it admits, what is drawn under it, what is left.
struct PowerLevelView {
  std::string level;  // provider, lease, site, hall or rack
  std::string name;
  std::vector<std::string> sites;
  std::optional<std::int64_t>
      limit_w;                         // IT load, oversubscription included; absent: none is stated
  std::int64_t drawn_w = 0;            // as it is judged: by fresh readings, else by the model
  std::optional<std::int64_t> left_w;  // never negative
  std::optional<std::int64_t> next_ms;  // the next step that is known, and what it admits
  std::optional<std::int64_t> next_limit_w;
};
BOOST_DESCRIBE_STRUCT(PowerLevelView, (),
                      (level, name, sites, limit_w, drawn_w, left_w, next_ms, next_limit_w))

// `power`: from the outside to the inside; of halls and racks those that cannot feed all that
// stands in them, of the racks of a hall the one that draws most.
struct SiteList {
  std::vector<SiteView> sites;
  std::vector<PowerLevelView> power;
};
BOOST_DESCRIBE_STRUCT(SiteList, (), (sites, power))

struct LeaseView {
  std::string name;
  std::string provider;
  std::vector<std::string> sites;
  bool first_refusal = false;  // its provider holds the right of first refusal now
  std::int64_t starts_ms = 0;
  std::int64_t ends_ms = 0;
  std::int64_t power_w = 0;
  std::int64_t contracted_w = 0;  // now, by the ramp
  LeaseStage stage = LeaseStage::Active;
  std::string price;
  std::int64_t take_or_pay_ppm = 0;
  std::int64_t committed_j = 0;  // since Ampacity holds it
  std::int64_t used_j = 0;
  std::int64_t unused_j = 0;
  std::int64_t committed_micro_usd = 0;
  std::int64_t used_micro_usd = 0;
  std::int64_t unused_micro_usd = 0;
  std::int64_t owed_micro_usd = 0;
};
BOOST_DESCRIBE_STRUCT(LeaseView, (),
                      (name, provider, sites, first_refusal, starts_ms, ends_ms, power_w,
                       contracted_w, stage, price, take_or_pay_ppm, committed_j, used_j, unused_j,
                       committed_micro_usd, used_micro_usd, unused_micro_usd, owed_micro_usd))

struct LeaseList {
  std::vector<LeaseView> leases;
};
BOOST_DESCRIBE_STRUCT(LeaseList, (), (leases))

struct LeaseDetail {  // GET /v1/leases/NAME
  LeaseView lease;
  Lease terms;  // as they were signed, with all amendments
};
BOOST_DESCRIBE_STRUCT(LeaseDetail, (), (lease, terms))

// POST /v1/leases/NAME/amendments. A `from` that is missing means now; who and when it was agreed
// is for the server to say.
struct AmendBody {
  Amendment amendment;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(AmendBody, (), (amendment, by))

enum class Outlook {
  Starts,      // at starts_ms
  Runs,        // since starts_ms
  NotInSight,  // not until looked_until_ms
};
BOOST_DESCRIBE_ENUM(Outlook, Starts, Runs, NotInSight)

// The engine played forward on a copy of its state. An estimate: `assumes` says on what.
struct ForecastView {
  std::optional<std::int64_t> job;  // absent: it is not submitted
  Outlook outlook = Outlook::NotInSight;
  std::optional<std::int64_t> starts_ms;
  std::optional<std::int64_t> waits_ms;  // from now on
  std::string site;
  std::string provider;
  std::string lease;
  std::string why;  // why there
  std::vector<NodeShare> nodes;
  std::vector<std::string> preempts;  // attempts that would be stopped for it
  std::vector<std::string> assumes;
  std::int64_t looked_until_ms = 0;
  std::int64_t decisions = 0;  // of the engine, on the way
};
BOOST_DESCRIBE_STRUCT(ForecastView, (),
                      (job, outlook, starts_ms, waits_ms, site, provider, lease, why, nodes,
                       preempts, assumes, looked_until_ms, decisions))

struct TeamView {
  std::string name;
  std::string group;
  std::int64_t weight = 1;
  std::optional<std::int64_t> guaranteed;  // GPUs; of a group, with all members. Absent: no quota
  std::optional<std::int64_t> borrow;      // absent: any amount
  std::optional<std::int64_t> lend;        // absent: all
  std::int64_t used = 0;                   // GPUs, of a group with all members
  std::int64_t borrowed = 0;               // of these, beyond the guarantee
  std::int64_t may_start = 0;              // GPUs, now
  std::int64_t lately_gpu_ms = 0;          // decayed use, by which teams are ordered
  std::optional<std::int64_t> budget_micro_usd;  // of the period; absent: none
  std::int64_t spent_micro_usd = 0;              // of it, in the period under way
  bool budget_exhausted = false;                 // no new job of it starts
};
BOOST_DESCRIBE_STRUCT(TeamView, (),
                      (name, group, weight, guaranteed, borrow, lend, used, borrowed, may_start,
                       lately_gpu_ms, budget_micro_usd, spent_micro_usd, budget_exhausted))

struct TeamList {
  std::vector<TeamView> teams;
  std::int64_t gpus_in_service = 0;
  std::int64_t guaranteed = 0;    // to all teams together
  std::int64_t overpromised = 0;  // of this, more than is in service now
};
BOOST_DESCRIBE_STRUCT(TeamList, (), (teams, gpus_in_service, guaranteed, overpromised))

// POST /v1/power/readings: what meters of sites show. An `at` that is missing means now.
struct ReadingsBody {
  std::vector<PowerReading> readings;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(ReadingsBody, (), (readings, by))

struct ReadingView {
  std::int64_t at_ms = 0;
  std::int64_t drawn_w = 0;     // IT
  std::int64_t modelled_w = 0;  // at that instant
  bool fresh = false;           // it counts
};
BOOST_DESCRIBE_STRUCT(ReadingView, (), (at_ms, drawn_w, modelled_w, fresh))

struct RampView {
  std::optional<std::int64_t> ramp_limit_w;   // a minute, at the meter
  std::optional<std::int64_t> swing_limit_w;  // at once, at the meter
  std::int64_t may_rise_w = 0;                // IT, now
  std::int64_t may_fall_w = 0;
};
BOOST_DESCRIBE_STRUCT(RampView, (), (ramp_limit_w, swing_limit_w, may_rise_w, may_fall_w))

struct HallPowerView {
  std::string name;                     // "abilene/south1"
  std::optional<std::int64_t> limit_w;  // absent: it feeds all that stands in it, by the model
  std::int64_t modelled_w = 0;
  std::int64_t judged_w = 0;
  ReadingView reading;
};
BOOST_DESCRIBE_STRUCT(HallPowerView, (), (name, limit_w, modelled_w, judged_w, reading))

struct CappedView {
  std::string place;  // the site, or one of its halls or racks: "abilene/south1"
  std::int64_t since_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CappedView, (), (place, since_ms))

struct SitePowerView {
  std::string name;
  std::optional<std::int64_t> limit_w;  // IT load; absent: none is stated
  std::int64_t modelled_w = 0;          // by the profiles of the running gangs
  std::int64_t judged_w = 0;            // by its latest reading, while that is fresh
  std::int64_t facility_power_w = 0;    // of this, x PUE
  std::optional<ReadingView> reading;   // the latest
  std::optional<RampView> ramp;
  std::vector<HallPowerView> halls;  // those whose meters were read
  std::vector<CappedView> capped;    // where gangs are slowed for a limit
  std::vector<std::int64_t> slowed_jobs;
};
BOOST_DESCRIBE_STRUCT(SitePowerView, (),
                      (name, limit_w, modelled_w, judged_w, facility_power_w, reading, ramp, halls,
                       capped, slowed_jobs))

// A level that is above its limit though its gangs are as slow as they may.
struct OverLimitView {
  std::string level;  // "hall abilene/south1", "lease stargate"
  std::int64_t since_ms = 0;
  std::int64_t stops_ms = 0;  // if it is so still, gangs are stopped then
};
BOOST_DESCRIBE_STRUCT(OverLimitView, (), (level, since_ms, stops_ms))

struct PowerList {
  std::vector<SitePowerView> sites;
  std::vector<PowerLevelView> levels;  // as in SiteList
  std::vector<OverLimitView> over_limit;
};
BOOST_DESCRIBE_STRUCT(PowerList, (), (sites, levels, over_limit))

// POST /v1/curtailments. A `from` that is missing or past means now.
struct CurtailmentBody {
  Curtailment curtailment;
  Duration notice{};   // it counts no sooner than so long from now
  Duration lasting{};  // if it is more than 0, it ends so long after it began to count
  std::string by;
};
BOOST_DESCRIBE_STRUCT(CurtailmentBody, (), (curtailment, notice, lasting, by))

struct CurtailmentView {
  std::string name;
  std::string site;
  std::int64_t asked_w = 0;  // less, at the meter
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  bool begun = false;               // the load goes down, or is
  std::int64_t drawn_before_w = 0;  // at the meter, when it was called
  std::int64_t drawn_w = 0;         // now
  std::int64_t less_w = 0;          // now than then
  std::int64_t ceiling_w = 0;       // of the IT load, while it is on
  std::vector<std::int64_t> slowed_jobs;
  std::string note;
  std::optional<std::int64_t> limit_w;  // at the meter, where it was called as one
  std::int64_t saved_j = 0;             // not drawn since it counts, until now
  std::int64_t asked_j = 0;             // not to be drawn since it counts, until now
  std::optional<std::int64_t> least_w;  // that it was less by since it counts
  std::string event;                    // of a grid's programme, or empty
};
BOOST_DESCRIBE_STRUCT(CurtailmentView, (),
                      (name, site, asked_w, from_ms, until_ms, begun, drawn_before_w, drawn_w,
                       less_w, ceiling_w, slowed_jobs, note, limit_w, saved_j, asked_j, least_w,
                       event))

struct CurtailmentList {
  std::vector<CurtailmentView> curtailments;  // by the instant at which they begin
};
BOOST_DESCRIBE_STRUCT(CurtailmentList, (), (curtailments))

// What an event of OpenADR came to: 201 if it was new, 200 if it was known already.
struct OpenAdrView {
  std::string event;
  std::vector<CurtailmentView> curtailments;  // that are not over
  std::vector<std::string> remarks;           // parts of it that nothing follows from
};
BOOST_DESCRIBE_STRUCT(OpenAdrView, (), (event, curtailments, remarks))

// POST /v1/requests. A holder of a refusal right is asked at once.
struct RequestBody {
  CapacityRequest request;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(RequestBody, (), (request, by))

// POST /v1/requests/NAME/accept. No provider: the only one that has not answered; no power: all
// that is left.
struct AcceptBody {
  std::string provider;
  std::optional<Power> power;
  std::optional<LeasePrice> price;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(AcceptBody, (), (provider, power, price, by))

struct DeclineBody {  // POST /v1/requests/NAME/decline
  std::string provider;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(DeclineBody, (), (provider, by))

struct QuoteBody {  // POST /v1/requests/NAME/quotes
  Quote quote;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(QuoteBody, (), (quote, by))

struct AwardBody {  // POST /v1/requests/NAME/award
  std::string quote;
  std::string lease;  // its name; empty: those of the request and the quote
  std::string by;
};
BOOST_DESCRIBE_STRUCT(AwardBody, (), (quote, lease, by))

struct RequestView {
  std::string name;
  RequestStage stage = RequestStage::Unheld;
  std::int64_t power_w = 0;
  std::int64_t left_w = 0;    // that no holder took
  std::int64_t leased_w = 0;  // by awards
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> until_ms;
  std::int64_t asked_ms = 0;
  std::optional<std::int64_t> settled_ms;  // since then nobody has to be asked any more
  std::vector<RefusalOffer> offers;
  std::vector<RankedQuote> quotes;  // the best first
  std::string note;
};
BOOST_DESCRIBE_STRUCT(RequestView, (),
                      (name, stage, power_w, left_w, leased_w, from_ms, until_ms, asked_ms,
                       settled_ms, offers, quotes, note))

struct RequestList {
  std::vector<RequestView> requests;  // by name
};
BOOST_DESCRIBE_STRUCT(RequestList, (), (requests))

// POST /v1/rights/PROVIDER. A `from` that is missing means now.
struct RightBody {
  RightAmendment amendment;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(RightBody, (), (amendment, by))

struct RightView {
  std::string provider;
  bool in_force = false;  // now
  RightTerms terms;       // of now
  std::vector<RightAmendment> amendments;
};
BOOST_DESCRIBE_STRUCT(RightView, (), (provider, in_force, terms, amendments))

struct RightList {
  std::vector<RightView> rights;  // in the order of the providers
};
BOOST_DESCRIBE_STRUCT(RightList, (), (rights))

// POST /v1/bookings. A `from` that is missing or past means now.
struct BookingBody {
  Booking booking;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(BookingBody, (), (booking, by))

enum class BookingKind { Capacity, Maintenance };
BOOST_DESCRIBE_ENUM(BookingKind, Capacity, Maintenance)

struct BookingView {
  std::string name;
  BookingKind kind = BookingKind::Capacity;
  std::string target;  // empty: so many GPUs were asked for, and these nodes chosen
  std::int64_t gpus = 0;
  std::vector<NodeShare> nodes;
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  bool begun = false;
  std::string team;  // whose jobs may name it; empty: anybody's
  std::string note;
  std::vector<std::int64_t> jobs;  // that run in it now
};
BOOST_DESCRIBE_STRUCT(BookingView, (),
                      (name, kind, target, gpus, nodes, from_ms, until_ms, begun, team, note, jobs))

struct BookingList {
  std::vector<BookingView> bookings;  // by the instant at which they begin
};
BOOST_DESCRIBE_STRUCT(BookingList, (), (bookings))

struct HoldBody {  // POST /v1/jobs/N/hold
  std::string note;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(HoldBody, (), (note, by))

struct ReleaseBody {  // POST /v1/jobs/N/release
  std::string by;
};
BOOST_DESCRIBE_STRUCT(ReleaseBody, (), (by))

struct Changed {         // PUT /v1/portfolio
  bool changed = false;  // false: it was in force already
};
BOOST_DESCRIBE_STRUCT(Changed, (), (changed))

// The policy in force, as the portfolio file would have it: {"min_runtime": "10 min", …}.
struct PolicyView {
  std::map<std::string, std::string> settings;
};
BOOST_DESCRIBE_STRUCT(PolicyView, (), (settings))

struct PolicyBody {  // PATCH /v1/policy: what is not named stays as it is
  std::map<std::string, std::string> settings;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(PolicyBody, (), (settings, by))

struct TargetBody {  // POST /v1/drain, /v1/resume
  std::string target;
  std::string note;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(TargetBody, (), (target, note, by))

struct NodeBody {    // POST /v1/nodes
  std::string node;  // or a rack, pod, hall or site: all that stands there, as one outage
  NodeState state = NodeState::Down;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(NodeBody, (), (node, state, detail))

struct Done {
  bool done = true;
};
BOOST_DESCRIBE_STRUCT(Done, (), (done))

struct StateView {
  std::string portfolio;
  std::string digest;  // of the whole engine state
  std::int64_t last_event = 0;
  std::int64_t waiting = 0;
  std::int64_t live = 0;
  std::int64_t now_ms = 0;
};
BOOST_DESCRIBE_STRUCT(StateView, (), (portfolio, digest, last_event, waiting, live, now_ms))

struct SnapshotHead {  // the first line of GET /v1/snapshot
  std::string shape;
  std::string digest;
  std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(SnapshotHead, (), (shape, digest, at_ms))

}  // namespace ampacity::api
