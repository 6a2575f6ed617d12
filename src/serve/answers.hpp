// SPDX-License-Identifier: Apache-2.0
// What the routes of the API answer with, and how they read what they are asked. Used by api.cpp
// and the files of its routes only. An answer that is a "no" is an ErrorBody with a reason.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "http/message.hpp"
#include "protocol/reason.hpp"
#include "wire/api.hpp"
#include "wire/json.hpp"

namespace ampacity {

namespace asio = boost::asio;
using http::Request;
using http::Response;
using Reply = asio::awaitable<std::optional<Response>>;

Response answer(int status, std::string body);
Response failure(int status, const std::string& message, const std::string& reason);
Response failure(const Error& error);
// Of a submission: a name that is unknown stands in its body, not in the address.
Response refusal(const Refusal& refused, bool of_submission);
Response no_route(const Request& request);

// The whole text as a number.
std::optional<std::int64_t> number(const std::string& text);
// A parameter of the query as a number from `least` to `most`; or as it is, empty if it is missing.
Result<std::int64_t> query_number(const Request& request, const std::string& key,
                                  std::int64_t fallback, std::int64_t least, std::int64_t most);
std::string query_text(const Request& request, const std::string& key);

template <class T>
Response ok(const T& value, int status = 200) {
  return answer(status, json::to_json(value));
}

// The body as T. Text that is not UTF-8 would make every later reading of the journal fail.
template <class T>
Result<T> body_of(const Request& request) {
  return json::from_json<T>(request.body);
}

}  // namespace ampacity
