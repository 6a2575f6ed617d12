// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "journal/database.hpp"
#include "journal/errors.hpp"
#include "journal/event_text.hpp"
#include "journal/reader.hpp"
#include "journal/rows.hpp"
#include "journal/schema.hpp"
#include "journal/waits.hpp"

namespace ampacity {
namespace {

using namespace sqlite;

Status check_limit(std::int64_t limit) {
  if (limit >= 1 && limit <= 10'000) return {};
  return invalid(fmt::format("limit: expected 1 to 10000, got {}", limit));
}

class SqliteReader : public JournalReader {
 public:
  explicit SqliteReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<JobRow>> jobs(const JobFilter& filter) override;
  Result<std::optional<JobRow>> job(JobId id) override;
  Result<std::shared_ptr<const JobSpec>> spec(JobId id) override;
  Result<std::vector<AttemptRow>> attempts(JobId id) override;
  Result<std::vector<EventRow>> events_after(std::int64_t id, std::int64_t limit) override;
  Result<std::vector<CommandRow>> commands_after(std::int64_t seq, std::int64_t limit) override;
  Result<std::vector<EventRow>> events_of(JobId id) override;
  Result<std::vector<UseRow>> use() override;
  Result<std::map<AttemptId, std::vector<DrawRow>>> draws() override;
  Result<std::map<AttemptId, std::vector<BearerRow>>> bearers() override;
  Result<std::vector<WaitRow>> waits(Instant from, Instant until) override;
  Result<std::vector<HeldRow>> held(Instant from, Instant until) override;
  Result<std::vector<Event>> fleet_changes() override;
  Result<std::int64_t> last_event() override;
  Result<std::vector<std::pair<std::string, std::int64_t>>> counts_by_state() override;

 private:
  soci::session& session() { return database_->session(); }
  std::vector<NodeShare> nodes(AttemptId attempt);
  Status complete_from_event(Command& command, std::int64_t event);

  template <class Call>
  auto reading(Call&& call) {
    return database_->guarded("reading", std::forward<Call>(call));
  }

  std::unique_ptr<Database> database_;
};

Result<std::vector<JobRow>> SqliteReader::jobs(const JobFilter& filter) {
  if (auto status = check_limit(filter.limit); !status) return status.error();
  return reading([&]() -> Result<std::vector<JobRow>> {
    std::vector<JobRow> rows;
    Query<JobColumns, std::string, std::string> query(session(), select_jobs(filter), filter.team,
                                                      filter.name);
    while (query.next()) {
      auto row = job_row(query.row());
      if (!row) return row.error().within(database_->file().string());
      rows.push_back(std::move(*row));
    }
    return rows;
  });
}

Result<std::optional<JobRow>> SqliteReader::job(JobId id) {
  return reading([&]() -> Result<std::optional<JobRow>> {
    Query<JobColumns, Whole> query(
        session(), fmt::format("SELECT {} FROM jobs WHERE id = :id", job_columns), id.value());
    if (!query.next()) return std::optional<JobRow>();
    auto row = job_row(query.row());
    if (!row) return row.error().within(database_->file().string());
    return std::optional<JobRow>(std::move(*row));
  });
}

Result<std::shared_ptr<const JobSpec>> SqliteReader::spec(JobId id) {
  using Spec = std::shared_ptr<const JobSpec>;
  return reading([&]() -> Result<Spec> {
    Query<EventColumns, Whole> query(session(),
                                     "SELECT events.id, at_ms, body FROM jobs JOIN events ON "
                                     "events.id = spec_event WHERE jobs.id = :id",
                                     id.value());
    if (!query.next())
      return Error{ErrorCode::NotFound, fmt::format("there is no job {}", id.value())};
    const auto event = event_row(query.row());
    auto body = EventReader().read(event.json);
    const auto* submitted = body ? std::get_if<JobSubmitted>(&*body) : nullptr;
    if (submitted != nullptr && submitted->spec) return submitted->spec;
    return corrupt({database_->file(), "reading"},
                   fmt::format("event {} does not hold the spec of job {}", event.id, id.value()));
  });
}

Result<std::vector<AttemptRow>> SqliteReader::attempts(JobId id) {
  return reading([&]() -> Result<std::vector<AttemptRow>> {
    std::vector<AttemptRow> rows;
    Query<AttemptColumns, Whole> query(
        session(),
        fmt::format("SELECT {} FROM attempts WHERE job = :id ORDER BY number", attempt_columns),
        id.value());
    while (query.next()) {
      auto row = attempt_row(query.row());
      if (!row) return row.error().within(database_->file().string());
      row->nodes = nodes(row->attempt);
      rows.push_back(std::move(*row));
    }
    return rows;
  });
}

std::vector<NodeShare> SqliteReader::nodes(AttemptId attempt) {
  std::vector<NodeShare> shares;
  Query<Columns<std::string, Whole, Whole>, Whole, Whole> query(
      session(),
      "SELECT node, nodes, gpus FROM allocations WHERE job = :job AND attempt = :attempt ORDER BY "
      "position",
      attempt.job.value(), attempt.number);
  while (query.next()) {
    const auto& [node, nodes, gpus] = query.row();
    shares.push_back({node, nodes, gpus});
  }
  return shares;
}

Result<std::vector<EventRow>> SqliteReader::events_after(std::int64_t id, std::int64_t limit) {
  if (auto status = check_limit(limit); !status) return status.error();
  return reading([&]() -> Result<std::vector<EventRow>> {
    std::vector<EventRow> rows;
    Query<EventColumns, Whole, Whole> query(
        session(),
        fmt::format("SELECT {} FROM events WHERE id > :id ORDER BY id LIMIT :limit", event_columns),
        id, limit);
    while (query.next()) rows.push_back(event_row(query.row()));
    return rows;
  });
}

Status SqliteReader::complete_from_event(Command& command, std::int64_t event) {
  Query<EventColumns, Whole> query(
      session(), fmt::format("SELECT {} FROM events WHERE id = :id", event_columns), event);
  if (query.next()) {
    auto body = EventReader().read(event_row(query.row()).json);
    if (body && complete(command, std::move(*body))) return {};
  }
  return corrupt({database_->file(), "reading"},
                 fmt::format("event {} does not hold what a command refers to", event));
}

Result<std::vector<CommandRow>> SqliteReader::commands_after(std::int64_t seq, std::int64_t limit) {
  if (auto status = check_limit(limit); !status) return status.error();
  return reading([&]() -> Result<std::vector<CommandRow>> {
    std::vector<CommandRow> rows;
    Query<Columns<Whole, Whole, std::string, Nullable<std::string>, Whole>, Whole, Whole> query(
        session(),
        "SELECT seq, at_ms, body, refusal, last_event FROM commands WHERE seq > :seq "
        "ORDER BY seq LIMIT :limit",
        seq, limit);
    while (query.next()) {
      const auto& [number, at_ms, body, refusal, last_event] = query.row();
      auto read = read_command(body);
      if (!read) return read.error().within(fmt::format("command {}", number));
      if (read->rest_in) {
        if (auto status = complete_from_event(read->command, *read->rest_in); !status) {
          return status.error();
        }
      }
      rows.push_back({number, from_ms(at_ms), std::move(read->command), refusal.get().value_or(""),
                      last_event});
    }
    return rows;
  });
}

Result<std::vector<EventRow>> SqliteReader::events_of(JobId id) {
  return reading([&]() -> Result<std::vector<EventRow>> {
    std::vector<EventRow> rows;
    Query<EventColumns, Whole> query(
        session(), fmt::format("SELECT {} FROM events WHERE job = :job ORDER BY id", event_columns),
        id.value());
    while (query.next()) rows.push_back(event_row(query.row()));
    return rows;
  });
}

Result<std::vector<UseRow>> SqliteReader::use() {
  return reading([&]() -> Result<std::vector<UseRow>> {
    std::vector<UseRow> rows;
    Query<Columns<Whole, Whole, std::string, std::string, std::string, std::string, Whole,
                  Nullable<Whole>, Whole, Whole, Whole>>
        query(session(),
              "SELECT a.job, a.number, a.lease, a.site, j.team, j.project, a.placed_ms, "
              "a.started_ms, a.ended_ms, a.gpu_ms, a.it_joules FROM attempts a JOIN jobs j ON "
              "j.id = a.job WHERE a.ended_ms IS NOT NULL ORDER BY a.job, a.number");
    while (query.next()) {
      const auto& [job, number, lease, site, team, project, placed, started, ended, gpu_ms,
                   joules] = query.row();
      Usage usage;
      usage.gpu_time = GpuTime::of(gpu_ms);
      usage.it_energy = Energy::of(joules);
      rows.push_back({{JobId(job), number},
                      lease,
                      site,
                      team,
                      project,
                      from_ms(placed),
                      instant_of(started),
                      from_ms(ended),
                      usage});
    }
    return rows;
  });
}

Result<std::map<AttemptId, std::vector<DrawRow>>> SqliteReader::draws() {
  using Draws = std::map<AttemptId, std::vector<DrawRow>>;
  return reading([&]() -> Result<Draws> {
    Draws all;
    Query<Columns<Whole, Whole, Whole, Whole, Whole>> query(
        session(),
        "SELECT job, attempt, since_ms, watts, pace_ppm FROM draws ORDER BY job, attempt, "
        "since_ms");
    while (query.next()) {
      const auto& [job, attempt, since, watts, pace] = query.row();
      all[{JobId(job), attempt}].push_back({from_ms(since), Power::of(watts), Ratio::of(pace)});
    }
    return all;
  });
}

Result<std::map<AttemptId, std::vector<BearerRow>>> SqliteReader::bearers() {
  using Bearers = std::map<AttemptId, std::vector<BearerRow>>;
  return reading([&]() -> Result<Bearers> {
    Bearers all;
    Query<Columns<Whole, Whole, Whole, std::string, std::string, Whole>> query(
        session(),
        "SELECT job, attempt, since_ms, before, lease, watts FROM bearers ORDER BY job, attempt, "
        "since_ms");
    while (query.next()) {
      const auto& [job, attempt, since, before, lease, watts] = query.row();
      all[{JobId(job), attempt}].push_back({from_ms(since), before, lease, Power::of(watts)});
    }
    return all;
  });
}

Result<std::vector<WaitRow>> SqliteReader::waits(Instant from, Instant until) {
  return reading([&]() -> Result<std::vector<WaitRow>> {
    Waits waits(from, until);
    Query<WaitColumns, Whole, Whole> query(session(), select_waits, to_ms(until), to_ms(from));
    while (query.next()) waits.add(query.row());
    return waits.take();
  });
}

Result<std::vector<HeldRow>> SqliteReader::held(Instant from, Instant until) {
  return reading([&]() -> Result<std::vector<HeldRow>> {
    std::vector<HeldRow> rows;
    Query<Columns<Whole, Nullable<Whole>, std::string, Whole, Whole>, Whole, Whole> query(
        session(),
        "SELECT a.placed_ms, a.ended_ms, l.node, l.nodes, l.gpus FROM attempts a JOIN allocations "
        "l ON l.job = a.job AND l.attempt = a.number WHERE a.placed_ms < :until AND (a.ended_ms "
        "IS NULL OR a.ended_ms > :from) ORDER BY a.job, a.number, l.position",
        to_ms(until), to_ms(from));
    while (query.next()) {
      const auto& [placed, ended, node, nodes, gpus] = query.row();
      rows.push_back({from_ms(placed), ended.get() ? from_ms(*ended.get()) : Instant::max(),
                      NodeShare{node, nodes, gpus}});
    }
    return rows;
  });
}

Result<std::vector<Event>> SqliteReader::fleet_changes() {
  return reading([&]() -> Result<std::vector<Event>> {
    std::vector<Event> events;
    EventReader reader;
    Query<EventColumns> query(
        session(),
        fmt::format("SELECT {} FROM events WHERE kind IN "
                    "('PortfolioConfigured', 'NodeChanged', 'Drained', 'Resumed') ORDER BY id",
                    event_columns));
    while (query.next()) {
      const auto event = event_row(query.row());
      auto body = reader.read(event.json);
      if (!body) {
        return corrupt({database_->file(), "reading"},
                       fmt::format("event {} does not hold a change of the fleet", event.id));
      }
      events.push_back({event.at, std::move(*body)});
    }
    return events;
  });
}

Result<std::int64_t> SqliteReader::last_event() {
  return reading([&]() -> Result<std::int64_t> {
    return value_of<Whole>(session(), "SELECT coalesce(max(id), 0) FROM events").value_or(0);
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> SqliteReader::counts_by_state() {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  return reading([&]() -> Result<Counts> {
    Counts counts;
    Query<Columns<std::string, Whole>> query(
        session(), "SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state");
    while (query.next()) counts.emplace_back(std::get<0>(query.row()), std::get<1>(query.row()));
    return counts;
  });
}

}  // namespace

Result<std::unique_ptr<JournalReader>> open_sqlite_reader(const std::filesystem::path& folder) {
  const auto file = folder / "journal.db";
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    return Error{
        ErrorCode::NotFound,
        fmt::format("{}: there is no journal yet: `ampacity serve` makes it", file.string())};
  }
  if (auto status = check_header(file); !status) return status.error();
  auto database = Database::open(file, Access::Read);
  if (!database) return database.error();
  auto& opened = **database;
  auto status = opened.guarded("opening", [&] { return check_format(opened.session(), file); });
  if (!status) return status.error();
  return std::unique_ptr<JournalReader>(std::make_unique<SqliteReader>(std::move(*database)));
}

}  // namespace ampacity
