// SPDX-License-Identifier: Apache-2.0
#include "exec/task_group.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>

namespace ampacity::exec {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// In the child: says what failed on the pipe and ends as a shell would.
[[noreturn]] void give_up(int pipe, const char* what, const std::string& which, int code) {
  const auto text = fmt::format("{} {}: {}", what, which, std::strerror(errno));
  [[maybe_unused]] const auto n = ::write(pipe, text.data(), text.size());
  ::_exit(code);
}

int open_output(const std::string& file, bool append) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | (append ? 0 : O_TRUNC), 0644);
}

void redirect(const Task& task, int pipe) {
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  if (task.output.empty()) return;
  const int out = open_output(task.output, task.append);
  if (out < 0) give_up(pipe, "cannot write the output file", task.output, 126);
  ::dup2(out, STDOUT_FILENO);
  const int err =
      task.error.empty() || task.error == task.output ? out : open_output(task.error, task.append);
  if (err < 0) give_up(pipe, "cannot write the error file", task.error, 126);
  ::dup2(err, STDERR_FILENO);
}

[[noreturn]] void become(const Task& task, int pipe, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);  // the parent died before the line above
  for (int s = 1; s < 32; ++s) ::signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  redirect(task, pipe);
  if (!task.directory.empty() && ::chdir(task.directory.c_str()) != 0) {
    give_up(pipe, "cannot enter the working directory", task.directory, 126);
  }
  std::vector<std::string> words = task.argv;
  std::vector<std::string> variables;
  variables.reserve(task.environment.size());
  for (const auto& [key, value] : task.environment) {
    variables.push_back(fmt::format("{}={}", key, value));
  }
  auto argv = pointers(words);
  auto envp = pointers(variables);
  ::execvpe(argv[0], argv.data(), envp.data());
  give_up(pipe, "cannot run", task.argv.front(), errno == ENOENT ? 127 : 126);
}

class Group {
 public:
  Group(const std::vector<Task>& tasks, const GroupOptions& options)
      : options_(options), pids_(tasks.size(), 0), running_(0) {
    sigemptyset(&handled_);
    for (const int s : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2})
      sigaddset(&handled_, s);
    ::sigprocmask(SIG_BLOCK, &handled_, nullptr);
    signals_ = ::signalfd(-1, &handled_, SFD_CLOEXEC | SFD_NONBLOCK);
    for (std::size_t rank = 0; rank < tasks.size() && !failed_; ++rank) spawn(tasks[rank], rank);
  }
  ~Group() {
    if (signals_ >= 0) ::close(signals_);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  Ending run() {
    if (failed_) stop(options_.grace);
    while (running_ > 0) {
      wait_for_signal();
      if (kill_at_ && std::chrono::steady_clock::now() >= *kill_at_) {
        kill_at_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        signal_all(SIGKILL);
      }
    }
    return failed_.value_or(Ending{});
  }

 private:
  void spawn(const Task& task, std::size_t rank) {
    int trouble[2];
    if (::pipe2(trouble, O_CLOEXEC) != 0) {
      return fail(rank, {.kind = EndKind::NotStarted, .detail = std::strerror(errno)});
    }
    const auto parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) become(task, trouble[1], parent);
    ::close(trouble[1]);
    if (pid < 0) {
      fail(rank,
           {.kind = EndKind::NotStarted, .detail = fmt::format("fork: {}", std::strerror(errno))});
    } else {
      ::setpgid(pid, pid);
      pids_[rank] = pid;
      ++running_;
      char text[512];
      const auto n = ::read(trouble[0], text, sizeof text);  // ends when exec closes it
      if (n > 0) details_[rank] = std::string(text, static_cast<std::size_t>(n));
      if (options_.on_start) options_.on_start(rank, identify(pid).value_or(ProcessId{pid, 0}));
    }
    ::close(trouble[0]);
  }

  void fail(std::size_t rank, Ending ending) {
    if (failed_) return;  // the first that ended badly is what people want to know
    if (pids_.size() > 1) ending.rank = static_cast<std::int64_t>(rank);
    failed_ = std::move(ending);
  }

  void wait_for_signal() {
    pollfd ready{signals_, POLLIN, 0};
    int timeout = -1;
    if (kill_at_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          *kill_at_ - std::chrono::steady_clock::now());
      timeout = static_cast<int>(std::max<std::int64_t>(left.count() + 1, 0));
    }
    ::poll(&ready, 1, timeout);
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) handle(info);
    reap();
  }

  void handle(const signalfd_siginfo& info) {
    const auto signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) return;
    if (options_.forward_signals) {
      signal_all(signal);
      if (signal == SIGTERM || signal == SIGINT) kill_later(options_.grace);
      return;
    }
    if (signal == SIGTERM) {
      return stop(options_.grace_of_stop ? options_.grace_of_stop() : options_.grace);
    }
    if (signal == SIGUSR2 && info.ssi_code == SI_QUEUE) {
      const int wanted = info.ssi_int & 0xFF;
      const bool batch_only = (info.ssi_int & (1 << 8)) != 0;
      for (const auto pid : pids_) {
        if (pid > 0) ::kill(batch_only ? pid : -pid, wanted);
      }
    }
  }

  void reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
         pid = ::waitpid(-1, &status, WNOHANG)) {
      for (std::size_t rank = 0; rank < pids_.size(); ++rank) {
        if (pids_[rank] == pid) ended(rank, status);
      }
    }
  }

  void ended(std::size_t rank, int status) {
    ::kill(-pids_[rank], SIGKILL);  // what the rank itself left behind in its group
    pids_[rank] = 0;
    --running_;
    Ending ending;
    ending.detail = details_[rank];
    if (WIFSIGNALED(status)) {
      ending.kind = EndKind::Signalled;
      ending.signal = WTERMSIG(status);
    } else {
      ending.code = WEXITSTATUS(status);
    }
    if (ending.kind == EndKind::Exited && ending.code == 0) return;
    fail(rank, ending);
    if (options_.end_on_failure && running_ > 0) stop(options_.grace);
  }

  void stop(Duration grace) {
    if (kill_at_) return;
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    kill_later(grace);
  }

  void kill_later(Duration grace) {
    if (!kill_at_) kill_at_ = std::chrono::steady_clock::now() + grace;
  }

  void signal_all(int signal) {
    for (const auto pid : pids_) {
      if (pid > 0) ::kill(-pid, signal);
    }
  }

  const GroupOptions& options_;
  std::vector<pid_t> pids_;  // 0: ended
  std::map<std::size_t, std::string> details_;
  std::size_t running_;
  std::optional<Ending> failed_;
  std::optional<SteadyTime> kill_at_;
  sigset_t handled_{};
  int signals_ = -1;
};

std::vector<pid_t> children() {
  const auto text = read_whole(fmt::format("/proc/self/task/{}/children", ::getpid()));
  std::vector<pid_t> pids;
  std::istringstream in(text.value_or(""));
  for (pid_t pid = 0; in >> pid;) pids.push_back(pid);
  return pids;
}

}  // namespace

Ending run_group(const std::vector<Task>& tasks, const GroupOptions& options) {
  Group group(tasks, options);
  return group.run();
}

void end_leftovers() {
  for (int round = 0; round < 1'000; ++round) {
    for (const auto pid : children()) ::kill(pid, SIGKILL);
    const auto reaped = ::waitpid(-1, nullptr, 0);
    if (reaped < 0 && errno == ECHILD) return;
  }
}

}  // namespace ampacity::exec
