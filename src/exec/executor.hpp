// SPDX-License-Identifier: Apache-2.0
// An executor carries out the engine's effects on one cluster and reports what becomes of them.
// serve drives it from one thread: every call returns at once. One interface, one conformance suite
// (executor_test.cpp). Promises, whatever is killed when:
//   - an attempt's processes are started at most once, however often start() is repeated (also by a
//   new
//     executor object after a restart, on the same folder);
//   - the end of an attempt is reported until forget(), then never again: reports may repeat, never
//   vanish;
//   - adopt() after a restart takes over what still runs, and reports what ended meanwhile.
// How it says no: start() that cannot succeed becomes a report Ended{NotStarted, detail}, not an
// error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

using Report = std::variant<ReportStarted, ReportEnded>;

// What the engine believes about an attempt that has not ended.
struct Expected {
  StartGang start;
  bool started = false;          // the engine has recorded that it runs
  std::optional<Instant> since;  // when, if started
  Ratio pace = one;
  Duration slowed{};  // time that it has lost by its pace until now
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual void start(const StartGang& order, Instant now) = 0;
  virtual void stop(const StopGang& order, Instant now) = 0;
  virtual void signal(const SignalGang& order, Instant now) = 0;
  // Only a cluster that can cap its GPUs is asked to: simulated ones.
  virtual void set_pace(const SetPace&, Instant) {}
  virtual void forget(const ForgetAttempt& order) = 0;
  // Once, before anything else, after a restart: what should be there. What is not there is started
  // if it never was, or reported as ended; what is there and not expected is stopped.
  virtual void adopt(const std::vector<Expected>& expected, Instant now) = 0;
  // What has happened since the last call. Cheap when nothing has.
  virtual std::vector<Report> poll(Instant now) = 0;
  // When poll() should next be called at the latest; none: when something is started.
  virtual std::optional<Instant> next_poll(Instant now) const = 0;
  // Folder with the attempt's output (stdout of the batch script or rank 0 in `output`), if it has
  // one.
  virtual std::optional<std::string> output_file(AttemptId attempt) const = 0;
};

// Ends each gang after its simulated_runtime (default: 80 % of its walltime), by the `now` it is
// given.
std::unique_ptr<Executor> make_simulated_executor();

struct LocalOptions {
  std::string folder;   // absolute; holds one folder an attempt
  std::string program;  // the ampacity binary, started as `ampacity shim FOLDER` and as `srun`
  std::string site;
};
Result<std::unique_ptr<Executor>> make_local_executor(const LocalOptions& options);

}  // namespace ampacity
