// SPDX-License-Identifier: Apache-2.0
// Any bytes as a command in JSON and as a job file: refused with a reason, or stable under the
// round trip and judged by check() without a crash.
#include "base/assert.hpp"
#include "wire/job_file.hpp"
#include "wire/json.hpp"

namespace {

using namespace ampacity;

void try_command(std::string_view text) {
  const auto command = json::from_json<Command>(text);
  if (!command) return;
  const auto written = json::to_json(*command);
  // A missing attempt is written as "0.0", which no reader takes for an attempt: the engine refuses
  // it.
  if (written.find("\"0.0\"") != std::string::npos) return;
  const auto back = json::from_json<Command>(written);
  AMPACITY_ASSERT(back && *back == *command, "the JSON form lost something: {}", written);
  if (const auto* submit = std::get_if<SubmitJob>(&*command)) {
    for (const auto& problem : check(submit->spec)) {
      AMPACITY_ASSERT(!problem.message.empty(), "a problem without a message");
    }
  } else if (const auto* configure = std::get_if<Configure>(&*command)) {
    for (const auto& problem : check(configure->portfolio)) {
      AMPACITY_ASSERT(!problem.message.empty(), "a problem without a message");
    }
  }
}

void try_job(std::string_view text) {
  const auto job = parse_job(text, "f");
  if (!job) return;
  AMPACITY_ASSERT(check(*job).empty(), "loaded, but not sound");
  const auto back = json::from_json<JobSpec>(json::to_json(*job));
  AMPACITY_ASSERT(back && *back == *job, "the JSON form lost something");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_command(text);
  try_job(text);
  return 0;
}
