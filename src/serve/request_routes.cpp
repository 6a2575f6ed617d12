// SPDX-License-Identifier: Apache-2.0
#include "serve/request_routes.hpp"

#include "base/text.hpp"
#include "serve/views.hpp"

namespace ampacity {
namespace {

Response the_request(const Conductor& conductor, const std::string& name, int status) {
  const auto& all = conductor.engine().state().capacity_requests;
  const auto it = all.find(name);
  if (it != all.end()) return ok(request_view(conductor.engine(), it->second), status);
  return failure(404, unknown_name("capacity request", name, keys_of(all)), "NameUnknown");
}

// Tells the engine; the answer is the request as it is then.
Reply tell_request(Conductor& conductor, Command command, std::string name, int status) {
  const auto told = co_await conductor.tell(std::move(command));
  if (!told) co_return failure(told.error());
  if (told->refusal) co_return refusal(*told->refusal, false);
  co_return the_request(conductor, name, status);
}

Reply create_request(Conductor& conductor, const Request& request) {
  auto body = body_of<api::RequestBody>(request);
  if (!body) co_return failure(body.error());
  std::string name = body->request.name;
  Command command = CreateRequest{std::move(body->request), std::move(body->by)};
  co_return co_await tell_request(conductor, std::move(command), std::move(name), 201);
}

// A POST about the request that the path names: what it says becomes a command.
template <class Body>
Reply post(Conductor& conductor, const Request& request, int status,
           Command (*command_of)(const std::string& name, Body body)) {
  auto body = body_of<Body>(request);
  if (!body) co_return failure(body.error());
  std::string name = request.path[2];
  Command command = command_of(name, std::move(*body));
  co_return co_await tell_request(conductor, std::move(command), std::move(name), status);
}

Command accepted(const std::string& name, api::AcceptBody body) {
  return AcceptRequest{name, std::move(body.provider), body.power, body.price, std::move(body.by)};
}

Command declined(const std::string& name, api::DeclineBody body) {
  return DeclineRequest{name, std::move(body.provider), std::move(body.by)};
}

Command quoted(const std::string& name, api::QuoteBody body) {
  return AddQuote{name, std::move(body.quote), std::move(body.by)};
}

Command awarded(const std::string& name, api::AwardBody body) {
  return AwardQuote{name, std::move(body.quote), std::move(body.lease), std::move(body.by)};
}

Reply amend_right(Conductor& conductor, const Request& request) {
  auto body = body_of<api::RightBody>(request);
  if (!body) co_return failure(body.error());
  Command command = AmendRight{request.path[2], std::move(body->amendment), std::move(body->by)};
  const auto told = co_await conductor.tell(std::move(command));
  if (!told) co_return failure(told.error());
  if (told->refusal) co_return refusal(*told->refusal, false);
  co_return ok(right_list(conductor.engine(), conductor.now()), 201);
}

}  // namespace

Reply request_route(Conductor& conductor, const Request& request) {
  const auto& p = request.path;
  if (p[1] == "rights") {
    if (p.size() != 3 || request.method != "POST") co_return no_route(request);
    co_return co_await amend_right(conductor, request);
  }
  if (p.size() == 2) co_return co_await create_request(conductor, request);
  const bool posted = request.method == "POST" && p.size() == 4;
  if (posted && p[3] == "accept") co_return co_await post(conductor, request, 200, accepted);
  if (posted && p[3] == "decline") co_return co_await post(conductor, request, 200, declined);
  if (posted && p[3] == "quotes") co_return co_await post(conductor, request, 201, quoted);
  if (posted && p[3] == "award") co_return co_await post(conductor, request, 201, awarded);
  if (request.method != "GET" || p.size() != 3) co_return no_route(request);
  if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
  co_return the_request(conductor, p[2], 200);
}

}  // namespace ampacity
