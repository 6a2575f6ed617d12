// SPDX-License-Identifier: Apache-2.0
// `ampacity replay`: evolves every event of a journal, from the first, without snapshots and
// without a server: the audit that what is on disk gives the state that was served. Reads only;
// works beside a running server.
#pragma once

#include <filesystem>
#include <optional>

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

}  // namespace ampacity
