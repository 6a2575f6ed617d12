// SPDX-License-Identifier: Apache-2.0
#include "serve/replay.hpp"

#include <algorithm>
#include <deque>

#include "engine/engine.hpp"
#include "journal/event_text.hpp"
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
    std::string here = was ? "" : "nothing more";
    if (was) sqlite::write_event(here, outcome.events[i].body);
    if (there == here && recorded.events[i].at == outcome.events[i].at) continue;
    return fmt::format("command {}, its event {}: recorded {}, decided {}", row.seq, i + 1, there,
                       here);
  }
  return "";
}

// Decides the commands of the next instant. Which of them were decided together is not recorded:
// the fewest that give what is recorded, and where that leads nowhere later in the instant, more.
class NextInstant {
 public:
  NextInstant(Engine& engine, Recording& recording) : engine_(engine), recording_(recording) {}

  // Returns how many commands it had; 0: they do not give what is recorded, see departs(). Once
  // only.
  Result<std::size_t> decide_all() {
    at_ = (*recording_.ahead(0))->row.at;
    for (std::size_t wrong = 0; wrong < most_wrong;) {
      const auto last = is_here(done_ + together_ - 1);
      if (!last) return last.error();
      if (!*last) {  // so many there are not
        if (!go_back()) break;
        continue;
      }
      const auto more = is_here(done_ + together_);
      if (!more) return more.error();
      if (!decide(*more)) {
        ++wrong;
      } else if (!*more) {
        return done_;
      }
    }
    return std::size_t{0};
  }
  const std::string& departs() const { return departs_; }

 private:
  static constexpr std::size_t most_wrong = 10'000;
  static constexpr std::size_t most_points = 64;
  // A decision that gave what is recorded, and what to go back to if that was too early.
  struct Point {
    std::size_t first = 0;
    std::size_t commands = 0;
    Engine before;
  };

  Result<bool> is_here(std::size_t n) {
    const auto command = recording_.ahead(n);
    if (!command) return command.error();
    return *command != nullptr && (*command)->row.at == at_;
  }

  // The next commands, together; `more`: others follow at the instant. False: they do not give what
  // is recorded, and nothing has changed.
  bool decide(bool more) {
    std::vector<Command> commands;
    for (std::size_t i = 0; i < together_; ++i) {
      commands.push_back((*recording_.ahead(done_ + i))->row.command);
    }
    const bool may_go_back = more || !points_.empty();
    auto before = may_go_back ? std::optional(engine_) : std::nullopt;
    const auto outcomes = engine_.decide(commands, at_);
    std::string wrong;
    for (std::size_t i = 0; i < together_ && wrong.empty(); ++i) {
      wrong = difference(**recording_.ahead(done_ + i), outcomes[i]);
    }
    if (!wrong.empty()) {
      if (departs_.empty() || done_ > departs_from_) {
        departs_ = std::move(wrong);
        departs_from_ = done_;
      }
      if (before) engine_ = std::move(*before);
      ++together_;
      return false;
    }
    if (before) {
      if (points_.size() == most_points) points_.erase(points_.begin());
      points_.push_back({done_, together_, std::move(*before)});
    }
    done_ += together_;
    together_ = 1;
    return true;
  }

  bool go_back() {
    if (points_.empty()) return false;
    auto& last = points_.back();
    done_ = last.first;
    together_ = last.commands + 1;
    engine_ = std::move(last.before);
    points_.pop_back();
    return true;
  }

  Engine& engine_;
  Recording& recording_;
  Instant at_;
  std::vector<Point> points_;
  std::size_t done_ = 0;
  std::size_t together_ = 1;
  std::string departs_;  // of the fewest, where it came furthest
  std::size_t departs_from_ = 0;
};

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
    NextInstant instant(engine, recording);
    const auto done = instant.decide_all();
    if (!done) return done.error();
    if (*done == 0) {
      result.departs = instant.departs();
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
  sqlite::EventReader texts;
  while (true) {
    const auto rows = (*reader)->events_after(result.events, 5'000);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      if (until && row.id > *until) break;
      auto body = texts.read(row.json);
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
