// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <optional>

#include "journal/database.hpp"
#include "journal/errors.hpp"
#include "journal/event_log.hpp"
#include "journal/journal.hpp"
#include "journal/schema.hpp"
#include "journal/snapshots.hpp"
#include "journal/statement.hpp"
#include "journal/wal_check.hpp"
#include "journal/writer_lock.hpp"

namespace ampacity {
namespace {

using namespace sqlite;

constexpr std::uintmax_t page_check_bytes = 1U << 30U;

class SqliteJournal : public Journal {
 public:
  SqliteJournal(WriterLock lock, std::unique_ptr<Database> database)
      : lock_(std::move(lock)), database_(std::move(database)) {}
  ~SqliteJournal() override { close(); }
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  Status open();

  Result<Restored> restore(const std::string& shape,
                           const std::function<Status(const Snapshot&)>& load,
                           const std::function<Status(const Event&)>& each) override;
  Result<std::int64_t> commit(const std::vector<Entry>& entries) override;
  Status save(const Snapshot& snapshot) override;

 private:
  soci::session& session() { return database_->session(); }
  Status check_pages();
  Status mark(const char* closed);
  Status renew_tables();
  template <class Call>
  Status transaction(const char* doing, Call&& call);
  void close();

  WriterLock lock_;  // released last
  std::unique_ptr<Database> database_;
  std::optional<EventLog> log_;  // its statements go before the connection
  std::optional<Error> failed_;  // the commit that ended our use
};

// One transaction, taken for writing from its start. On failure it is rolled back.
template <class Call>
Status SqliteJournal::transaction(const char* doing, Call&& call) {
  auto status = database_->guarded(doing, [&]() -> Status {
    session() << "BEGIN IMMEDIATE";
    if (auto done = call(); !done) return done;
    session() << "COMMIT";
    return {};
  });
  if (status) return status;
  // After some errors SQLite has rolled back by itself, and then there is nothing to roll back.
  auto* connection = static_cast<soci::sqlite3_session_backend*>(session().get_backend())->conn_;
  if (sqlite_api::sqlite3_get_autocommit(connection) == 0) {
    sqlite_api::sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return status;
}

Status SqliteJournal::open() {
  auto status =
      database_->guarded("opening", [&] { return check_format(session(), database_->file()); });
  if (!status) return status;
  if (status = check_pages(); !status) return status;
  if (status = renew_tables(); !status) return status;
  auto head = read_head(*database_);
  if (!head) return head.error();
  if (status = mark("0"); !status) return status;
  return database_->guarded("opening", [&]() -> Status {
    log_.emplace(session(), *head);
    return {};
  });
}

// Only after an end that was not clean, and only where it takes about a second: it reads the whole
// file (1 ms a MB). The events that are replayed are verified in any case.
Status SqliteJournal::check_pages() {
  std::error_code failed;
  const auto size = std::filesystem::file_size(database_->file(), failed);
  if (failed || size > page_check_bytes) return {};
  return database_->guarded("checking", [&]() -> Status {
    if (value_of<std::string>(session(), "SELECT value FROM meta WHERE key = 'closed'") == "1")
      return {};
    const auto verdict = value_of<std::string>(session(), "PRAGMA quick_check(1)");
    if (verdict == "ok") return {};
    return corrupt({database_->file(), "checking"}, verdict.value_or("no verdict"));
  });
}

Status SqliteJournal::mark(const char* closed) {
  return transaction("writing", [&]() -> Status {
    session() << fmt::format("UPDATE meta SET value = '{}' WHERE key = 'closed'", closed);
    return {};
  });
}

// Makes jobs, attempts, allocations, draws and bearers again from the events if their layout is of
// another version.
Status SqliteJournal::renew_tables() {
  const auto current = std::to_string(tables_version);
  std::optional<std::string> found;
  auto status = database_->guarded("opening", [&]() -> Status {
    found = value_of<std::string>(session(), "SELECT value FROM meta WHERE key = 'tables'");
    return {};
  });
  if (!status || found == current) return status;
  auto head = read_head(*database_);
  if (!head) return head.error();
  return transaction("renewing the tables of", [&]() -> Status {
    drop_tables(session());
    make_tables(session());
    Projection projection(session());
    return replay(*database_, {}, *head,
                  [&](std::int64_t id, const Event& event) { return projection.apply(id, event); });
  });
}

Result<Restored> SqliteJournal::restore(const std::string& shape,
                                        const std::function<Status(const Snapshot&)>& load,
                                        const std::function<Status(const Event&)>& each) {
  if (failed_) return *failed_;
  Restored restored;
  Head from;
  auto found = newest_snapshot(*database_, shape, log_->head().event);
  if (!found) return found.error();
  if (*found) {
    from.event = (*found)->snapshot.last_event;
    from.chain = (*found)->chain;
    if (auto status = load((*found)->snapshot); !status) return status.error();
    restored.snapshot = std::move((*found)->snapshot);
  }
  auto status =
      replay(*database_, from, log_->head(), [&](std::int64_t id, const Event& event) -> Status {
        auto done = each(event);
        if (!done) return done.error().within(fmt::format("event {}", id));
        ++restored.replayed;
        return {};
      });
  if (!status) return status.error();
  restored.last_event = log_->head().event;
  return restored;
}

Result<std::int64_t> SqliteJournal::commit(const std::vector<Entry>& entries) {
  if (failed_) return *failed_;
  auto status = transaction("writing to", [&]() -> Status {
    for (const auto& entry : entries) {
      if (auto done = log_->append(entry); !done) return done;
    }
    return {};
  });
  if (status) return log_->head().event;
  failed_ = Error{status.error().code,
                  "the journal refuses further use after a failed write; restart. It was: " +
                      status.error().message};
  return status.error();
}

Status SqliteJournal::save(const Snapshot& snapshot) {
  if (failed_) return *failed_;
  if (snapshot.last_event < 0 || snapshot.last_event > log_->head().event) {
    return invalid(fmt::format("a snapshot of event {}: the journal ends with event {}",
                               snapshot.last_event, log_->head().event));
  }
  return transaction("writing a snapshot to", [&] { return write_snapshot(*database_, snapshot); });
}

void SqliteJournal::close() {
  if (!log_) return;
  const bool clean = !failed_;
  log_.reset();
  // Failing to say so is harmless: the next start checks the pages.
  if (clean) static_cast<void>(mark("1"));
}

Status prepare_file(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    const auto wal = file.string() + "-wal";
    if (std::filesystem::exists(wal, failed)) {
      return corrupt({file, "opening"}, fmt::format("the file is gone but {} is there", wal));
    }
    return create(file);
  }
  if (auto status = check_header(file); !status) return status;
  return check_wal(file);
}

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(const std::filesystem::path& folder) {
  const auto file = folder / "journal.db";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return system_error({file, "creating the folder of"}, failed.value());
  auto lock = WriterLock::take(folder);
  if (!lock) return lock.error();
  if (auto status = prepare_file(file); !status) return status.error();
  auto database = Database::open(file, Access::Write);
  if (!database) return database.error();
  auto journal = std::make_unique<SqliteJournal>(std::move(*lock), std::move(*database));
  if (auto status = journal->open(); !status) return status.error();
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace ampacity
