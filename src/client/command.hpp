// SPDX-License-Identifier: Apache-2.0
// How a command is built: what every one of them takes, says and shows. Used by commands.cpp,
// operations.cpp, power.cpp and requests.cpp, and by finance.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/connection.hpp"
#include "client/exit_code.hpp"
#include "client/show.hpp"

namespace ampacity::client {

using OptionsPtr = std::shared_ptr<Options>;

inline CLI::App* command(CLI::App& app, const OptionsPtr& options, const char* name,
                         const char* what, const char* examples) {
  auto* sub = app.add_subcommand(name, what);
  sub->footer(std::string("Examples:\n") + examples);
  sub->add_option("--server", options->server,
                  "Where the server is (default: what serve wrote into --data)");
  sub->add_option("--data", options->data, "Data folder of the server, for its address and token")
      ->envname("AMPACITY_DATA")
      ->capture_default_str();
  sub->add_flag("--json", options->json, "Print JSON instead of text");
  return sub;
}

// The words for `--within` and `--prefer`.
inline CLI::IsMember levels() {
  return CLI::IsMember(std::vector<std::string>{"rack", "pod", "hall", "site"});
}

// A JSON answer, shown as text or printed as it is.
template <class T, class Show>
Exit told(const Options& options, const Result<std::string>& answer, Show show_it) {
  if (!answer) return say(answer.error());
  if (options.json) {
    fmt::print("{}\n", *answer);
    return Exit::Ok;
  }
  const auto value = json::from_json<T>(*answer);
  if (!value) return say(value.error());
  show_it(*value);
  return Exit::Ok;
}

// One GET whose answer is shown as a table or as JSON.
template <class T>
Exit get(const Options& options, const std::string& target) {
  return told<T>(options, ask(options, "GET", target), [](const T& value) { show(value); });
}

inline Exit change(const Options& options, const std::string& method, const std::string& target,
                   const std::string& body, const std::string& done) {
  const auto answer = ask(options, method, target, body);
  if (!answer) return say(answer.error());
  fmt::print("{}\n", options.json ? *answer : done);
  return Exit::Ok;
}

}  // namespace ampacity::client
