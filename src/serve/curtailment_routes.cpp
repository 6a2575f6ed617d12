// SPDX-License-Identifier: Apache-2.0
#include "serve/curtailment_routes.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "serve/views.hpp"
#include "wire/openadr.hpp"

namespace ampacity {
namespace {

Reply curtail(Conductor& conductor, const Request& request) {
  auto body = body_of<api::CurtailmentBody>(request);
  if (!body) co_return failure(body.error());
  auto call = std::move(body->curtailment);
  const auto now = conductor.now();
  if (body->notice < Duration(0) || body->lasting < Duration(0)) {
    co_return failure(422, "notice, lasting: expected 0 or more", "CurtailmentInvalid");
  }
  call.from = std::max(call.from, now + body->notice);
  if (body->lasting > Duration(0)) call.until = call.from + body->lasting;
  const auto name = call.name;
  Command command = Curtail{std::move(call), std::move(body->by)};
  const auto told = co_await conductor.tell(std::move(command));
  if (!told) co_return failure(told.error());
  if (told->refusal) co_return refusal(*told->refusal, true);
  for (const auto& view : curtailment_list(conductor.engine(), conductor.now()).curtailments) {
    if (view.name == name) co_return ok(view, 201);
  }
  co_return failure(409, fmt::format("curtailment {} is over already", name), "CurtailmentInvalid");
}

Reply end_curtailment(Conductor& conductor, const Request& request) {
  Command command = EndCurtailment{request.path[2], query_text(request, "by")};
  const auto told = co_await conductor.tell(std::move(command));
  if (!told) co_return failure(told.error());
  if (told->refusal) co_return refusal(*told->refusal, false);
  co_return ok(api::Done{});
}

// ---- events of OpenADR ----

// The curtailments of this event that are called and not over.
std::vector<std::string> called_by(const Engine& engine, const std::string& event) {
  std::vector<std::string> names;
  for (const auto& [name, c] : engine.state().curtailments) {
    if (c.curtailment.event == event) names.push_back(name);
  }
  return names;
}

Response event_view(const Conductor& conductor, const openadr::GridEvent& event, int status) {
  api::OpenAdrView view{event.name, {}, event.remarks};
  for (auto& c : curtailment_list(conductor.engine(), conductor.now()).curtailments) {
    if (c.event == event.name) view.curtailments.push_back(std::move(c));
  }
  return ok(view, status);
}

// Whether the same was asked before: what has begun counts from when it was called.
bool says_the_same(const Curtailment& known, Curtailment asked, bool at_once) {
  if (at_once) asked.until = known.until;
  if (at_once || asked.from <= known.from) asked.from = known.from;
  return known == asked;
}

asio::awaitable<Status> end_all(Conductor& conductor, std::vector<std::string> names) {
  for (const auto& name : names) {
    Command command = EndCurtailment{name, "openadr"};
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return told.error();
  }
  co_return Status();
}

// Nothing of it stays if a part is refused.
asio::awaitable<std::optional<Response>> call_all(Conductor& conductor,
                                                  std::vector<Curtailment> calls) {
  std::vector<std::string> called;
  for (auto& call : calls) {
    std::string name = call.name;
    Command command = Curtail{std::move(call), "openadr"};
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (!told->refusal) {
      called.push_back(std::move(name));
      continue;
    }
    auto answer = refusal(*told->refusal, true);
    const auto undone = co_await end_all(conductor, std::move(called));
    if (!undone) co_return failure(undone.error());
    co_return answer;
  }
  co_return std::nullopt;
}

Reply end_event(Conductor& conductor, const std::string& event) {
  auto names = called_by(conductor.engine(), event);
  if (names.empty()) {
    co_return failure(404, fmt::format("no curtailment of event '{}' is called", event),
                      "NameUnknown");
  }
  const auto status = co_await end_all(conductor, std::move(names));
  if (!status) co_return failure(status.error());
  co_return ok(api::Done{});
}

Reply take_event(Conductor& conductor, const Request& request) {
  const auto now = conductor.now();
  auto event =
      openadr::read_event(request.body, names_of(conductor.engine().state().portfolio->sites), now);
  if (!event) co_return failure(event.error());
  if (event->operation == openadr::Operation::End) {  // may come twice
    auto names = called_by(conductor.engine(), event->name);
    const auto status = co_await end_all(conductor, std::move(names));
    if (!status) co_return failure(status.error());
    co_return event_view(conductor, *event, 200);
  }
  std::erase_if(event->curtailments, [&](const Curtailment& c) { return c.until <= now; });
  const auto& known = conductor.engine().state().curtailments;
  const auto before = called_by(conductor.engine(), event->name);
  bool same = !before.empty() && before.size() == event->curtailments.size();
  for (const auto& c : event->curtailments) {
    const auto it = known.find(c.name);
    same = same && it != known.end() && says_the_same(it->second.curtailment, c, event->at_once);
  }
  if (same) co_return event_view(conductor, *event, 200);
  if (!before.empty()) {
    co_return failure(409,
                      fmt::format("event '{}' is called already and says something else: DELETE "
                                  "/v1/openadr/events/{} first",
                                  event->name, event->name),
                      "CurtailmentInvalid");
  }
  if (event->curtailments.empty()) co_return event_view(conductor, *event, 200);
  std::vector<Curtailment> calls = event->curtailments;
  auto refused = co_await call_all(conductor, std::move(calls));
  if (refused) co_return std::move(*refused);
  co_return event_view(conductor, *event, 201);
}

}  // namespace

Reply curtailment_route(Conductor& conductor, const Request& request) {
  const auto& p = request.path;
  const bool posted = request.method == "POST";
  const bool deleted = request.method == "DELETE";
  if (p[1] == "curtailments") {
    if (posted && p.size() == 2) co_return co_await curtail(conductor, request);
    if (deleted && p.size() == 3) co_return co_await end_curtailment(conductor, request);
  } else if (p.size() > 2 && p[2] == "events") {
    if (posted && p.size() == 3) co_return co_await take_event(conductor, request);
    if (deleted && p.size() == 4) co_return co_await end_event(conductor, p[3]);
  }
  co_return no_route(request);
}

}  // namespace ampacity
