// SPDX-License-Identifier: Apache-2.0
// Appends commands and events, and keeps the end of the log: the last numbers and the chain. Inside
// a transaction of the caller; after a failure the object is of no further use.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "journal/database.hpp"
#include "journal/journal.hpp"
#include "journal/projection.hpp"
#include "journal/statement.hpp"

namespace ampacity::sqlite {

// How far the log goes.
struct Head {
  std::int64_t command = 0;
  std::int64_t event = 0;
  std::int64_t chain = 0;
};

// Of the log on disk. Corrupt if commands and events do not end together.
Result<Head> read_head(Database& database);

// The chain after event `id`, 0 before the first; none if there is no such event.
std::optional<std::int64_t> chain_at(soci::session& session, std::int64_t id);

// Hands over the events after `from`, in order, verified one by one: Corrupt names the first that
// is missing or altered; Version one that is intact and that we cannot read.
Status replay(Database& database, const Head& from, const Head& to,
              const std::function<Status(std::int64_t id, const Event&)>& next);

class EventLog {
 public:
  EventLog(soci::session& session, Head head);

  Status append(const Entry& entry);
  const Head& head() const { return head_; }

 private:
  Status append_event(std::int64_t command, const Event& event);

  Head head_;
  std::string body_;
  Projection projection_;
  Statement<Whole, Whole, std::string, Nullable<std::string>, Nullable<std::string>, Whole,
            std::string>
      command_;
  Statement<Whole, Whole, Whole, std::string, Nullable<Whole>, Whole, std::string> event_;
};

}  // namespace ampacity::sqlite
