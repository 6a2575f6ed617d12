// SPDX-License-Identifier: Apache-2.0
// The conductor drives the engine in real time: decide, then write, then act. It runs on the one
// thread of its io_context; a second thread does nothing but commit batches to the journal, so that
// the next batch is decided while the last one is written (group commit). Whatever leaves (replies,
// effects, notices) is held until the batch that it stands on is durable. If a commit fails,
// nothing of it has left; the conductor stops for good and the process ends: a restart replays what
// is on disk.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "exec/executor.hpp"
#include "journal/journal.hpp"

namespace ampacity {

namespace asio = boost::asio;

// What came of a command, once it is durable.
struct Answer {
  std::optional<JobId> job;
  std::optional<Refusal> refusal;
  bool changed = false;  // it became at least one event
};

class Conductor {
 public:
  // What runs the jobs of a site.
  using MakeExecutor = std::function<Result<std::unique_ptr<Executor>>(const Site&)>;

  Conductor(asio::io_context& io, std::unique_ptr<Journal> journal, MakeExecutor make_executor);
  ~Conductor();

  // Replays the journal into the engine. Before anything else.
  Result<Restored> restore();
  // Configures the portfolio (a no-op if it is the one in force), hands the live attempts to the
  // executors and starts the clockwork. Error: the portfolio is refused, or a site has no executor.
  Status start(const Portfolio& portfolio);

  // Decides now; resumes when durable. Error: the journal failed.
  asio::awaitable<Result<Answer>> tell(Command command);
  // The same for another portfolio: its new sites have executors before the first order to them
  // leaves. Conflict: the kind of a site's cluster would change under what runs there.
  asio::awaitable<Result<Answer>> configure(Portfolio portfolio);
  // Resumes when everything decided so far is durable.
  asio::awaitable<Status> settled();
  // Resumes at the next commit, when the conductor stops, or after `at_most`.
  asio::awaitable<void> next_commit(std::chrono::milliseconds at_most);

  // Runs `look` on a copy of the engine as it is now, on a thread of its own: the server goes on.
  // False: eight are under way already.
  using Look = std::function<void(const Engine&, Instant)>;
  asio::awaitable<bool> look_ahead(Look look);

  // A snapshot when the journal has grown by 50,000 events, and at the end.
  void stop(std::function<void()> then);

  const Engine& engine() const { return engine_; }
  Instant now() const;
  std::int64_t durable_event() const { return durable_event_; }
  // The number that the engine's latest event has, or will have once it is durable.
  std::int64_t decided_event() const {
    return durable_event_ + (in_flight_ ? in_flight_->events : 0) + pending_->events;
  }
  bool failed() const { return failure_.has_value(); }
  const std::optional<Error>& failure() const { return failure_; }
  std::int64_t commits() const { return commits_; }
  // The output file of an attempt at `site`, if its executor keeps one.
  std::optional<std::string> output_file(const std::string& site, AttemptId attempt) const;
  // Called once when a commit fails.
  void on_failure(std::function<void(const Error&)> hook) { on_failure_ = std::move(hook); }

 private:
  static asio::awaitable<void> look_at(const Engine& copy, Instant at, const Look& look);
  using Executors = std::map<std::string, std::unique_ptr<Executor>>;  // by site

  struct Batch {
    explicit Batch(asio::io_context& io) : done(io, asio::steady_timer::time_point::max()) {}
    std::vector<Entry> entries;
    std::vector<Effect> effects;
    std::int64_t events = 0;
    asio::steady_timer done;  // cancelled when the batch is durable, or has failed
    bool settled = false;
  };
  using BatchPtr = std::shared_ptr<Batch>;

  Status keeps_clusters(const Portfolio& portfolio) const;
  Result<Executors> executors_lacking_for(const Portfolio& portfolio) const;
  void drop_executors_of_no_site();
  Answer decide(Command command);
  std::vector<Answer> decide(std::vector<Command> commands);
  Answer keep(Instant at, Command command, Outcome outcome);
  void flush();
  void committed(const BatchPtr& batch, const Result<std::int64_t>& result);
  asio::awaitable<void> wait(BatchPtr batch);
  void carry_out(const std::vector<Effect>& effects);
  void wake_watchers();
  void collect_reports();
  void arm_timer();
  void timer_due();
  void save(const Snapshot& snapshot);  // on the writer's thread
  Snapshot snapshot() const;

  asio::io_context& io_;
  asio::thread_pool writer_{1};
  asio::thread_pool forecaster_{1};
  int looking_ = 0;
  std::unique_ptr<Journal> journal_;
  MakeExecutor make_executor_;
  Engine engine_;
  Executors executors_;
  BatchPtr pending_;    // being filled
  BatchPtr in_flight_;  // being written
  asio::steady_timer timer_;
  std::set<asio::steady_timer*> watchers_;  // cancelled at every commit
  std::int64_t durable_event_ = 0;
  std::int64_t snapshot_event_ = 0;
  std::int64_t commits_ = 0;
  bool running_ = false;
  std::optional<Error> failure_;
  std::function<void(const Error&)> on_failure_;
};

}  // namespace ampacity
