// SPDX-License-Identifier: Apache-2.0
// What a meter of a site, or of one of its halls, showed at an instant. Posted by whoever reads the
// meters (protocol/vocabulary.hpp, ReportPower); while it is fresh the engine judges the power
// there by it (engine/readings.cpp).
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <string>

#include "units/quantity.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t power_readings = 1'024;  // of one report
}  // namespace limits

// Where it is measured: the IT load, or the whole site at its grid connection. Of halls: It.
enum class MeterPlace { It, Facility };
BOOST_DESCRIBE_ENUM(MeterPlace, It, Facility)

struct PowerReading {
  std::string place;  // "abilene", "abilene/south1"
  Power power;
  MeterPlace meter = MeterPlace::Facility;
  Instant at;
  bool operator==(const PowerReading&) const = default;
};
BOOST_DESCRIBE_STRUCT(PowerReading, (), (place, power, meter, at))

}  // namespace ampacity
