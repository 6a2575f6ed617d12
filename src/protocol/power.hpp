// SPDX-License-Identifier: Apache-2.0
// What is said about power: calls to draw less, what meters show, and what the engine makes of its
// limits. Commands and events of protocol/vocabulary.hpp, which includes this; the same rules hold.
// All power is of the IT load unless it says "at the meter".
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/curtailment.hpp"
#include "model/power_reading.hpp"
#include "protocol/ids.hpp"
#include "units/quantity.hpp"

namespace ampacity {

// ---- commands ----

// A site has to draw less for a while; see model/curtailment.hpp.
struct Curtail {
  Curtailment curtailment;
  std::string by;
  bool operator==(const Curtail&) const = default;
};
BOOST_DESCRIBE_STRUCT(Curtail, (), (curtailment, by))

struct EndCurtailment {
  std::string name;
  std::string by;
  bool operator==(const EndCurtailment&) const = default;
};
BOOST_DESCRIBE_STRUCT(EndCurtailment, (), (name, by))

// What meters of sites show: all of it is taken, or none.
struct ReportPower {
  std::vector<PowerReading> readings;
  std::string by;
  bool operator==(const ReportPower&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReportPower, (), (readings, by))

// ---- events ----

// What a site may draw changed: interconnection / PUE, times its oversubscription unless a meter
// says what it really draws.
struct SitePowerChanged {
  std::string site;
  std::optional<Power> limit;  // none: the portfolio states no interconnection
  bool operator==(const SitePowerChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(SitePowerChanged, (), (site, limit))

// A curtailment was called while the site drew so much at the meter; from its beginning until its
// end the site's IT load stays below the ceiling.
struct CurtailmentCalled {
  Curtailment curtailment;
  Power drawn;
  Power ceiling;
  std::string by;
  bool operator==(const CurtailmentCalled&) const = default;
};
BOOST_DESCRIBE_STRUCT(CurtailmentCalled, (), (curtailment, drawn, ceiling, by))

// The load goes down: so much IT power has to go, so much will, by so many gangs.
struct CurtailmentBegun {
  std::string name;
  Power wanted;
  Power planned;
  std::int64_t slower = 0;
  std::int64_t smaller = 0;
  std::int64_t paused = 0;
  std::int64_t moved = 0;
  bool operator==(const CurtailmentBegun&) const = default;
};
BOOST_DESCRIBE_STRUCT(CurtailmentBegun, (), (name, wanted, planned, slower, smaller, paused, moved))

// At the instant from which it counts: what the site draws at the meter, how much less that is than
// when it was called, and how much less was asked.
struct CurtailmentMeasured {
  std::string name;
  Power drawn;
  Power less;
  Power asked;
  bool operator==(const CurtailmentMeasured&) const = default;
};
BOOST_DESCRIBE_STRUCT(CurtailmentMeasured, (), (name, drawn, less, asked))

// What was not drawn while it counted, against what was asked; and the least that it was less by.
struct CurtailmentEnded {
  std::string name;
  std::string why;
  Energy saved;
  Energy asked;
  Power least;
  bool operator==(const CurtailmentEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(CurtailmentEnded, (), (name, why, saved, asked, least))

// The gang works at this pace from now on, and draws this much (IT).
struct PaceChanged {
  AttemptId attempt;
  Ratio pace;
  Power draws;
  std::string by;
  bool operator==(const PaceChanged&) const = default;
};
BOOST_DESCRIBE_STRUCT(PaceChanged, (), (attempt, pace, draws, by))

// The draw of a site went down (or up) faster than its ramp and swing limit allow, by so much more,
// to what it is now. At the meter.
struct PowerSwung {
  std::string site;
  bool down = false;
  Power beyond;
  Power drawn;
  bool operator==(const PowerSwung&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerSwung, (), (site, down, beyond, drawn))

// A site, or a hall, drew so much when it was measured, while the model had it at so much.
struct PowerMeasured {
  std::string place;
  Instant at;
  Power drawn;
  Power modelled;
  std::string by;
  bool operator==(const PowerMeasured&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerMeasured, (), (place, at, drawn, modelled, by))

// The latest reading of a place is too old: the model counts again.
struct ReadingExpired {
  std::string place;
  bool operator==(const ReadingExpired&) const = default;
};
BOOST_DESCRIBE_STRUCT(ReadingExpired, (), (place))

// A rack, a hall, a site, or the sites of a lease or a provider together, draw more than their
// limit: so much has to go, so much will. Their gangs are slowed, the lowest priority first; or,
// where that was not enough for too long, so many are stopped.
struct PowerCapped {
  std::string whose;                // "hall abilene/south1", "lease stargate"
  std::vector<std::string> places;  // where nobody starts: sites, or the hall or rack
  Power drawn;
  Power limit;
  bool measured = false;  // in part at least; or by the model
  Power wanted;
  Power planned;
  std::int64_t stopped = 0;
  // It is above its limit still.
  bool is_short() const { return drawn - planned > limit; }
  bool operator==(const PowerCapped&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerCapped, (),
                      (whose, places, drawn, limit, measured, wanted, planned, stopped))

// A level that drew more than its limit although its gangs were as slow as they may, or were being
// stopped, no longer does.
struct PowerWithinLimit {
  std::string whose;
  bool operator==(const PowerWithinLimit&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerWithinLimit, (), (whose))

// All gangs of the place are back at their pace, or it has no limit any more.
struct CappingEnded {
  std::string place;  // a site, or one of its halls or racks
  std::string why;
  bool operator==(const CappingEnded&) const = default;
};
BOOST_DESCRIBE_STRUCT(CappingEnded, (), (place, why))

}  // namespace ampacity
