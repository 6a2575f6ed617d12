// SPDX-License-Identifier: Apache-2.0
// Any bytes as a mapping file, a trace and a made workload. Up to the first NUL: the mapping file
// (or, if it is not one, this fuzzer's own); after it: the rows, as CSV and as SWF. Refused line by
// line, or loaded: every job within its bounds, none lost, in order.
#include "base/assert.hpp"
#include "wire/synthetic_file.hpp"
#include "wire/trace_map.hpp"

namespace {

using namespace ampacity;

constexpr const char* own = R"(kind: TraceMap
trace: t
file: t.csv
format: csv
job: job
submit: {column: at, unit: hours}
runtime: run
walltime: limit
gpus: n
gpu_share: milli
team: who
state: state
accelerator: type
capacity: {A100: 8}
)";

void check_problems(const std::vector<FileProblem>& problems) {
  AMPACITY_ASSERT(!problems.empty(), "refused without a reason");
  for (const auto& problem : problems) {
    const auto line = to_text(problem);
    AMPACITY_ASSERT(line.find('\n') == std::string::npos, "two lines: {}", line);
    ProblemList ignored("f");
    AMPACITY_ASSERT(check_text(line, ignored), "a problem that cannot be printed");
  }
}

void check_workload(const Loaded<Workload>& workload) {
  if (!workload) return check_problems(workload.error());
  std::int64_t refused = 0;
  for (const auto& [reason, count] : workload->repairs.refused) refused += count;
  const auto kept = static_cast<std::int64_t>(workload->jobs.size());
  AMPACITY_ASSERT(workload->repairs.read == kept + refused, "{} read, {} kept, {} refused",
                  workload->repairs.read, kept, refused);
  Instant last;
  for (const auto& job : workload->jobs) {
    AMPACITY_ASSERT(job.submit >= last && job.runtime > Duration(0) &&
                        job.walltime >= job.runtime && job.gpus > 0 &&
                        job.kind < workload->kinds.size(),
                    "job {} is not sound", job.source);
    last = job.submit;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto split = std::min(text.find('\0'), size);
  const auto first = text.substr(0, split);
  const std::string rows(split < size ? text.substr(split + 1) : text);
  const auto spec = parse_synthetic(first, "f");
  if (!spec) check_problems(spec.error());
  auto map = parse_trace_map(first, "f");
  if (!map) check_problems(map.error());
  if (!map) map = parse_trace_map(own, "own");
  check_workload(read_trace(*map, LineReader::over(rows, "t.csv")));
  check_workload(read_swf(LineReader::over(rows, "t.swf"), {}));
  return 0;
}
