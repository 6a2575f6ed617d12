// SPDX-License-Identifier: Apache-2.0
// What a meter of a site showed at an instant. Posted by whoever reads the meters
// (protocol/vocabulary.hpp, ReportPower); while it is fresh the engine judges the site's power by
// it (engine/readings.cpp).
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <string>

#include "units/quantity.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t power_readings = 1'024;  // of one report
}  // namespace limits

// Where it is measured: the IT load, or the whole site at its grid connection.
enum class MeterPlace { It, Facility };
BOOST_DESCRIBE_ENUM(MeterPlace, It, Facility)

struct PowerReading {
  std::string site;
  Power power;
  MeterPlace meter = MeterPlace::Facility;
  Instant at;
  bool operator==(const PowerReading&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerReading, (), (site, power, meter, at))

}  // namespace ampacity
