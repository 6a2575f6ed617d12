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
  std::vector<std::string> known;
  for (const auto& [other, asked] : all) known.push_back(other);
  return failure(
      404, fmt::format("no capacity request is called '{}'{}", name, did_you_mean(name, known)),
      "NameUnknown");
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

Reply accept(Conductor& conductor, const Request& request) {
  auto body = body_of<api::AcceptBody>(request);
  if (!body) co_return failure(body.error());
  std::string name = request.path[2];
  Command command =
      AcceptRequest{name, std::move(body->provider), body->power, body->price, std::move(body->by)};
  co_return co_await tell_request(conductor, std::move(command), std::move(name), 200);
}

Reply decline(Conductor& conductor, const Request& request) {
  auto body = body_of<api::DeclineBody>(request);
  if (!body) co_return failure(body.error());
  std::string name = request.path[2];
  Command command = DeclineRequest{name, std::move(body->provider), std::move(body->by)};
  co_return co_await tell_request(conductor, std::move(command), std::move(name), 200);
}

Reply add_quote(Conductor& conductor, const Request& request) {
  auto body = body_of<api::QuoteBody>(request);
  if (!body) co_return failure(body.error());
  std::string name = request.path[2];
  Command command = AddQuote{name, std::move(body->quote), std::move(body->by)};
  co_return co_await tell_request(conductor, std::move(command), std::move(name), 201);
}

Reply award(Conductor& conductor, const Request& request) {
  auto body = body_of<api::AwardBody>(request);
  if (!body) co_return failure(body.error());
  std::string name = request.path[2];
  Command command =
      AwardQuote{name, std::move(body->quote), std::move(body->lease), std::move(body->by)};
  co_return co_await tell_request(conductor, std::move(command), std::move(name), 201);
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
  if (posted && p[3] == "accept") co_return co_await accept(conductor, request);
  if (posted && p[3] == "decline") co_return co_await decline(conductor, request);
  if (posted && p[3] == "quotes") co_return co_await add_quote(conductor, request);
  if (posted && p[3] == "award") co_return co_await award(conductor, request);
  if (request.method != "GET" || p.size() != 3) co_return no_route(request);
  if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
  co_return the_request(conductor, p[2], 200);
}

}  // namespace ampacity
