// SPDX-License-Identifier: Apache-2.0
// What the API answers: a value as JSON, or a "no" with its reason and the status that goes with
// it. Called by serve/api for every route.
#pragma once

#include <string>

#include "base/result.hpp"
#include "http/message.hpp"
#include "protocol/reason.hpp"
#include "wire/json.hpp"

namespace ampacity::replies {

inline http::Response answer(int status, std::string body) {
  return {status, std::move(body)};
}

template <class T>
http::Response ok(const T& value, int status = 200) {
  return answer(status, json::to_json(value));
}

http::Response failure(int status, const std::string& message, const std::string& reason);
http::Response failure(const Error& error);
// A name that is unknown in what is submitted is a fault of it (422), not a page that is missing.
http::Response refusal(const Refusal& refused, bool of_submission);

}  // namespace ampacity::replies
