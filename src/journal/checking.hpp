// SPDX-License-Identifier: Apache-2.0
// The steps that the tests of this room share; each fails the test that calls it if it goes wrong.
#pragma once

#include <doctest/doctest.h>

#include "journal/database.hpp"
#include "journal/reader.hpp"
#include "journal/statement.hpp"
#include "journal/testing.hpp"
#include "wire/json.hpp"

namespace ampacity::testing {

inline std::string text(const Event& event) {
  return fmt::format("{} {}", to_ms(event.at), json::to_json(event.body));
}

inline std::vector<std::string> texts(const std::vector<Entry>& entries) {
  std::vector<std::string> all;
  for (const auto& entry : entries) {
    for (const auto& event : entry.events) all.push_back(text(event));
  }
  return all;
}

struct Back {
  Restored restored;
  std::string snapshot;
  std::vector<std::string> events;
};

inline Back restore(Journal& journal, const std::string& shape = "shape") {
  Back back;
  auto restored = journal.restore(
      shape,
      [&](const Snapshot& snapshot) -> Status {
        back.snapshot = snapshot.bytes;
        return {};
      },
      [&](const Event& event) -> Status {
        back.events.push_back(text(event));
        return {};
      });
  REQUIRE_MESSAGE(restored, restored.error().message);
  back.restored = *restored;
  return back;
}

inline std::unique_ptr<Journal> open(const Folder& folder) {
  auto journal = open_sqlite_journal(folder.path());
  REQUIRE_MESSAGE(journal, journal.error().message);
  return std::move(*journal);
}

inline std::unique_ptr<JournalReader> read(const Folder& folder) {
  auto reader = open_sqlite_reader(folder.path());
  REQUIRE_MESSAGE(reader, reader.error().message);
  return std::move(*reader);
}

inline void write(const Folder& folder, const std::vector<Entry>& entries) {
  const auto last = open(folder)->commit(entries);
  REQUIRE_MESSAGE(last, last.error().message);
}

inline void execute(const Folder& folder, const std::string& sql) {
  auto database = sqlite::Database::open(folder.file(), sqlite::Access::Write).value();
  database->session() << sql;
}

inline std::string first(const Folder& folder, const std::string& sql) {
  auto database = sqlite::Database::open(folder.file(), sqlite::Access::Read).value();
  database->session()
      << "PRAGMA trusted_schema = ON";  // as the sqlite3 shell has it: for the views
  return sqlite::value_of<std::string>(database->session(), sql).value_or("(none)");
}

}  // namespace ampacity::testing
