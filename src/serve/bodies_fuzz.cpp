// SPDX-License-Identifier: Apache-2.0
// Any bytes as the bodies of HTTP requests: one per line, the first letter of a line chooses the
// route. What is read goes to an engine, as the server does it; its invariants hold afterwards, and
// a twin that only replays the events agrees.
#include <string_view>

#include "sim/conversation.hpp"
#include "wire/api.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"

namespace {

using namespace ampacity;

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
