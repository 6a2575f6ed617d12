// SPDX-License-Identifier: Apache-2.0
// The HTTP client of the command line: blocking, one request a connection. Called by client/.
// Errors say what could not be reached and what to do; an answer with any status is a value.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace ampacity::http {

struct Endpoint {
  std::string host = "127.0.0.1";
  std::string port = "7070";
  std::string token;  // sent as a bearer token if not empty
};

// "http://127.0.0.1:7070" -> host and port.
Result<Endpoint> parse_endpoint(std::string_view url);

Result<Response> call(const Endpoint& endpoint, const std::string& method,
                      const std::string& target, const std::string& body = "");

// Streams a GET: `chunk` gets the body piece by piece and returns false to stop. The Response has
// the whole body only when the status is not 200. `headers` are added.
Result<Response> follow(const Endpoint& endpoint, const std::string& target,
                        const std::function<bool(std::string_view)>& chunk,
                        const std::map<std::string, std::string>& headers = {});

// Percent-encodes one path segment or query value.
std::string encoded(std::string_view text);

}  // namespace ampacity::http
