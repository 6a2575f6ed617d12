// SPDX-License-Identifier: Apache-2.0
// Files that are foreign, of another format, cut short or damaged: refused by name, never misread,
// never written to.
#include <doctest/doctest.h>

#include "journal/checking.hpp"
#include "journal/child.hpp"
#include "journal/event_text.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;

constexpr const char* companions[] = {"-wal", "-shm", "-journal"};

// Opens and restores what is in the folder, as serve does at its start.
Result<Back> start(const Folder& folder) {
  auto journal = open_sqlite_journal(folder.path());
  if (!journal) return journal.error();
  Back back;
  auto restored = (*journal)->restore(
      "shape",
      [&](const Snapshot& snapshot) -> Status {
        back.snapshot = snapshot.bytes;
        return {};
      },
      [&](const Event& event) -> Status {
        back.events.push_back(text(event));
        return {};
      });
  if (!restored) return restored.error();
  back.restored = *restored;
  return back;
}

void check_refused(const Folder& folder, ErrorCode code, const std::string& part) {
  const auto before = read_file(folder.file());
  const auto back = start(folder);
  REQUIRE_FALSE(back);
  CHECK_MESSAGE(back.error().code == code, back.error().message);
  CHECK_MESSAGE(back.error().message.find(part) != std::string::npos, back.error().message);
  CHECK_MESSAGE(back.error().message.find(folder.file().string()) != std::string::npos,
                back.error().message);
  CHECK(read_file(folder.file()) == before);
}

std::vector<Entry> many(std::int64_t jobs) {
  std::vector<Entry> entries = two_lives();
  for (std::int64_t n = 3; n < 3 + jobs; ++n) entries.push_back(submission(n));
  return entries;
}

void overwrite(const Folder& folder, const std::string& bytes) {
  for (const auto* companion : companions)
    std::filesystem::remove(folder.file().string() + companion);
  write_file(folder.file(), bytes);
}

TEST_CASE("a file that is no SQLite file is refused and left alone") {
  const Folder folder;
  for (const auto& bytes : {std::string("my thesis\n"), std::string(), std::string(5'000, '\0'),
                            std::string("SQLite format 3\0", 16)}) {
    overwrite(folder, bytes);
    check_refused(folder, ErrorCode::Corrupt, "is not an Ampacity journal");
    CHECK(open_sqlite_reader(folder.path()).error().code == ErrorCode::Corrupt);
  }
  std::filesystem::remove(folder.file());
  std::filesystem::create_directory(folder.file());
  CHECK_FALSE(open_sqlite_journal(folder.path()));
}

TEST_CASE("a SQLite file of another application is refused and left alone") {
  const Folder folder;
  execute(folder, "CREATE TABLE events(id INTEGER)");
  check_refused(folder, ErrorCode::Corrupt, "its application id is 0, ours is 1095585866");
}

TEST_CASE("a format that we do not know is refused with both numbers") {
  for (const auto* format : {"2", "0", "9999999999", "one", ""}) {
    const Folder folder;
    write(folder, {submission(1)});
    execute(folder, fmt::format("UPDATE meta SET value = '{}' WHERE key = 'format'", format));
    check_refused(folder, ErrorCode::Version,
                  fmt::format("has format '{}', this ampacity reads and writes format 1", format));
    CHECK(open_sqlite_reader(folder.path()).error().code == ErrorCode::Version);
  }
}

TEST_CASE("an event of a kind that we do not know is refused by number, not misread") {
  const Folder folder;
  write(folder, {submission(1), submission(2)});
  const std::string body = R"({"kind":"JobTeleported","job":2})";
  std::int64_t chain = 0;
  {
    auto database = sqlite::Database::open(folder.file(), sqlite::Access::Write).value();
    chain = *sqlite::value_of<sqlite::Whole>(database->session(),
                                             "SELECT chain FROM events WHERE id = 1");
  }
  execute(folder, fmt::format("UPDATE events SET body = '{}', chain = {} WHERE id = 2", body,
                              sqlite::chained(chain, 2, at(2), body)));
  const auto back = start(folder);
  REQUIRE_FALSE(back);
  CHECK(back.error().code == ErrorCode::Version);
  CHECK_MESSAGE(back.error().message.find("event 2 is intact but") != std::string::npos,
                back.error().message);
  CHECK_MESSAGE(back.error().message.find("unknown kind 'JobTeleported'") != std::string::npos,
                back.error().message);
}

TEST_CASE("an event that was altered, removed, moved or cut off is found by number") {
  const Folder folder;
  write(folder, many(5));
  const auto expect = [&](const std::string& part) {
    const auto back = start(folder);
    REQUIRE_FALSE(back);
    CHECK_MESSAGE(back.error().code == ErrorCode::Corrupt, back.error().message);
    CHECK_MESSAGE(back.error().message.find(part) != std::string::npos, back.error().message);
    CHECK(back.error().message.find(".recover") != std::string::npos);
  };
  SUBCASE("one letter of a script") {
    execute(folder, "UPDATE events SET body = replace(body, 'train.py', 'drain.py') WHERE id = 4");
    expect("event 4 is not as it was written");
  }
  SUBCASE("its time") {
    execute(folder, "UPDATE events SET at_ms = at_ms + 1 WHERE id = 7");
    expect("event 7 is not as it was written");
  }
  SUBCASE("removed from the middle") {
    execute(folder, "DELETE FROM events WHERE id = 9");
    expect("event 9 is missing");
  }
  SUBCASE("cut off at the end") {
    execute(folder, "DELETE FROM events WHERE id > 20");
    expect("the commands end with event");
  }
  SUBCASE("two in each other's place") {
    execute(folder, "UPDATE events SET id = -1 WHERE id = 3");
    execute(folder, "UPDATE events SET id = 3 WHERE id = 4");
    execute(folder, "UPDATE events SET id = 4 WHERE id = -1");
    expect("event 3 is not as it was written");
  }
  SUBCASE("a body of another type") {
    execute(folder, "PRAGMA writable_schema = ON");
    execute(folder, "UPDATE events SET body = CAST(x'00ff' AS TEXT) WHERE id = 2");
    expect("event 2 is not as it was written");
  }
}

TEST_CASE("a flipped bit in a body, straight in the file, is found") {
  const Folder folder;
  write(folder, many(20));
  auto bytes = read_file(folder.file());
  const auto place = bytes.find("srun python train.py", bytes.size() / 2);
  REQUIRE(place != std::string::npos);
  bytes[place] = static_cast<char>(bytes[place] ^ 1);
  overwrite(folder, bytes);
  check_refused(folder, ErrorCode::Corrupt, "is not as it was written (its checksum differs)");
}

TEST_CASE("a file cut short is refused") {
  const Folder folder;
  write(folder, many(200));
  const auto bytes = read_file(folder.file());
  for (const auto share : {1U, 3U, 5U, 7U}) {
    auto cut = bytes.substr(0, bytes.size() * share / 8);
    overwrite(folder, cut);
    const auto back = start(folder);
    REQUIRE_FALSE(back);
    CHECK_MESSAGE(back.error().code == ErrorCode::Corrupt, back.error().message);
  }
}

// The damage is anywhere: in a page's header, a pointer, the schema, a body, a snapshot, free
// space.
TEST_CASE("whatever byte is damaged, the start gives what was written, or an error: nothing else") {
  const Folder folder;
  const auto entries = many(30);
  const std::string snapshot = "the state after event 2";
  {
    auto journal = open(folder);
    REQUIRE(journal->commit(entries));
    REQUIRE(journal->save({2, "shape", digest_of(snapshot), snapshot}));
  }
  const auto bytes = read_file(folder.file());
  const auto all = texts(entries);
  const std::vector<std::string> later(all.begin() + 2, all.end());
  int refused = 0;
  int intact = 0;
  std::uint64_t seed = 20'260'101;
  for (int i = 0; i < 400; ++i) {
    seed = seed * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    auto damaged = bytes;
    auto& byte = damaged[(seed >> 20U) % damaged.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(1U + (seed >> 8U) % 255U));
    overwrite(folder, damaged);
    const auto back = start(folder);
    if (!back) {
      ++refused;
      CHECK_FALSE(back.error().message.empty());
      continue;
    }
    ++intact;
    const bool by_snapshot = back->snapshot == snapshot && back->events == later;
    const bool by_events = back->snapshot.empty() && back->events == all;
    CHECK((by_snapshot || by_events));
  }
  CHECK(refused > 100);
  CHECK(intact > 20);
}

TEST_CASE("pages are checked after an end that was not clean") {
  const Folder folder;
  write(folder, many(300));
  const auto pages = [&](const char* closed) {
    const auto bytes = read_file(folder.file());
    execute(folder, fmt::format("UPDATE meta SET value = '{}' WHERE key = 'closed'", closed));
    auto damaged = read_file(folder.file());
    // The root of attempts: no start reads it otherwise.
    const auto root =
        std::stoul(first(folder, "SELECT rootpage FROM sqlite_schema WHERE name = 'attempts'"));
    damaged[(root - 1) * 8'192 + 3] = static_cast<char>(0x7f);
    overwrite(folder, damaged);
    auto back = start(folder);
    overwrite(folder, bytes);
    return back;
  };
  CHECK(pages("1"));
  const auto back = pages("0");
  REQUIRE_FALSE(back);
  CHECK_MESSAGE(back.error().code == ErrorCode::Corrupt, back.error().message);
}

TEST_CASE("a journal whose main file is gone is not begun anew over its log") {
  const Folder folder;
  in_child([&]() -> std::string {
    auto journal = open_sqlite_journal(folder.path());
    if (!journal || !(*journal)->commit({submission(1)})) return "failed";
    _exit(0);
  });
  REQUIRE(std::filesystem::exists(folder.file().string() + "-wal"));
  const auto kept = read_file(folder.file());
  std::filesystem::remove(folder.file());
  const auto back = start(folder);
  REQUIRE_FALSE(back);
  CHECK(back.error().code == ErrorCode::Corrupt);
  CHECK_FALSE(std::filesystem::exists(folder.file()));
  write_file(folder.file(), kept);
  CHECK(start(folder).value().events == texts({submission(1)}));
}

// The log of a writer that was killed: four transactions of one job each.
std::string unfinished_log(const Folder& folder) {
  in_child([&]() -> std::string {
    auto journal = open_sqlite_journal(folder.path());
    for (std::int64_t n = 1; n <= 4; ++n) {
      if (!journal || !(*journal)->commit({submission(n)})) return "failed";
    }
    _exit(0);
  });
  return read_file(folder.file().string() + "-wal");
}

TEST_CASE(
    "a write-ahead log that is damaged where it was acknowledged is refused, not cut off in "
    "silence") {
  const Folder folder;
  const auto log = unfinished_log(folder);
  const auto main = read_file(folder.file());
  const auto with = [&](std::size_t place) {
    overwrite(folder, main);
    auto damaged = log;
    damaged[place] = static_cast<char>(damaged[place] ^ 4);
    write_file(folder.file().string() + "-wal", damaged);
    return start(folder);
  };
  const auto first_frame = with(32 + 24 + 100);
  REQUIRE_FALSE(first_frame);
  CHECK(first_frame.error().code == ErrorCode::Corrupt);
  CHECK_MESSAGE(first_frame.error().message.find("frame 1 of the write-ahead log is damaged") !=
                    std::string::npos,
                first_frame.error().message);
  CHECK(with(log.size() / 3).error().code == ErrorCode::Corrupt);
  CHECK(with(17).error().code == ErrorCode::Corrupt);  // its header
  // What a crash may tear: the last transaction. It was not acknowledged then.
  CHECK(with(log.size() - 100).value().events ==
        texts({submission(1), submission(2), submission(3)}));
  overwrite(folder, main);
  write_file(folder.file().string() + "-wal", log);
  CHECK(start(folder).value().events.size() == 4);
}

TEST_CASE("what a start that was killed left half made is made again") {
  const Folder folder;
  write_file(folder.path() / "journal.db.new", "half");
  write_file(folder.path() / "journal.db.new-journal", "half");
  CHECK(open(folder)->commit({submission(1)}).value() == 1);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "journal.db.new"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "journal.db.new-journal"));
  CHECK((std::filesystem::status(folder.file()).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

}  // namespace
