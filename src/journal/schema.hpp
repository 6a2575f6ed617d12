// SPDX-License-Identifier: Apache-2.0
// The tables of journal.db, and the check that a file is ours and of a format that we read. The
// columns with their units are in docs/reference/journal.md; change both together.
#pragma once

#include <soci/soci.h>

#include <filesystem>

#include "base/result.hpp"

namespace ampacity::sqlite {

// In the header of the file ("AMPJ"), so that a foreign SQLite file is told apart without opening
// it.
inline constexpr int application_id = 0x414d504a;
// Of jobs, attempts, allocations, draws, bearers and the views. They follow from the events: an
// older version is dropped and made again when the journal is opened.
inline constexpr int tables_version = 4;

// Writes a complete empty journal next to `file` and renames it there: a journal.db is never half
// made.
Status create(const std::filesystem::path& file);

// By the first 100 bytes: SQLite, and ours. Never writes.
Status check_header(const std::filesystem::path& file);

// By meta: application and format. Throws what SOCI throws.
Status check_format(soci::session& session, const std::filesystem::path& file);

// The tables that people query; throws what SOCI throws. Within the caller's transaction.
void make_tables(soci::session& session);
void drop_tables(soci::session& session);

}  // namespace ampacity::sqlite
