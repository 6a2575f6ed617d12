// SPDX-License-Identifier: Apache-2.0
// What is written comes back: events, tables, views, snapshots.
#include "journal/journal.hpp"

#include <doctest/doctest.h>

#include <set>

#include "journal/checking.hpp"
#include "journal/event_text.hpp"
#include "wire/json.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;

std::vector<std::int64_t> ids(const Result<std::vector<JobRow>>& rows) {
  REQUIRE_MESSAGE(rows, rows.error().message);
  std::vector<std::int64_t> found;
  for (const auto& row : *rows) found.push_back(row.id.value());
  return found;
}

using Ids = std::vector<std::int64_t>;

TEST_CASE("every kind of event comes back as it was written, in order, after reopening") {
  const auto entries = two_lives();
  std::set<std::size_t> kinds;
  for (const auto& entry : entries) {
    for (const auto& event : entry.events) kinds.insert(event.body.index());
  }
  REQUIRE(kinds.size() == std::variant_size_v<EventBody>);

  const Folder folder;
  write(folder, entries);
  auto journal = open(folder);
  const auto back = restore(*journal);
  CHECK(back.events == texts(entries));
  CHECK(back.restored.last_event == static_cast<std::int64_t>(back.events.size()));
  CHECK(back.restored.replayed == back.restored.last_event);
  CHECK_FALSE(back.restored.snapshot);
}

TEST_CASE("an empty journal restores to nothing, and commit counts on from what is there") {
  const Folder folder;
  {
    auto journal = open(folder);
    CHECK(restore(*journal).restored.last_event == 0);
    CHECK(journal->commit({}).value() == 0);
    CHECK(journal->commit({submission(1)}).value() == 1);
    CHECK(journal->commit({submission(2), submission(3)}).value() == 3);
    CHECK(journal->commit({tick(4, {})}).value() == 3);
  }
  auto journal = open(folder);
  CHECK(journal->commit({submission(4)}).value() == 4);
  CHECK(restore(*journal).events ==
        texts({submission(1), submission(2), submission(3), submission(4)}));
  CHECK(first(folder, "SELECT count(*) || ' ' || max(last_event) FROM commands") == "5 4");
}

TEST_CASE("bytes that are not UTF-8, NUL and 1 MiB scripts come back as they were") {
  const Folder folder;
  auto odd = submission(1, 1U << 20U);
  auto detail =
      NodeChanged{"abilene/h1", NodeState::Down, std::string("caf\xe9 \0 \x01 \xff end", 14)};
  const std::vector<Entry> entries{odd, tick(2, {{at(2), detail}})};
  write(folder, entries);
  auto journal = open(folder);
  CHECK(restore(*journal).events == texts(entries));
  CHECK(read(folder)->spec(JobId(1)).value()->script.size() >= 1U << 20U);
}

TEST_CASE("a path may hold spaces and equals signs; a quotation mark is refused by name") {
  const Folder outer;
  const auto odd = outer.path() / "my data=1  x" / "j";
  {
    auto journal = open_sqlite_journal(odd);
    REQUIRE_MESSAGE(journal, journal.error().message);
    CHECK((*journal)->commit({submission(1)}).value() == 1);
  }
  CHECK(std::filesystem::exists(odd / "journal.db"));
  CHECK(open_sqlite_reader(odd).value()->last_event().value() == 1);
  const auto refused = open_sqlite_journal(outer.path() / "a\"b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::InvalidInput);
}

TEST_CASE("the job table tells each job's life") {
  const Folder folder;
  write(folder, two_lives());
  auto reader = read(folder);
  CHECK(
      json::to_json(reader->job(JobId(1)).value()) ==
      R"({"id":1,"name":"train-1","team":"product","project":"llm","by":"ann","state":"Completed",)"
      R"("priority":100,"gpus":16,"submitted":1800000001000,"started":1800000004000,)"
      R"("ended":1800000020000,"attempts":2,"site":"abilene","exit_code":0,"why":"",)"
      R"("usage":{"gpu_time":32000,"it_energy":14000,"facility_energy":16800,)"
      R"("lease_cost":2469134,"energy_cost":-178}})");
  const auto cancelled = reader->job(JobId(2)).value().value();
  CHECK(cancelled.state == JobState::Cancelled);
  CHECK(cancelled.why == "cancelled by ann");
  CHECK_FALSE(cancelled.exit_code);
  CHECK_FALSE(reader->job(JobId(3)).value());
  CHECK(*reader->spec(JobId(2)).value() == spec_of(2));
  CHECK(reader->spec(JobId(3)).error().code == ErrorCode::NotFound);
}

TEST_CASE("the attempt table tells each attempt, with its nodes in rank order") {
  const Folder folder;
  write(folder, two_lives());
  const auto attempts = read(folder)->attempts(JobId(1)).value();
  REQUIRE(attempts.size() == 2);
  CHECK(json::to_json(attempts[0]) ==
        R"({"attempt":"1.1","site":"abilene","provider":"oracle","lease":"oracle-2026",)"
        R"("state":"InfrastructureFailed","why":"first of 2 sites","placed":1800000003000,)"
        R"("started":1800000004000,"ended":1800000006000,)"
        R"("ending":{"kind":"Lost","code":0,"signal":0,"detail":"node n2 is gone"},)"
        R"("usage":{"gpu_time":16000,"it_energy":7000,"facility_energy":8400,)"
        R"("lease_cost":1234567,"energy_cost":-89},)"
        R"("nodes":[{"node":"abilene/h1/p1/r1/n1","nodes":1,"gpus":8},)"
        R"({"node":"abilene/h1/p1/r1/n2","nodes":1,"gpus":8}]})");
  CHECK(attempts[1].state == "Completed");
  CHECK(read(folder)->attempts(JobId(9)).value().empty());
}

TEST_CASE("the state of a job follows its events, one by one") {
  const std::vector<std::pair<std::vector<Event>, std::string>> steps{
      {{placed(2, 1)}, "Starting Placed"},
      {{{at(3), AttemptStarted{{JobId(1), 1}}}}, "Running Running"},
      {{{at(4), AttemptSignalled{{JobId(1), 1}, 10}}}, "Running Running"},
      {{{at(5), AttemptStopping{{JobId(1), 1}, StopCause::NodeDown, "", {}}}}, "Stopping Stopping"},
      {{ended(6, 1, 1, Ending{EndKind::Exited, 7, 0, 0, ""}, AttemptResult::Failed),
        {at(6), JobRequeued{JobId(1), at(7), "again"}}},
       "Waiting Failed"},
      {{placed(8, 1, 2)}, "Starting Placed"},
      {{ended(9, 1, 2, Ending{EndKind::NotStarted, 0, 0, {}, "no such file"},
              AttemptResult::Failed),
        {at(9), JobEnded{JobId(1), JobState::Failed, "no retries left"}}},
       "Failed Failed"}};
  const Folder folder;
  auto journal = open(folder);
  auto reader = read(folder);
  REQUIRE(journal->commit({submission(1)}));
  for (const auto& [events, expected] : steps) {
    REQUIRE(journal->commit({tick(9, events)}));
    const auto job = reader->job(JobId(1)).value().value();
    const auto attempt = reader->attempts(JobId(1)).value().back();
    CHECK(fmt::format("{} {}", boost::describe::enum_to_string(job.state, "?"), attempt.state) ==
          expected);
  }
  const auto job = reader->job(JobId(1)).value().value();
  CHECK_FALSE(job.exit_code);
  CHECK(job.started == at(3));
  CHECK(reader->attempts(JobId(1)).value()[0].ending->code == 7);
}

TEST_CASE("a job that is held says so until it is released; its state stays") {
  const Folder folder;
  auto journal = open(folder);
  auto reader = read(folder);
  REQUIRE(journal->commit({submission(1)}));
  const auto after = [&](Event event) {
    REQUIRE(journal->commit({tick(9, {std::move(event)})}));
    const auto job = reader->job(JobId(1)).value().value();
    return fmt::format("{}: {}", boost::describe::enum_to_string(job.state, "?"), job.why);
  };
  CHECK(after({at(2), JobHeld{JobId(1), "held by olga: wait for the data"}}) ==
        "Waiting: held by olga: wait for the data");
  CHECK(after({at(3), JobReleased{JobId(1), "olga"}}) == "Waiting: ");
}

TEST_CASE("a journal from before speeds, with names of accelerators, is read") {
  const Folder folder;
  write(folder, {submission(1)});
  execute(folder,
          "UPDATE events SET body = replace(body, '\"accelerators\":[]', "
          "'\"accelerators\":[\"H100\"]')");
  const auto spec = read(folder)->spec(JobId(1)).value();
  CHECK(spec->accelerators == std::vector<Accepted>{{"H100", one}});
}

TEST_CASE("jobs are found newest first by state, team, name, page and limit") {
  const Folder folder;
  auto entries = two_lives();  // 1 Completed, 2 Cancelled
  for (std::int64_t n = 3; n <= 8; ++n) entries.push_back(submission(n));
  entries.push_back(tick(30, {placed(30, 4), placed(30, 5)}));
  entries.push_back(tick(31, {{at(31), AttemptStarted{{JobId(5), 1}}}}));
  write(folder, entries);
  auto reader = read(folder);
  CHECK(ids(reader->jobs({})) == Ids{8, 7, 6, 5, 4, 3, 2, 1});
  CHECK(ids(reader->jobs({.state = JobState::Waiting})) == Ids{8, 7, 6, 3});
  CHECK(ids(reader->jobs({.state = JobState::TimedOut})).empty());
  CHECK(ids(reader->jobs({.unfinished_only = true})) == Ids{8, 7, 6, 5, 4, 3});
  CHECK(ids(reader->jobs({.unfinished_only = true, .before = 7, .limit = 3})) == Ids{6, 5, 4});
  CHECK(ids(reader->jobs({.team = "research"})) == Ids{8, 6, 4, 2});
  CHECK(ids(reader->jobs({.unfinished_only = true, .team = "product", .limit = 2})) == Ids{7, 5});
  CHECK(ids(reader->jobs({.name = "train-5"})) == Ids{5});
  CHECK(ids(reader->jobs({.name = "' OR 1 --"})).empty());
  CHECK(ids(reader->jobs({.before = 3, .limit = 1})) == Ids{2});
  for (const std::int64_t limit : {0LL, -1LL, 10'001LL}) {
    CHECK(reader->jobs({.limit = limit}).error().code == ErrorCode::InvalidInput);
    CHECK(reader->events_after(0, limit).error().code == ErrorCode::InvalidInput);
  }
  CHECK(ids(reader->jobs({.limit = 10'000})).size() == 8);
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  CHECK(
      reader->counts_by_state().value() ==
      Counts{{"Cancelled", 1}, {"Completed", 1}, {"Running", 1}, {"Starting", 1}, {"Waiting", 4}});
}

TEST_CASE("a reader sees each commit at once, and events by number and by job") {
  const Folder folder;
  auto journal = open(folder);
  auto reader = read(folder);
  CHECK(reader->last_event().value() == 0);
  CHECK(reader->events_after(0, 10).value().empty());
  const auto entries = two_lives();
  REQUIRE(journal->commit(entries));
  const auto all = texts(entries);
  CHECK(reader->last_event().value() == static_cast<std::int64_t>(all.size()));
  const auto some = reader->events_after(3, 2).value();
  REQUIRE(some.size() == 2);
  CHECK(some[0].id == 4);
  CHECK(fmt::format("{} {}", to_ms(some[1].at), some[1].json) == all[4]);
  std::vector<std::string> kinds;
  const auto rows = reader->events_of(JobId(2)).value();
  for (const auto& row : rows) {
    kinds.emplace_back(sqlite::kind_of(sqlite::EventReader().read(row.json).value()));
  }
  CHECK(kinds == std::vector<std::string>{"JobSubmitted", "AttemptPlaced", "AttemptStarted",
                                          "AttemptStopping", "StopSent", "AttemptEnded",
                                          "JobEnded"});
}

TEST_CASE("commands are kept for audit; what an event holds is not held twice") {
  const Folder folder;
  auto entries = two_lives();
  auto changed = submission(3);  // the engine completed the spec: then both are kept
  auto completed = std::make_shared<JobSpec>(spec_of(3));
  completed->walltime = Duration(60'000);
  std::get<JobSubmitted>(changed.events[0].body).spec = completed;
  entries.push_back(changed);
  write(folder, entries);
  CHECK(first(folder, "SELECT body FROM commands WHERE seq = 3") ==
        R"({"kind":"SubmitJob","request":"request-1","by":"ann","spec_event":3})");
  CHECK(first(folder, "SELECT body FROM commands WHERE seq = 1") ==
        R"({"kind":"Configure","portfolio_event":1})");
  CHECK(first(folder, "SELECT body FROM commands ORDER BY seq DESC LIMIT 1") ==
        json::to_json(changed.command));
  CHECK(first(folder, "SELECT body FROM commands WHERE request = 'request-x'") ==
        json::to_json(Command(SubmitJob{"request-x", spec_of(3), "bob"})));
  CHECK(first(folder,
              "SELECT accepted || ' ' || reason || ': ' || message FROM v_commands "
              "WHERE request = 'request-x'") == "0 QueueFull: 2 of 2 wait");
  CHECK(
      first(folder, "SELECT group_concat(kind, ' ') FROM commands WHERE seq > 5") ==
      "ReportStarted ReportStarted ReportNode Drain Resume SubmitJob HoldJob ReleaseJob Tick Tick "
      "CancelJob ReportEnded ReportEnded MakeBooking SetPolicy "
      "AmendLease Curtail ReportPower CreateRequest SubmitJob");
}

TEST_CASE("commands come back whole, with what an event holds of them, page by page") {
  const Folder folder;
  const auto entries = two_lives();
  write(folder, entries);
  auto reader = read(folder);
  std::int64_t last_event = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto page = reader->commands_after(static_cast<std::int64_t>(i), 1);
    REQUIRE_MESSAGE(page, page.error().message);
    REQUIRE(page->size() == 1);
    const auto& row = page->front();
    const auto& entry = entries[i];
    last_event += static_cast<std::int64_t>(entry.events.size());
    CAPTURE(row.seq);
    CHECK(json::to_json(row.command) == json::to_json(entry.command));
    CHECK(row.at == entry.at);
    CHECK(row.last_event == last_event);
    CHECK(row.refusal == (entry.refusal ? json::to_json(*entry.refusal) : ""));
  }
  CHECK(reader->commands_after(static_cast<std::int64_t>(entries.size()), 1)->empty());
  CHECK_FALSE(reader->commands_after(0, 0).has_value());
  execute(folder, "UPDATE commands SET body = replace(body, ':3}', ':1}') WHERE seq = 3");
  const auto wrong = reader->commands_after(0, 10);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::Corrupt);
}

TEST_CASE("people query with times as text and money in USD") {
  const Folder folder;
  write(folder, two_lives());
  CHECK(first(folder,
              "SELECT submitted || ' ' || started || ' ' || ended FROM v_jobs WHERE id = 1") ==
        "2027-01-15T08:00:01.000Z 2027-01-15T08:00:04.000Z 2027-01-15T08:00:20.000Z");
  CHECK(
      first(folder,
            "SELECT lease_usd || ' ' || energy_usd || ' ' || cost_usd FROM v_jobs WHERE id = 1") ==
      "2.469134 -0.000178 2.468956");
  CHECK(
      first(folder,
            "SELECT gpu_hours || ' ' || it_kwh || ' ' || facility_kwh FROM v_jobs WHERE id = 1") ==
      "0.008889 0.003889 0.004667");
  CHECK(first(folder,
              "SELECT attempt || ' ' || state || ' ' || placed || ' ' || cost_usd FROM v_attempts "
              "WHERE job = 2") == "2.1 Cancelled 2027-01-15T08:00:03.000Z 1.234478");
  CHECK(first(folder, "SELECT at || ' ' || kind || ' ' || job FROM v_events WHERE id = 3") ==
        "2027-01-15T08:00:01.000Z JobSubmitted 1");
  CHECK(first(folder, "SELECT ended IS NULL FROM v_jobs WHERE id = 1") == "0");
}

TEST_CASE("when jobs waited, for how much and where") {
  auto spec = spec_of(2);
  spec.gpus_min = GpuCount::of(4);
  spec.sites = {"abilene", "saline"};
  spec.accelerators = {{"GB200", one}, {"H100", Ratio::of(400'000)}};
  spec.gpus_per_node = 2;
  spec.within = Level::Rack;
  const auto shared = std::make_shared<const JobSpec>(spec);
  const Entry second{at(2),
                     SubmitJob{"two", spec, ""},
                     {},
                     {{at(2), JobSubmitted{JobId(2), "two", shared, 0, ""}}}};
  const Folder folder;
  write(folder, {submission(1), second,
                 tick(5, {placed(5, 1), ended(9, 1, 1, {EndKind::Lost, 0, 0, {}, ""},
                                              AttemptResult::InfrastructureFailed)}),
                 tick(12, {placed(12, 1, 2)})});
  const auto rows = read(folder)->waits(at(0), at(100)).value();
  REQUIRE(rows.size() == 3);
  CHECK((rows[0].from == at(1) && rows[0].until == at(5) && rows[0].gpus == 16));
  CHECK((rows[1].from == at(9) && rows[1].until == at(12)));
  CHECK((rows[2].from == at(2) && rows[2].until > at(1'000'000) && rows[2].gpus == 4));
  CHECK(rows[0].sites.empty());
  CHECK(rows[2].sites == spec.sites);
  CHECK(rows[2].accelerators == std::vector<std::string>{"GB200", "H100"});
  CHECK((!rows[0].per_node && !rows[0].together && rows[2].per_node == 2 && rows[2].together));
  CHECK(read(folder)->waits(at(6), at(8)).value().size() == 1);
}

TEST_CASE("which nodes attempts had in a time") {
  const Folder folder;
  write(folder, {submission(1),
                 tick(5, {placed(5, 1), ended(9, 1, 1, {EndKind::Lost, 0, 0, {}, ""},
                                              AttemptResult::InfrastructureFailed)}),
                 tick(12, {placed(12, 1, 2)})});
  const auto all = read(folder)->held(at(0), at(100)).value();
  REQUIRE(all.size() == 4);  // two runs of nodes each
  CHECK((all[1].from == at(5) && all[1].until == at(9)));
  CHECK((all[2].from == at(12) && all[2].until > at(1'000'000)));
  CHECK(all[0].nodes == all[2].nodes);
  CHECK((!all[0].nodes.node.empty() && all[0].nodes.nodes >= 1 && all[0].nodes.gpus >= 1));
  CHECK(read(folder)->held(at(9), at(12)).value().empty());
  CHECK(read(folder)->held(at(8), at(12)).value().size() == 2);
}

TEST_CASE("the tables are made again from the events when their layout is another") {
  const Folder folder;
  write(folder, two_lives());
  const auto before = json::to_json(read(folder)->job(JobId(1)).value());
  const auto attempts = json::to_json(read(folder)->attempts(JobId(1)).value());
  execute(folder, "DELETE FROM jobs");
  execute(folder, "UPDATE attempts SET state = 'Lost'");
  execute(folder, "UPDATE meta SET value = '0' WHERE key = 'tables'");
  open(folder);
  CHECK(json::to_json(read(folder)->job(JobId(1)).value()) == before);
  CHECK(json::to_json(read(folder)->attempts(JobId(1)).value()) == attempts);
  CHECK(first(folder, "SELECT value FROM meta WHERE key = 'tables'") == "4");
}

Snapshot snapshot_of(std::int64_t last_event, const std::string& bytes,
                     const std::string& shape = "shape") {
  return {last_event, shape, digest_of(bytes), bytes};
}

TEST_CASE("a snapshot comes back first, then the events after it") {
  const Folder folder;
  const std::string bytes("state \0 after three", 19);
  {
    auto journal = open(folder);
    REQUIRE(journal->commit({submission(1), submission(2), submission(3)}));
    REQUIRE(journal->save(snapshot_of(3, bytes)));
    REQUIRE(journal->commit({submission(4)}));
  }
  auto journal = open(folder);
  const auto back = restore(*journal);
  CHECK(back.snapshot == bytes);
  CHECK(back.events == texts({submission(4)}));
  CHECK(back.restored.snapshot->last_event == 3);
  CHECK(back.restored.replayed == 1);
  CHECK(back.restored.last_event == 4);
}

TEST_CASE("the two newest snapshots are kept") {
  const Folder folder;
  auto journal = open(folder);
  for (std::int64_t n = 1; n <= 4; ++n) {
    REQUIRE(journal->commit({submission(n)}));
    REQUIRE(journal->save(snapshot_of(n, fmt::format("after {}", n))));
  }
  CHECK(first(folder, "SELECT group_concat(last_event, ' ') FROM snapshots") == "3 4");
  REQUIRE(journal->save(snapshot_of(4, "again")));
  CHECK(first(folder, "SELECT group_concat(last_event, ' ') FROM snapshots") == "3 4");
  CHECK(restore(*journal).snapshot == "again");
}

TEST_CASE("a snapshot of another shape, with a wrong digest or of another history is passed over") {
  const Folder folder;
  {
    auto journal = open(folder);
    REQUIRE(journal->commit({submission(1)}));
    REQUIRE(journal->save(snapshot_of(1, "after 1")));
    REQUIRE(journal->commit({submission(2)}));
  }
  const auto restored = [&](const std::string& shape) { return restore(*open(folder), shape); };
  SUBCASE("shape") {
    REQUIRE(open(folder)->save(snapshot_of(2, "after 2", "newer")));
    CHECK(restored("newer").snapshot == "after 2");
    CHECK(restored("shape").snapshot == "after 1");
    CHECK(restored("third").snapshot.empty());
    CHECK(restored("third").restored.replayed == 2);
  }
  SUBCASE("digest") {
    REQUIRE(open(folder)->save(snapshot_of(2, "after 2")));
    CHECK(restored("shape").snapshot == "after 2");
    execute(folder, "UPDATE snapshots SET body = CAST('after 3' AS BLOB) WHERE last_event = 2");
    CHECK(restored("shape").snapshot == "after 1");
    execute(folder, "UPDATE snapshots SET digest = 'x'");
    CHECK(restored("shape").snapshot.empty());
    CHECK(restored("shape").restored.replayed == 2);
  }
  SUBCASE("history") {
    execute(folder, "UPDATE snapshots SET chain = chain + 1");
    CHECK(restored("shape").snapshot.empty());
  }
  SUBCASE("of the future") {
    execute(folder, "UPDATE snapshots SET last_event = 7");
    CHECK(restored("shape").snapshot.empty());
  }
}

TEST_CASE("a snapshot that cannot be right is not saved, and the journal goes on") {
  const Folder folder;
  auto journal = open(folder);
  REQUIRE(journal->commit({submission(1)}));
  CHECK(journal->save(snapshot_of(2, "future")).error().code == ErrorCode::InvalidInput);
  CHECK(journal->save(snapshot_of(-1, "past")).error().code == ErrorCode::InvalidInput);
  auto wrong = snapshot_of(1, "bytes");
  wrong.bytes = "other bytes";
  CHECK(journal->save(wrong).error().code == ErrorCode::InvalidInput);
  CHECK(journal->save(snapshot_of(1, "")));
  CHECK(journal->commit({submission(2)}).value() == 2);
}

TEST_CASE("what the engine says no to while restoring comes back with the event's number") {
  const Folder folder;
  auto journal = open(folder);
  REQUIRE(journal->commit({submission(1), submission(2)}));
  REQUIRE(journal->save(snapshot_of(1, "one")));
  const auto accept = [](const Snapshot&) -> Status { return {}; };
  const auto refuse = [](const auto&) -> Status { return invalid("no"); };
  CHECK(journal->restore("shape", accept, refuse).error().message == "event 2: no");
  CHECK(journal->restore("shape", refuse, [](const Event&) -> Status { return {}; })
            .error()
            .message == "no");
  CHECK(restore(*journal).restored.replayed == 1);
}

}  // namespace
