// SPDX-License-Identifier: Apache-2.0
// A booking (an advance reservation): nodes that are kept from an instant to an instant for a
// maintenance, for a team, or for the jobs that name it. Asked for through the API and the command
// line (protocol/vocabulary.hpp, MakeBooking); the engine chooses the nodes when it is made, of
// capacity that may lie in the future. What would run into it does not start; what runs there when
// it begins goes on.
#pragma once

#include <boost/describe/class.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/job.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t bookings = 1'024;
}  // namespace limits

struct Booking {
  std::string name;    // as is_name()
  std::string target;  // all of this site, hall, pod, rack or node; or:
  GpuCount gpus;       // so many, on whole nodes
  std::optional<Level> within;
  std::optional<std::int64_t> segment;    // GPUs
  std::vector<std::string> accelerators;  // acceptable ones; empty: any
  std::vector<std::string> sites;         // allowed ones; empty: any
  Instant from;
  Instant until;
  bool maintenance = false;  // nobody runs there
  std::string team;          // whose jobs may name it; empty: anybody's
  std::string note;
  bool operator==(const Booking&) const = default;
};
BOOST_DESCRIBE_STRUCT(Booking, (),
                      (name, target, gpus, within, segment, accelerators, sites, from, until,
                       maintenance, team, note))

// What is wrong with it alone, whatever the portfolio.
std::vector<Problem> check(const Booking& booking);

}  // namespace ampacity
