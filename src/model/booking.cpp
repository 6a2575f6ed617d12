// SPDX-License-Identifier: Apache-2.0
#include "model/booking.hpp"

#include "units/text.hpp"

namespace ampacity {

std::vector<Problem> check(const Booking& booking) {
  std::vector<Problem> problems;
  const auto say = [&](std::string path, std::string message) {
    problems.push_back({std::move(path), std::move(message)});
  };
  if (!is_name(booking.name)) {
    say("name", fmt::format("'{}' is not a name: lower-case letters, digits and inner '-'",
                            booking.name));
  }
  if (booking.target.empty() == (booking.gpus.count() == 0)) {
    say("target", "expected either a target (a site, site/hall, … down to a node) or a number of "
                  "GPUs");
  }
  if (booking.gpus.count() < 0 || booking.gpus.count() > limits::job_gpus) {
    say("gpus", fmt::format("expected 1 to {}, got {}", limits::job_gpus, booking.gpus.count()));
  }
  if (!booking.target.empty() && (booking.within || booking.segment ||
                                  !booking.accelerators.empty() || !booking.sites.empty())) {
    say("target", "a target says already where; within, segment, accelerators and sites go with a "
                  "number of GPUs");
  }
  if (booking.segment && (*booking.segment < 1 || booking.gpus.count() % *booking.segment != 0)) {
    say("segment", fmt::format("{} GPUs do not divide into segments of {}", booking.gpus.count(),
                               *booking.segment));
  }
  if (booking.until <= booking.from) {
    say("until", fmt::format("{} is not after {}", to_text(booking.until), to_text(booking.from)));
  }
  if (booking.maintenance && !booking.team.empty()) {
    say("team", "nobody runs in a maintenance; leave the team out");
  }
  return problems;
}

}  // namespace ampacity
