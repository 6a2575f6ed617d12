// SPDX-License-Identifier: Apache-2.0
#include "client/follow.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "client/show.hpp"

namespace ampacity::client {
namespace {

// Takes Server-Sent Events apart, however they are cut into chunks.
class EventReader {
 public:
  explicit EventReader(bool as_json) : as_json_(as_json) {}

  bool take(std::string_view chunk) {
    buffer_ += chunk;
    for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n')) {
      line(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
    }
    std::fflush(stdout);
    return true;
  }

  std::int64_t last() const { return last_; }

 private:
  void line(const std::string& text) {
    if (text.rfind("data: ", 0) != 0) return;
    const auto event = json::from_json<api::EventView>(text.substr(6));
    if (!event) return;
    last_ = event->id;
    if (as_json_) {
      fmt::print("{}\n", text.substr(6));
    } else {
      show(*event);
    }
  }

  bool as_json_;
  std::string buffer_;
  std::int64_t last_ = 0;
};

}  // namespace

Exit follow_log(const Options& options, const LogCall& call) {
  const auto endpoint = find_server(options);
  if (!endpoint) return say(endpoint.error());
  auto target = fmt::format("/v1/jobs/{}/log?follow={}", call.job, call.follow ? 1 : 0);
  if (call.attempt) target += fmt::format("&attempt={}", *call.attempt);
  const auto response = http::follow(*endpoint, target, [](std::string_view chunk) {
    std::fwrite(chunk.data(), 1, chunk.size(), stdout);
    return std::fflush(stdout) == 0;
  });
  if (!response) return say(response.error());
  return response->status == 200 ? Exit::Ok : say(error_in(*response));
}

Exit wait_for(const Options& options, const std::vector<std::int64_t>& jobs,
              const std::optional<Duration>& timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout.value_or(Duration(0));
  auto exit = Exit::Ok;
  for (const auto id : jobs) {
    while (true) {
      const auto detail = fetch<api::JobDetail>(options, fmt::format("/v1/jobs/{}", id));
      if (!detail) return say(detail.error());
      if (is_final(detail->job.state)) {
        if (options.json) {
          fmt::print("{}\n", json::to_json(detail->job));
        } else {
          fmt::print("job {} {}: {}\n", id, state_text(detail->job.state), detail->job.why);
        }
        if (detail->job.state != JobState::Completed) exit = Exit::JobFailed;
        break;
      }
      if (timeout && std::chrono::steady_clock::now() >= deadline) {
        fmt::print(stderr, "ampacity: job {} is still {}\n", id, state_text(detail->job.state));
        return Exit::Timeout;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
    }
  }
  return exit;
}

Exit show_events(const Options& options, const EventsCall& call) {
  const auto endpoint = find_server(options);
  if (!endpoint) return say(endpoint.error());
  auto after = call.after;
  if (!after && !call.follow) {
    const auto state = fetch<api::StateView>(options, "/v1/state");
    if (!state) return say(state.error());
    after = std::max<std::int64_t>(0, state->last_event - 20);
  }
  EventReader reader(options.json);
  while (true) {
    auto target = fmt::format("/v1/events?follow={}", call.follow ? 1 : 0);
    if (after) target += fmt::format("&after={}", *after);
    const auto response =
        http::follow(*endpoint, target, [&](std::string_view chunk) { return reader.take(chunk); });
    if (response && response->status != 200) return say(error_in(*response));
    if (!call.follow) return response ? Exit::Ok : say(response.error());
    if (!response && reader.last() == 0 && !after) return say(response.error());
    if (reader.last() > 0) after = reader.last();  // the line broke: go on where we were
    fmt::print(stderr, "ampacity: the server went away; trying again\n");
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace ampacity::client
