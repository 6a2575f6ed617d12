// SPDX-License-Identifier: Apache-2.0
// The ids that commands, events and effects carry. Assigned by the engine in sequence; never
// random.
#pragma once

#include <boost/describe/class.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/tagged.hpp"

namespace ampacity {

using JobId = Tagged<struct JobTag, std::int64_t>;  // 1, 2, 3, …

// One run of a job on one allocation. Text form "12.1". Both the engine and the executor know it by
// this id, so that starting it twice is impossible and repeating an order is harmless.
struct AttemptId {
  JobId job;
  std::int64_t number = 0;  // 1 for the first
  friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
};
BOOST_DESCRIBE_STRUCT(AttemptId, (), (job, number))

std::string to_text(JobId id);
std::string to_text(AttemptId id);
std::optional<JobId> parse_job_id(std::string_view text);
std::optional<AttemptId> parse_attempt_id(std::string_view text);

}  // namespace ampacity
