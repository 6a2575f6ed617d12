// SPDX-License-Identifier: Apache-2.0
// What the tests and the benchmark of this room share: a folder that goes away, and entries as the
// engine would make them.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace ampacity::testing {

// Tests kill processes, never the machine: memory is durable enough for them, and does not wait for
// a disk.
inline std::filesystem::path memory() {
  return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
}

class Folder {
 public:
  explicit Folder(const std::filesystem::path& under = memory()) {
    auto pattern = (under / "ampacity-journal-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file() const { return path_ / "journal.db"; }

 private:
  std::filesystem::path path_;
};

inline Instant at(std::int64_t seconds) {
  return from_ms(1'800'000'000'000 + seconds * 1'000);
}

inline JobSpec spec_of(std::int64_t n, std::size_t script_bytes = 600) {
  JobSpec spec;
  spec.name = fmt::format("train-{}", n);
  spec.team = n % 2 == 0 ? "research" : "product";
  spec.project = "llm";
  spec.gpus = GpuCount::of(16);
  spec.launch = Launch::Script;
  spec.script = "#!/bin/bash\n#SBATCH -N 2\n";
  while (spec.script.size() < script_bytes) spec.script += "srun python train.py --lr 0.1\n";
  spec.environment["HOME"] = "/home/ann";
  return spec;
}

// "SubmitJob request-n by ann", accepted as job n.
inline Entry submission(std::int64_t n, std::size_t script_bytes = 600) {
  auto spec = spec_of(n, script_bytes);
  const auto request = fmt::format("request-{}", n);
  auto shared = std::make_shared<const JobSpec>(spec);
  return {at(n),
          SubmitJob{request, std::move(spec), "ann"},
          {},
          {Event{at(n), JobSubmitted{JobId(n), request, std::move(shared), 100, "ann"}}}};
}

inline Event placed(std::int64_t seconds, std::int64_t job, std::int64_t number = 1) {
  return {at(seconds), AttemptPlaced{{JobId(job), number},
                                     "abilene",
                                     "oracle",
                                     "oracle-2026",
                                     {{"abilene/h1/p1/r1/n1", 1, 8}, {"abilene/h1/p1/r1/n2", 1, 8}},
                                     Duration(3'600'000),
                                     "first of 2 sites"}};
}

inline Entry tick(std::int64_t seconds, std::vector<Event> events) {
  return {at(seconds), Tick{}, {}, std::move(events)};
}

inline Entry configuration() {
  Portfolio portfolio;
  portfolio.name = "desk";
  portfolio.providers.push_back({"oracle", "Oracle Cloud", {}, "https://example.org"});
  return {at(0),
          Configure{portfolio},
          {},
          {Event{at(0), PortfolioConfigured{std::make_shared<const Portfolio>(portfolio)}}}};
}

inline Event ended(std::int64_t seconds, std::int64_t job, std::int64_t number, Ending ending,
                   AttemptResult result) {
  const Usage usage{GpuTime::of(16'000), Energy::of(7'000), Energy::of(8'400), Money::of(1'234'567),
                    Money::of(-89)};
  return {at(seconds), AttemptEnded{{JobId(job), number}, std::move(ending), result, usage}};
}

// A maintenance from its first to its last event.
// A capacity request from its making to the lease; the request is the command that says most.
inline Entry asked() {
  const CapacityRequest spring{"spring", Power::of(800), at(30), at(90), "note"};
  const LeasePrice price{PriceBasis::MwMonth, Money::of(5)};
  Quote quote{.name = "q",
              .provider = "oracle",
              .site = "abilene",
              .power = Power::of(300),
              .price = price,
              .from = at(31),
              .until = at(80),
              .pue = one,
              .energy_price = {},
              .carbon = Carbon::of(7),
              .note = ""};
  const OpenRequest open{spring, at(22), {}, {quote}, {}, {}};
  RightAmendment change{.from = at(22),
                        .agreed = at(22),
                        .scope = "all",
                        .response_window = Duration(5),
                        .ends = at(99),
                        .why = "w",
                        .by = "olga"};
  return {at(22),
          CreateRequest{spring, "olga"},
          {},
          {{at(22), RequestCreated{spring, {{"azure", "all", at(25)}}, "olga"}},
           {at(22), OfferAnswered{"spring", "azure", OfferAnswer::Accepted, Power::of(500), price,
                                  "by azure"}},
           {at(22), RequestSettled{"spring", RequestStage::PartlyMatched, Power::of(300)}},
           {at(22), QuoteAdded{"spring", std::make_shared<const Quote>(quote), "olga"}},
           {at(22),
            QuoteAwarded{"spring", "q",
                         std::make_shared<const Lease>(lease_of(open, quote, "spring-q")), "olga"}},
           {at(22), RightAmended{"azure", change}}}};
}

inline Amendment amendment() {
  Amendment a{.from = at(22), .agreed = at(22)};
  a.power = Power::of(5'000'000'000);
  a.why = "addendum 3";
  a.by = "olga";
  return a;
}

inline Entry booked() {
  Booking booking;
  booking.name = "fans";
  booking.target = "abilene/h1/p1/r1/n2";
  booking.from = at(21);
  booking.until = at(22);
  booking.maintenance = true;
  return {at(21),
          MakeBooking{booking, "olga"},
          {},
          {{at(21),
            BookingMade{
                std::make_shared<const Booking>(booking), {{"abilene/h1/p1/r1/n2", 1, 8}}, "olga"}},
           {at(21), BookingBegun{"fans"}},
           {at(22), BookingEnded{"fans", "its time is over"}}}};
}

// A site draws less for a while, and a team spends its budget.
inline Entry curtailed() {
  const Curtailment call{"noon", "abilene", Power::of(30'000'000), at(22),
                         at(23), "heat",    std::nullopt,          "peak"};
  const Money budget = Money::of(60'000'000);
  return {
      at(22),
      Curtail{call, "grid"},
      {},
      {{at(22), CurtailmentCalled{call, Power::of(90'000'000), Power::of(50'000'000), "grid"}},
       {at(22), CurtailmentBegun{"noon", Power::of(25'000'000), Power::of(25'100'000), 3, 1, 0, 2}},
       {at(22), PaceChanged{{JobId(9), 1}, Ratio::of(740'000), Power::of(1'967), "noon"}},
       {at(22), CurtailmentMeasured{"noon", Power::of(60'000'000), Power::of(30'000'000),
                                    Power::of(30'000'000)}},
       {at(22), CurtailmentEnded{"noon", "its time is over", Energy::of(90), Energy::of(80),
                                 Power::of(29)}},
       {at(22), BudgetBegun{"research", at(0), at(2'000'000), Money()}},
       {at(22), BudgetSpent{"research", budget, budget, true}},
       {at(22), LeaseUseChanged{"oracle", LeaseUse::Beyond, "its month is used up"}}}};
}

inline Entry measured() {
  const PowerReading reading{"abilene", Power::of(61'000'000), MeterPlace::Facility, at(21)};
  return {at(22),
          ReportPower{{reading}, "scada"},
          {},
          {{at(22), PowerMeasured{"abilene", at(21), Power::of(51'000'000), Power::of(49'000'000),
                                  "scada"}},
           {at(22), PowerCapped{"lease oracle",
                                {"abilene", "shackelford"},
                                Power::of(51'000'000),
                                Power::of(50'000'000),
                                true,
                                Power::of(3'500'000),
                                Power::of(3'500'100),
                                2}},
           {at(22), PowerWithinLimit{"lease oracle"}},
           {at(22), PowerSwung{"abilene", true, Power::of(7), Power::of(40'000'000)}},
           {at(22), CappingEnded{"abilene", "its gangs are at their pace"}},
           {at(22), ReadingExpired{"abilene"}},
           {at(22), BearerChanged{{JobId(9), 1},
                                  "oracle",
                                  "oracle-2",
                                  at(21),
                                  Power::of(1'967),
                                  {GpuTime::of(4), Energy::of(3), Energy::of(4), Money::of(5),
                                   Money::of(6)}}}}};
}

// Two jobs; between them every kind of event. Job 1 fails on a node, is held, is run again and
// completes; job 2 is cancelled while it runs.
inline std::vector<Entry> two_lives() {
  const Ending lost{EndKind::Lost, 0, 0, {}, "node n2 is gone"};
  const Ending killed{EndKind::Signalled, 0, 15, 1, ""};
  return {
      configuration(),
      tick(0, {{at(0), CapacityChanged{"abilene/h1", true, "energised"}}}),
      submission(1),
      submission(2),
      tick(3, {placed(3, 1), placed(3, 2)}),
      {at(4), ReportStarted{{JobId(1), 1}}, {}, {{at(4), AttemptStarted{{JobId(1), 1}}}}},
      {at(5), ReportStarted{{JobId(2), 1}}, {}, {{at(5), AttemptStarted{{JobId(2), 1}}}}},
      {at(6),
       ReportNode{"abilene/h1/p1/r1/n2", NodeState::Down, "no heartbeat"},
       {},
       {{at(6), NodeChanged{"abilene/h1/p1/r1/n2", NodeState::Down, "no heartbeat"}},
        ended(6, 1, 1, lost, AttemptResult::InfrastructureFailed),
        {at(6), JobRequeued{JobId(1), at(16), "node n2 went down"}}}},
      {at(7),
       Drain{"abilene/h1/p1/r1/n2", "olga", "\"bad\" DIMM"},
       {},
       {{at(7), Drained{"abilene/h1/p1/r1/n2", "olga", "\"bad\" DIMM"}}}},
      {at(8),
       Resume{"abilene/h1/p1/r1/n2", "olga"},
       {},
       {{at(8), Resumed{"abilene/h1/p1/r1/n2", "olga"}}}},
      {at(9),
       SubmitJob{"request-x", spec_of(3), "bob"},
       Refusal{Reason::QueueFull, "2 of 2 wait"},
       {}},
      {at(10), HoldJob{JobId(1), "olga", ""}, {}, {{at(10), JobHeld{JobId(1), "held by olga"}}}},
      {at(15), ReleaseJob{JobId(1), "olga"}, {}, {{at(15), JobReleased{JobId(1), "olga"}}}},
      tick(16, {placed(16, 1, 2)}),
      tick(17, {{at(17), AttemptStarted{{JobId(1), 2}}},
                {at(17), AttemptSignalled{{JobId(1), 2}, 10}}}),
      {at(18),
       CancelJob{JobId(2), "ann"},
       {},
       {{at(18), AttemptStopping{{JobId(2), 1}, StopCause::Cancelled, "ann", {}, true}},
        {at(18), StopSent{{JobId(2), 1}}}}},
      {at(19),
       ReportEnded{{JobId(2), 1}, killed},
       {},
       {ended(19, 2, 1, killed, AttemptResult::Cancelled),
        {at(19), JobEnded{JobId(2), JobState::Cancelled, "cancelled by ann"}}}},
      {at(20),
       ReportEnded{{JobId(1), 2}, Ending{}},
       {},
       {ended(20, 1, 2, Ending{}, AttemptResult::Completed),
        {at(20), JobEnded{JobId(1), JobState::Completed, ""}},
        {at(20), SitePowerChanged{"abilene", Power::of(1'000'000)}},
        {at(20), UseCharged{at(300)}},
        {at(20), RoomPromised{JobId(3), "abilene", {{"abilene/h1/p1/r1/n1", 1, 4}}}}}},
      booked(),
      {at(22), SetPolicy{Policy(), "olga"}, {}, {{at(22), PolicyChanged{Policy(), {}, "olga"}}}},
      {at(22),
       AmendLease{"oracle", amendment(), "olga"},
       {},
       {{at(22), LeaseAmended{"oracle", amendment()}}}},
      curtailed(),
      measured(),
      asked(),
  };
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace ampacity::testing
