// SPDX-License-Identifier: Apache-2.0
#include "bench/server_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <utility>

#include "client/connection.hpp"

namespace ampacity::bench {
namespace {

namespace fs = std::filesystem;

pid_t spawn(const fs::path& folder, const fs::path& portfolio) {
  const auto program = fs::read_symlink("/proc/self/exe").string();
  const auto log = (folder / "serve.log").string();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execl(program.c_str(), "ampacity", "serve", portfolio.c_str(), "--data",
          (folder / "data").c_str(), "--port", "0", "--log-level", "warn",
          static_cast<char*>(nullptr));
  ::_exit(127);
}

std::string tail_of(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::string last;
  while (std::getline(in, line)) last = line;
  return last;
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const fs::path& folder, const fs::path& portfolio) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  fs::remove(folder / "data" / "server", ignored);
  const auto pid = spawn(folder, portfolio);
  if (pid < 0) return Error{ErrorCode::Io, "fork failed"};
  ServerProcess server(pid, "");
  client::Options options;
  options.data = folder / "data";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (::waitpid(pid, nullptr, WNOHANG) == pid) {
      server.pid_ = 0;
      return Error{ErrorCode::Unavailable, "serve ended at once: " + tail_of(folder / "serve.log")};
    }
    if (fs::exists(folder / "data" / "server") && client::ask(options, "GET", "/healthz")) {
      server.port_ = client::find_server(options)->port;
      return server;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return Error{ErrorCode::Unavailable, "serve did not answer within 60 s"};
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), port_(std::move(other.port_)) {}

ServerProcess::~ServerProcess() {
  kill();
}

void ServerProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::int64_t ServerProcess::peak_rss_bytes() const {
  std::ifstream in(fmt::format("/proc/{}/status", pid_));
  for (std::string word; in >> word;) {
    if (word != "VmHWM:") continue;
    std::int64_t kib = 0;
    in >> kib;
    return kib * 1'024;
  }
  return 0;
}

std::int64_t own_peak_rss_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

}  // namespace ampacity::bench
