// SPDX-License-Identifier: Apache-2.0
// Where the server is and how to talk to it: --server, AMPACITY_SERVER, or what `serve` wrote into
// the data folder; the token from AMPACITY_TOKEN or the data folder.
#pragma once

#include <filesystem>
#include <string>

#include "http/client.hpp"
#include "wire/api.hpp"
#include "wire/json.hpp"

namespace ampacity::client {

struct Options {
  std::string server;  // "" : found
  std::filesystem::path data = ".ampacity";
  bool json = false;
  std::vector<std::string> after_dashes;  // what followed "--": CLI11 would take it for positionals
};

Result<http::Endpoint> find_server(const Options& options);

// The answer's body; an error status becomes an Error with the server's own words.
Result<std::string> ask(const Options& options, const std::string& method,
                        const std::string& target, const std::string& body = "");

// Who is asking, for the record.
std::string user_name();

// The Error in an answer of the server.
Error error_in(const http::Response& response);

template <class T>
Result<T> fetch(const Options& options, const std::string& target) {
  auto body = ask(options, "GET", target);
  if (!body) return body.error();
  return json::from_json<T>(*body);
}

}  // namespace ampacity::client
