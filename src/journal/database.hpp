// SPDX-License-Identifier: Apache-2.0
// A connection to journal.db with the settings that our promises rest on.
#pragma once

#include <soci/soci.h>

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "journal/errors.hpp"

namespace ampacity::sqlite {

// Create: a new file, without WAL until it is complete. Write, Read: an existing one.
enum class Access { Create, Write, Read };

class Database {
 public:
  // Corrupt, ReadOnly, Io …: by name of the file.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Access access);

  soci::session& session() { return session_; }
  const std::filesystem::path& file() const { return file_; }

  template <class Call>
  auto guarded(const char* doing, Call&& call) {
    return sqlite::guarded(Work{file_, doing}, &session_, std::forward<Call>(call));
  }

 private:
  explicit Database(std::filesystem::path file) : file_(std::move(file)) {}
  void configure(Access access);

  std::filesystem::path file_;
  soci::session session_;
};

}  // namespace ampacity::sqlite
