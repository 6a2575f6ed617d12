// SPDX-License-Identifier: Apache-2.0
// The engine's schedules are those of independent simulators: every start time of every job, with
// fcfs against the column on which Batsim and pyss agree, and with EASY (batch-per-instant) against
// easy_batch_own. Workloads without a starts file are held against a plain restatement of the
// rules, which is itself held against the files. Workloads too large for a sanitizer build are left
// out there, by name.
#include <doctest/doctest.h>

#include "schedules/engine_run.hpp"
#include "schedules/oracle.hpp"

namespace ampacity::test {
namespace {

struct Known {
  std::string name;
  std::int64_t procs;
  bool large;
};

const Known workloads[] = {
    {"sdsc-sp2-5k", 128, false}, {"hpc2n-3k", 240, false},    {"nasa-ipsc", 128, false},
    {"nasa-ipsc-x2", 128, true}, {"lublin-256", 256, false},  {"wagap-2013", 1'280, true},
    {"philly-82k", 400, true},   {"synth-100k", 4'096, true},
};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

std::size_t differences(const Workload& workload, const Starts& ours, const Starts& theirs) {
  REQUIRE(ours.size() == theirs.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] == theirs[i]) continue;
    if (++count <= 3) {
      MESSAGE(workload.name, ": job ", workload.jobs[i].id, " starts at ", ours[i], ", not at ",
              theirs[i]);
    }
  }
  return count;
}

void compare(Rule rule, Backfill backfill, const std::string& column) {
  const auto folder = reference_schedules();
  if (folder.empty()) {
    MESSAGE("skipped: ../shared/reference-schedules is absent (AMPACITY_SHARED names the folder)");
    return;
  }
  for (const auto& known : workloads) {
    if (sanitized && known.large) {
      MESSAGE(known.name, " is left to the release build");
      continue;
    }
    CAPTURE(known.name);
    const auto workload = read_workload(folder, known.name, known.procs);
    const auto ours = engine_starts(workload, backfill);
    const auto plain = oracle_starts(workload, rule);
    CHECK(differences(workload, ours, plain) == 0);
    const auto theirs = read_starts(folder, known.name, column);
    if (!theirs.empty()) CHECK(differences(workload, plain, theirs) == 0);
    MESSAGE(known.name, ": ", ours.size(), " starts equal ",
            theirs.empty() ? std::string("the restatement of the rules") : column);
  }
}

}  // namespace

TEST_CASE("fcfs starts every job when Batsim and pyss do") {
  compare(Rule::Fcfs, Backfill::None, "fcfs");
}

TEST_CASE("EASY, batch-per-instant, starts every job when the reference does") {
  compare(Rule::Easy, Backfill::Easy, "easy_batch_own");
}

}  // namespace ampacity::test
