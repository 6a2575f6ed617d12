// SPDX-License-Identifier: Apache-2.0
#include "simulate/player.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <thread>

#include "report/csv.hpp"
#include "units/text.hpp"

namespace ampacity::simulate {
namespace {

std::atomic<bool> interrupted{false};

using Clock = std::chrono::steady_clock;

// "2028-03-14  1,204,331 of 10,000,000 jobs  412,000 jobs/s  ETA 21 s", ten times a second at most.
class Progress {
 public:
  explicit Progress(bool shown) : shown_(shown), begin_(Clock::now()), last_(begin_) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const Simulation& simulation) {
    if (!shown_ || (++steps_ & 63U) != 0) return;
    const auto now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const auto seconds = std::chrono::duration<double>(now - begin_).count();
    const auto rate = static_cast<double>(simulation.submitted()) / seconds;
    const auto left = simulation.to_submit() - simulation.submitted();
    fmt::print(stderr, "\r\033[K{}  {} of {} jobs  {:.0f} jobs/s  ETA {:.0f} s",
               to_text(simulation.now()).substr(0, 10), simulation.submitted(),
               simulation.to_submit(), rate, rate > 0 ? static_cast<double>(left) / rate : 0.0);
    std::fflush(stderr);
  }

 private:
  bool shown_;
  Clock::time_point begin_;
  Clock::time_point last_;
  std::uint64_t steps_ = 0;
};

void write_starts(const Simulation& simulation, const std::vector<Workload>& workloads,
                  std::ostream& out) {
  std::int64_t origin = 0;
  if (!workloads.empty()) origin = to_ms(workloads.front().jobs.front().submit);
  report::StartsWriter writer(out, origin);
  simulation.each_fate([&](const JobFate& fate) {
    report::StartRow row;
    row.job = fate.job.value();
    row.source = fate.source->source;
    row.submit_ms = to_ms(fate.submit);
    if (fate.start) row.start_ms = to_ms(*fate.start);
    if (fate.end) row.end_ms = to_ms(*fate.end);
    row.gpus = fate.source->gpus;
    row.attempts = fate.attempts;
    row.team = fate.kind->team;
    row.site = fate.site;
    row.state = boost::describe::enum_to_string(fate.state, "?");
    writer.add(row);
  });
}

}  // namespace

void end_on_interrupt() {
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
}

SimulationResult play(Task task, const Inputs& inputs, bool progress, std::ostream* starts) {
  Simulation simulation(std::move(task.engine), inputs.now, inputs.workloads, task.options);
  Progress shown(progress);
  bool more = true;
  while (!interrupted && (more = simulation.step())) shown.show(simulation);
  if (starts != nullptr) write_starts(simulation, inputs.workloads, *starts);
  return simulation.finish(more);
}

std::vector<SimulationResult> play_all(std::vector<Task> tasks, const Inputs& inputs,
                                       bool progress) {
  std::vector<SimulationResult> results(tasks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto work = [&] {
    for (auto i = next++; i < tasks.size(); i = next++) {
      results[i] = play(std::move(tasks[i]), inputs, false, nullptr);
      ++done;
      if (progress) fmt::print(stderr, "\r\033[K{} of {} simulations", done.load(), tasks.size());
    }
  };
  std::vector<std::future<void>> workers;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < cores; ++i) workers.push_back(std::async(std::launch::async, work));
  for (auto& worker : workers) worker.get();
  if (progress) fmt::print(stderr, "\r\033[K");
  return results;
}

}  // namespace ampacity::simulate
