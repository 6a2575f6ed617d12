// SPDX-License-Identifier: Apache-2.0
// The engine: the one scheduler. A deterministic state machine without I/O, clock, thread or
// chance; serve drives it in real time, tests by seed, forecasts on a copy (sim/ahead).
//
//   auto outcomes = engine.decide(commands, now);   // proposes and applies its own events
//   journal.commit(outcome.events);                 // durable BEFORE …
//   carry_out(outcome.effects);                     // … any effect, reply or read of it leaves
//
// After a crash: evolve() each event of the journal, then reconcile live_attempts() with the
// executors. Promises: same commands and instants, same events and digest, on every compiler; `now`
// that runs backwards counts as standing still; decide never fails: a "no" is a Refusal in the
// outcome, a bug aborts. Cost of a decision: O(shapes that wait x their pools x log gangs), plus
// the nodes of the gangs that start; the jobs that wait enter by their logarithm. Copy:
// proportional to the live state; specs are shared. One cycle, in numbered steps: engine/cycle.cpp.
// docs/decisions/0002-one-engine.md says why.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/lookup.hpp"
#include "base/ordered_set.hpp"
#include "base/result.hpp"
#include "engine/state.hpp"
#include "ledger/bearers.hpp"
#include "ledger/usage.hpp"
#include "policy/capping.hpp"
#include "policy/places.hpp"
#include "policy/planner.hpp"
#include "policy/power_ahead.hpp"
#include "policy/preemption.hpp"
#include "policy/quota.hpp"
#include "policy/shedding.hpp"
#include "policy/waiting_queue.hpp"
#include "policy/windows.hpp"

namespace ampacity {

struct Outcome {
  std::vector<Event> events;    // facts, in order; durable before anything below leaves
  std::vector<Effect> effects;  // orders to executors; each may be repeated
  std::optional<Refusal> refusal;
  std::optional<JobId> job;  // SubmitJob: the job, also when the request id was known already
  void clear() {
    events.clear();
    effects.clear();
    refusal.reset();
    job.reset();
  }
};

// What the engine believes runs, for reconciliation after a restart.
struct LiveView {
  StartGang start;
  bool started = false;
  std::optional<Instant> since;
  std::optional<StopCause> stopping;
  Ratio pace = one;
  Duration slowed{};  // time that it has lost by its pace until now
};

// One level of power: what it admits, and what is drawn under it by the profiles of the gangs.
struct PowerLevelNow {
  PowerLevel level = PowerLevel::Site;
  std::string name;  // of a group of leases: "a + b"
  std::vector<std::string> sites;
  std::optional<Power> limit;  // IT load; none: nothing is stated
  Power drawn;
  std::optional<PowerStep> next;  // the next step that is known
};

// What a site draws, by the model and as it is judged, and what holds it. IT load.
struct SitePowerNow {
  std::optional<Power> limit;
  Power modelled;
  Power judged;                          // by its latest reading, while that is fresh
  const SiteReading* reading = nullptr;  // the latest; until the next decision
  struct Ramp {
    Power may_rise;  // now, at once; 0 at least
    Power may_fall;
  };
  std::optional<Ramp> ramp;
  struct HallNow {  // of those whose meters were read
    std::string path;
    std::optional<Power> limit;  // none: it feeds all, by the model
    Power modelled;
    Power judged;
    const SiteReading* reading = nullptr;
  };
  std::vector<HallNow> halls;
  // The site, its halls and racks where gangs are slowed for a limit, and since when.
  std::vector<std::pair<std::string, Instant>> capped;
  std::vector<JobId> slowed;  // gangs below their full pace, whatever the cause
};

class Engine {
 public:
  // The commands of one instant: all are applied, then the queue is looked at once. One outcome for
  // each; the last also has what the queue came to.
  std::vector<Outcome> decide(std::span<const Command> commands, Instant now);
  // The same, into outcomes whose memory is used again.
  void decide(std::span<const Command> commands, Instant now, std::vector<Outcome>& outcomes);
  Outcome decide(const Command& command, Instant now);
  void evolve(const Event& event);
  std::optional<Instant> next_deadline() const;
  Digest digest() const;

  // The whole state as bytes and back; shape() names the layout, see base/pack.hpp.
  std::string pack_state() const;
  Status unpack_state(std::string_view bytes);
  static std::string shape();

  const State& state() const { return state_; }
  const Fleet& fleet() const { return fleet_; }
  const Planner& planner() const { return planner_; }
  const Quotas& quotas() const { return quotas_; }
  std::vector<JobId> live_jobs() const { return planner_.gangs(); }
  std::size_t waiting() const { return queue_.size(); }
  JobState state_of(JobId job) const;  // requires a job that has not ended
  std::optional<Explanation> explain(JobId job, Instant now) const;  // none: unknown or ended
  std::vector<LiveView> live_attempts() const;                       // as of the latest decision
  Usage usage_so_far(const Job& job, Instant now) const;
  // Time that the gang has lost by its pace; `at` is not before its latest event.
  static Duration slowed_until(const LiveAttempt& live, Instant at);
  // Of each team with a budget, in its period under way. O(gangs).
  std::map<std::string, Money> spent(Instant now) const;
  // What the call has come to until `now`: the state counts until its latest event.
  CalledCurtailment so_far(const CalledCurtailment& call, Instant now) const;
  Power facility_power_of(const std::string& site) const {  // at the meter; requires that it is
    return facility_power(site_index(site));
  }
  std::vector<NodeShare> nodes_of_booking(const std::string& name) const;  // requires that it is
  LeaseStatement lease_statement(const Lease& lease, Instant now) const;
  Usage lease_usage(const Lease& lease, Instant now) const;  // of all attempts on it so far
  HeldSince held_since() const;
  std::optional<std::size_t> active_lease(SiteIndex site) const;
  // Providers, leases, sites, and the halls and racks that cannot feed all that stands in them.
  std::vector<PowerLevelNow> power_levels(Instant now) const;
  SitePowerNow site_power(SiteIndex site, Instant now) const;
  LeaseStage stage(const Lease& lease, Instant now) const;
  Power it_power_of(SiteIndex site) const { return fleet_.power_drawn(site); }

  // Asserts what must hold after every event; linear in the state, for tests and after a restore.
  void verify() const;

 private:
  enum class Due : std::uint8_t { BackOff, Signal, Walltime };
  struct Deadline {
    Instant at;
    JobId job;
    Due due = Due::BackOff;
    friend auto operator<=>(const Deadline&, const Deadline&) = default;
  };

  // cycle.cpp: the numbered steps
  class Pass;
  void due_timers(Instant now);
  void due(const Deadline& deadline);
  void refresh_capacity(Instant now);
  void look_at_capacity(Instant at);  // again, at that instant at the latest, if it lies ahead
  void refresh_power(Instant now);
  void schedule();
  // Closed: nobody else of its shape starts in this pass.
  enum class Answer { Placed, Reserved, NoRoom, NoQuota, Closed };
  Answer offer(const WaitingQueue::Candidate& job);
  std::set<JobId> serve_those_with_room();
  bool is_over(const MakingRoom& room) const;
  bool reserve(const WaitingQueue::Candidate& job, std::int64_t held_back,
               std::optional<PoolIndex> only = {}, const std::optional<PlaceKey>& not_beyond = {});
  Duration longest(const Shape& shape);
  bool reserve_mixed(const WaitingQueue::Candidate& job);
  bool is_open(PoolIndex pool) const;
  bool takes_reservation(PoolIndex pool, const Demand& demand) const;
  Scene scene() {
    return {fleet_, planner_, *state_.portfolio, standings_, state_.lease_use, now_};
  }
  void place(const WaitingQueue::Candidate& job, Choice choice);
  std::string under_cap(const JobSpec& spec, PoolIndex pool) const;

  // contracts.cpp: dated changes of leases
  void on(const AmendLease& command);
  void apply(const LeaseAmended& event, Instant at);
  Portfolio with_amendments(Portfolio portfolio) const;

  // commitments.cpp: how far leases are used, and what waits for capacity to come
  void apply(const LeaseUseChanged& event, Instant at);
  void leases_due(Instant now);
  void judge(const Lease& lease, Instant now);
  bool is_exhausted(const Lease& lease, Instant now);
  void look_at_limits();
  void watch_leases();
  Money used_this_month(const Lease& lease, Instant now) const;
  GpuTime gone_before(const Lease& lease, Money used, Instant now) const;
  void count_month(const LiveAttempt& live, const Usage& used, Instant at);
  static Money cost_this_month(const LiveAttempt& live, const Usage& used, Instant at);
  bool order_follows_hours(Instant now) const;
  struct Awaited {
    Coming coming;
    Instant until;
  };
  std::optional<Awaited> awaited(const Job& job, const Shape& shape, Instant now) const;
  Answer wait_for(const WaitingQueue::Candidate& job, std::int64_t held_back,
                  const Awaited& awaited);
  void explain_wait(const Job& job, const Shape& shape, Instant now, Explanation& e) const;

  // bearers.cpp: gangs that outlive their lease
  void change_bearers(Instant now);
  void put_aside(LiveAttempt& live, const Usage& used, Instant at);
  void apply(const BearerChanged& event, Instant at);

  // requests.cpp: capacity that is wanted, who is asked first, and what that forbids
  void on(const CreateRequest& command);
  void on(const AcceptRequest& command);
  void on(const DeclineRequest& command);
  void on(const AddQuote& command);
  void on(const AwardQuote& command);
  void on(const AmendRight& command);
  void apply(const RequestCreated& event, Instant at);
  void apply(const OfferAnswered& event, Instant at);
  void apply(const RequestSettled& event, Instant at);
  void apply(const QuoteAdded& event, Instant at);
  void apply(const QuoteAwarded& event, Instant at);
  void apply(const RightAmended& event, Instant at);
  const OpenRequest* request_called(const std::string& name);  // refuses if there is none
  const RefusalOffer* offer_of(const OpenRequest& request, const std::string& provider);
  std::optional<Refusal> objection_to(const CapacityRequest& request) const;
  std::optional<Refusal> objection_to_rights(const Portfolio& next) const;
  std::optional<Refusal> objection_to_leases(const Portfolio& next) const;
  std::optional<Refusal> objection_to_edits(const Portfolio& next) const;
  std::optional<Refusal> objection_to_lease(const Lease& lease, const Portfolio& next) const;
  std::optional<Refusal> objection_by(const Provider& holder, Instant agreed,
                                      const Lease& lease) const;
  std::optional<Refusal> beyond_request(const Lease& lease, const Portfolio& next) const;
  void requests_due(Instant now);
  void settle(const std::string& request);

  // bookings.cpp: what is kept from an instant to an instant
  void on(const MakeBooking& command);
  void on(const EndBooking& command);
  void apply(const BookingMade& event, Instant at);
  void apply(const BookingBegun& event, Instant at);
  void apply(const BookingEnded& event, Instant at);
  std::optional<Refusal> objection_to(const Booking& booking) const;
  std::optional<Refusal> objection_to_booking(const JobSpec& job) const;
  Result<std::vector<Share>> nodes_for(const Booking& booking) const;
  Result<std::vector<Share>> chosen_nodes(const Booking& booking) const;
  void bookings_due(Instant now);
  void rebuild_bookings();
  void reserve_bookings();
  void requeue_booked(const std::string& name);
  Answer offer_booked(const WaitingQueue::Candidate& job);
  std::optional<Explanation> explain_booked(const JobSpec& spec, Duration walltime,
                                            Instant now) const;

  // curtailments.cpp: sites that have to draw less for a while
  void on(const Curtail& command);
  void on(const EndCurtailment& command);
  void apply(const CurtailmentCalled& event, Instant at);
  void apply(const CurtailmentBegun& event, Instant at);
  void apply(const CurtailmentMeasured& event, Instant at);
  void apply(const CurtailmentEnded& event, Instant at);
  void apply(const PaceChanged& event, Instant at);
  std::optional<Refusal> objection_to(const Curtailment& curtailment) const;
  Instant acts_at(const Curtailment& curtailment) const;
  void curtailments_due(Instant now);
  void begin_curtailment(const std::string& name);
  void end_curtailment(const std::string& name, const std::string& why);
  Load load_of(JobId id, const std::vector<Share>& shares) const;  // all of its own, or a part
  std::vector<Load> loads_of(SiteIndex site) const;
  void relieve(const Relief& relief, const std::string& by);
  bool is_curtailed(SiteIndex site) const;  // a call has begun there
  void set_pace(JobId id, Ratio pace, const std::string& by);
  void limit_power(SiteIndex site);
  void measure_curtailments(Instant now);
  void count_curtailed(Instant at);
  void reserve_curtailments();
  void expect_loads_back(PoolIndex pool);
  Power facility_power(SiteIndex site) const;

  // power_levels.cpp: what leases and providers carry, now and at known steps
  void refresh_power_tree(Instant now);
  void foresee_power();
  void foresee_power(PoolIndex pool);
  std::vector<Instant> power_steps(PoolIndex pool) const;
  PowerThen power_at(PoolIndex pool, Instant at) const;
  bool will_carry(PoolIndex pool, const Demand& demand) const;
  std::optional<Power> carried_at(const PowerLevelNow& level, Instant at) const;
  std::vector<std::string> names(const PowerFeed& feed) const;
  void add_halls(std::vector<PowerLevelNow>& levels) const;
  std::string power_to_come(SiteIndex site, const Shape& shape) const;
  // ramps.cpp: how fast the draw of a site may change, and gangs that are raised to their pace
  struct RampTerms {
    Power most;  // IT: at once
    PowerRate rate;
  };
  static RampTerms ramp_terms(const Site& site);
  struct Turn {   // of a site where nobody starts in this pass
    JobId first;  // 0: gangs that run are raised first
    Instant at;
  };
  static void settle(SiteRamp& ramp, const RampTerms& terms, Instant at);
  void settle_ramps(Instant at);
  void keep_ramps(Instant at);
  void redraw(const std::vector<Share>& shares, Power before, Power after, Instant at,
              bool drawn = true);
  Power may_rise_by(SiteIndex site, Instant now) const;
  Power may_fall_by(SiteIndex site, Instant now) const;
  Instant when_filled(SiteIndex site, Power need, Power has) const;
  Duration falls_in(SiteIndex site, Power draws) const;
  void look_at_ramp(Instant at);
  void close_site(SiteIndex site, JobId first, Power need);
  bool waits_for_power(JobId id, const Choice& choice);
  void start_slowly(JobId id);
  void raise_paces();
  void raise_at(SiteIndex site, std::vector<JobId> gangs);
  bool raise(JobId id, SiteIndex site, Ratio up_to);
  void report_swings();
  void apply(const PowerSwung& event, Instant at);
  void explain_turn(SiteExplanation& e, const Shape& shape, SiteIndex site) const;
  GangPower power_of(const JobSpec& spec, const std::vector<Share>& shares) const;
  // What a gang has in each pool: one, unless it is mixed.
  template <class Visit>
  void each_pool_of(const JobSpec& spec, const std::vector<Share>& shares,
                    const Visit& visit) const {
    if (!spec.mixed) return visit(fleet_.pool_of(shares.front().node), gpus_of(shares));
    std::map<PoolIndex, std::int64_t> gpus;
    for (const auto& share : shares) gpus[fleet_.pool_of(share.node)] += share.nodes * share.gpus;
    for (const auto& [pool, count] : gpus) visit(pool, count);
  }
  bool can_pace(SiteIndex site) const;
  std::string pace_in_words(const LiveAttempt& live) const;

  // stops.cpp: who is stopped, and when it is told
  void stop(JobId id, StopCause cause, const std::string& by, std::optional<JobId> room_for = {});
  void send_stop(JobId id);
  void send_stops_at(SiteIndex site);
  void apply(const StopSent& event, Instant at);
  bool waits_to_stop(JobId id) const;
  void stop_in_turn();
  bool leaves(JobId id);
  void slow_to_leave(JobId id, Power room);

  // readings.cpp: what meters of sites show
  void on(const ReportPower& command);
  std::optional<Refusal> objection_to(const PowerReading& reading) const;
  void readings_due(Instant now);
  void apply(const PowerMeasured& event, Instant at);
  void apply(const ReadingExpired& event, Instant at);
  void offset_power(const std::string& place);
  std::optional<Power> offset_of(SiteIndex site) const;
  bool watch_hall(const std::string& place);
  Power drawn_at(const std::string& place) const;
  Power modelled_at(const std::string& place, Instant at) const;
  std::vector<SiteIndex> measured_sites() const;
  void remember_draw(SiteIndex site, Instant at);
  void remember_draw(std::vector<ModelledDraw>& course, Power drawn, Instant at) const;
  std::optional<Power> admitted_now(const Site& site, Instant now) const;

  // capping.cpp: levels of power that carry more than their limit
  void cap_power();
  void cap(const Fleet::LevelLoad& level);
  void stop_above_limit(const Fleet::LevelLoad& level, const PowerCapped& said);
  void look_within();
  std::vector<std::string> places_of(const Fleet::LevelLoad& level) const;
  bool is_measured(const Fleet::LevelLoad& level) const;
  std::vector<Load> loads_at(const Fleet::LevelLoad& level) const;
  std::vector<Load> cappable_loads(const Fleet::LevelLoad& level) const;
  Power leaving(const Fleet::LevelLoad& level) const;
  std::vector<Fleet::LevelLoad> levels_over() const;
  bool is_capped_at(const std::string& site) const;  // it, or a hall or rack in it
  bool is_capped(const LiveAttempt& live) const;     // it works there
  void restore_capped(SiteIndex site, const std::vector<JobId>& slowed);
  std::map<JobId, Ratio> restorable(SiteIndex site, const std::vector<JobId>& slowed) const;
  void hold_in_halls(const std::vector<JobId>& slowed, std::map<JobId, Ratio>& paces) const;
  void end_capping();
  bool is_held(const std::string& place) const;
  Power room_to_raise(SiteIndex site) const;
  Power room_below_target(const Fleet::LevelLoad& level) const;
  void apply(const PowerCapped& event, Instant at);
  void apply(const PowerWithinLimit& event, Instant at);
  void apply(const CappingEnded& event, Instant at);

  // budgets.cpp: what teams may spend
  bool has_budgets() const;
  void begin_budgets(Instant now);
  void rejudge_budgets(const Portfolio& before, Instant at);
  void keep_spent(const std::map<std::string, Money>& before, Instant at);
  void budgets_due(Instant now);
  static Instant next_look(Instant after);
  std::map<std::string, Money> cost_of_running(Instant now) const;  // of teams with a budget
  bool has_spent_all(const std::string& team) const;
  void apply(const BudgetBegun& event, Instant at);
  void apply(const BudgetSpent& event, Instant at);
  bool is_restart_on_budget(const Job& job) const;
  bool is_kept_by_budget(const Job& job) const;
  std::optional<Explanation> kept_by_budget(const Job& job) const;

  // elastic.cpp: gangs made smaller for others, and larger when GPUs idle
  bool shrink_for(const WaitingQueue::Candidate& job);
  std::vector<Share> on_loan(const Job& job, PoolIndex pool) const;
  void resize(JobId id, const std::vector<Share>& place, std::optional<JobId> room_for);
  void grow_elastic();
  std::vector<PoolIndex> pools_to_grow_in() const;
  bool grow(JobId id);
  std::optional<Planner::Reservation> promise_to_resizing(JobId id, const Job& job) const;
  void reserve_resizing();
  std::int64_t gpus_leaving(const Job& job, JobId id) const;
  std::vector<Share> shares_leaving(const Job& job, JobId id) const;

  // preempt.cpp: whom to stop for a job that cannot start
  void look_ahead();
  bool make_room(const WaitingQueue::Candidate& job);
  Planner::Reservation when_they_are_gone(const WaitingQueue::Candidate& job, PoolIndex pool,
                                          const std::vector<Share>& place) const;
  std::optional<Eviction> eviction_for(const WaitingQueue::Candidate& job, PoolIndex pool);
  using MayGo = std::function<bool(const Victim&)>;
  std::optional<Eviction> eviction_among(const WaitingQueue::Candidate& job, PoolIndex pool,
                                         const std::vector<Victim>& victims, const MayGo& may_go);
  void promise_room(const WaitingQueue::Candidate& job, PoolIndex where, const Eviction& eviction);
  void keep_room(const WaitingQueue::Candidate& job, PoolIndex where,
                 const std::vector<Share>& place);
  static Power part_of(Power draws, const std::vector<Share>& shares, const Job& gang);
  struct Claims {  // what a job may stop others by
    TeamIndex team;
    std::int64_t priority = 0;
    bool by_class = false;
    std::optional<TeamIndex> lender;  // whose guarantee covers it
  };
  Claims claims_of(const Job& job) const;
  std::vector<Victim> victims_for(const Claims& claims, PoolIndex pool);
  std::int64_t highest_preemptible(const Claims& claims, TeamIndex team) const;
  bool over_guarantee(TeamIndex team) const;
  bool preempts() const;
  std::vector<PoolIndex> pools_of(const LiveAttempt& live) const;
  void runs(JobId id, const Job& job);
  void runs_no_more(JobId id, const Job& job);
  std::int64_t loss_of(const Job& job) const;

  // commands.cpp: one for each kind
  void on(const Configure& command);
  void on(const SubmitJob& command);
  void on(const CancelJob& command);
  void on(const ReportStarted& command);
  void on(const ReportEnded& command);
  void on(const ReportNode& command);
  void on(const Drain& command);
  void on(const Resume& command);
  void on(const HoldJob& command);
  void on(const ReleaseJob& command);
  void on(const SetPolicy& command);
  void on(const Tick&) {}
  void on(const LookAnew&) {
    refresh_capacity(now_);
    dirty_ = true;
  }
  void drain_lemon(const std::string& node);
  void hold_killer(JobId id);
  bool known_job(JobId id);
  std::optional<Refusal> objection(const JobSpec& spec) const;
  std::optional<Refusal> never_fits(const JobSpec& spec) const;
  void after_attempt(JobId id, AttemptResult result, const Ending& ending);
  void refuse(Reason reason, std::string message);
  void refuse(Refusal refusal) { outcome_.refusal = std::move(refusal); }
  template <class Body>
  void emit(Body&& body) {
    if (outcome_.events.capacity() == 0) outcome_.events.reserve(4);  // seldom there are more
    auto& event = outcome_.events.emplace_back();
    event.at = now_;
    event.body.template emplace<std::remove_cvref_t<Body>>(std::forward<Body>(body));
    evolve(event);
  }
  // The same, of an event that names these nodes: they need not be looked up by their names.
  template <class Body>
  void emit(Body&& body, const std::vector<Share>& nodes) {
    named_nodes_ = &nodes;
    emit(std::forward<Body>(body));
    named_nodes_ = nullptr;
  }
  void effect(Effect effect) { outcome_.effects.push_back(std::move(effect)); }

  // evolve.cpp: one for each kind
  void hold_leases(Instant at);
  void apply(const PortfolioConfigured& event, Instant at);
  void apply(const JobSubmitted& event, Instant at);
  void apply(const AttemptPlaced& event, Instant at);
  void apply(const AttemptStarted& event, Instant at);
  void apply(const AttemptSignalled& event, Instant at);
  void apply(const AttemptStopping& event, Instant at);
  void apply(const AttemptEnded& event, Instant at);
  void apply(const JobRequeued& event, Instant at);
  void apply(const JobEnded& event, Instant at);
  void apply(const NodeChanged& event, Instant at);
  void apply(const Drained& event, Instant at);
  void apply(const Resumed& event, Instant at);
  void apply(const CapacityChanged& event, Instant at);
  void apply(const SitePowerChanged& event, Instant at);
  void apply(const UseCharged& event, Instant at);
  void apply(const RoomPromised& event, Instant at);
  void apply(const JobHeld& event, Instant at);
  void apply(const JobReleased& event, Instant at);
  void apply(const PolicyChanged& event, Instant at);
  void forget_use_unless_shared();
  void count_run(Job& job, AttemptResult result, Instant at);
  std::vector<Share> shares_of(const std::vector<NodeShare>& nodes) const;
  std::vector<NodeShare> named(const std::vector<Share>& shares) const;

  void remember_failure(const std::string& node, Instant at);

  // sharing.cpp: what teams use and may use, and their places in the queue
  struct ProjectAccount {
    AccountIndex index;
    std::string name;  // "team/project", as in state_.use
  };
  bool shares() const;
  void charge_due(Instant now);
  void charge(const Job& job, Instant from, Instant until);
  void sum_groups();
  void rebuild_teams();
  void use_quota(const Job& job, std::int64_t sign);
  void restate(TeamIndex team, const ProjectAccount& account);
  void restate(TeamIndex team);
  void restate_members(TeamIndex group);
  FairShare share_of(TeamIndex team, const ProjectAccount& account) const;
  Claim claim_of(TeamIndex team, std::int64_t gpus, std::int64_t priority) const;
  const ProjectAccount& account_of(const Job& job);
  std::string use_in_words(const JobSpec& spec) const;
  std::optional<Explanation> kept_by_quota(const JobSpec& spec) const;

  // derived.cpp: what is rebuilt from the state
  void rebuild();
  void rebuild_fleet();
  void enqueue(JobId id, Job& job);
  void arm(JobId id, const LiveAttempt& live, const Job& job);
  void disarm(JobId id);
  LaneIndex lane_of(const Job& job);
  LaneIndex new_lane_of(const Job& job, AccountIndex account, const Claim& claim);
  void apply_drains(const std::string& within);
  void apply_downs(const std::string& within);
  void waits(JobId id, Job& job, Instant now);
  void waits_no_more(JobId id, Job& job);
  Shape shape_of(const Job& job) const;
  Power draw_of(const JobSpec& spec, const std::vector<Share>& shares) const {
    return draw_of(spec, shares, spec.draw);
  }
  Power draw_of(const JobSpec& spec, const std::vector<Share>& shares, Ratio draw) const;
  PoolIndex pool_of(const LiveAttempt& live) const;
  SiteIndex site_of(const LiveAttempt& live) const;
  void occupy(JobId id, const Job& job);
  void reoccupy(NodeRange nodes);  // after its service changed
  Duration walltime_of(const Job& job) const;
  const Job& job_of(JobId id) const;  // until the next event
  Job& change(JobId id);
  void dequeue(JobId id, Job& job);
  std::shared_ptr<const JobSpec> kept_once(std::shared_ptr<const JobSpec> spec);
  StartGang start_order(JobId id, const Job& job, std::vector<NodeShare> nodes) const;
  const Lease* lease_named(const std::string& name) const;
  SiteIndex site_index(const std::string& name) const;  // requires one of the portfolio
  const Site& site_named(const std::string& name) const {
    return state_.portfolio->sites[site_index(name).value()];
  }
  // The gangs that are placed on it, ascending. O(gangs).
  template <class Visit>
  void each_gang_on(const Lease& lease, const Visit& visit) const {
    for (const auto id : live_jobs()) {
      const auto& job = job_of(id);
      if (job.live->lease == lease.name) visit(job);
    }
  }

  State state_;
  Fleet fleet_;
  WaitingQueue queue_;
  OrderedSet<Deadline> deadlines_;
  struct KeptSpec {
    std::uint64_t mixed = 0;  // of what it holds, so that others need not be looked at
    std::weak_ptr<const JobSpec> spec;
  };
  // Equal ones once, in four places each; a power of two. It grows where of as many as it has
  // places one in 64 displaced another that lives.
  std::vector<KeptSpec> specs_;
  std::size_t specs_placed_ = 0;
  std::size_t specs_displaced_ = 0;
  // Of jobs that may run anywhere the lane that was last asked for, by what makes it.
  struct PlainLane {
    Demand demand;
    AccountIndex account;
    std::int64_t priority = 0;
    LaneIndex lane;
    bool operator==(const PlainLane& o) const {
      return demand == o.demand && account == o.account && priority == o.priority;
    }
  };
  Lookup<std::uint64_t, PlainLane> plain_lanes_;
  std::set<std::pair<Instant, std::string>> failures_;  // of nodes, those that are remembered
  std::vector<Standing> standings_;
  bool months_watched_ = false;    // leases differ in what of a month is owed, used or not
  bool leases_end_early_ = false;  // one of them is for so many GPU-hours
  Planner planner_;
  std::optional<Instant> capacity_due_;
  std::optional<Instant> budgets_due_;  // none: no team has one
  Quotas quotas_;
  // GPUs that gangs of each team and project hold, to be charged.
  std::map<std::pair<TeamIndex, std::string>, std::int64_t> held_by_;
  std::set<std::int64_t> sizes_;  // demands that were ever in the queue
  // Of each pool and team: the gangs that run, by start, for those who may preempt.
  struct Running {
    Instant since;
    JobId job;
    std::int64_t priority = 0;
    friend auto operator<=>(const Running&, const Running&) = default;
  };
  std::vector<std::map<TeamIndex, std::set<Running>>> running_;
  // Of each pool: the elastic gangs that run above their least size, by start, and what they could
  // do without; those below their most, by priority and start.
  struct ElasticPool {
    std::set<Running> shrinkable;
    std::int64_t on_loan = 0;                             // GPUs
    std::set<std::pair<std::int64_t, Running>> growable;  // by minus priority
  };
  std::vector<ElasticPool> elastic_;
  void elastic_runs(JobId id, const Job& job, bool comes);
  // What bookings that have not begun keep of each pool; and the jobs that name a booking.
  std::vector<std::pair<PoolIndex, Planner::Reservation>> booked_ahead_;
  bool booked_ahead_stale_ = false;
  std::map<std::string, std::set<JobId>> booked_jobs_;
  std::set<std::string> full_bookings_;  // in this pass
  std::set<TeamIndex> borrowing_;        // those that use more than they are guaranteed
  std::set<std::int64_t> preempting_;    // priorities
  std::vector<std::map<std::string, ProjectAccount>> accounts_{
      quotas_.entries().size()};  // by team, project
  // The quotas once the gangs that are stopping are gone and those that they make room for run:
  // within a pass, from the first job on that asks for room.
  struct Ahead {
    Quotas quotas;
    std::int64_t free = 0;
  };
  std::optional<Ahead> ahead_;
  std::set<JobId> stopping_;                // gangs
  std::set<JobId> paced_;                   // gangs below their full pace
  std::map<SiteIndex, Turn> closed_sites_;  // in the latest pass
  std::optional<Instant> capping_due_;      // somebody may have to be stopped, then
  std::optional<Instant> ramp_due_;         // somebody may start, or be raised, then
  bool power_check_ = false;                // some level may carry more than its limit
  // Of these, elastic ones that go on at another size, and what they are promised beyond their own.
  std::map<JobId, std::optional<Planner::Reservation>> resizing_;
  std::optional<Instant> preempt_due_;  // a gang that somebody wants to preempt has run long enough
  bool dirty_ = false;                  // something changed that may let a job start

  Outcome outcome_;                                  // of the decision under way
  const std::vector<Share>* named_nodes_ = nullptr;  // of the event that is being emitted
  Instant now_;
};

}  // namespace ampacity
