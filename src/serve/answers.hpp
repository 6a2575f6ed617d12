// SPDX-License-Identifier: Apache-2.0
// The answers of the API: a value as JSON, or a no with its status, words and a reason. Called by
// serve/api. Pure. Cost: that of the JSON.
#pragma once

#include "http/server.hpp"
#include "protocol/vocabulary.hpp"
#include "wire/api.hpp"
#include "wire/json.hpp"

namespace ampacity {

http::Response answer(int status, std::string body);

template <class T>
http::Response ok(const T& value, int status = 200) {
  return answer(status, json::to_json(value));
}

http::Response failure(int status, const std::string& message, const std::string& reason);
http::Response failure(const Error& error);

// A name that is not known is a wrong body (422) in a submission, and a wrong path (404) elsewhere.
http::Response refusal(const Refusal& refused, bool of_submission);

}  // namespace ampacity
