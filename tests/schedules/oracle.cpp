// SPDX-License-Identifier: Apache-2.0
#include "schedules/oracle.hpp"

#include <algorithm>
#include <list>
#include <set>
#include <tuple>

#include "base/assert.hpp"

namespace ampacity::test {
namespace {

class Oracle {
 public:
  Oracle(const Workload& workload, Rule rule)
      : workload_(workload),
        rule_(rule),
        free_(workload.procs),
        starts_(workload.jobs.size(), -1) {}

  Starts run() {
    std::size_t next = 0;
    while (next < workload_.jobs.size() || !ends_.empty()) {
      auto now = ends_.empty() ? workload_.jobs[next].submit : ends_.begin()->first;
      if (next < workload_.jobs.size()) now = std::min(now, workload_.jobs[next].submit);
      while (!ends_.empty() && ends_.begin()->first == now) end(ends_.begin()->second);
      for (; next < workload_.jobs.size() && workload_.jobs[next].submit == now; ++next) {
        queue_.push_back(next);
      }
      pass(now);
    }
    return std::move(starts_);
  }

 private:
  const TraceJob& job(std::size_t i) const { return workload_.jobs[i]; }

  void start(std::size_t i, std::int64_t now) {
    starts_[i] = now;
    free_ -= job(i).procs;
    ends_.insert({now + job(i).runtime, i});
    estimated_.insert({now + job(i).estimate, i});
  }

  void end(std::size_t i) {
    free_ += job(i).procs;
    ends_.erase({starts_[i] + job(i).runtime, i});
    estimated_.erase({starts_[i] + job(i).estimate, i});
  }

  void pass(std::int64_t now) {
    while (!queue_.empty() && job(queue_.front()).procs <= free_) {
      start(queue_.front(), now);
      queue_.pop_front();
    }
    if (rule_ == Rule::Fcfs || queue_.empty()) return;
    auto [shadow, extra] = shadow_of(queue_.front());
    for (auto it = std::next(queue_.begin()); it != queue_.end() && free_ > 0;) {
      const auto& b = job(*it);
      const bool in_time = now + b.estimate <= shadow;
      if (b.procs > free_ || !(in_time || b.procs <= extra)) {
        ++it;
        continue;
      }
      if (!in_time) extra -= b.procs;
      start(*it, now);
      it = queue_.erase(it);
    }
  }

  // When the head can start by the estimates, and what is left beside it then.
  std::pair<std::int64_t, std::int64_t> shadow_of(std::size_t head) const {
    auto free = free_;
    std::int64_t shadow = -1;
    for (const auto& [at, i] : estimated_) {
      if (shadow >= 0 && at > shadow) break;
      free += job(i).procs;
      if (shadow < 0 && free >= job(head).procs) shadow = at;
    }
    AMPACITY_ASSERT(shadow >= 0, "job {} never fits", job(head).id);
    return {shadow, free - job(head).procs};
  }

  const Workload& workload_;
  Rule rule_;
  std::int64_t free_;
  Starts starts_;
  std::list<std::size_t> queue_;
  std::set<std::pair<std::int64_t, std::size_t>> ends_;
  std::set<std::pair<std::int64_t, std::size_t>> estimated_;
};

}  // namespace

Starts oracle_starts(const Workload& workload, Rule rule) {
  return Oracle(workload, rule).run();
}

}  // namespace ampacity::test
