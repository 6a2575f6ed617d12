// SPDX-License-Identifier: Apache-2.0
// A real `ampacity serve` as a child process in a folder of its own, for whole-system figures.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace ampacity::bench {

class ServerProcess {
 public:
  // Starts it and returns when it answers, with the port that it chose.
  static Result<ServerProcess> start(const std::filesystem::path& folder,
                                     const std::filesystem::path& portfolio);
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // KILL, if it still runs

  const std::string& port() const { return port_; }
  pid_t pid() const { return pid_; }
  void kill();                          // SIGKILL, as a crash would
  std::int64_t peak_rss_bytes() const;  // of the child, so far

 private:
  ServerProcess(pid_t pid, std::string port) : pid_(pid), port_(std::move(port)) {}
  pid_t pid_ = 0;
  std::string port_;
};

// Of this process, so far.
std::int64_t own_peak_rss_bytes();

}  // namespace ampacity::bench
