// SPDX-License-Identifier: Apache-2.0
// How fast the journal commits and restores. `journal_bench` makes its folders under TMPDIR (its
// disk is what is measured): fsync is on, as always. Jobs of the restore: AMPACITY_BENCH_JOBS
// (default 10,000).
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "journal/reader.hpp"
#include "journal/testing.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;

std::vector<Entry> submissions(std::int64_t first, std::int64_t count) {
  std::vector<Entry> entries;
  for (auto n = first; n < first + count; ++n) entries.push_back(submission(n));
  return entries;
}

void commit_submissions(benchmark::State& state) {
  const Folder folder(std::filesystem::temp_directory_path());
  auto journal = open_sqlite_journal(folder.path()).value();
  std::int64_t next = 1;
  for (auto _ : state) {
    state.PauseTiming();
    const auto entries = submissions(next, state.range(0));
    next += state.range(0);
    state.ResumeTiming();
    if (!journal->commit(entries)) state.SkipWithError("commit failed");
  }
  state.counters["jobs/s"] =
      benchmark::Counter(static_cast<double>(next - 1), benchmark::Counter::kIsRate);
  state.counters["bytes/job"] = static_cast<double>(std::filesystem::file_size(folder.file())) /
                                static_cast<double>(next - 1);
}
BENCHMARK(commit_submissions)->Arg(1)->Arg(64)->Arg(256)->MinTime(2)->UseRealTime();

// One job's whole life: submitted, placed, started, ended with its usage.
void commit_lives(benchmark::State& state) {
  const Folder folder(std::filesystem::temp_directory_path());
  auto journal = open_sqlite_journal(folder.path()).value();
  std::int64_t next = 1;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Entry> entries;
    for (std::int64_t i = 0; i < state.range(0); ++i, ++next) {
      entries.push_back(submission(next));
      entries.push_back(tick(next, {placed(next, next)}));
      entries.push_back(tick(next, {Event{at(next), AttemptStarted{{JobId(next), 1}}}}));
      AttemptEnded ended;
      ended.attempt = {JobId(next), 1};
      entries.push_back(
          tick(next, {Event{at(next), ended},
                      Event{at(next), JobEnded{JobId(next), JobState::Completed, ""}}}));
    }
    state.ResumeTiming();
    if (!journal->commit(entries)) state.SkipWithError("commit failed");
  }
  state.counters["jobs/s"] =
      benchmark::Counter(static_cast<double>(next - 1), benchmark::Counter::kIsRate);
}
BENCHMARK(commit_lives)->Arg(16)->Arg(64)->MinTime(2)->UseRealTime();

std::int64_t restore_jobs() {
  const char* text = std::getenv("AMPACITY_BENCH_JOBS");
  return text != nullptr ? std::atoll(text) : 10'000;
}

// A submission for each job, and two more events for every third.
void fill(const Folder& folder, std::int64_t jobs) {
  auto journal = open_sqlite_journal(folder.path()).value();
  for (std::int64_t n = 1; n <= jobs; n += 64) {
    auto entries = submissions(n, std::min<std::int64_t>(64, jobs - n + 1));
    for (auto job = n; job < n + 64 && job <= jobs; ++job) {
      if (job % 3 != 0) continue;
      entries.push_back(
          tick(job, {placed(job, job), Event{at(job), AttemptStarted{{JobId(job), 1}}}}));
    }
    if (!journal->commit(entries)) std::abort();
  }
}

// Opens and restores; range(0): from a snapshot of that many bytes at the last event. range(1): as
// after SIGKILL.
void restore(benchmark::State& state) {
  const Folder folder(std::filesystem::temp_directory_path());
  fill(folder, restore_jobs());
  if (state.range(0) > 0) {
    auto journal = open_sqlite_journal(folder.path()).value();
    const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
    const auto last = journal->commit({}).value();
    if (!journal->save({last, "shape", digest_of(bytes), bytes})) std::abort();
  }
  std::int64_t replayed = 0;
  for (auto _ : state) {
    if (state.range(1) != 0) {
      state.PauseTiming();
      const auto sql =
          "sqlite3 " + folder.file().string() + " \"UPDATE meta SET value='0' WHERE key='closed'\"";
      if (std::system(sql.c_str()) != 0) std::abort();
      state.ResumeTiming();
    }
    auto journal = open_sqlite_journal(folder.path()).value();
    const auto restored = journal->restore(
        "shape", [](const Snapshot&) { return Status(); },
        [](const Event& event) {
          benchmark::DoNotOptimize(&event);
          return Status();
        });
    if (!restored) state.SkipWithError("restore failed");
    replayed = restored->replayed;
  }
  state.counters["replayed"] = static_cast<double>(replayed);
  state.counters["MB"] = static_cast<double>(std::filesystem::file_size(folder.file())) / 1e6;
}
BENCHMARK(restore)
    ->Args({0, 0})
    ->Args({0, 1})
    ->Args({64 << 20, 0})
    ->Args({64 << 20, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Reads of the API while the tables are full.
void read_pages(benchmark::State& state) {
  const Folder folder(std::filesystem::temp_directory_path());
  fill(folder, restore_jobs());
  auto reader = open_sqlite_reader(folder.path()).value();
  JobFilter filter;
  filter.unfinished_only = state.range(0) != 0;
  for (auto _ : state) {
    const auto rows = reader->jobs(filter);
    if (!rows || rows->size() != 100) state.SkipWithError("read failed");
  }
}
BENCHMARK(read_pages)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void read_counts(benchmark::State& state) {
  const Folder folder(std::filesystem::temp_directory_path());
  fill(folder, restore_jobs());
  auto reader = open_sqlite_reader(folder.path()).value();
  for (auto _ : state) {
    if (!reader->counts_by_state()) state.SkipWithError("read failed");
  }
}
BENCHMARK(read_counts)->Unit(benchmark::kMicrosecond);

}  // namespace
