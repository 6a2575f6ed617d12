// SPDX-License-Identifier: Apache-2.0
// Snapshots of the engine in the journal: the two newest are kept. One is used only if its shape is
// the wanted one, its bytes have their digest, and it belongs to this history (the chain at its
// event).
#pragma once

#include <optional>

#include "base/result.hpp"
#include "journal/database.hpp"
#include "journal/journal.hpp"

namespace ampacity::sqlite {

struct StoredSnapshot {
  Snapshot snapshot;
  std::int64_t chain = 0;  // after snapshot.last_event
};

// The newest usable one up to `last_event`; none is no error: the events alone are enough.
Result<std::optional<StoredSnapshot>> newest_snapshot(Database& database, const std::string& shape,
                                                      std::int64_t last_event);

// Within the caller's transaction; throws what SOCI throws. LimitExceeded above snapshot_bytes.
Status write_snapshot(Database& database, const Snapshot& snapshot);

inline constexpr std::size_t snapshot_bytes = 900'000'000;  // SQLite holds at most 1e9 in a row

}  // namespace ampacity::sqlite
