// SPDX-License-Identifier: Apache-2.0
#include "simulate/player.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
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

// Seconds count from the first submission, or from when a server was copied.
void write_starts(const Simulation& simulation, const std::vector<Workload>& workloads,
                  Instant since, std::ostream& out) {
  auto first = Instant::max();
  for (const auto& workload : workloads) {
    if (!workload.jobs.empty()) first = std::min(first, workload.jobs.front().submit);
  }
  const auto origin = to_ms(first == Instant::max() ? since : first);
  report::StartsWriter writer(out, origin);
  simulation.each_fate([&](const JobFate& fate) {
    report::StartRow row;
    row.job = fate.job.value();
    if (fate.source != nullptr) row.source = fate.source->source;
    if (fate.workload != nullptr) row.workload = fate.workload->name;
    row.submit_ms = to_ms(fate.submit);
    if (fate.start) row.start_ms = to_ms(*fate.start);
    if (fate.end) row.end_ms = to_ms(*fate.end);
    row.gpus = fate.gpus;
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

Result<SimulationResult> play(Task task, const Inputs& inputs, bool progress) {
  std::ofstream starts;
  if (!task.starts.empty()) starts.open(task.starts);
  if (!starts) return Error{ErrorCode::Io, "cannot write " + task.starts};
  Simulation simulation(std::move(task.engine), inputs.now, inputs.workloads, task.options);
  Progress shown(progress);
  bool more = true;
  while (!interrupted && (more = simulation.step())) shown.show(simulation);
  if (!task.starts.empty()) write_starts(simulation, inputs.workloads, inputs.now, starts);
  starts.flush();
  if (!starts) {
    return Error{ErrorCode::Io, "writing " + task.starts + " failed; is the disk full?"};
  }
  return simulation.finish(more);
}

std::vector<std::optional<Result<SimulationResult>>> play_all(std::vector<Task> tasks,
                                                              const Inputs& inputs, bool progress) {
  std::vector<std::optional<Result<SimulationResult>>> results(tasks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto work = [&] {
    for (auto i = next++; i < tasks.size() && !interrupted; i = next++) {
      results[i] = play(std::move(tasks[i]), inputs, false);
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
