// SPDX-License-Identifier: Apache-2.0
// When jobs waited, from the tables: between a submission, or the end of an attempt, and the next
// place or the end of the job. Called by the reader.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "journal/reader.hpp"
#include "journal/statement.hpp"

namespace ampacity::sqlite {

// Of each attempt, or of a job without one. What the job asks for is read by SQLite from the event
// of its submission, so that a long script is not parsed for it.
using WaitColumns =
    Columns<Whole, Whole, Nullable<Whole>, Whole, Nullable<std::string>, Nullable<std::string>,
            Nullable<Whole>, Whole, Nullable<Whole>, Nullable<Whole>>;
inline constexpr const char* select_waits =
    "SELECT j.id, j.submitted_ms, j.ended_ms, "
    "coalesce(json_extract(e.body, '$.spec.gpus_min'), j.gpus), "
    "json_extract(e.body, '$.spec.sites'), json_extract(e.body, '$.spec.accelerators'), "
    "json_extract(e.body, '$.spec.gpus_per_node'), "
    "json_extract(e.body, '$.spec.within') IS NOT NULL OR "
    "json_extract(e.body, '$.spec.segment') IS NOT NULL, "
    "a.placed_ms, a.ended_ms FROM jobs j JOIN events e ON e.id = j.spec_event "
    "LEFT JOIN attempts a ON a.job = j.id "
    "WHERE j.submitted_ms < :until AND (j.ended_ms IS NULL OR j.ended_ms > :from) "
    "ORDER BY j.id, a.number";

class Waits {
 public:
  Waits(Instant from, Instant until) : from_(from), until_(until) {}
  void add(const decltype(WaitColumns::values)& row);
  std::vector<WaitRow> take();

 private:
  // The job whose attempts come, and since when it waits: none while it runs.
  struct Now {
    std::int64_t job = 0;
    std::optional<Instant> since;
    std::optional<Instant> ended;
    WaitRow row;
  };

  void waited(Instant until);
  void over();
  const std::vector<std::string>& names_in(const std::string& text);

  Instant from_;
  Instant until_;
  Now now_;
  std::map<std::string, std::vector<std::string>> lists_;  // JSON that was seen, as names
  std::vector<WaitRow> rows_;
};

}  // namespace ampacity::sqlite
