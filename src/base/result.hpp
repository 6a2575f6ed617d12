// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error of the edge (disk, network, bad input). Used by every room that
// touches the outside world; what the *engine* declines is a Refusal (protocol/reason.hpp), never
// an Error. The class is [[nodiscard]]: dropping one is a warning, and an error in CI.
#pragma once

#include <boost/describe/enum.hpp>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace ampacity {

// A code exists only where a caller acts on it: exit codes and HTTP status are chosen from it.
enum class ErrorCode {
  InvalidInput,
  NotFound,
  Conflict,
  Unauthorized,
  LimitExceeded,
  Io,
  NoSpace,
  ReadOnly,
  Locked,
  Corrupt,
  Version,
  Unavailable,
};
BOOST_DESCRIBE_ENUM(ErrorCode, InvalidInput, NotFound, Conflict, Unauthorized, LimitExceeded, Io,
                    NoSpace, ReadOnly, Locked, Corrupt, Version, Unavailable)

struct Error {
  ErrorCode code = ErrorCode::Io;
  std::string message;  // for people: what, where, and what to do next

  // The same error with its context in front: "opening the journal: disk is full".
  Error within(const std::string& context) const { return {code, context + ": " + message}; }
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

using Status = Result<void>;

inline Error invalid(std::string message) {
  return {ErrorCode::InvalidInput, std::move(message)};
}

}  // namespace ampacity
