// SPDX-License-Identifier: Apache-2.0
#include "schedules/engine_run.hpp"

#include <set>

#include "engine/engine.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity::test {
namespace {

class Run {
 public:
  Run(const Workload& workload, Backfill backfill)
      : workload_(workload), starts_(workload.jobs.size(), -1) {
    auto portfolio = small_portfolio({{"site", workload.procs, 1, "provider"}});
    auto& hall = portfolio.sites[0].halls[0];
    std::int64_t racks = 1;
    while (workload.procs % racks != 0 || workload.procs / racks > 1'024) ++racks;
    hall.racks_per_pod = racks;
    hall.nodes_per_rack = workload.procs / racks;
    portfolio.policy.backfill = backfill;
    portfolio.policy.max_walltime = Duration(365LL * 86'400'000);
    portfolio.leases[0].ends = day("2150-01-01");
    const auto outcome = engine_.decide(Configure{portfolio}, epoch_);
    AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
  }

  Starts run() {
    std::size_t next = 0;
    while (next < workload_.jobs.size() || !ends_.empty()) {
      auto now = ends_.empty() ? workload_.jobs[next].submit : ends_.begin()->first;
      if (next < workload_.jobs.size()) now = std::min(now, workload_.jobs[next].submit);
      std::vector<Command> commands;
      for (; !ends_.empty() && ends_.begin()->first == now; ends_.erase(ends_.begin())) {
        commands.push_back(ReportEnded{ends_.begin()->second, {}});
      }
      for (; next < workload_.jobs.size() && workload_.jobs[next].submit == now; ++next) {
        commands.push_back(SubmitJob{"", spec_of(workload_.jobs[next]), ""});
      }
      decide(commands, now);
    }
    return std::move(starts_);
  }

 private:
  static JobSpec spec_of(const TraceJob& job) {
    JobSpec spec;
    spec.command = {"true"};
    spec.gpus = GpuCount::of(job.procs);
    spec.walltime = Duration(job.estimate * 1'000);
    return spec;
  }

  void decide(const std::vector<Command>& commands, std::int64_t now) {
    const auto instant = epoch_ + Duration(now * 1'000);
    std::vector<Command> started;
    for (const auto& outcome : engine_.decide(commands, instant)) {
      AMPACITY_ASSERT(!outcome.refusal, "{}", outcome.refusal->message);
      for (const auto& effect : outcome.effects) {
        const auto* start = std::get_if<StartGang>(&effect);
        if (start == nullptr) continue;
        const auto i = static_cast<std::size_t>(start->attempt.job.value() - 1);
        starts_[i] = now;
        ends_.insert({now + workload_.jobs[i].runtime, start->attempt});
        started.push_back(ReportStarted{start->attempt});
      }
    }
    if (!started.empty()) engine_.decide(started, instant);
  }

  const Workload& workload_;
  Engine engine_;
  Instant epoch_ = day("2026-03-01");
  Starts starts_;
  std::set<std::pair<std::int64_t, AttemptId>> ends_;
};

}  // namespace

Starts engine_starts(const Workload& workload, Backfill backfill) {
  return Run(workload, backfill).run();
}

}  // namespace ampacity::test
