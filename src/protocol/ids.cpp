// SPDX-License-Identifier: Apache-2.0
#include "protocol/ids.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ampacity {
namespace {

std::optional<std::int64_t> positive(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

std::string to_text(JobId id) {
  return fmt::format("{}", id.value());
}

std::string to_text(AttemptId id) {
  return fmt::format("{}.{}", id.job.value(), id.number);
}

std::optional<JobId> parse_job_id(std::string_view text) {
  const auto value = positive(text);
  return value ? std::optional(JobId(*value)) : std::nullopt;
}

std::optional<AttemptId> parse_attempt_id(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto job = positive(text.substr(0, dot));
  const auto number = positive(text.substr(dot + 1));
  if (!job || !number) return std::nullopt;
  return AttemptId{JobId(*job), *number};
}

}  // namespace ampacity
