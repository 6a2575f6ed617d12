// SPDX-License-Identifier: Apache-2.0
// Made workloads: the same on every compiler, and with the distributions that the file asks for.
#include "sim/synthetic.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/workload_summary.hpp"
#include "units/text.hpp"

using namespace ampacity;

namespace {

SyntheticSpec spec_of(std::int64_t jobs) {
  SyntheticSpec spec;
  spec.name = "made";
  spec.from = *parse_instant("2028-01-03");  // a Monday
  spec.until = *parse_instant("2028-01-31");
  spec.jobs = jobs;
  spec.sizes = {{1, 70}, {8, 25}, {4'096, 5}};
  SyntheticBand small;
  small.up_to = 8;
  small.shortest = Duration(2'000);
  small.p50 = Duration(120'000);
  small.p90 = Duration(3'600'000);
  small.p99 = Duration(36'000'000);
  small.longest = Duration(864'000'000);
  SyntheticBand large = small;
  large.up_to = 400'000;
  large.p50 = large.p90 = large.p99 = large.longest = Duration(7'200'000);
  large.cancelled = Ratio::of(500'000);
  spec.durations = {small, large};
  spec.walltimes = {{one, 1}, {Ratio::of(3'000'000), 1}};
  spec.teams = {{"vision", 3, "high"}, {"audio", 1, ""}};
  spec.elastic = {Ratio::of(500'000), Ratio::of(250'000), 8};
  spec.checkpoints = {Ratio::of(250'000), Duration(600'000), 1};
  spec.failed = Ratio::of(100'000);
  return spec;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x100000001B3ULL;
}

// Of every job and of what its kind says.
std::uint64_t hash_of(const Workload& workload) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const auto& job : workload.jobs) {
    const auto& kind = workload.kinds[job.kind];
    for (const auto value :
         {to_ms(job.submit), job.runtime.count(), job.walltime.count(), job.source,
          static_cast<std::int64_t>(job.gpus), static_cast<std::int64_t>(job.exit_code),
          kind.gpus_min.value_or(GpuCount::of(0)).count(),
          static_cast<std::int64_t>(kind.team.size()),
          static_cast<std::int64_t>(kind.checkpoint_interval.has_value())}) {
      hash = mixed(hash, static_cast<std::uint64_t>(value));
    }
  }
  return hash;
}

// Out of a thousand jobs.
template <class Condition>
std::int64_t share(const Workload& workload, Condition condition) {
  const auto hits = std::count_if(workload.jobs.begin(), workload.jobs.end(), condition);
  return static_cast<std::int64_t>(hits) * 1'000 / static_cast<std::int64_t>(workload.jobs.size());
}

bool about(std::int64_t value, std::int64_t expected, std::int64_t off) {
  return value >= expected - off && value <= expected + off;
}

}  // namespace

TEST_CASE("the same spec and seed give the same jobs, on every compiler") {
  const auto spec = spec_of(10'000);
  REQUIRE(check(spec).empty());
  CHECK(hash_of(synthesize(spec, 7)) == hash_of(synthesize(spec, 7)));
  CHECK(hash_of(synthesize(spec, 7)) != hash_of(synthesize(spec, 8)));
  // Whoever changes this number changes every made workload: say so in the commit.
  CHECK(hash_of(synthesize(spec, 7)) == 4'875'846'163'647'981'691ULL);
}

TEST_CASE("sizes, endings, walltimes, teams and shares are as asked") {
  const auto w = synthesize(spec_of(200'000), 1);
  REQUIRE(w.jobs.size() == 200'000);
  CHECK(about(share(w, [](auto& j) { return j.gpus == 1; }), 700, 5));
  CHECK(about(share(w, [](auto& j) { return j.gpus == 4'096; }), 50, 3));
  CHECK(about(share(w, [](auto& j) { return j.exit_code == 1; }), 100, 3));
  CHECK(about(share(w, [](auto& j) { return j.exit_code == cancelled_exit; }), 25, 2));
  CHECK(about(share(w, [](auto& j) { return j.walltime == 3 * j.runtime; }), 500, 5));
  const auto kind = [&](const WorkloadJob& j) -> const JobSpec& { return w.kinds[j.kind]; };
  CHECK(about(share(w, [&](auto& j) { return kind(j).team == "vision"; }), 750, 5));
  CHECK(about(share(w, [&](auto& j) { return kind(j).priority_class == "high"; }), 750, 5));
  CHECK(about(share(w, [&](auto& j) { return kind(j).checkpoint_interval.has_value(); }), 250, 5));
  CHECK(about(share(w, [&](auto& j) { return kind(j).gpus_min.has_value(); }), 150, 5));
  for (const auto& job : w.jobs) {
    const auto least = kind(job).gpus_min;
    if (least && least->count() * 4 != job.gpus) FAIL("gpus_min ", least->count());
  }
}

TEST_CASE("run times have the quantiles that are asked for") {
  auto spec = spec_of(200'000);
  spec.sizes = {{1, 1}};
  const auto w = synthesize(spec, 2);
  CHECK(about(share(w, [](auto& j) { return j.runtime <= Duration(120'000); }), 500, 5));
  CHECK(about(share(w, [](auto& j) { return j.runtime <= Duration(3'600'000); }), 900, 4));
  CHECK(about(share(w, [](auto& j) { return j.runtime <= Duration(36'000'000); }), 990, 2));
  // Even in the logarithm: half of those between p50 and p90 are below their geometric mean.
  CHECK(about(share(w, [](auto& j) { return j.runtime <= Duration(657'267); }), 700, 5));
  for (const auto& job : w.jobs) {
    if (job.runtime < Duration(2'000) || job.runtime > Duration(864'000'000)) FAIL("out of range");
  }
}

TEST_CASE("arrivals go with the hour, the weekday and the years") {
  auto spec = spec_of(100'000);
  spec.hours.assign(24, 1);
  spec.hours[9] = 77;  // 77 %
  spec.weekdays = {1, 0, 0, 0, 0, 0, 3};
  const auto w = synthesize(spec, 3);
  const auto hour_of = [](const WorkloadJob& j) { return to_ms(j.submit) / 3'600'000; };
  CHECK(about(share(w, [&](auto& j) { return hour_of(j) % 24 == 9; }), 770, 6));
  CHECK(about(share(w, [&](auto& j) { return (hour_of(j) / 24 + 3) % 7 == 6; }), 750, 6));
  CHECK(share(w, [&](auto& j) { return (hour_of(j) / 24 + 3) % 7 == 2; }) == 0);
  CHECK(std::is_sorted(w.jobs.begin(), w.jobs.end(),
                       [](auto& a, auto& b) { return a.submit < b.submit; }));

  spec = spec_of(100'000);
  spec.until = *parse_instant("2032-01-01");
  spec.growth = one;  // doubles: 1.5, 3, 6 and 12 of 22.5
  const auto years = synthesize(spec, 3);
  const auto before = [&](std::int64_t year) {
    const auto end = spec.from + Duration(year * 365LL * 86'400'000);
    return share(years, [&](auto& j) { return j.submit < end; });
  };
  CHECK(about(before(1), 67, 4));
  CHECK(about(before(2), 200, 6));
  CHECK(about(before(3), 467, 8));
}

TEST_CASE("two of until, jobs and per_day give the third") {
  auto spec = spec_of(2'800);
  CHECK(jobs_of(spec) == 2'800);
  spec.jobs.reset();
  spec.per_day = 100;
  CHECK(jobs_of(spec) == 2'800);
  spec.until.reset();
  spec.jobs = 2'800;
  CHECK(end_of(spec) == *parse_instant("2028-01-31"));
  CHECK(check(spec).empty());
  spec.per_day.reset();
  CHECK(check(spec).front().message == "expected two of 'until', 'jobs' and 'per_day'");
}

TEST_CASE("a span without any hour that has a weight is refused") {
  auto spec = spec_of(10);
  spec.until = *parse_instant("2028-01-04");
  spec.weekdays = {0, 1, 0, 0, 0, 0, 0};
  CHECK(check(spec).front().message == "no hour up to 'until' has a weight");
}

TEST_CASE("ten years at the largest weights and growth do not overflow") {
  auto spec = spec_of(1'000);
  spec.until = *parse_instant("2047-12-31");
  spec.growth = Ratio::of(10'000'000);
  spec.hours.assign(24, limits::synthetic_hour_weight);
  spec.weekdays.assign(7, limits::synthetic_hour_weight);
  REQUIRE(check(spec).empty());
  const auto w = synthesize(spec, 1);
  CHECK(w.jobs.size() == 1'000);
  CHECK(w.jobs.back().submit < *spec.until);
  spec.growth = Ratio::of(-900'000);
  CHECK(synthesize(spec, 1).jobs.front().submit >= spec.from);
}

TEST_CASE("a summary counts by hand") {
  Workload w;
  w.name = "w";
  w.kinds.resize(2);
  w.kinds[1].gpus_min = GpuCount::of(1);
  const auto job = [&](std::int64_t at, std::int64_t run, std::uint32_t gpus, std::int16_t code) {
    w.jobs.push_back(
        {from_ms(at), Duration(run), Duration(2 * run), 0, gpus, gpus > 1 ? 1U : 0U, code});
  };
  job(0, 1'000, 1, 0);
  job(500, 2'000, 1, 1);
  job(1'000, 9'000, 4, cancelled_exit);
  job(2'000, 4'000, 2, 0);
  const auto s = summarize(w);
  CHECK(s.jobs == 4);
  CHECK(s.mean_run_ms == 4'000);
  CHECK(s.median_run_ms == 2'000);
  CHECK(s.max_run_ms == 9'000);
  CHECK(s.mean_milli_gpus == 2'000);
  CHECK(s.median_gpus == 1);
  CHECK(s.max_gpus == 4);
  CHECK(s.mean_walltime_ppm == 2'000'000);
  CHECK(s.elastic_jobs == 2);
  CHECK(s.gpu_ms == 47'000);
  CHECK(s.busy_gpus == 23);
  CHECK(s.completed == WorkloadEnding{2, 9'000});
  CHECK(s.failed == WorkloadEnding{1, 2'000});
  CHECK(s.cancelled == WorkloadEnding{1, 36'000});
  CHECK(summarize({}).jobs == 0);
}
