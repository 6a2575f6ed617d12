// SPDX-License-Identifier: Apache-2.0
#include "serve/answers.hpp"

#include <fmt/format.h>

#include <boost/describe/enum_to_string.hpp>
#include <charconv>

namespace ampacity {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidInput:
      return 400;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::Conflict:
      return 409;
    case ErrorCode::Unauthorized:
      return 401;
    case ErrorCode::LimitExceeded:
      return 413;
    case ErrorCode::NoSpace:
      return 507;
    case ErrorCode::Io:
    case ErrorCode::ReadOnly:
    case ErrorCode::Locked:
    case ErrorCode::Corrupt:
    case ErrorCode::Version:
    case ErrorCode::Unavailable:
      return 503;
  }
  return 500;
}

int status_of(Reason reason) {
  switch (reason) {
    case Reason::JobUnknown:
    case Reason::NameUnknown:
      return 404;
    case Reason::RequestReused:
    case Reason::JobEnded:
    case Reason::PortfolioInUse:
    case Reason::NothingToDo:
    case Reason::BookingConflict:
      return 409;
    case Reason::QueueFull:
      return 429;
    default:
      return 422;
  }
}

}  // namespace

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Response answer(int status, std::string body) {
  return {status, std::move(body)};
}

Response failure(int status, const std::string& message, const std::string& reason) {
  return ok(api::ErrorBody{message, reason}, status);
}

Response failure(const Error& error) {
  return failure(status_of(error.code), error.message,
                 boost::describe::enum_to_string(error.code, "Io"));
}

Response refusal(const Refusal& refused, bool of_submission) {
  const auto status =
      of_submission && refused.reason == Reason::NameUnknown ? 422 : status_of(refused.reason);
  return failure(status, refused.message, boost::describe::enum_to_string(refused.reason, "?"));
}

Result<std::int64_t> query_number(const Request& request, const std::string& key,
                                  std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const auto it = request.query.find(key);
  if (it == request.query.end()) return fallback;
  const auto value = number(it->second);
  if (!value || *value < least || *value > most) {
    return invalid(fmt::format("?{}=: expected {} to {}, got '{}'", key, least, most, it->second));
  }
  return *value;
}

std::string query_text(const Request& request, const std::string& key) {
  const auto it = request.query.find(key);
  return it == request.query.end() ? "" : it->second;
}

Response no_route(const Request& request) {
  std::string path;
  for (const auto& part : request.path) path += "/" + part;
  return failure(
      404,
      fmt::format("there is no {} {}; GET /openapi.json lists what there is", request.method, path),
      "NotFound");
}

}  // namespace ampacity
