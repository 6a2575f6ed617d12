// SPDX-License-Identifier: Apache-2.0
// Any bytes as the bodies of HTTP requests: one per line, the first letter of a line chooses the
// route. What is read goes to an engine, as the server does it; its invariants hold afterwards, and
// a twin that only replays the events agrees.
#include <string_view>

#include "base/text.hpp"
#include "sim/conversation.hpp"
#include "wire/api.hpp"
#include "wire/json.hpp"
#include "wire/openadr.hpp"
#include "wire/portfolio_file.hpp"

namespace {

using namespace ampacity;

void tell_event(Conversation& driver, std::string_view text) {
  const auto event = openadr::read_event(text, names_of(driver.engine().state().portfolio->sites),
                                         driver.engine().state().last_at);
  if (!event) return;
  for (const auto& c : event->curtailments) driver.tell(Curtail{c, "openadr"});
}

// Calls of the grid, requests for capacity, and what providers say to them.
void tell_of_power(Conversation& driver, char route, std::string_view text) {
  constexpr const char* asked = "more";  // the request that the path would name
  if (route == 'k') {
    if (auto b = json::from_json<api::CurtailmentBody>(text))
      driver.tell(Curtail{b->curtailment, b->by});
  } else if (route == 'o') {
    tell_event(driver, text);
  } else if (route == 'e') {
    driver.tell(EndCurtailment{std::string(text), "grid"});
  } else if (route == 'a') {
    if (auto b = json::from_json<api::AmendBody>(text))
      driver.tell(AmendLease{"north-lease", b->amendment, b->by});
  } else if (route == 'q') {
    if (auto b = json::from_json<api::RequestBody>(text))
      driver.tell(CreateRequest{b->request, b->by});
  } else if (route == 'y') {
    const auto b = json::from_json<api::AcceptBody>(text);
    if (b) driver.tell(AcceptRequest{asked, b->provider, b->power, b->price, b->by});
  } else if (route == 'x') {
    if (auto b = json::from_json<api::DeclineBody>(text))
      driver.tell(DeclineRequest{asked, b->provider, b->by});
  } else if (route == 'u') {
    if (auto b = json::from_json<api::QuoteBody>(text))
      driver.tell(AddQuote{asked, b->quote, b->by});
  } else if (route == 'w') {
    if (auto b = json::from_json<api::AwardBody>(text))
      driver.tell(AwardQuote{asked, b->quote, b->lease, b->by});
  } else if (route == 'g') {
    if (auto b = json::from_json<api::RightBody>(text))
      driver.tell(AmendRight{"azure", b->amendment, b->by});
  }
}

void tell(Conversation& driver, std::string_view line) {
  const auto route = line.front();
  const auto text = line.substr(1);
  if (route == 's') {
    if (auto body = json::from_json<api::SubmitBody>(text)) {
      driver.tell(SubmitJob{std::move(body->request), std::move(body->job), std::move(body->by)});
    }
  } else if (route == 'd' || route == 'r') {
    const auto body = json::from_json<api::TargetBody>(text);
    if (!body) return;
    if (route == 'd') driver.tell(Drain{body->target, body->by, body->note});
    if (route == 'r') driver.tell(Resume{body->target, body->by});
  } else if (route == 'n') {
    const auto body = json::from_json<api::NodeBody>(text);
    if (body) driver.tell(ReportNode{body->node, body->state, body->detail});
  } else if (route == 'b') {
    const auto body = json::from_json<api::BookingBody>(text);
    if (body) driver.tell(MakeBooking{body->booking, body->by});
  } else if (route == 'p') {
    const auto body = json::from_json<api::PolicyBody>(text);
    if (!body) return;
    const auto policy =
        with_settings(driver.engine().state().portfolio->policy, body->settings, "");
    if (policy) driver.tell(SetPolicy{*policy, body->by});
  } else if (route == 'c') {
    const auto body = json::from_json<Portfolio>(text);
    if (body) driver.tell(Configure{*body});
  } else {
    tell_of_power(driver, route, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Conversation driver;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (!line.empty()) tell(driver, line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return 0;
}
