// SPDX-License-Identifier: Apache-2.0
// SQLite drops everything after the first damaged frame of its write-ahead log, without a word:
// right for a write that a crash tore, wrong for one that was acknowledged and damaged later. This
// tells them apart.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace ampacity::sqlite {

// Corrupt if <file>-wal has at least two transactions behind a damaged frame: each is synced before
// the next is begun, so the first of them was complete on disk once. A single one may be what a
// crash tore; it is SQLite's to drop. Called before SQLite opens the file. Reads the log once (at
// most about 32 MiB).
Status check_wal(const std::filesystem::path& file);

}  // namespace ampacity::sqlite
