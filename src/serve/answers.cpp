// SPDX-License-Identifier: Apache-2.0
#include "serve/answers.hpp"

#include <boost/describe/enum_to_string.hpp>

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

http::Response answer(int status, std::string body) {
  return {status, std::move(body)};
}

http::Response failure(int status, const std::string& message, const std::string& reason) {
  return ok(api::ErrorBody{message, reason}, status);
}

http::Response failure(const Error& error) {
  return failure(status_of(error.code), error.message,
                 boost::describe::enum_to_string(error.code, "Io"));
}

http::Response refusal(const Refusal& refused, bool of_submission) {
  const auto status =
      of_submission && refused.reason == Reason::NameUnknown ? 422 : status_of(refused.reason);
  return failure(status, refused.message, boost::describe::enum_to_string(refused.reason, "?"));
}

}  // namespace ampacity
