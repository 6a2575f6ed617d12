// SPDX-License-Identifier: Apache-2.0
#include "journal/database.hpp"

#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "journal/statement.hpp"

namespace ampacity::sqlite {
namespace {

constexpr int busy_timeout_ms = 5'000;

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Access access) {
  // SOCI's connection text has quotes and no way to write a quote inside them.
  if (file.string().find('"') != std::string::npos) {
    return invalid(
        fmt::format("{}: the path of a journal cannot contain a quotation mark", file.string()));
  }
  std::unique_ptr<Database> database(new Database(file));
  auto status = database->guarded("opening", [&]() -> Status {
    database->session_.open(soci::sqlite3, fmt::format("dbname=\"{}\"", file.string()));
    database->configure(access);
    return {};
  });
  if (!status) return status.error();
  return database;
}

void Database::configure(Access access) {
  auto* connection = static_cast<soci::sqlite3_session_backend*>(session_.get_backend())->conn_;
  sqlite_api::sqlite3_extended_result_codes(connection, 1);
  sqlite_api::sqlite3_busy_timeout(connection, busy_timeout_ms);
  session_ << "PRAGMA cell_size_check = ON";  // a damaged page is found when it is read, not later
  session_ << "PRAGMA trusted_schema = OFF";
  switch (access) {
    case Access::Create:
      session_ << "PRAGMA page_size = 8192";
      return;
    case Access::Read:
      session_ << "PRAGMA query_only = ON";
      return;
    case Access::Write:
      value_of<std::string>(session_, "PRAGMA journal_mode = WAL");
      session_ << "PRAGMA synchronous = FULL";
      session_ << "PRAGMA cache_size = -65536";        // KiB
      session_ << "PRAGMA wal_autocheckpoint = 4096";  // pages: 32 MiB
      return;
  }
}

}  // namespace ampacity::sqlite
