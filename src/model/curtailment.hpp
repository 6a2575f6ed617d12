// SPDX-License-Identifier: Apache-2.0
// A curtailment: the grid, or the provider, calls a site to draw so many megawatts less from an
// instant to an instant. Given through the API, the command line or a file of
// faults (protocol/vocabulary.hpp, Curtail) or as an event of OpenADR (wire/openadr.hpp); met by
// the engine (engine/curtailments.cpp). The power is the facility's, at the meter; what is asked is
// either so much less than what the site draws when it is called, or a limit whatever it draws
// then.
#pragma once

#include <boost/describe/class.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t curtailments = 1'024;  // called and not over
}  // namespace limits

struct Curtailment {
  std::string name;  // as is_name()
  std::string site;
  Power power;   // less, at the meter; 0 with a limit
  Instant from;  // the load is down by then, if the notice allows it
  Instant until;
  std::string note;
  std::optional<Power> limit;  // it draws no more than this at the meter
  std::string event;           // of a grid's programme, that it is a part of
  bool operator==(const Curtailment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Curtailment, (), (name, site, power, from, until, note, limit, event))

// How much less that is, at the meter, of what the site drew when it was called: by the limit,
// where one is stated.
Power asked_of(const Curtailment& curtailment, Power drawn);

// What is wrong with it alone, whatever the portfolio.
std::vector<Problem> check(const Curtailment& curtailment);

// What is left of the power above idle of GPUs that work at this pace. The power of logic goes with
// the cube of its frequency, as voltage falls with it (Mudge, "Power: a first-class architectural
// design constraint", IEEE Computer 34(4), 2001); work goes with the frequency. A model, not a
// measurement of these GPUs.
Ratio dynamic_power_at(Ratio pace);

}  // namespace ampacity
