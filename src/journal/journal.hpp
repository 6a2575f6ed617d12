// SPDX-License-Identifier: Apache-2.0
// The journal: the one durable truth. serve appends every command with the events that it became;
// when commit() returns, they are on disk together with the tables that people query (jobs,
// attempts, allocations, events), in one transaction. After a crash, restore() gives the last
// snapshot and the events after it. One writer (the file is locked while open), any number of
// readers (journal/reader.hpp, sqlite3). Thread rule: one thread at a time; serve gives it a thread
// of its own. Errors: NoSpace, ReadOnly, Locked, Corrupt, Version, Io, each with the file and what
// to do. After a failed commit nothing of the batch is in the journal, and the journal refuses
// further use: restart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// One turn of the engine: a command (as given, for audit) and what it became.
struct Entry {
  Instant at;
  Command command;
  std::optional<Refusal> refusal;
  std::vector<Event> events;
};

struct Snapshot {
  std::int64_t last_event = 0;  // the events up to and including this one are in it
  std::string shape;            // digest of the packed type's shape; another shape is not read
  Digest digest;
  std::string bytes;
};

// What restore() found; events are handed to the callback in order, one by one.
struct Restored {
  std::optional<Snapshot> snapshot;
  std::int64_t last_event = 0;
  std::int64_t replayed = 0;
};

class Journal {
 public:
  static constexpr int format = 1;  // of the tables and of the event texts

  virtual ~Journal() = default;

  // Snapshot first (only one whose shape is `shape` and whose digest is right), then each later
  // event.
  virtual Result<Restored> restore(const std::string& shape,
                                   const std::function<Status(const Snapshot&)>& load,
                                   const std::function<Status(const Event&)>& replay) = 0;

  // Appends the entries and updates the projections in one durable transaction. Returns the number
  // of the last event. Cost: one fsync, plus about 10 us an entry.
  virtual Result<std::int64_t> commit(const std::vector<Entry>& entries) = 0;

  // Writes a snapshot (keeps the two newest).
  virtual Status save(const Snapshot& snapshot) = 0;
};

// Opens or creates <folder>/journal.db (SQLite: WAL, synchronous FULL) and takes its lock.
Result<std::unique_ptr<Journal>> open_sqlite_journal(const std::filesystem::path& folder);

}  // namespace ampacity
