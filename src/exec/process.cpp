// SPDX-License-Identifier: Apache-2.0
#include "exec/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace ampacity::exec {
namespace {

struct Stat {
  char state = '?';
  std::uint64_t start_time = 0;
};

// /proc/<pid>/stat: the name stands in parentheses and may hold anything; fields count from after
// it.
std::optional<Stat> read_stat(pid_t pid) {
  const auto text = read_whole(fmt::format("/proc/{}/stat", pid));
  if (!text) return std::nullopt;
  const auto close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream in(text->substr(close + 1));
  Stat stat;
  in >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) in >> skipped;
  in >> stat.start_time;
  return in ? std::optional(stat) : std::nullopt;
}

Error failed(const std::filesystem::path& file, const char* doing) {
  const auto code = errno == ENOSPC ? ErrorCode::NoSpace : ErrorCode::Io;
  return {code, fmt::format("{} {}: {}", doing, file.string(), std::strerror(errno))};
}

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

std::optional<ProcessId> identify(pid_t pid) {
  const auto stat = read_stat(pid);
  return stat ? std::optional(ProcessId{pid, stat->start_time}) : std::nullopt;
}

bool is_running(const ProcessId& process) {
  const auto stat = read_stat(process.pid);
  return stat && stat->start_time == process.start_time && stat->state != 'Z' && stat->state != 'X';
}

std::string to_text(const ProcessId& process) {
  return fmt::format("{} {}", process.pid, process.start_time);
}

std::optional<ProcessId> parse_process(const std::string& text) {
  std::istringstream in(text);
  ProcessId process;
  in >> process.pid >> process.start_time;
  return in && process.pid > 1 ? std::optional(process) : std::nullopt;
}

Status write_whole(const std::filesystem::path& file, const std::string& text, unsigned mode) {
  const auto fresh = fmt::format("{}.{}.new", file.string(), ::getpid());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed(fresh, "making");
  const bool good = write_all(fd, text) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  if (!good || ::rename(fresh.c_str(), file.c_str()) != 0) {
    const auto failure = failed(file, "writing");
    ::unlink(fresh.c_str());
    return failure;
  }
  sync_folder(file.parent_path());
  return {};
}

std::optional<std::string> read_whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& file) {
  FileLock lock;
  lock.fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.fd_ < 0 || ::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return lock;
}

}  // namespace ampacity::exec
