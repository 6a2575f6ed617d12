// SPDX-License-Identifier: Apache-2.0
// Bytes as parts of a journal: opening and restoring must never crash, and must never misread. The
// first byte says which part the rest is:
//   0  the body of an event, with the checksum it needs: read, or Version
//   1  the body of an event, without one: Corrupt, unless it is the body that was there
//   2  the value of meta.format        3  the body of a snapshot
//   4  patches "offset, value" of the file: what was written, or an error
//   5  the whole file                  6  the write-ahead log
#include <unistd.h>

#include <cstdint>

#include "journal/database.hpp"
#include "journal/event_text.hpp"
#include "journal/statement.hpp"
#include "journal/testing.hpp"
#include "wire/json.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;
using sqlite::Statement;
using sqlite::Whole;

struct World {
  Folder folder;
  std::string bytes;  // of a journal with two_lives() and a snapshot of event 2
  std::vector<std::string> events;
  std::int64_t chain = 0;  // after the last event but one
  std::int64_t last = 0;

  World() {
    const auto entries = two_lives();
    const std::string state = "state";
    {
      auto journal = open_sqlite_journal(folder.path()).value();
      last = journal->commit(entries).value();
      if (!journal->save({2, "shape", digest_of(state), state})) std::abort();
    }
    for (const auto& entry : entries) {
      for (const auto& event : entry.events) events.push_back(json::to_json(event));
    }
    auto database = sqlite::Database::open(folder.file(), sqlite::Access::Read).value();
    chain = *sqlite::value_of<Whole>(
        database->session(), fmt::format("SELECT chain FROM events WHERE id = {}", last - 1));
    database.reset();
    bytes = read_file(folder.file());
  }
};

World& world() {
  static World the_world;
  return the_world;
}

void put(const std::string& bytes) {
  for (const auto* companion : {"-wal", "-shm", "-journal"}) {
    std::filesystem::remove(world().folder.file().string() + companion);
  }
  write_file(world().folder.file(), bytes);
}

template <class Change>
void change(Change with) {
  auto database = sqlite::Database::open(world().folder.file(), sqlite::Access::Write).value();
  with(database->session());
}

struct Outcome {
  std::optional<ErrorCode> error;
  std::vector<std::string> events;
  bool snapshot = false;
};

Outcome start(const std::string& shape) {
  Outcome outcome;
  auto journal = open_sqlite_journal(world().folder.path());
  if (!journal) return {journal.error().code, {}, false};
  auto restored = (*journal)->restore(
      shape,
      [&](const Snapshot& snapshot) -> Status {
        if (snapshot.bytes != "state") std::abort();
        outcome.snapshot = true;
        return {};
      },
      [&](const Event& event) -> Status {
        outcome.events.push_back(json::to_json(event));
        return {};
      });
  if (!restored) outcome.error = restored.error().code;
  return outcome;
}

void expect(bool right) {
  if (!right) std::abort();
}

bool as_written(const Outcome& outcome) {
  const auto& all = world().events;
  if (outcome.snapshot)
    return outcome.events == std::vector<std::string>(all.begin() + 2, all.end());
  return outcome.events == all;
}

void set_last_body(const std::string& body, std::int64_t chain) {
  change([&](soci::session& session) {
    Statement<std::string, Whole, Whole>(session,
                                         "UPDATE events SET body = :b, chain = :c WHERE id = :i")
        .run(body, chain, world().last);
  });
}

void event_with_checksum(const std::string& body) {
  set_last_body(body, sqlite::chained(world().chain, world().last, at(20), body));
  const auto outcome = start("none");
  const auto read = sqlite::EventReader().read(body);
  expect(read ? !outcome.error : outcome.error == ErrorCode::Version);
  if (!read) return;
  expect(outcome.events.back() == json::to_json(Event{at(20), *read}));
  // What was read is written and read again as the same.
  const auto again = sqlite::EventReader().read(json::to_json(*read));
  expect(again && json::to_json(*again) == json::to_json(*read));
}

void event_without_checksum(const std::string& body) {
  std::string before;
  std::int64_t chain = 0;
  change([&](soci::session& session) {
    sqlite::Query<sqlite::Columns<std::string, Whole>, Whole> row(
        session, "SELECT body, chain FROM events WHERE id = :i", world().last);
    expect(row.next());
    std::tie(before, chain) = row.row();
  });
  set_last_body(body, chain);
  const auto outcome = start("none");
  expect(body == before ? !outcome.error : outcome.error == ErrorCode::Corrupt);
}

void set_text(const std::string& sql, const std::string& value) {
  change([&](soci::session& session) { Statement<std::string>(session, sql).run(value); });
}

void patches(std::string bytes, const std::string& input) {
  for (std::size_t i = 0; i + 4 <= input.size(); i += 4) {
    std::size_t place = 0;
    for (std::size_t k = 0; k < 3; ++k)
      place = place << 8U | static_cast<unsigned char>(input[i + k]);
    bytes[place % bytes.size()] = input[i + 3];
  }
  put(bytes);
  const auto outcome = start("shape");
  expect(outcome.error || as_written(outcome));
}

void run(int part, const std::string& input) {
  switch (part) {
    case 0:
      return event_with_checksum(input);
    case 1:
      return event_without_checksum(input);
    case 2:
      set_text("UPDATE meta SET value = :v WHERE key = 'format'", input);
      return expect(input == "1" ? !start("shape").error
                                 : start("shape").error == ErrorCode::Version);
    case 3:
      set_text("UPDATE snapshots SET body = CAST(:v AS BLOB)", input);
      return expect(as_written(start("shape")));
    case 4:
      return patches(world().bytes, input);
    case 5:
      put(input);
      static_cast<void>(start("shape"));
      return;
    default:
      write_file(world().folder.file().string() + "-wal", input);
      const auto outcome = start("shape");
      return expect(outcome.error || as_written(outcome));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  put(world().bytes);
  run(data[0] % 7, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
