// SPDX-License-Identifier: Apache-2.0
#include "journal/projection.hpp"

#include <fmt/format.h>

#include "wire/json.hpp"

namespace ampacity::sqlite {

Projection::Projection(soci::session& session)
    : submit_(
          session,
          "INSERT INTO jobs(id, request, name, team, project, submitted_by, state, priority, gpus, "
          "submitted_ms, spec_event) VALUES(:a, :b, :c, :d, :e, :f, 'Waiting', :g, :h, :i, :j)"),
      place_(session,
             "INSERT INTO attempts(job, number, site, provider, lease, why, state, walltime_ms, "
             "placed_ms) "
             "VALUES(:a, :b, :c, :d, :e, :f, 'Placed', :g, :h)"),
      allocate_(session,
                "INSERT INTO allocations(job, attempt, position, node, nodes, gpus) VALUES(:a, :b, "
                ":c, :d, "
                ":e, :f)"),
      job_placed_(session,
                  "UPDATE jobs SET state = 'Starting', attempts = :a, site = :b WHERE id = :c"),
      start_(
          session,
          "UPDATE attempts SET state = 'Running', started_ms = :a WHERE job = :b AND number = :c"),
      job_started_(session,
                   "UPDATE jobs SET state = 'Running', started_ms = coalesce(started_ms, :a) "
                   "WHERE id = :b"),
      draw_(session,  // of several at an instant the last counts
            "INSERT OR REPLACE INTO draws(job, attempt, since_ms, watts, pace_ppm) "
            "VALUES(:a, :b, :c, :d, :e)"),
      bear_(session,  // of several at an instant: from the first to the last
            "INSERT INTO bearers(job, attempt, since_ms, before, lease, watts) "
            "VALUES(:a, :b, :c, :d, :e, :f) ON CONFLICT DO UPDATE SET lease = excluded.lease"),
      stop_(
          session,
          "UPDATE attempts SET state = 'Stopping', stop_cause = :a WHERE job = :b AND number = :c"),
      job_stopping_(session, "UPDATE jobs SET state = 'Stopping' WHERE id = :a"),
      end_(session,
           "UPDATE attempts SET state = :a, ended_ms = :b, ending = :c, gpu_ms = :d, it_joules = "
           ":e, "
           "facility_joules = :f, lease_micro_usd = :g, energy_micro_usd = :h "
           "WHERE job = :i AND number = :j"),
      job_used_(session,
                "UPDATE jobs SET exit_code = :a, gpu_ms = gpu_ms + :b, it_joules = it_joules + :c, "
                "facility_joules = facility_joules + :d, lease_micro_usd = lease_micro_usd + :e, "
                "energy_micro_usd = energy_micro_usd + :f WHERE id = :g"),
      job_requeued_(session, "UPDATE jobs SET state = 'Waiting', why = :a WHERE id = :b"),
      job_ended_(session, "UPDATE jobs SET state = :a, why = :b, ended_ms = :c WHERE id = :d"),
      job_why_(session, "UPDATE jobs SET why = :a WHERE id = :b") {}

Status Projection::apply(std::int64_t id, const Event& event) {
  lacking_ = nullptr;
  std::visit([&](const auto& body) { fold(id, event.at, body); }, event.body);
  if (lacking_ == nullptr) return {};
  return Error{
      ErrorCode::Corrupt,
      fmt::format(
          "event {} changes a row that table {} lacks: the table is damaged. Nothing of this "
          "batch was kept. To have the tables made again from the events at the next start: "
          "sqlite3 journal.db \"UPDATE meta SET value = '0' WHERE key = 'tables'\"",
          id, lacking_)};
}

void Projection::expect_one(std::int64_t changed, const char* table) {
  if (changed != 1) lacking_ = table;
}

void Projection::fold(std::int64_t id, Instant at, const JobSubmitted& event) {
  static const JobSpec none;
  const auto& spec = event.spec ? *event.spec : none;
  submit_.run(event.job.value(), event.request, spec.name, spec.team, spec.project, event.by,
              event.priority, spec.gpus.count(), to_ms(at), id);
}

void Projection::fold(std::int64_t, Instant at, const AttemptPlaced& event) {
  const auto job = event.attempt.job.value();
  const auto number = event.attempt.number;
  place_.run(job, number, event.site, event.provider, event.lease, event.why,
             event.walltime.count(), to_ms(at));
  for (std::size_t i = 0; i < event.nodes.size(); ++i) {
    allocate_.run(job, number, static_cast<std::int64_t>(i), event.nodes[i].node,
                  event.nodes[i].nodes, event.nodes[i].gpus);
  }
  expect_one(job_placed_.run(number, event.site, job), "jobs");
}

void Projection::fold(std::int64_t, Instant at, const AttemptStarted& event) {
  const auto job = event.attempt.job.value();
  expect_one(start_.run(to_ms(at), job, event.attempt.number), "attempts");
  expect_one(job_started_.run(to_ms(at), job), "jobs");
}

void Projection::fold(std::int64_t, Instant, const AttemptStopping& event) {
  const auto job = event.attempt.job.value();
  const auto* cause = boost::describe::enum_to_string(event.cause, "?");
  expect_one(stop_.run(cause, job, event.attempt.number), "attempts");
  expect_one(job_stopping_.run(job), "jobs");
}

void Projection::fold(std::int64_t, Instant at, const AttemptEnded& event) {
  const auto job = event.attempt.job.value();
  const auto& used = event.usage;
  const auto* result = boost::describe::enum_to_string(event.result, "?");
  expect_one(end_.run(result, to_ms(at), json::to_json(event.ending), used.gpu_time.count(),
                      used.it_energy.count(), used.facility_energy.count(), used.lease_cost.count(),
                      used.energy_cost.count(), job, event.attempt.number),
             "attempts");
  const auto exit_code = event.ending.kind == EndKind::Exited ? std::optional(event.ending.code)
                                                              : std::optional<std::int64_t>();
  expect_one(job_used_.run(exit_code, used.gpu_time.count(), used.it_energy.count(),
                           used.facility_energy.count(), used.lease_cost.count(),
                           used.energy_cost.count(), job),
             "jobs");
}

void Projection::fold(std::int64_t, Instant at, const PaceChanged& event) {
  draw_.run(event.attempt.job.value(), event.attempt.number, to_ms(at), event.draws.count(),
            event.pace.count());
}

void Projection::fold(std::int64_t, Instant, const BearerChanged& event) {
  bear_.run(event.attempt.job.value(), event.attempt.number, to_ms(event.since), event.before,
            event.lease, event.draws.count());
}

void Projection::fold(std::int64_t, Instant, const JobRequeued& event) {
  expect_one(job_requeued_.run(event.why, event.job.value()), "jobs");
}

void Projection::fold(std::int64_t, Instant at, const JobEnded& event) {
  const auto* state = boost::describe::enum_to_string(event.state, "?");
  expect_one(job_ended_.run(state, event.why, to_ms(at), event.job.value()), "jobs");
}

// It may run: a hold counts when it would start again.
void Projection::fold(std::int64_t, Instant, const JobHeld& event) {
  expect_one(job_why_.run(event.why, event.job.value()), "jobs");
}

void Projection::fold(std::int64_t, Instant, const JobReleased& event) {
  expect_one(job_why_.run("", event.job.value()), "jobs");
}

}  // namespace ampacity::sqlite
