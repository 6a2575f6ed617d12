// SPDX-License-Identifier: Apache-2.0
// Events of OpenADR 3 (read as 3.0.1 and 3.1.0 define them) as curtailments: what a grid's server
// (VTN) says that resources are to draw. Called by serve (POST /v1/openadr/events) and its fuzzer.
// Understood, in W, KW or MW by their descriptor, in KW without one:
//   DISPATCH_SETPOINT           draws no more than this (that it should draw as much is no call)
//   IMPORT_CAPACITY_LIMIT       draws no more than this
//   DISPATCH_SETPOINT_RELATIVE  a negative value: so much less than when the event comes
// Every other payload type or unit refuses the whole event by its name: half an event is none.
// Targets are sites: RESOURCE_NAME, or VEN_NAME where no resource is named, or the strings of 3.1;
// of a portfolio of one site none is needed. Intervals follow each other unless they say when they
// start; a duration of PT0S or P9999Y, or none, is open-ended, as long as a curtailment may be. A
// start of 0001-01-01 is now. randomizeStart allows any delay up to it: none is taken. A
// notification (an EVENT with its operation) is read like the event within.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/curtailment.hpp"

namespace ampacity::openadr {

namespace limits {
inline constexpr std::size_t bytes = 1'000'000;
inline constexpr std::size_t curtailments = 100;  // of one event
}  // namespace limits

enum class Operation { Call, End };

struct GridEvent {
  Operation operation = Operation::Call;
  std::string name;                       // or the id that its server gave it
  std::vector<Curtailment> curtailments;  // whose names follow from the event's; in its order
  bool at_once = false;                   // it said no start but "now"
  std::vector<std::string> remarks;       // parts of it that nothing follows from
};

// Says no with the path of what it cannot take, such as "intervals[2].payloads[0]".
Result<GridEvent> read_event(std::string_view text, const std::vector<std::string>& sites,
                             Instant now);

// Of ISO 8601, in days and less; years only as P9999Y, which is 0, as is PT0S: without an end.
Result<Duration> read_duration(std::string_view text);
// Of RFC 3339, with an offset or Z; fractions beyond the millisecond are cut.
Result<Instant> read_instant(std::string_view text);

}  // namespace ampacity::openadr
