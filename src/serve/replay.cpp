// SPDX-License-Identifier: Apache-2.0
#include "serve/replay.hpp"

#include <algorithm>
#include <deque>

#include "engine/engine.hpp"
#include "journal/reader.hpp"
#include "wire/json.hpp"

namespace ampacity {
namespace {

// A command of the journal with the events that it became.
struct Recorded {
  CommandRow row;
  std::vector<EventRow> events;
};

// Goes through the journal command by command, a few ahead.
class Recording {
 public:
  explicit Recording(JournalReader& reader) : reader_(reader) {}

  // The n-th from here, or null at the end.
  Result<const Recorded*> ahead(std::size_t n) {
    while (recorded_.size() <= n) {
      const auto more = fill();
      if (!more) return more.error();
      if (!*more) return nullptr;
    }
    return &recorded_[n];
  }
  void pass(std::size_t n) {
    recorded_.erase(recorded_.begin(), recorded_.begin() + static_cast<std::ptrdiff_t>(n));
  }

 private:
  Result<bool> fill() {
    auto rows = reader_.commands_after(seq_, 1'000);
    if (!rows) return rows.error();
    for (auto& row : *rows) {
      seq_ = row.seq;
      Recorded next{std::move(row), {}};
      while (event_ < next.row.last_event) {
        auto events = reader_.events_after(
            event_, std::min<std::int64_t>(next.row.last_event - event_, 10'000));
        if (!events) return events.error();
        if (events->empty()) {
          return Error{ErrorCode::Corrupt, fmt::format("event {} is missing", event_ + 1)};
        }
        event_ = events->back().id;
        std::move(events->begin(), events->end(), std::back_inserter(next.events));
      }
      recorded_.push_back(std::move(next));
    }
    return !rows->empty();
  }

  JournalReader& reader_;
  std::int64_t seq_ = 0;
  std::int64_t event_ = 0;
  std::deque<Recorded> recorded_;
};

// How what was decided differs from what is recorded; empty: it does not.
std::string difference(const Recorded& recorded, const Outcome& outcome) {
  const auto& row = recorded.row;
  const auto refusal = outcome.refusal ? json::to_json(*outcome.refusal) : "";
  if (refusal != row.refusal) {
    return fmt::format("command {}: recorded refusal {}, decided {}", row.seq,
                       row.refusal.empty() ? "none" : row.refusal,
                       refusal.empty() ? "none" : refusal);
  }
  const auto n = std::max(recorded.events.size(), outcome.events.size());
  for (std::size_t i = 0; i < n; ++i) {
    const bool is = i < recorded.events.size();
    const bool was = i < outcome.events.size();
    const auto there = is ? recorded.events[i].json : "nothing more";
    const auto here = was ? json::to_json(outcome.events[i].body) : "nothing more";
    if (there == here && recorded.events[i].at == outcome.events[i].at) continue;
    return fmt::format("command {}, its event {}: recorded {}, decided {}", row.seq, i + 1, there,
                       here);
  }
  return "";
}

// Decides the next commands, as many together as give what is recorded. Returns how many those
// were; 0 and `departs`: none do.
Result<std::size_t> decide_next(Engine& engine, Recording& recording, std::string& departs) {
  std::vector<Command> commands;
  std::optional<Engine> before;
  for (std::size_t n = 1;; ++n) {
    const auto last = recording.ahead(n - 1);
    const auto after = recording.ahead(n);
    if (!last || !after) return !last ? last.error() : after.error();
    if (n > 1) engine = *before;
    const auto at = (*last)->row.at;
    const bool more = *after != nullptr && (*after)->row.at == at;
    if (more && !before) before = engine;
    commands.push_back((*recording.ahead(n - 1))->row.command);
    const auto outcomes = engine.decide(commands, at);
    std::string wrong;
    for (std::size_t i = 0; i < n && wrong.empty(); ++i) {
      wrong = difference(**recording.ahead(i), outcomes[i]);
    }
    if (wrong.empty()) return n;
    if (departs.empty()) departs = wrong;  // of the fewest: most likely what it is about
    if (!more) return std::size_t{0};
  }
}

}  // namespace

Result<Redecided> redecide(const std::filesystem::path& data) {
  auto reader = open_sqlite_reader(data);
  if (!reader) return reader.error();
  Recording recording(**reader);
  Engine engine;
  Redecided result;
  while (true) {
    const auto next = recording.ahead(0);
    if (!next) return next.error();
    if (*next == nullptr) break;
    std::string departs;
    const auto done = decide_next(engine, recording, departs);
    if (!done) return done.error();
    if (*done == 0) {
      result.departs = departs;
      break;
    }
    result.commands += static_cast<std::int64_t>(*done);
    result.events = (*recording.ahead(*done - 1))->row.last_event;
    recording.pass(*done);
  }
  result.digest = engine.digest();
  return result;
}

Result<Replayed> replay(const std::filesystem::path& data, std::optional<std::int64_t> until) {
  auto reader = open_sqlite_reader(data);
  if (!reader) return reader.error();
  Engine engine;
  Replayed result;
  while (true) {
    const auto rows = (*reader)->events_after(result.events, 5'000);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      if (until && row.id > *until) break;
      auto body = json::from_json<EventBody>(row.json);
      if (!body) return body.error().within(fmt::format("event {}", row.id));
      engine.evolve({row.at, std::move(*body)});
      result.events = row.id;
    }
    if (until && rows->back().id >= *until) break;
  }
  if (until && result.events < *until) {
    return Error{ErrorCode::NotFound,
                 fmt::format("the journal ends at event {}, before {}", result.events, *until)};
  }
  result.digest = engine.digest();
  result.jobs_live = static_cast<std::int64_t>(engine.state().jobs.size());
  return result;
}

}  // namespace ampacity
