// SPDX-License-Identifier: Apache-2.0
// A writer that is killed at random moments, again and again, on one journal: whatever it had
// acknowledged is there, nothing is there half, and the tables agree with the events.
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "journal/checking.hpp"
#include "journal/child.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;

constexpr std::int64_t batch_of_jobs = 5;

// Two events a job, so that a batch that is there by half would show.
std::vector<Entry> jobs_from(std::int64_t first) {
  std::vector<Entry> entries;
  for (auto n = first; n < first + batch_of_jobs; ++n) {
    entries.push_back(submission(n));
    entries.push_back(tick(n, {placed(n, n)}));
  }
  return entries;
}

// Acknowledges by sending the number of the last job of each batch; a snapshot now and
// then.
void write_for_ever(const Folder& folder, int report) {
  auto journal = open_sqlite_journal(folder.path());
  if (!journal) _exit(2);
  auto last = (*journal)->commit({});
  while (last) {
    const auto next = *last / 2 + 1;
    last = (*journal)->commit(jobs_from(next));
    if (!last) break;
    const auto acknowledged = next + batch_of_jobs - 1;
    say(report, {reinterpret_cast<const char*>(&acknowledged), sizeof acknowledged});
    if (next % 20 != 1) continue;
    const std::string state = fmt::format("state after {}", *last);
    if (!(*journal)->save({*last, "shape", digest_of(state), state})) break;
  }
  _exit(2);
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  if (text.size() == sizeof value) std::memcpy(&value, text.data(), sizeof value);
  return value;
}

std::int64_t last_heard(Child& child) {
  std::int64_t last = 0;
  while (const auto next = number(child.hear(sizeof last))) last = next;
  return last;
}

void check_whole(const Folder& folder, std::int64_t acknowledged) {
  auto journal = open(folder);
  auto back = restore(*journal);
  const auto jobs = back.restored.last_event / 2;
  CHECK(jobs >= acknowledged);
  CHECK(back.restored.last_event % (2 * batch_of_jobs) == 0);
  const auto from = back.restored.snapshot ? back.restored.snapshot->last_event : 0;
  if (from > 0) CHECK(back.snapshot == fmt::format("state after {}", from));
  std::vector<std::string> expected;
  for (auto n = from / 2 + 1; n <= jobs; ++n) {
    for (const auto& event : texts({submission(n), tick(n, {placed(n, n)})}))
      expected.push_back(event);
  }
  CHECK(back.events == expected);
  CHECK(first(folder, "SELECT count(*) || ' ' || coalesce(sum(state = 'Starting'), 0) FROM jobs") ==
        fmt::format("{0} {0}", jobs));
  CHECK(first(folder, "SELECT count(*) FROM allocations") == std::to_string(2 * jobs));
}

TEST_CASE("no acknowledged entry is lost in sixty kills of the writer") {
  const Folder folder;
  std::int64_t acknowledged = 0;
  int kills_in_work = 0;
  std::uint64_t seed = 7;
  for (int kill = 0; kill < 60; ++kill) {
    seed = seed * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    Child writer([&](int report) { write_for_ever(folder, report); });
    // One in four dies while it opens the journal, the others between their first batch and
    // some later one.
    const auto early = kill % 4 == 0 ? std::string() : writer.hear(sizeof(std::int64_t));
    std::this_thread::sleep_for(std::chrono::microseconds((seed >> 33U) % 10'000));
    writer.kill();
    const auto heard = std::max(number(early), last_heard(writer));
    if (heard > acknowledged) ++kills_in_work;
    acknowledged = std::max(acknowledged, heard);
    if (std::filesystem::exists(folder.file())) check_whole(folder, acknowledged);
  }
  CHECK(kills_in_work >= 40);
  CHECK(acknowledged >= 100);
}

}  // namespace
