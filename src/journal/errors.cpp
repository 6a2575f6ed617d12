// SPDX-License-Identifier: Apache-2.0
#include "journal/errors.hpp"

#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace ampacity::sqlite {
namespace {

std::string no_space(const Work& work) {
  std::error_code ignored;
  const auto space = std::filesystem::space(work.file.parent_path(), ignored);
  const auto free = ignored ? std::string("unknown") : fmt::format("{} bytes", space.available);
  return fmt::format(
      "{}: no space left (free there: {}). Nothing of this batch was kept. Free some space or "
      "raise the "
      "quota or file size limit, then start again: what was acknowledged is safe",
      work.text(), free);
}

std::string read_only(const Work& work) {
  return fmt::format(
      "{}: it cannot be written (read-only file system, or the rights of the file or of its "
      "folder). "
      "Give this user the right to write in {}, or choose another data folder",
      work.text(), work.file.parent_path().string());
}

std::string busy(const Work& work) {
  return fmt::format(
      "{}: another process holds a write transaction on it (a sqlite3 shell, a backup?). End it, "
      "then start "
      "again; reading never locks",
      work.text());
}

std::string unexpected(const Work& work, int result, int system_errno, std::string_view detail) {
  const auto cause = system_errno == 0
                         ? std::string()
                         : fmt::format(" ({})", std::generic_category().message(system_errno));
  return fmt::format("{}: {}, SQLite code {}{}. Look at the disk's log (dmesg), then start again",
                     work.text(), detail, result, cause);
}

bool is_no_space(int system_errno) {
  return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

bool is_read_only(int system_errno) {
  return system_errno == EROFS || system_errno == EACCES || system_errno == EPERM;
}

// Even a reader needs it: the WAL's index is a file beside the journal.
bool may_write(const std::filesystem::path& folder) {
  return access(folder.c_str(), W_OK) == 0 || !is_read_only(errno);
}

}  // namespace

Error corrupt(const Work& work, std::string_view what) {
  return {
      ErrorCode::Corrupt,
      fmt::format(
          "{}: {}. Nothing was changed. Restore a copy of the folder, or save what can be read: "
          "sqlite3 {} .recover | sqlite3 recovered.db",
          work.text(), what, work.file.string())};
}

Error sqlite_error(const Work& work, int result, int system_errno, std::string_view detail) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::NoSpace, no_space(work)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::ReadOnly, read_only(work)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {ErrorCode::Locked, busy(work)};
    case SQLITE_CORRUPT:
      return corrupt(work, "the file is damaged (" + std::string(detail) + ")");
    case SQLITE_NOTADB:
      return corrupt(work, "this is not a SQLite file, or its start is damaged");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (is_no_space(system_errno)) return {ErrorCode::NoSpace, no_space(work)};
      if (is_read_only(system_errno) || !may_write(work.file.parent_path())) {
        return {ErrorCode::ReadOnly, read_only(work)};
      }
      break;
    default:
      break;
  }
  return {ErrorCode::Io, unexpected(work, result, system_errno, detail)};
}

Error system_error(const Work& work, int system_errno) {
  if (is_no_space(system_errno)) return {ErrorCode::NoSpace, no_space(work)};
  if (is_read_only(system_errno)) return {ErrorCode::ReadOnly, read_only(work)};
  const auto code = system_errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io;
  return {code, fmt::format("{}: {}", work.text(), std::generic_category().message(system_errno))};
}

Error error_of(const Work& work, const std::exception& exception, soci::session* session) {
  // SQLite keeps the errno of a failed open, not always that of a failed write; the thread's own
  // still has it.
  int system_errno = errno;
  if (session != nullptr && session->get_backend() != nullptr) {
    auto* backend = static_cast<soci::sqlite3_session_backend*>(session->get_backend());
    if (const int kept = sqlite_api::sqlite3_system_errno(backend->conn_); kept != 0)
      system_errno = kept;
  }
  if (const auto* failed = dynamic_cast<const soci::sqlite3_soci_error*>(&exception)) {
    return sqlite_error(work, failed->result(), system_errno, failed->what());
  }
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {ErrorCode::LimitExceeded, work.text() + ": out of memory"};
  }
  // SOCI itself: a value of another type or a NULL where the schema allows none.
  return corrupt(work, exception.what());
}

}  // namespace ampacity::sqlite
