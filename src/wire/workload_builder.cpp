// SPDX-License-Identifier: Apache-2.0
#include "wire/workload_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/text.hpp"
#include "wire/records.hpp"

namespace ampacity {
namespace {

constexpr Duration longest(365LL * 86'400'000);  // as check(JobSpec) has it

}  // namespace

WorkloadBuilder::WorkloadBuilder(std::string name, Overrun overrun) : overrun_(overrun) {
  workload_.name = std::move(name);
}

void WorkloadBuilder::refuse(const std::string& reason) {
  ++workload_.repairs.read;
  ++workload_.repairs.refused[reason];
}

const char* WorkloadBuilder::whats_wrong(const TraceJob& job) const {
  if (!job.submit) return "without submit time";
  if (job.runtime && *job.runtime < Duration(0)) return "negative run time";
  if (!job.runtime || *job.runtime == Duration(0)) return "without run time";
  if (!job.gpus || *job.gpus == 0) return "without processors";
  if (*job.gpus < 0) return "negative processors";
  if (*job.gpus > limits::job_gpus) return "more than 4,000,000 processors";
  if (*job.runtime > longest) return "runs for more than a year";
  return nullptr;
}

void WorkloadBuilder::add(const TraceJob& job, const TraceKind& kind) {
  if (const auto* reason = whats_wrong(job)) return refuse(reason);
  if (workload_.jobs.size() >= limits::workload_jobs) {
    full_ = fmt::format("more than {} jobs", limits::workload_jobs);
    return;
  }
  WorkloadJob kept;
  kept.submit = *job.submit;
  kept.runtime = *job.runtime;
  kept.walltime = job.walltime.value_or(*job.runtime);
  kept.source = job.source;
  kept.gpus = static_cast<std::uint32_t>(*job.gpus);
  kept.exit_code = job.exit_code;
  kept.kind = index_of(kind);
  ++workload_.repairs.read;
  if (kept.walltime < kept.runtime && overrun_ == Overrun::Cut) {
    repaired("ran for longer than its walltime: cut to it");
    kept.runtime = kept.walltime;
  } else if (kept.walltime < kept.runtime) {
    repaired("walltime shorter than the run: taken as the run");
    kept.walltime = kept.runtime;
  } else if (kept.walltime > longest) {
    repaired("walltime of more than a year: cut to a year");
    kept.walltime = longest;
  }
  if (!workload_.jobs.empty() && kept.submit < workload_.jobs.back().submit) {
    repaired("submitted before the job in front of it: sorted");
  }
  workload_.jobs.push_back(kept);
}

std::uint32_t WorkloadBuilder::index_of(const TraceKind& kind) {
  if (last_kind_ && *last_kind_ == kind) return last_index_;
  const auto next = static_cast<std::uint32_t>(workload_.kinds.size());
  const auto [it, fresh] = kinds_.try_emplace(kind, next);
  if (fresh) {
    if (workload_.kinds.size() >= limits::workload_kinds) {
      full_ = fmt::format("more than {} kinds of jobs (team, class, accelerator, site)",
                          limits::workload_kinds);
    }
    auto& spec = workload_.kinds.emplace_back();
    spec.name = slug(workload_.name);
    spec.command = {"true"};
    spec.team = kind.team;
    spec.priority_class = kind.priority_class;
    if (!kind.accelerator.empty()) spec.accelerators = {{kind.accelerator, one}};
    if (!kind.site.empty()) spec.sites = {kind.site};
  }
  last_kind_ = kind;
  return last_index_ = it->second;
}

void WorkloadBuilder::move(Duration by, const std::string& what) {
  for (auto& job : workload_.jobs) job.submit += by;
  if (!workload_.jobs.empty()) {
    workload_.repairs.repaired[what] += static_cast<std::int64_t>(workload_.jobs.size());
  }
}

Workload WorkloadBuilder::take() {
  auto& jobs = workload_.jobs;
  const auto outside = [](const WorkloadJob& job) { return !in_years_of_records(job.submit); };
  const auto gone = std::remove_if(jobs.begin(), jobs.end(), outside);
  if (gone != jobs.end()) {
    workload_.repairs.refused["submitted outside of the years 2000 to 2200"] += jobs.end() - gone;
    jobs.erase(gone, jobs.end());
  }
  const auto earlier = [](const WorkloadJob& a, const WorkloadJob& b) {
    return a.submit < b.submit;
  };
  if (!std::is_sorted(jobs.begin(), jobs.end(), earlier)) {
    std::stable_sort(jobs.begin(), jobs.end(), earlier);
  }
  return std::move(workload_);
}

std::string slug(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || (!out.empty() && out.back() != '-')) out += plain ? c : '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

}  // namespace ampacity
