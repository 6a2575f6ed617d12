// SPDX-License-Identifier: Apache-2.0
// A cluster that exists on paper: gangs run for as long as their job says, by the time that is
// passed in.
#include <algorithm>
#include <csignal>
#include <map>
#include <set>

#include "exec/executor.hpp"
#include "protocol/simulated_run.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

struct Gang {
  Instant ends;
  Ending ending;
  bool started_reported = false;
};

Gang gang_of(const StartGang& order, Instant since) {
  Gang gang;
  gang.ends = since + simulated_run(order);
  gang.ending.code = order.spec->simulated_exit;
  return gang;
}

class SimulatedExecutor : public Executor {
 public:
  void start(const StartGang& order, Instant now) override {
    if (gangs_.count(order.attempt) > 0) return;
    schedule(order.attempt, gang_of(order, now));
    unreported_.insert(order.attempt);
  }

  void stop(const StopGang& order, Instant now) override {
    const auto it = gangs_.find(order.attempt);
    if (it == gangs_.end() || it->second.ends <= now) return;
    ends_.erase({it->second.ends, order.attempt});
    it->second.ends = now;
    it->second.ending = {.kind = EndKind::Signalled, .signal = SIGTERM};
    ends_.insert({now, order.attempt});
  }

  void signal(const SignalGang&, Instant) override {}  // nobody listens

  void set_pace(const SetPace& order, Instant now) override {
    const auto it = gangs_.find(order.attempt);
    if (it == gangs_.end() || it->second.ends <= now) return;
    ends_.erase({it->second.ends, order.attempt});
    const auto left = (it->second.ends - now).count();
    it->second.ends = now + Duration(scaled(left, order.from.count(), order.pace.count()));
    ends_.insert({it->second.ends, order.attempt});
  }

  void forget(const ForgetAttempt& order) override {
    const auto it = gangs_.find(order.attempt);
    if (it == gangs_.end()) return;
    ends_.erase({it->second.ends, order.attempt});
    unreported_.erase(order.attempt);
    gangs_.erase(it);
  }

  void adopt(const std::vector<Expected>& expected, Instant now) override {
    for (const auto& e : expected) {
      auto gang = gang_of(e.start, e.since.value_or(e.start.placed) + e.slowed);
      if (gang.ends > now) {
        gang.ends = now + Duration(scaled((gang.ends - now).count(), one.count(), e.pace.count()));
      }
      gang.started_reported = e.started;
      schedule(e.start.attempt, gang);
      if (!e.started) unreported_.insert(e.start.attempt);
    }
  }

  std::vector<Report> poll(Instant now) override {
    std::vector<Report> reports;
    for (const auto attempt : unreported_) {
      reports.push_back(ReportStarted{attempt});
      gangs_.at(attempt).started_reported = true;
    }
    unreported_.clear();
    for (auto it = ends_.begin(); it != ends_.end() && it->first <= now; ++it) {
      reports.push_back(ReportEnded{it->second, gangs_.at(it->second).ending});
    }
    return reports;
  }

  std::optional<Instant> next_poll(Instant now) const override {
    if (!unreported_.empty()) return now;
    if (ends_.empty()) return std::nullopt;
    return std::max(ends_.begin()->first, now + Duration(ends_.begin()->first <= now ? 5 : 0));
  }

  std::optional<std::string> output_file(AttemptId) const override { return std::nullopt; }

 private:
  void schedule(AttemptId attempt, const Gang& gang) {
    gangs_[attempt] = gang;
    ends_.insert({gang.ends, attempt});
  }

  std::map<AttemptId, Gang> gangs_;
  std::set<std::pair<Instant, AttemptId>> ends_;
  std::set<AttemptId> unreported_;
};

}  // namespace

std::unique_ptr<Executor> make_simulated_executor() {
  return std::make_unique<SimulatedExecutor>();
}

}  // namespace ampacity
