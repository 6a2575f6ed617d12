// SPDX-License-Identifier: Apache-2.0
#include "journal/writer_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "journal/errors.hpp"

namespace ampacity::sqlite {
namespace {

std::string holder(int descriptor) {
  char text[32] = {};
  const auto size = pread(descriptor, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another process" : "process " + digits;
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
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(work, errno);
    return Error{
        ErrorCode::Locked,
        fmt::format(
            "{} is in use by {} (lock file {}): stop it first, or choose another data folder",
            (folder / "journal.db").string(), holder(descriptor), work.file.string())};
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
