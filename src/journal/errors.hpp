// SPDX-License-Identifier: Apache-2.0
// What SQLite and the file system report, as an Error that names the file, what was being done, and
// what to do next. The journal room calls SOCI only inside guarded(), so no exception leaves the
// room.
#pragma once

#include <soci/soci.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ampacity::sqlite {

// "writing to /data/journal.db": the file, and what is being done with it.
struct Work {
  std::filesystem::path file;
  std::string doing;

  std::string text() const { return doing + " " + file.string(); }
};

// From the result code of SQLite (primary or extended) and the errno of the call that failed, if
// any.
Error sqlite_error(const Work& work, int result, int system_errno, std::string_view detail);
Error system_error(const Work& work, int system_errno);
Error corrupt(const Work& work, std::string_view what);

// Of an exception in flight; `session` (may be null) knows the errno behind it.
Error error_of(const Work& work, const std::exception& exception, soci::session* session);

// Runs `call`, which returns a Result or Status.
template <class Call>
auto guarded(const Work& work, soci::session* session, Call&& call) -> decltype(call()) {
  errno = 0;
  try {
    return call();
  } catch (const std::exception& exception) {
    return error_of(work, exception, session);
  }
}

}  // namespace ampacity::sqlite
