// SPDX-License-Identifier: Apache-2.0
#include "journal/event_log.hpp"

#include <fmt/format.h>

#include "journal/errors.hpp"
#include "journal/event_text.hpp"
#include "wire/json.hpp"

namespace ampacity::sqlite {
namespace {

std::optional<std::string> request_of(const Command& command) {
  const auto* submit = std::get_if<SubmitJob>(&command);
  return submit != nullptr ? std::optional(submit->request) : std::nullopt;
}

std::optional<std::string> refusal_of(const Entry& entry) {
  return entry.refusal ? std::optional(json::to_json(*entry.refusal)) : std::nullopt;
}

}  // namespace

Result<Head> read_head(Database& database) {
  return database.guarded("reading", [&]() -> Result<Head> {
    auto& session = database.session();
    Head head;
    std::int64_t promised = 0;
    Query<Columns<Whole, Whole>> commands(
        session, "SELECT seq, last_event FROM commands ORDER BY seq DESC LIMIT 1");
    if (commands.next()) std::tie(head.command, promised) = commands.row();
    Query<Columns<Whole, Whole>> events(session,
                                        "SELECT id, chain FROM events ORDER BY id DESC LIMIT 1");
    if (events.next()) std::tie(head.event, head.chain) = events.row();
    if (promised == head.event) return head;
    return corrupt(
        {database.file(), "reading"},
        fmt::format("the commands end with event {}, the events with {}", promised, head.event));
  });
}

std::optional<std::int64_t> chain_at(soci::session& session, std::int64_t id) {
  if (id == 0) return 0;
  Query<Columns<Whole>, Whole> query(session, "SELECT chain FROM events WHERE id = :id", id);
  if (!query.next()) return std::nullopt;
  return std::get<0>(query.row());
}

Status replay(Database& database, const Head& from, const Head& to,
              const std::function<Status(std::int64_t, const Event&)>& next) {
  const Work work{database.file(), "replaying"};
  return database.guarded("replaying", [&]() -> Status {
    EventReader reader;
    auto chain = from.chain;
    auto id = from.event;
    Query<Columns<Whole, Whole, Whole, std::string>, Whole> query(
        database.session(), "SELECT id, at_ms, chain, body FROM events WHERE id > :id ORDER BY id",
        from.event);
    while (query.next()) {
      const auto& [stored_id, at_ms, stored_chain, body] = query.row();
      const auto at = from_ms(at_ms);
      ++id;
      if (stored_id != id) return corrupt(work, fmt::format("event {} is missing", id));
      chain = chained(chain, id, at, body);
      if (chain != stored_chain) {
        return corrupt(work,
                       fmt::format("event {} is not as it was written (its checksum differs)", id));
      }
      auto event = reader.read(body);
      if (!event) {
        return Error{
            ErrorCode::Version,
            fmt::format(
                "{}: event {} is intact but has a form that this version does not know ({}). "
                "Run the version of ampacity that wrote it, or a newer one",
                work.text(), id, event.error().message)};
      }
      if (auto status = next(id, Event{at, std::move(*event)}); !status) return status;
    }
    if (id == to.event) return {};
    return corrupt(work, fmt::format("event {} is missing", id + 1));
  });
}

EventLog::EventLog(soci::session& session, Head head)
    : head_(head),
      projection_(session),
      command_(session,
               "INSERT INTO commands(seq, at_ms, kind, request, refusal, last_event, body) "
               "VALUES(:a, :b, :c, :d, :e, :f, :g)"),
      event_(session,
             "INSERT INTO events(id, command_seq, at_ms, kind, job, chain, body) "
             "VALUES(:a, :b, :c, :d, :e, :f, :g)") {}

Status EventLog::append(const Entry& entry) {
  const auto seq = head_.command + 1;
  const auto last_event = head_.event + static_cast<std::int64_t>(entry.events.size());
  body_.clear();
  write_command(body_, entry, head_.event + 1);
  command_.run(seq, to_ms(entry.at), kind_of(entry.command), request_of(entry.command),
               refusal_of(entry), last_event, body_);
  for (const auto& event : entry.events) {
    if (auto status = append_event(seq, event); !status) return status;
  }
  head_.command = seq;
  return {};
}

Status EventLog::append_event(std::int64_t command, const Event& event) {
  const auto id = head_.event + 1;
  body_.clear();
  write_event(body_, event.body);
  const auto chain = chained(head_.chain, id, event.at, body_);
  event_.run(id, command, to_ms(event.at), kind_of(event.body), job_of(event.body), chain, body_);
  head_.event = id;
  head_.chain = chain;
  return projection_.apply(id, event);
}

}  // namespace ampacity::sqlite
