// SPDX-License-Identifier: Apache-2.0
#include "exec/srun.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "exec/attempt_folder.hpp"
#include "exec/task_group.hpp"

extern char** environ;

namespace ampacity::exec {
namespace {

namespace fs = std::filesystem;

struct Call {
  std::optional<std::int64_t> tasks;
  std::optional<std::int64_t> tasks_per_node;
  bool end_on_failure = true;
  std::string directory;
  std::string output;
  std::vector<std::string> command;
};

int wrong(const std::string& message) {
  std::fprintf(stderr, "srun (ampacity): %s\n", message.c_str());
  return 2;
}

std::optional<std::int64_t> count(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 4'096) {
    return std::nullopt;
  }
  return value;
}

struct Option {
  const char* name;
  const char* brief;
  bool takes_value;
};
constexpr Option known[] = {
    {"--ntasks", "-n", true},      {"--ntasks-per-node", "", true},
    {"--nodes", "-N", true},       {"--kill-on-bad-exit", "-K", false},
    {"--unbuffered", "-u", false}, {"--chdir", "-D", true},
    {"--output", "-o", true},      {"--export", "", true},
    {"--gpus-per-task", "", true}, {"--cpu-bind", "", true},
    {"--exclusive", "", false},    {"--mpi", "", true},
};

const Option* find_option(const std::string& word) {
  for (const auto& option : known) {
    const std::string_view brief = option.brief;
    if (word == option.name || word.rfind(std::string(option.name) + "=", 0) == 0) return &option;
    if (!brief.empty() && word.size() >= 2 && word[1] != '-' && word.substr(0, 2) == brief)
      return &option;
  }
  return nullptr;
}

std::string apply(Call& call, const Option& option, const std::string& value) {
  const std::string_view name = option.name;
  const auto number = count(value);
  if (name == "--ntasks" || name == "--ntasks-per-node") {
    if (!number) return fmt::format("{}: expected 1 to 4096, got '{}'", name, value);
    (name == "--ntasks" ? call.tasks : call.tasks_per_node) = *number;
  } else if (name == "--kill-on-bad-exit") {
    call.end_on_failure = value != "0";
  } else if (name == "--chdir") {
    call.directory = value;
  } else if (name == "--output") {
    call.output = value;
  } else if (name == "--export" && value != "ALL" && value.rfind("ALL,", 0) != 0) {
    return fmt::format("--export={} is not supported; the ranks get the script's environment",
                       value);
  }
  return {};  // the others change nothing on one machine
}

std::string read_call(int argc, char** argv, Call& call) {
  int i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; ++i) {
    const std::string word = argv[i];
    if (word == "--") {
      ++i;
      break;
    }
    const auto* option = find_option(word);
    if (option == nullptr)
      return fmt::format(
          "unknown option '{}'; 'ampacity srun' knows what "
          "docs/reference/local-cluster.md lists",
          word);
    const auto equals = word.find('=');
    const bool brief = word[1] != '-';
    std::string value;
    if (!brief && equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (brief && word.size() > 2) {
      value = word.substr(2);
    } else if (option->takes_value) {
      if (++i == argc) return fmt::format("option '{}' needs a value", word);
      value = argv[i];
    }
    if (auto error = apply(call, *option, value); !error.empty()) return error;
  }
  call.command.assign(argv + i, argv + argc);
  return call.command.empty() ? "there is no command to run" : "";
}

fs::path new_step(const fs::path& folder, int& number) {
  for (number = 0;; ++number) {
    std::error_code error;
    auto step = folder / fmt::format("step-{}", number);
    if (fs::create_directory(step, error) || error) return step;
  }
}

}  // namespace

int run_srun(int argc, char** argv) {
  Call call;
  if (const auto error = read_call(argc, argv, call); !error.empty()) return wrong(error);
  const char* folder_name = std::getenv("AMPACITY_ATTEMPT_DIR");
  if (folder_name == nullptr)
    return wrong("works only inside a job on a local cluster of ampacity");
  const AttemptFolder folder{folder_name};
  const auto order = folder.read_order();
  if (!order) return wrong(order.error().message);

  int number = 0;
  const auto step = new_step(folder.path, number);
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    environment[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  }
  environment["SLURM_STEP_ID"] = environment["SLURM_STEPID"] = fmt::format("{}", number);
  const auto per_node = call.tasks_per_node ? call.tasks_per_node : order->spec->tasks_per_node;
  const auto all = call.tasks_per_node
                       ? *call.tasks_per_node * static_cast<std::int64_t>(order->nodes.size())
                       : task_count(*order);
  const auto places = lay_out(order->nodes, call.tasks.value_or(all), per_node);
  std::vector<Task> tasks;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    Task task{.argv = call.command, .environment = environment, .directory = call.directory};
    task.output = call.output.empty() ? "" : expand_pattern(call.output, *order, "user");
    add_rank(task.environment, *order, places, rank);
    tasks.push_back(std::move(task));
  }
  GroupOptions options;
  options.grace = Duration(5'000);
  options.end_on_failure = call.end_on_failure;
  options.forward_signals = true;
  options.on_start = [&](std::size_t rank, const ProcessId& process) {
    [[maybe_unused]] const auto written =
        write_whole(step / fmt::format("rank-{}.pid", rank), fmt::format("{}\n", process.pid));
  };
  const auto ending = run_group(tasks, options);
  if (ending.kind == EndKind::Exited && ending.code == 0) return 0;
  const auto who = ending.rank ? fmt::format("rank {} ", *ending.rank) : std::string();
  if (ending.kind == EndKind::Signalled) {
    std::fprintf(stderr, "srun (ampacity): %swas killed by signal %d\n", who.c_str(),
                 static_cast<int>(ending.signal));
    return 128 + static_cast<int>(ending.signal);
  }
  std::fprintf(stderr, "srun (ampacity): %sended with exit code %d%s%s\n", who.c_str(),
               static_cast<int>(ending.code), ending.detail.empty() ? "" : ": ",
               ending.detail.c_str());
  return ending.kind == EndKind::Exited ? static_cast<int>(ending.code) : 1;
}

}  // namespace ampacity::exec
