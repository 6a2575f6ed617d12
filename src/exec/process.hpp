// SPDX-License-Identifier: Apache-2.0
// Processes and files as the local executor needs them: a process that cannot be confused with a
// later one of the same number, and files that are there whole or not at all. Linux (/proc).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace ampacity::exec {

// A pid with the kernel's start time of its process: pids are reused, pairs are not.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot
};

std::optional<ProcessId> identify(pid_t pid);
bool is_running(const ProcessId& process);      // exists, is the same, and is not a zombie
std::string to_text(const ProcessId& process);  // "1234 567890"
std::optional<ProcessId> parse_process(const std::string& text);

// Writes text to a new file beside it, syncs, renames, syncs the folder: readers see all or
// nothing.
Status write_whole(const std::filesystem::path& file, const std::string& text,
                   unsigned mode = 0600);
std::optional<std::string> read_whole(const std::filesystem::path& file);

// An advisory lock that ends with the process that holds it. Never inherited by children.
class FileLock {
 public:
  FileLock() = default;
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  static std::optional<FileLock> try_take(const std::filesystem::path& file);  // makes the file

 private:
  int fd_ = -1;
};

}  // namespace ampacity::exec
