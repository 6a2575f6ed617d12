// SPDX-License-Identifier: Apache-2.0
#include "serve/conductor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/sentences.hpp"
#include "serve/wall_clock.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t events_per_snapshot = 50'000;

const std::string& site_of(const Effect& effect) {
  return std::visit([](const auto& order) -> const std::string& { return order.site; }, effect);
}

const Site* site_named(const Portfolio& portfolio, const std::string& name) {
  const auto it = std::find_if(portfolio.sites.begin(), portfolio.sites.end(),
                               [&](const auto& site) { return site.name == name; });
  return it == portfolio.sites.end() ? nullptr : &*it;
}

}  // namespace

Conductor::Conductor(asio::io_context& io, std::unique_ptr<Journal> journal,
                     MakeExecutor make_executor)
    : io_(io),
      journal_(std::move(journal)),
      make_executor_(std::move(make_executor)),
      pending_(std::make_shared<Batch>(io)),
      timer_(io) {}

Conductor::~Conductor() {
  writer_.join();
  forecaster_.join();
}

Instant Conductor::now() const {
  return std::max(wall_clock_now(), engine_.state().last_at);
}

Result<Restored> Conductor::restore() {
  auto restored = journal_->restore(
      Engine::shape(), [&](const Snapshot& s) { return engine_.unpack_state(s.bytes); },
      [&](const Event& event) -> Status {
        engine_.evolve(event);
        return {};
      });
  if (!restored) return restored;
  durable_event_ = restored->last_event;
  snapshot_event_ = restored->snapshot ? restored->snapshot->last_event : 0;
  return restored;
}

// What runs on a cluster is known to its executor only.
Status Conductor::keeps_clusters(const Portfolio& portfolio) const {
  for (const auto& live : engine_.live_attempts()) {
    const auto* before = site_named(*engine_.state().portfolio, live.start.site);
    const auto* after = site_named(portfolio, live.start.site);
    if (!before || !after || before->cluster.kind == after->cluster.kind) continue;
    return Error{ErrorCode::Conflict,
                 fmt::format("site {}: its cluster cannot become another kind while job {} runs "
                             "there; drain the site and wait, or cancel what runs",
                             live.start.site, live.start.attempt.job.value())};
  }
  return {};
}

// For sites that have none yet, or one of another kind.
Result<Conductor::Executors> Conductor::executors_lacking_for(const Portfolio& portfolio) const {
  Executors made;
  for (const auto& site : portfolio.sites) {
    const auto* before = site_named(*engine_.state().portfolio, site.name);
    const bool same = before && before->cluster.kind == site.cluster.kind;
    if (same && executors_.count(site.name) > 0) continue;
    auto executor = make_executor_(site);
    if (!executor) return executor.error().within("site " + site.name);
    made[site.name] = std::move(*executor);
  }
  return made;
}

void Conductor::drop_executors_of_no_site() {
  std::erase_if(executors_, [&](const auto& entry) {
    return site_named(*engine_.state().portfolio, entry.first) == nullptr;
  });
}

Status Conductor::start(const Portfolio& portfolio) {
  if (auto status = keeps_clusters(portfolio); !status) return status;
  auto executors = executors_lacking_for(portfolio);
  if (!executors) return executors.error();
  executors_ = std::move(*executors);
  std::map<std::string, std::vector<Expected>> expected;
  std::vector<Effect> stops;
  for (auto& live : engine_.live_attempts()) {
    if (live.stopping) {
      stops.push_back(
          StopGang{live.start.attempt, live.start.site, engine_.state().portfolio->policy.grace});
    }
    const auto site = live.start.site;
    expected[site].push_back(
        {std::move(live.start), live.started, live.since, live.pace, live.slowed});
  }
  for (auto& [site, executor] : executors_) executor->adopt(expected[site], now());
  carry_out(stops);
  running_ = true;
  // What came due while nobody served is the look's, not the portfolio's: the engine that decides a
  // journal again was not made anew here (`replay --decide`).
  const bool anew = engine_.state().configured;
  auto commands = std::vector<Command>{Configure{portfolio}, LookAnew{}};
  if (anew) std::swap(commands[0], commands[1]);
  const auto answer = decide(std::move(commands))[anew ? 1 : 0];
  if (answer.refusal) {
    running_ = false;
    return Error{ErrorCode::InvalidInput, answer.refusal->message};
  }
  decide(Tick{});
  flush();
  arm_timer();
  return {};
}

Answer Conductor::decide(Command command) {
  return std::move(decide(std::vector{std::move(command)}).front());
}

std::vector<Answer> Conductor::decide(std::vector<Command> commands) {
  const auto at = now();
  auto outcomes = engine_.decide(commands, at);
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    answers.push_back(keep(at, std::move(commands[i]), std::move(outcomes[i])));
  }
  return answers;
}

// Into the batch that is written next.
Answer Conductor::keep(Instant at, Command command, Outcome outcome) {
  Answer answer{outcome.job, outcome.refusal, !outcome.events.empty()};
  auto& batch = *pending_;
  for (const auto& event : outcome.events) {
    if (spdlog::should_log(spdlog::level::debug)) spdlog::debug("{}", sentence(event.body));
  }
  std::move(outcome.effects.begin(), outcome.effects.end(), std::back_inserter(batch.effects));
  if (!outcome.events.empty() || outcome.refusal) {
    batch.events += static_cast<std::int64_t>(outcome.events.size());
    batch.entries.push_back(
        {at, std::move(command), std::move(outcome.refusal), std::move(outcome.events)});
  }
  return answer;
}

asio::awaitable<Result<Answer>> Conductor::tell(Command command) {
  if (failure_) co_return *failure_;
  auto answer = decide(std::move(command));
  auto batch = pending_;
  flush();
  arm_timer();
  co_await wait(std::move(batch));
  if (failure_) co_return *failure_;
  co_return answer;
}

asio::awaitable<Result<Answer>> Conductor::configure(Portfolio portfolio) {
  if (failure_) co_return *failure_;
  if (auto status = keeps_clusters(portfolio); !status) co_return status.error();
  auto made = executors_lacking_for(portfolio);
  if (!made) co_return made.error();
  auto answer = decide(Configure{std::move(portfolio)});
  if (!answer.refusal) {
    for (auto& [site, executor] : *made) {
      executor->adopt({}, now());  // whatever an earlier site of this name left
      executors_[site] = std::move(executor);
    }
  }
  auto batch = pending_;
  flush();
  arm_timer();
  co_await wait(std::move(batch));
  if (failure_) co_return *failure_;
  // Not before: orders of this batch may have been for a site that is gone.
  if (!answer.refusal) drop_executors_of_no_site();
  co_return answer;
}

asio::awaitable<Status> Conductor::settled() {
  auto batch = pending_->entries.empty() && pending_->effects.empty() ? in_flight_ : pending_;
  if (batch) co_await wait(std::move(batch));
  if (failure_) co_return *failure_;
  co_return Status{};
}

asio::awaitable<void> Conductor::look_at(const Engine& copy, Instant at, const Look& look) {
  look(copy, at);
  co_return;
}

asio::awaitable<bool> Conductor::look_ahead(Look look) {
  constexpr int at_most = 8;
  if (looking_ >= at_most) co_return false;
  ++looking_;
  const auto copy = std::make_unique<const Engine>(engine_);
  // The copy ends here, on the thread where it began.
  co_await asio::co_spawn(forecaster_, look_at(*copy, now(), look), asio::use_awaitable);
  --looking_;
  co_return true;
}

asio::awaitable<void> Conductor::wait(BatchPtr batch) {
  boost::system::error_code ignored;
  while (!batch->settled) {
    co_await batch->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Conductor::next_commit(std::chrono::milliseconds at_most) {
  if (!running_ || failure_) co_return;
  asio::steady_timer timer(io_, at_most);
  watchers_.insert(&timer);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  watchers_.erase(&timer);
}

void Conductor::wake_watchers() {
  for (auto* timer : watchers_) timer->cancel();
}

// Hands the batch to the writer if it is idle; otherwise the batch goes on growing.
void Conductor::flush() {
  if (in_flight_ || failure_) return;
  if (pending_->entries.empty()) {  // nothing to write: what waits may go
    auto batch = std::exchange(pending_, std::make_shared<Batch>(io_));
    carry_out(batch->effects);
    batch->settled = true;
    batch->done.cancel();
    return;
  }
  in_flight_ = std::exchange(pending_, std::make_shared<Batch>(io_));
  // The engine is now exactly what the journal holds once this batch is written: the moment to pack
  // it.
  std::optional<Snapshot> due;
  if (durable_event_ + in_flight_->events - snapshot_event_ >= events_per_snapshot)
    due = snapshot();
  asio::post(writer_, [this, batch = in_flight_, due = std::move(due)]() mutable {
    auto result = journal_->commit(batch->entries);
    asio::post(io_, [this, batch, result] { committed(batch, result); });
    if (!due || !result) return;
    due->last_event = *result;
    save(*due);
  });
}

void Conductor::save(const Snapshot& snapshot) {
  const auto status = journal_->save(snapshot);
  if (!status) spdlog::warn("no snapshot: {}", status.error().message);
  asio::post(io_,
             [this, id = snapshot.last_event] { snapshot_event_ = std::max(snapshot_event_, id); });
}

void Conductor::committed(const BatchPtr& batch, const Result<std::int64_t>& result) {
  in_flight_.reset();
  if (!result) {
    failure_ = result.error();
    spdlog::critical("{}", failure_->message);
  } else {
    ++commits_;
    durable_event_ = *result;
    carry_out(batch->effects);
  }
  batch->settled = true;
  batch->done.cancel();
  wake_watchers();
  if (failure_) {
    pending_->settled = true;
    pending_->done.cancel();
    timer_.cancel();
    if (on_failure_) on_failure_(*failure_);
    return;
  }
  // Submissions of this moment are still in the queue of the thread: let them join the next batch.
  asio::post(io_, [this] { flush(); });
  arm_timer();
}

void Conductor::carry_out(const std::vector<Effect>& effects) {
  const auto at = now();
  for (const auto& effect : effects) {
    for (auto& [site, executor] : executors_) {
      if (!site_of(effect).empty() && site != site_of(effect)) continue;
      if (const auto* start = std::get_if<StartGang>(&effect)) executor->start(*start, at);
      if (const auto* stop = std::get_if<StopGang>(&effect)) executor->stop(*stop, at);
      if (const auto* signal = std::get_if<SignalGang>(&effect)) executor->signal(*signal, at);
      if (const auto* pace = std::get_if<SetPace>(&effect)) executor->set_pace(*pace, at);
      if (const auto* forget = std::get_if<ForgetAttempt>(&effect)) executor->forget(*forget);
    }
  }
}

void Conductor::collect_reports() {
  const auto at = now();
  std::vector<Command> reports;
  for (auto& [site, executor] : executors_) {
    for (auto& report : executor->poll(at)) {
      std::visit([&](auto& r) { reports.push_back(std::move(r)); }, report);
    }
  }
  if (!reports.empty()) decide(std::move(reports));
}

void Conductor::arm_timer() {
  if (!running_ || failure_) return;
  auto next = engine_.next_deadline();
  const auto at = now();
  for (const auto& [site, executor] : executors_) {
    const auto poll = executor->next_poll(at);
    if (poll && (!next || *poll < *next)) next = poll;
  }
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::clamp(*next - at, Duration(0), Duration(60'000)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) timer_due();
  });
}

void Conductor::timer_due() {
  if (!running_ || failure_) return;
  collect_reports();
  if (const auto due = engine_.next_deadline(); due && *due <= now()) decide(Tick{});
  flush();
  arm_timer();
}

Snapshot Conductor::snapshot() const {
  Snapshot s;
  s.last_event = durable_event_;  // the caller knows better when a batch is on its way
  s.shape = Engine::shape();
  s.bytes = engine_.pack_state();
  s.digest = digest_of(s.bytes);
  return s;
}

void Conductor::stop(std::function<void()> then) {
  timer_.cancel();
  running_ = false;
  wake_watchers();
  if (failure_) return then();
  if (in_flight_ || !pending_->entries.empty()) {
    flush();
    asio::post(io_, [this, then = std::move(then)]() mutable { stop(std::move(then)); });
    return;
  }
  if (durable_event_ == snapshot_event_) return then();
  asio::post(writer_, [this, s = snapshot(), then = std::move(then)]() mutable {
    save(s);
    asio::post(io_, std::move(then));
  });
}

std::optional<std::string> Conductor::output_file(const std::string& site,
                                                  AttemptId attempt) const {
  const auto it = executors_.find(site);
  return it == executors_.end() ? std::nullopt : it->second->output_file(attempt);
}

}  // namespace ampacity
