// SPDX-License-Identifier: Apache-2.0
// `ampacity serve`: one process that holds the portfolio, runs the jobs and answers the API, until
// SIGTERM or SIGINT. Jobs on local clusters go on without it; the next start re-adopts them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

struct ServeOptions {
  std::filesystem::path data = ".ampacity";
  std::string address = "127.0.0.1";
  int port = 7070;            // 0: a free one
  std::string program;        // this binary, for the local executor's shims
  bool allow_remote = false;  // addresses other than loopback
};

// Prints where it listens once it does. Returns when it has stopped cleanly, or the error.
Status serve(const Portfolio& portfolio, const ServeOptions& options);

}  // namespace ampacity
