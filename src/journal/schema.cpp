// SPDX-License-Identifier: Apache-2.0
#include "journal/schema.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "journal/database.hpp"
#include "journal/errors.hpp"
#include "journal/journal.hpp"
#include "journal/statement.hpp"

namespace ampacity::sqlite {
namespace {

// The truth: never changed once written, except meta.
constexpr const char* truth[] = {
    R"(CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE commands(
         seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT,
         refusal TEXT, last_event INTEGER NOT NULL, body TEXT NOT NULL) STRICT)",
    R"(CREATE TABLE events(
         id INTEGER PRIMARY KEY, command_seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
         kind TEXT NOT NULL, job INTEGER, chain INTEGER NOT NULL, body TEXT NOT NULL) STRICT)",
    R"(CREATE INDEX events_job ON events(job) WHERE job IS NOT NULL)",
    R"(CREATE TABLE snapshots(
         last_event INTEGER PRIMARY KEY, shape TEXT NOT NULL, digest TEXT NOT NULL,
         chain INTEGER NOT NULL, body BLOB NOT NULL) STRICT)",
};

// The job's usage is the sum over its attempts that ended.
constexpr const char* tables[] = {
    R"(CREATE TABLE jobs(
         id INTEGER PRIMARY KEY, request TEXT NOT NULL, name TEXT NOT NULL, team TEXT NOT NULL,
         project TEXT NOT NULL, submitted_by TEXT NOT NULL, state TEXT NOT NULL,
         priority INTEGER NOT NULL, gpus INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,
         started_ms INTEGER, ended_ms INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
         site TEXT NOT NULL DEFAULT '', exit_code INTEGER, why TEXT NOT NULL DEFAULT '',
         gpu_ms INTEGER NOT NULL DEFAULT 0, it_joules INTEGER NOT NULL DEFAULT 0,
         facility_joules INTEGER NOT NULL DEFAULT 0, lease_micro_usd INTEGER NOT NULL DEFAULT 0,
         energy_micro_usd INTEGER NOT NULL DEFAULT 0, spec_event INTEGER NOT NULL) STRICT)",
    R"(CREATE INDEX jobs_state ON jobs(state))",
    R"(CREATE TABLE attempts(
         job INTEGER NOT NULL, number INTEGER NOT NULL, site TEXT NOT NULL, provider TEXT NOT NULL,
         lease TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, walltime_ms INTEGER NOT NULL,
         placed_ms INTEGER NOT NULL, started_ms INTEGER, ended_ms INTEGER, stop_cause TEXT,
         ending TEXT, gpu_ms INTEGER NOT NULL DEFAULT 0, it_joules INTEGER NOT NULL DEFAULT 0,
         facility_joules INTEGER NOT NULL DEFAULT 0, lease_micro_usd INTEGER NOT NULL DEFAULT 0,
         energy_micro_usd INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, number)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE allocations(
         job INTEGER NOT NULL, attempt INTEGER NOT NULL, position INTEGER NOT NULL,
         node TEXT NOT NULL, nodes INTEGER NOT NULL, gpus INTEGER NOT NULL,
         PRIMARY KEY(job, attempt, position)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE draws(
         job INTEGER NOT NULL, attempt INTEGER NOT NULL, since_ms INTEGER NOT NULL,
         watts INTEGER NOT NULL, pace_ppm INTEGER NOT NULL,
         PRIMARY KEY(job, attempt, since_ms)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE bearers(
         job INTEGER NOT NULL, attempt INTEGER NOT NULL, since_ms INTEGER NOT NULL,
         before TEXT NOT NULL, lease TEXT NOT NULL, watts INTEGER NOT NULL,
         PRIMARY KEY(job, attempt, since_ms)) STRICT, WITHOUT ROWID)",
};

constexpr const char* table_names[] = {"jobs", "attempts", "allocations", "draws", "bearers"};
constexpr const char* view_names[] = {"v_jobs", "v_attempts", "v_events", "v_commands"};

std::string iso(const std::string& column) {
  return fmt::format("strftime('%Y-%m-%dT%H:%M:%fZ', {0}_ms / 1000.0, 'unixepoch') AS {0}", column);
}

std::string used() {
  return "round(gpu_ms / 3.6e6, 6) AS gpu_hours, round(it_joules / 3.6e6, 6) AS it_kwh, "
         "round(facility_joules / 3.6e6, 6) AS facility_kwh, lease_micro_usd / 1e6 AS lease_usd, "
         "energy_micro_usd / 1e6 AS energy_usd, (lease_micro_usd + energy_micro_usd) / 1e6 AS "
         "cost_usd";
}

std::array<std::string, 4> views() {
  return {
      "CREATE VIEW v_jobs AS SELECT id, name, team, project, submitted_by, state, priority, "
      "gpus, " +
          iso("submitted") + ", " + iso("started") + ", " + iso("ended") +
          ", attempts, site, exit_code, why, " + used() + " FROM jobs",
      "CREATE VIEW v_attempts AS SELECT job || '.' || number AS attempt, job, number, site, "
      "provider, "
      "lease, state, why, " +
          iso("placed") + ", " + iso("started") + ", " + iso("ended") + ", stop_cause, ending, " +
          used() + " FROM attempts",
      "CREATE VIEW v_events AS SELECT id, " + iso("at") + ", kind, job, body FROM events",
      "CREATE VIEW v_commands AS SELECT seq, " + iso("at") +
          ", kind, request, refusal IS NULL AS accepted, json_extract(refusal, '$.reason') AS "
          "reason, "
          "json_extract(refusal, '$.message') AS message, last_event, body FROM commands",
  };
}

void fill(soci::session& session) {
  session << fmt::format("PRAGMA application_id = {}", application_id);
  session << "BEGIN IMMEDIATE";
  for (const auto* sql : truth) session << sql;
  make_tables(session);
  session << fmt::format(
      "INSERT INTO meta(key, value) VALUES('application', 'ampacity'), ('format', '{}'), "
      "('closed', '1'), ('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
      Journal::format);
  session << "COMMIT";
}

Status synced(const std::filesystem::path& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) return system_error({path, "making durable"}, errno);
  const int result = fsync(descriptor);
  const int reason = errno;
  close(descriptor);
  if (result != 0) return system_error({path, "making durable"}, reason);
  return {};
}

Status write_empty(const std::filesystem::path& file) {
  auto database = Database::open(file, Access::Create);
  if (!database) return database.error();
  auto& session = (*database)->session();
  return guarded({file, "creating"}, &session, [&]() -> Status {
    fill(session);
    return {};
  });
}

std::string read_text(soci::session& session, const std::string& key) {
  Query<Columns<std::string>, std::string> query(session, "SELECT value FROM meta WHERE key = :k",
                                                 key);
  return query.next() ? std::get<0>(query.row()) : std::string();
}

Error not_ours(const std::filesystem::path& file, const std::string& what) {
  return {
      ErrorCode::Corrupt,
      fmt::format(
          "{} is not an Ampacity journal: {}. It was not touched. Choose another data folder, or "
          "move the file away; if it was a journal, restore a copy of the folder",
          file.string(), what)};
}

}  // namespace

void make_tables(soci::session& session) {
  for (const auto* sql : tables) session << sql;
  for (const auto& sql : views()) session << sql;
  session << fmt::format("INSERT OR REPLACE INTO meta(key, value) VALUES('tables', '{}')",
                         tables_version);
}

void drop_tables(soci::session& session) {
  for (const auto* name : view_names) session << fmt::format("DROP VIEW IF EXISTS {}", name);
  for (const auto* name : table_names) session << fmt::format("DROP TABLE IF EXISTS {}", name);
}

Status create(const std::filesystem::path& file) {
  auto fresh = file;
  fresh += ".new";
  const Work work{fresh, "creating"};
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {  // of a start that was killed
    std::error_code failed;
    std::filesystem::remove(fresh.string() + suffix, failed);
    if (failed) return system_error(work, failed.value());
  }
  if (auto status = write_empty(fresh); !status) return status;
  if (auto status = synced(fresh, O_RDONLY); !status) return status;
  // Scripts and environments may hold secrets; SQLite gives the WAL the same rights.
  if (chmod(fresh.c_str(), 0600) != 0) return system_error(work, errno);
  if (rename(fresh.c_str(), file.c_str()) != 0) return system_error(work, errno);
  return synced(file.parent_path(), O_RDONLY | O_DIRECTORY);
}

Status check_header(const std::filesystem::path& file) {
  std::array<char, 100> header{};
  std::ifstream in(file, std::ios::binary);
  if (!in) return system_error({file, "opening"}, errno);
  in.read(header.data(), header.size());
  if (in.gcount() < static_cast<std::streamsize>(header.size())) {
    return not_ours(file, fmt::format("it has {} bytes", in.gcount()));
  }
  if (std::string_view(header.data(), 15) != "SQLite format 3") {
    return not_ours(file, "it does not begin as a SQLite file does");
  }
  std::uint32_t id = 0;
  for (std::size_t i = 68; i < 72; ++i) id = id << 8U | static_cast<unsigned char>(header[i]);
  if (id != static_cast<std::uint32_t>(application_id)) {
    return not_ours(file, fmt::format("its application id is {}, ours is {}", id, application_id));
  }
  return {};
}

Status check_format(soci::session& session, const std::filesystem::path& file) {
  if (const auto application = read_text(session, "application"); application != "ampacity") {
    return not_ours(file, fmt::format("meta.application is '{}', not 'ampacity'", application));
  }
  const auto format = read_text(session, "format");
  if (format == std::to_string(Journal::format)) return {};
  return Error{
      ErrorCode::Version,
      fmt::format(
          "{} has format '{}', this ampacity reads and writes format {}. Nothing was changed. "
          "Run the version of ampacity that wrote it, or choose another data folder",
          file.string(), format, Journal::format)};
}

}  // namespace ampacity::sqlite
