// SPDX-License-Identifier: Apache-2.0
// The text of events and commands in the journal, and the chain that protects the events.
#pragma once

#include <boost/json/parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"

namespace ampacity::sqlite {

// The chain: 64 bits of XXH3 over the chain of the event before, and this one's id, time and body.
// Events are verified in order at restore, so a flipped bit, a missing, swapped or foreign row is
// found and never replayed. 0 stands before event 1. Not a defence against forgery.
std::int64_t chained(std::int64_t previous, std::int64_t id, Instant at, std::string_view body);

std::string_view kind_of(const EventBody& body);
std::string_view kind_of(const Command& command);
std::optional<std::int64_t> job_of(const EventBody& body);

// As it is written, and compared.
void write_event(std::string& out, const EventBody& body);

// Where an event's spec or portfolio is the same as the command's, the command's text points to the
// event
// ("spec_event": 17) instead of holding it a second time. `first_event`: the id of entry.events[0].
void write_command(std::string& out, const Entry& entry, std::int64_t first_event);

// The command, and the event that holds the rest of it, if its text points to one.
struct CommandText {
  Command command;
  std::optional<std::int64_t> rest_in;
};
Result<CommandText> read_command(std::string_view text);
// Takes the spec or the portfolio out of that event; false: it has none for such a command.
bool complete(Command& command, EventBody event);

// Reads event bodies, reusing its memory. Bytes that are not UTF-8 are let through as they were
// written: a detail that came from a file name or a program must not make a durable event
// unreadable.
class EventReader {
 public:
  EventReader();
  Result<EventBody> read(std::string_view text);

 private:
  std::vector<unsigned char> memory_;
  boost::json::parser parser_;
};

}  // namespace ampacity::sqlite
