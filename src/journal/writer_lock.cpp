// SPDX-License-Identifier: Apache-2.0
#include "journal/writer_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

#include "journal/errors.hpp"

namespace ampacity::sqlite {
namespace {

// 0: it is not written yet.
pid_t holder(int descriptor) {
  char text[32] = {};
  const auto size = pread(descriptor, text, sizeof text - 1, 0);
  pid_t pid = 0;
  std::from_chars(text, text + std::max<ssize_t>(size, 0), pid);
  return pid;
}

// The lock is with whoever has the descriptor: a child that a killed server has just forked has it
// until it becomes another program. So a lock of a process that is not there any more is waited
// for.
bool locked(int descriptor) {
  for (int tries = 0; tries < 250; ++tries) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
    const auto pid = holder(descriptor);
    const bool gone = pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
    errno = EWOULDBLOCK;
    if (!gone) return false;
    usleep(20'000);
  }
  return false;
}

Status write_process_id(int descriptor, const Work& work) {
  const auto text = fmt::format("{}\n", getpid());
  if (ftruncate(descriptor, 0) != 0) return system_error(work, errno);
  if (pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return system_error(work, errno);
  }
  return {};
}

}  // namespace

Result<WriterLock> WriterLock::take(const std::filesystem::path& folder) {
  const Work work{folder / "journal.lock", "locking"};
  const int descriptor = open(work.file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error(work, errno);
  WriterLock lock(descriptor);
  if (!locked(descriptor)) {
    if (errno != EWOULDBLOCK) return system_error(work, errno);
    const auto pid = holder(descriptor);
    return Error{
        ErrorCode::Locked,
        fmt::format(
            "{} is in use by {} (lock file {}): stop it first, or choose another data folder",
            (folder / "journal.db").string(),
            pid > 0 ? fmt::format("process {}", pid) : "another process", work.file.string())};
  }
  if (auto status = write_process_id(descriptor, work); !status) return status.error();
  return lock;
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

WriterLock& WriterLock::operator=(WriterLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

WriterLock::~WriterLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace ampacity::sqlite
