// SPDX-License-Identifier: Apache-2.0
#include "exec/shim.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "exec/attempt_folder.hpp"
#include "exec/task_group.hpp"

extern char** environ;

namespace ampacity::exec {
namespace {

namespace fs = std::filesystem;

Environment own_environment() {
  Environment all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 29'500;
  if (fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  if (fd >= 0) ::close(fd);
  return port;
}

// The gate: whoever makes the file starts the job, whoever finds it goes away.
bool pass_gate(const AttemptFolder& folder) {
  const int fd = ::open(folder.started().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const auto text = to_text(*identify(::getpid())) + "\n";
  [[maybe_unused]] const auto n = ::write(fd, text.data(), text.size());
  ::fsync(fd);
  ::close(fd);
  return true;
}

std::string placed_file(const std::string& pattern, const StartGang& order, const std::string& user,
                        const std::string& directory) {
  const fs::path file = expand_pattern(pattern, order, user);
  return file.is_absolute() ? file.string() : (fs::path(directory) / file).string();
}

struct Outputs {
  std::string output;
  std::string error;
};

// The job's own output file, with a link to it in the folder; or a file in the folder.
Outputs outputs_of(const AttemptFolder& folder, const StartGang& order,
                   const Environment& environment, const std::string& directory) {
  Outputs files{folder.output().string(), ""};
  const auto user = environment.count("USER") > 0 ? environment.at("USER") : "user";
  if (!order.spec->output.empty()) {
    files.output = placed_file(order.spec->output, order, user, directory);
    std::error_code ignored;
    fs::create_symlink(files.output, folder.output(), ignored);
  }
  if (!order.spec->error.empty())
    files.error = placed_file(order.spec->error, order, user, directory);
  return files;
}

std::vector<Task> tasks_of(const AttemptFolder& folder, const StartGang& order) {
  const auto bin = folder.path.parent_path() / "bin";
  const auto environment = attempt_environment(order, own_environment(), folder.path.string(),
                                               bin.string(), free_port());
  const auto directory =
      order.spec->directory.empty() ? folder.path.string() : order.spec->directory;
  const auto files = outputs_of(folder, order, environment, directory);
  Task task{.environment = environment,
            .directory = directory,
            .output = files.output,
            .error = files.error};
  task.append = order.attempt.number > 1;  // a restart adds to what the first attempt said
  if (order.spec->launch == Launch::Script) {
    task.argv = {folder.script().string()};
    task.argv.insert(task.argv.end(), order.spec->command.begin(), order.spec->command.end());
    return {task};
  }
  std::vector<Task> tasks;
  const auto places = lay_out(order.nodes, task_count(order), order.spec->tasks_per_node);
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    auto one = task;
    one.argv = order.spec->command;
    one.append = task.append || rank > 0;
    add_rank(one.environment, order, places, rank);
    tasks.push_back(std::move(one));
  }
  return tasks;
}

Duration grace_in(const AttemptFolder& folder) {
  const auto text = read_whole(folder.stop()).value_or("30000");
  std::int64_t ms = 30'000;
  std::from_chars(text.data(), text.data() + text.size(), ms);
  return Duration(ms);
}

Ending run_job(const AttemptFolder& folder) {
  const auto order = folder.read_order();
  if (!order) return {.kind = EndKind::NotStarted, .detail = order.error().message};
  if (fs::exists(folder.stop())) return {.kind = EndKind::Signalled, .signal = SIGTERM};
  std::string pids;
  GroupOptions options;
  options.grace = std::min(Duration(10'000), grace_in(folder));
  options.grace_of_stop = [&] { return grace_in(folder); };
  options.on_start = [&](std::size_t rank, const ProcessId& process) {
    pids += to_text(process) + "\n";
    [[maybe_unused]] const auto written = write_whole(folder.pids(), pids);
    [[maybe_unused]] const auto named = write_whole(folder.path / fmt::format("rank-{}.pid", rank),
                                                    fmt::format("{}\n", process.pid));
  };
  return run_group(tasks_of(folder, *order), options);
}

}  // namespace

int run_shim(const std::string& path) {
  const AttemptFolder folder{path};
  // Until a group handles them: a stop that comes this early is in the stop file as well.
  sigset_t early;
  sigemptyset(&early);
  for (const int s : {SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGINT, SIGCHLD}) sigaddset(&early, s);
  ::sigprocmask(SIG_BLOCK, &early, nullptr);
  const auto lock = FileLock::try_take(folder.lock());
  if (!lock || !pass_gate(folder)) return 0;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto ending = run_job(folder);
  end_leftovers();
  const auto status = folder.write_result(ending);
  return status ? 0 : 1;
}

}  // namespace ampacity::exec
