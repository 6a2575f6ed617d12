// SPDX-License-Identifier: Apache-2.0
#include "journal/rows.hpp"

#include <fmt/format.h>

#include "wire/json.hpp"

namespace ampacity::sqlite {
namespace {

constexpr JobState unfinished[] = {JobState::Waiting, JobState::Starting, JobState::Running,
                                   JobState::Stopping};

std::optional<std::int64_t> integer_of(const Nullable<Whole>& column) {
  const auto value = column.get();
  return value ? std::optional<std::int64_t>(*value) : std::nullopt;
}

Usage usage_of(Whole gpu_ms, Whole it, Whole facility, Whole lease, Whole energy) {
  return {GpuTime::of(gpu_ms), Energy::of(it), Energy::of(facility), Money::of(lease),
          Money::of(energy)};
}

std::string select_of(const JobFilter& filter, const std::string& state) {
  auto sql = fmt::format(
      "SELECT {} FROM jobs WHERE (:team = '' OR team = :team) AND (:name = '' OR name = :name)",
      job_columns);
  if (!state.empty()) sql += " AND state = '" + state + "'";
  if (filter.before > 0) sql += fmt::format(" AND id < {}", filter.before);
  return sql + fmt::format(" ORDER BY id DESC LIMIT {}", filter.limit);
}

}  // namespace

std::optional<Instant> instant_of(const Nullable<Whole>& ms) {
  const auto value = ms.get();
  return value ? std::optional(from_ms(*value)) : std::nullopt;
}

Result<JobRow> job_row(const decltype(JobColumns::values)& columns) {
  const auto& [id, name, team, project, by, state, priority, gpus, submitted, started, ended,
               attempts, site, exit_code, why, gpu_ms, it, facility, lease, energy] = columns;
  JobRow row;
  if (!boost::describe::enum_from_string(state.c_str(), row.state)) {
    return Error{ErrorCode::Corrupt,
                 fmt::format("table jobs: job {} has the unknown state '{}'", id, state)};
  }
  row.id = JobId(id);
  row.name = name;
  row.team = team;
  row.project = project;
  row.by = by;
  row.priority = priority;
  row.gpus = GpuCount::of(gpus);
  row.submitted = from_ms(submitted);
  row.started = instant_of(started);
  row.ended = instant_of(ended);
  row.attempts = attempts;
  row.site = site;
  row.exit_code = integer_of(exit_code);
  row.why = why;
  row.usage = usage_of(gpu_ms, it, facility, lease, energy);
  return row;
}

Result<AttemptRow> attempt_row(const decltype(AttemptColumns::values)& columns) {
  const auto& [job, number, site, provider, lease, state, why, placed, started, ended, ending,
               gpu_ms, it, facility, lease_cost, energy] = columns;
  AttemptRow row;
  row.attempt = {JobId(job), number};
  row.site = site;
  row.provider = provider;
  row.lease = lease;
  row.state = state;
  row.why = why;
  row.placed = from_ms(placed);
  row.started = instant_of(started);
  row.ended = instant_of(ended);
  if (const auto text = ending.get()) {
    auto parsed = json::from_json<Ending>(*text);
    if (!parsed) {
      return Error{ErrorCode::Corrupt, fmt::format("table attempts: the ending of {}.{}: {}", job,
                                                   number, parsed.error().message)};
    }
    row.ending = std::move(*parsed);
  }
  row.usage = usage_of(gpu_ms, it, facility, lease_cost, energy);
  return row;
}

EventRow event_row(const decltype(EventColumns::values)& columns) {
  const auto& [id, at_ms, body] = columns;
  return {id, body, from_ms(at_ms)};
}

// A state gives a range of the index jobs_state that is already newest first; the unfinished are
// four of them.
std::string select_jobs(const JobFilter& filter) {
  if (filter.state) return select_of(filter, boost::describe::enum_to_string(*filter.state, "?"));
  if (!filter.unfinished_only) return select_of(filter, "");
  std::string sql;
  for (const auto state : unfinished) {
    sql += sql.empty() ? "" : " UNION ALL ";
    sql += fmt::format("SELECT * FROM ({})",
                       select_of(filter, boost::describe::enum_to_string(state, "?")));
  }
  return sql + fmt::format(" ORDER BY id DESC LIMIT {}", filter.limit);
}

}  // namespace ampacity::sqlite
