// SPDX-License-Identifier: Apache-2.0
// One writer for each journal: an flock on <folder>/journal.lock, held while this object lives and
// given up by the kernel when the process dies, however it dies. The file holds the writer's
// process id, for messages. Not on journal.db itself: closing a second descriptor of that file
// would drop SQLite's own locks.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace ampacity::sqlite {

class WriterLock {
 public:
  // Locked, with the process id of the holder, if another process (or another journal here) has it.
  static Result<WriterLock> take(const std::filesystem::path& folder);

  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&& other) noexcept;
  ~WriterLock();

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace ampacity::sqlite
