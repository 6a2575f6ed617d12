// SPDX-License-Identifier: Apache-2.0
// A job's output as a stream: one attempt, or with follow every attempt as it comes until the job
// ends. Attempts that write to one file (an --output of the job's own) continue where the last one
// stopped.
#pragma once

#include "http/server.hpp"
#include "journal/reader.hpp"
#include "serve/conductor.hpp"

namespace ampacity {

struct LogRequest {
  JobId job;
  std::optional<std::int64_t> attempt;  // absent: the latest, or with follow from the first on
  bool follow = false;
};

// Error before anything was sent: no output (simulated clusters keep none), no such attempt.
asio::awaitable<Status> stream_log(asio::io_context& io, Conductor& conductor,
                                   JournalReader& reader, LogRequest request, http::Stream& stream);

}  // namespace ampacity
