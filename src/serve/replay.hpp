// SPDX-License-Identifier: Apache-2.0
// `ampacity replay`: two audits of a journal. replay() evolves every event of a journal, from the
// first, without snapshots and without a server: the audit that what is on disk gives the state
// that was served. Reads only; works beside a running server. redecide() decides every command
// again, at its instant, and compares what it becomes with what is recorded, byte by byte: the
// audit that the engine is a function of its commands and their instants.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace ampacity {

struct Replayed {
  std::int64_t events = 0;  // the last one's number
  Digest digest;
  std::int64_t jobs_live = 0;
};

// Up to and including event `until`, or all.
Result<Replayed> replay(const std::filesystem::path& data, std::optional<std::int64_t> until);

struct Redecided {
  std::int64_t commands = 0;
  std::int64_t events = 0;
  Digest digest;
  std::string departs;  // where and how it first differs from the journal; empty: nowhere
};

// The journal does not say which commands of one millisecond were decided together: the fewest that
// give the recorded events are taken to be. Cost: the decisions, and a copy of the engine where two
// commands share an instant.
Result<Redecided> redecide(const std::filesystem::path& data);

}  // namespace ampacity
