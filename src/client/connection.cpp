// SPDX-License-Identifier: Apache-2.0
#include "client/connection.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace ampacity::client {
namespace {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
      return ErrorCode::InvalidInput;
    case 401:
      return ErrorCode::Unauthorized;
    case 404:
      return ErrorCode::NotFound;
    case 503:
      return ErrorCode::Io;
    case 507:
      return ErrorCode::NoSpace;
    default:
      return ErrorCode::Conflict;
  }
}

}  // namespace

Result<http::Endpoint> find_server(const Options& options) {
  auto url = options.server;
  const char* variable = std::getenv("AMPACITY_SERVER");
  if (url.empty() && variable != nullptr) url = variable;
  if (url.empty()) url = first_line(options.data / "server");
  if (url.empty()) url = "http://127.0.0.1:7070";
  auto endpoint = http::parse_endpoint(url);
  if (!endpoint) return endpoint;
  const char* token = std::getenv("AMPACITY_TOKEN");
  endpoint->token = token != nullptr ? token : first_line(options.data / "token");
  return endpoint;
}

std::string user_name() {
  const auto* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("uid{}", ::getuid());
}

Error error_in(const http::Response& response) {
  const auto body = json::from_json<api::ErrorBody>(response.body);
  if (body && !body->error.empty()) return {code_of(response.status), body->error};
  return {code_of(response.status), fmt::format("the server answered {}", response.status)};
}

Result<std::string> ask(const Options& options, const std::string& method,
                        const std::string& target, const std::string& body) {
  const auto endpoint = find_server(options);
  if (!endpoint) return endpoint.error();
  auto response = http::call(*endpoint, method, target, body);
  if (!response) return response.error();
  if (response->status >= 300) return error_in(*response);
  return std::move(response->body);
}

}  // namespace ampacity::client
