// SPDX-License-Identifier: Apache-2.0
#include "journal/event_text.hpp"

#include <array>

#include "wire/json.hpp"

namespace ampacity::sqlite {
namespace {

// Little-endian whatever the machine, so that a journal may move to another one.
void append(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
}

boost::json::parse_options lenient() {
  boost::json::parse_options options;
  options.max_depth = 32;
  options.allow_invalid_utf8 = true;
  return options;
}

template <class Wanted, class Same>
std::optional<std::int64_t> event_with(const Entry& entry, std::int64_t first_event, Same same) {
  for (std::size_t i = 0; i < entry.events.size(); ++i) {
    const auto* event = std::get_if<Wanted>(&entry.events[i].body);
    if (event != nullptr && same(*event)) return first_event + static_cast<std::int64_t>(i);
  }
  return std::nullopt;
}

void write_reference(std::string& out, const SubmitJob& command, std::int64_t event) {
  out += R"({"kind":"SubmitJob","request":)";
  json::write_string(out, command.request);
  out += R"(,"by":)";
  json::write_string(out, command.by);
  fmt::format_to(std::back_inserter(out), R"(,"spec_event":{}}})", event);
}

}  // namespace

std::int64_t chained(std::int64_t previous, std::int64_t id, Instant at, std::string_view body) {
  const auto digest = digest_of(body);
  std::string link;
  link.reserve(40);
  append(link, static_cast<std::uint64_t>(previous));
  append(link, static_cast<std::uint64_t>(id));
  append(link, static_cast<std::uint64_t>(to_ms(at)));
  append(link, digest.high);
  append(link, digest.low);
  return static_cast<std::int64_t>(digest_of(link).low);
}

void write_event(std::string& out, const EventBody& body) {
  json::write(out, body);
}

std::string_view kind_of(const EventBody& body) {
  return std::visit(
      [](const auto& event) { return json::kind_name<std::remove_cvref_t<decltype(event)>>(); },
      body);
}

std::string_view kind_of(const Command& command) {
  return std::visit(
      [](const auto& item) { return json::kind_name<std::remove_cvref_t<decltype(item)>>(); },
      command);
}

std::optional<std::int64_t> job_of(const EventBody& body) {
  return std::visit(
      [](const auto& event) -> std::optional<std::int64_t> {
        if constexpr (requires { event.attempt; }) {
          return event.attempt.job.value();
        } else if constexpr (requires { event.job; }) {
          return event.job.value();
        } else {
          return std::nullopt;
        }
      },
      body);
}

void write_command(std::string& out, const Entry& entry, std::int64_t first_event) {
  if (const auto* submit = std::get_if<SubmitJob>(&entry.command)) {
    const auto event = event_with<JobSubmitted>(
        entry, first_event, [&](const auto& e) { return e.spec && *e.spec == submit->spec; });
    if (event) return write_reference(out, *submit, *event);
  }
  if (const auto* configure = std::get_if<Configure>(&entry.command)) {
    const auto event = event_with<PortfolioConfigured>(
        entry, first_event, [&](const auto& e) { return *e.portfolio == configure->portfolio; });
    if (event) {
      fmt::format_to(std::back_inserter(out), R"({{"kind":"Configure","portfolio_event":{}}})",
                     *event);
      return;
    }
  }
  json::write(out, entry.command);
}

Result<CommandText> read_command(std::string_view text) {
  boost::json::error_code error;
  const auto value = boost::json::parse(text, error, {}, lenient());
  if (error || !value.is_object()) return invalid("JSON: " + error.message());
  CommandText read;
  for (const auto* key : {"spec_event", "portfolio_event"}) {
    const auto* event = value.as_object().if_contains(key);
    if (event != nullptr && event->is_int64()) read.rest_in = event->as_int64();
  }
  if (auto status = json::read(value, read.command); !status) return status.error();
  return read;
}

bool complete(Command& command, EventBody event) {
  if (auto* submit = std::get_if<SubmitJob>(&command)) {
    const auto* submitted = std::get_if<JobSubmitted>(&event);
    if (submitted == nullptr || !submitted->spec) return false;
    submit->spec = *submitted->spec;
    return true;
  }
  auto* configure = std::get_if<Configure>(&command);
  auto* configured = std::get_if<PortfolioConfigured>(&event);
  if (configure == nullptr || configured == nullptr) return false;
  configure->portfolio = *configured->portfolio;
  return true;
}

EventReader::EventReader() : memory_(64U << 10U), parser_({}, lenient()) {}

Result<EventBody> EventReader::read(std::string_view text) {
  boost::json::monotonic_resource arena(memory_.data(), memory_.size());
  parser_.reset(&arena);
  boost::json::error_code error;
  parser_.write(text.data(), text.size(), error);
  if (error) {
    parser_.reset();
    return invalid("JSON: " + error.message());
  }
  EventBody body;
  const auto value = parser_.release();
  parser_.reset();
  if (auto status = json::read(value, body); !status) return status.error();
  return body;
}

}  // namespace ampacity::sqlite
