// SPDX-License-Identifier: Apache-2.0
// The exit codes under the client's name, and how an error is said.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "terminal/exit_code.hpp"
#include "wire/file_problem.hpp"

namespace ampacity::client {

using terminal::Exit;
using terminal::exit_for;
using terminal::Run;  // set to what the chosen command does

inline Exit say(const Error& error) {
  fmt::print(stderr, "ampacity: {}\n", error.message);
  return exit_for(error);
}

inline Exit say(const std::vector<FileProblem>& problems) {
  fmt::print(stderr, "{}", to_text(problems));
  return Exit::BadFile;
}

}  // namespace ampacity::client
