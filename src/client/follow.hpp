// SPDX-License-Identifier: Apache-2.0
// Commands that stay on the line: logs -f, wait, events -f.
#pragma once

#include <optional>
#include <vector>

#include "client/connection.hpp"
#include "client/exit_code.hpp"
#include "units/time.hpp"

namespace ampacity::client {

struct LogCall {
  std::int64_t job = 0;
  std::optional<std::int64_t> attempt;
  bool follow = false;
};
Exit follow_log(const Options& options, const LogCall& call);

// Until all jobs have ended. JobFailed unless every one completed.
Exit wait_for(const Options& options, const std::vector<std::int64_t>& jobs,
              const std::optional<Duration>& timeout);

struct EventsCall {
  std::optional<std::int64_t> after;  // absent: the last 20, or with follow from now on
  bool follow = false;
};
Exit show_events(const Options& options, const EventsCall& call);

}  // namespace ampacity::client
