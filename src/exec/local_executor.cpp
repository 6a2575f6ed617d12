// SPDX-License-Identifier: Apache-2.0
// Gangs as real processes on this machine. The executor only orders and observes, through the
// attempts' folders; a shim stands over each attempt's processes, so that they do not care whether
// the server lives.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>

#include "exec/attempt_folder.hpp"
#include "exec/executor.hpp"
#include "exec/task_group.hpp"

namespace ampacity {
namespace {

namespace fs = std::filesystem;
using exec::AttemptFolder;

constexpr Duration poll_every{50};
constexpr Duration patience{2'000};  // before a shim that has not passed its gate is tried again

struct Watched {
  bool start_reported = false;
  Instant spawned;
  std::optional<Ending> not_started;  // it could not even be tried
};

// Starts `program shim folder` so that it belongs to nobody here: a session of its own, reaped by
// init.
Status spawn_shim(const std::string& program, const fs::path& folder) {
  const pid_t child = ::fork();
  if (child < 0) return Error{ErrorCode::Io, fmt::format("fork: {}", std::strerror(errno))};
  if (child == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    ::close_range(3, ~0U, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    [[maybe_unused]] const auto entered = ::chdir(folder.c_str());
    ::execl(program.c_str(), "ampacity", "shim", folder.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {};
}

// After a shim that died without a result: what it started may still run.
void end_orphans(const AttemptFolder& folder) {
  std::istringstream in(exec::read_whole(folder.pids()).value_or(""));
  for (std::string line; std::getline(in, line);) {
    const auto process = exec::parse_process(line);
    if (process && exec::is_running(*process)) ::kill(-process->pid, SIGKILL);
  }
}

class LocalExecutor : public Executor {
 public:
  explicit LocalExecutor(LocalOptions options) : options_(std::move(options)) {}

  Status open() {
    std::error_code error;
    fs::create_directories(live_folder(), error);
    if (!error) fs::create_directories(fs::path(options_.folder) / "bin", error);
    if (error)
      return Error{ErrorCode::Io, fmt::format("making {}: {}", options_.folder, error.message())};
    const auto srun = fs::path(options_.folder) / "bin" / "srun";
    if (fs::read_symlink(srun, error) != options_.program) {
      fs::remove(srun, error);
      fs::create_symlink(options_.program, srun, error);
      if (error)
        return Error{ErrorCode::Io, fmt::format("making {}: {}", srun.string(), error.message())};
    }
    return {};
  }

  void start(const StartGang& by_rack, Instant now) override {
    if (watched_.count(by_rack.attempt) > 0) return;
    auto order = by_rack;
    order.nodes = node_by_node(order.nodes);
    const auto folder = folder_of(order.attempt);
    if (fs::exists(folder.result()) && !fs::exists(live_entry(order.attempt))) return;  // long over
    auto& watched = watched_[order.attempt];
    watched.spawned = now;
    if (const auto status = prepare(folder, order); !status) {
      watched.not_started = Ending{.kind = EndKind::NotStarted, .detail = status.error().message};
      return;
    }
    if (!fs::exists(folder.started())) spawn(order.attempt, watched, now);
  }

  void stop(const StopGang& order, Instant) override {
    const auto folder = folder_of(order.attempt);
    // The file first: a shim that is about to pass its gate looks for it afterwards.
    [[maybe_unused]] const auto told =
        exec::write_whole(folder.stop(), fmt::format("{}\n", order.grace.count()));
    if (const auto shim = folder.shim(); shim && exec::is_running(*shim))
      ::kill(shim->pid, SIGTERM);
  }

  void signal(const SignalGang& order, Instant) override {
    const auto shim = folder_of(order.attempt).shim();
    if (!shim || !exec::is_running(*shim)) return;
    sigval value{};
    value.sival_int = exec::passed_signal(static_cast<int>(order.signal), order.batch_only);
    ::sigqueue(shim->pid, SIGUSR2, value);
  }

  void forget(const ForgetAttempt& order) override {
    watched_.erase(order.attempt);
    std::error_code ignored;
    fs::remove(live_entry(order.attempt), ignored);
  }

  void adopt(const std::vector<Expected>& expected, Instant now) override {
    std::map<AttemptId, bool> known;
    for (const auto& e : expected) {
      known[e.start.attempt] = true;
      const auto folder = folder_of(e.start.attempt);
      if (!e.started || fs::exists(folder.order())) {
        start(e.start, now);
        watched_[e.start.attempt].start_reported = e.started;
        continue;
      }
      watched_[e.start.attempt] = {
          .start_reported = true,
          .not_started =
              Ending{.kind = EndKind::Lost, .detail = folder.path.string() + " is gone"}};
    }
    end_strangers(known);
  }

  std::vector<Report> poll(Instant now) override {
    std::vector<Report> reports;
    for (auto& [attempt, watched] : watched_) observe(attempt, watched, now, reports);
    return reports;
  }

  std::optional<Instant> next_poll(Instant now) const override {
    return watched_.empty() ? std::nullopt : std::optional(now + poll_every);
  }

  std::optional<std::string> output_file(AttemptId attempt) const override {
    const auto file = folder_of(attempt).output();
    return fs::exists(file) ? std::optional(file.string()) : std::nullopt;
  }

 private:
  AttemptFolder folder_of(AttemptId attempt) const {
    return {fs::path(options_.folder) / to_text(attempt)};
  }
  fs::path live_folder() const { return fs::path(options_.folder) / "live"; }
  fs::path live_entry(AttemptId attempt) const { return live_folder() / to_text(attempt); }

  // Everything that a shim needs; each step may have been done by an earlier, interrupted try.
  Status prepare(const AttemptFolder& folder, const StartGang& order) {
    std::error_code error;
    fs::create_directories(folder.path, error);
    if (error) {
      return Error{ErrorCode::Io,
                   fmt::format("making {}: {}", folder.path.string(), error.message())};
    }
    if (auto status = exec::write_whole(live_entry(order.attempt), ""); !status) return status;
    if (order.spec->launch == Launch::Script && !fs::exists(folder.script())) {
      if (auto status = exec::write_whole(folder.script(), order.spec->script, 0700); !status) {
        return status;
      }
    }
    return fs::exists(folder.order()) ? Status{} : folder.write_order(order);
  }

  void spawn(AttemptId attempt, Watched& watched, Instant now) {
    watched.spawned = now;
    if (const auto status = spawn_shim(options_.program, folder_of(attempt).path); !status) {
      watched.not_started = Ending{.kind = EndKind::NotStarted, .detail = status.error().message};
    }
  }

  void observe(AttemptId attempt, Watched& watched, Instant now, std::vector<Report>& reports) {
    const auto folder = folder_of(attempt);
    if (watched.not_started) {
      reports.push_back(ReportEnded{attempt, *watched.not_started});
      return;
    }
    if (!fs::exists(folder.started())) {
      if (now - watched.spawned < patience) return;
      return spawn(attempt, watched, now);  // harmless if the other one is only slow
    }
    if (!watched.start_reported) {
      reports.push_back(ReportStarted{attempt});
      watched.start_reported = true;
    }
    auto ending = folder.read_result();
    if (!ending) ending = look_for_lost(folder);
    if (ending) reports.push_back(ReportEnded{attempt, *ending});
  }

  // The gate is passed and there is no result: either the shim holds its lock, or it is gone for
  // good.
  std::optional<Ending> look_for_lost(const AttemptFolder& folder) {
    const auto shim = folder.shim();
    if (shim && exec::is_running(*shim)) return std::nullopt;
    const auto lock = exec::FileLock::try_take(folder.lock());
    if (!lock) return std::nullopt;
    if (auto late = folder.read_result()) return late;
    end_orphans(folder);
    Ending lost{.kind = EndKind::Lost, .detail = "its shim was killed or the machine restarted"};
    if (const auto status = folder.write_result(lost); !status)
      lost.detail += "; " + status.error().message;
    return lost;
  }

  // Runs here and nobody expects it: not ours to keep.
  void end_strangers(const std::map<AttemptId, bool>& known) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(live_folder(), error)) {
      const auto attempt = parse_attempt_id(entry.path().filename().string());
      if (!attempt || known.count(*attempt) > 0) continue;
      stop({*attempt, options_.site, Duration(5'000)}, {});
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
  }

  LocalOptions options_;
  std::map<AttemptId, Watched> watched_;
};

}  // namespace

Result<std::unique_ptr<Executor>> make_local_executor(const LocalOptions& options) {
  auto executor = std::make_unique<LocalExecutor>(options);
  if (auto status = executor->open(); !status) return status.error();
  return std::unique_ptr<Executor>(std::move(executor));
}

}  // namespace ampacity
