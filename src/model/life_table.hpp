// SPDX-License-Identifier: Apache-2.0
// How units of one kind failed by their age, in whole numbers: the life table of actuaries. Made by
// wire/faults_file.hpp from a file of lifetimes; read by sim/lifetimes.hpp. Units that were taken
// out of watch before they failed (right-censored), or came into watch at some age
// (left-truncated), count for the ages at which they were watched. Within a bin the hazard is
// failed / watched, which is the likeliest constant one. Promise: every bin has a failure, so that
// the time to the next one is finite. Bounds: limits::lives lives of at most limits::life, so that
// no sum overflows. Cost: a life O(bins that it crosses), a draw O(bins).
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "units/quantity.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::int64_t lives = 2'000'000;
inline constexpr Duration life{50LL * 365 * 86'400'000};
}  // namespace limits

struct LifeBin {
  Duration from{};           // ages from here to the next bin; the last has no end
  std::int64_t at_risk = 0;  // units that were watched at an age of it
  std::int64_t failed = 0;
  Duration watched{};  // by all of them together
  bool operator==(const LifeBin&) const = default;
};
BOOST_DESCRIBE_STRUCT(LifeBin, (), (from, at_risk, failed, watched))

struct LifeTable {
  std::vector<LifeBin> bins;
  std::int64_t failed() const;
  Duration mean_between() const;  // failures of one unit, over all ages
  bool operator==(const LifeTable&) const = default;
};
BOOST_DESCRIBE_STRUCT(LifeTable, (), (bins))

class LifeTableBuilder {
 public:
  // Bins of at least this width, and of at least so many failures.
  LifeTableBuilder(Duration width, std::int64_t least_failures)
      : width_(width), least_failures_(least_failures) {}
  // A unit that was watched from one age to another, and failed then or was taken away. Requires
  // 0 <= from <= until <= limits::life.
  void add(Duration from, Duration until, bool failed);
  std::optional<LifeTable> table() const;  // none: nothing failed

 private:
  struct Slice {
    std::int64_t come = 0;   // into watch
    std::int64_t leave = 0;  // failed or not
    std::int64_t failed = 0;
    std::int64_t watched_ms = 0;
  };
  Duration width_;
  std::int64_t least_failures_;
  std::vector<Slice> slices_;
};

// From this age of `units` equal ones until the first of them fails: the inverse of the cumulative
// hazard at an exponential draw. Rounded down to a millisecond; bounded by ten thousand years.
Duration time_to_failure(const LifeTable& table, Duration age, std::int64_t units, Random& random);

}  // namespace ampacity
