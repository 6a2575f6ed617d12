// SPDX-License-Identifier: Apache-2.0
// The exit codes of the command line, the same for every command; docs/reference/cli.md lists them.
#pragma once

#include <functional>

#include "base/result.hpp"

namespace ampacity::terminal {

enum class Exit {
  Ok = 0,
  JobFailed = 1,    // wait, submit --wait: the job did not complete
  Usage = 2,        // the call itself is wrong
  BadFile = 3,      // a portfolio, job or script has problems (they were printed)
  Unreachable = 4,  // no server answers
  Refused = 5,      // the server says no, with a reason
  NotFound = 6,
  Data = 7,         // the data folder: full, locked, read-only, corrupt, of another version
  Timeout = 8,      // wait --timeout
  Interrupted = 9,  // simulate: ended early, with a result of what there was
};

inline Exit exit_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::InvalidInput:
      return Exit::Usage;
    case ErrorCode::NotFound:
      return Exit::NotFound;
    case ErrorCode::Unavailable:
      return Exit::Unreachable;
    case ErrorCode::Conflict:
    case ErrorCode::LimitExceeded:
    case ErrorCode::Unauthorized:
      return Exit::Refused;
    case ErrorCode::Io:
    case ErrorCode::NoSpace:
    case ErrorCode::ReadOnly:
    case ErrorCode::Locked:
    case ErrorCode::Corrupt:
    case ErrorCode::Version:
      return Exit::Data;
  }
  return Exit::Usage;
}

// What the chosen command does: each room that adds commands (client, report, bench) sets it.
using Run = std::function<Exit()>;

}  // namespace ampacity::terminal
