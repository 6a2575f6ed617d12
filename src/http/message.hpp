// SPDX-License-Identifier: Apache-2.0
// A request and a response as plain values, so that handlers do not see Beast.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ampacity::http {

namespace limits {
inline constexpr std::size_t header_bytes = 16U << 10U;
inline constexpr std::size_t body_bytes = 4U << 20U;
inline constexpr std::size_t document_bytes = 32U << 20U;  // of a PUT: a portfolio with its series
inline constexpr int connections = 4'096;
inline constexpr int idle_seconds = 75;
}  // namespace limits

struct Request {
  std::string method;                          // "GET"
  std::vector<std::string> path;               // "/v1/jobs/12" -> {"v1", "jobs", "12"}, decoded
  std::map<std::string, std::string> query;    // decoded; the last of a repeated key
  std::map<std::string, std::string> headers;  // lower-case names; only those that handlers read
  std::string body;

  std::string header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string() : it->second;
  }
};

struct Response {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::map<std::string, std::string> headers;
};

}  // namespace ampacity::http
