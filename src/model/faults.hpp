// SPDX-License-Identifier: Apache-2.0
// What breaks in a simulation, and what a restart costs. Read from a file of `kind: Faults`
// (wire/faults_file.hpp), used by sim/. Rates are mean times between failures of one unit, as
// Poisson processes; a repair takes an exponentially distributed time of the given mean. Default:
// nothing fails, and a checkpoint costs nothing.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/life_table.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

enum class FaultUnit { Gpu, Node, Rack, Pod, Hall, Site };
BOOST_DESCRIBE_ENUM(FaultUnit, Gpu, Node, Rack, Pod, Hall, Site)

// One cause: "HBM3", "network switch". A GPU takes its node down.
struct FaultCause {
  std::string name;
  FaultUnit unit = FaultUnit::Node;
  Duration mean_between{};  // failures of one unit; 50,677 h for the GPUs of Llama 3
  Duration mean_repair{3'600'000};
  bool operator==(const FaultCause&) const = default;
};
BOOST_DESCRIBE_STRUCT(FaultCause, (), (name, unit, mean_between, mean_repair))

// One that is known beforehand: a site is out from then on for so long.
struct Outage {
  std::string target;  // a site, hall, pod, rack or node
  Instant from;
  Duration lasts{};
  std::string cause;
  bool operator==(const Outage&) const = default;
};
BOOST_DESCRIBE_STRUCT(Outage, (), (target, from, lasts, cause))

// Units that fail as those of a file did: by the age that they have. A hall's are new when it is
// energised, and one that failed is replaced by a new one. Gpu or Node.
struct Lifetimes {
  std::string cause = "end of life";
  FaultUnit unit = FaultUnit::Gpu;
  Duration mean_repair{3'600'000};
  Duration age{};  // at the start, in halls without a date
  LifeTable table;
  bool operator==(const Lifetimes&) const = default;
};
BOOST_DESCRIBE_STRUCT(Lifetimes, (), (cause, unit, mean_repair, age, table))

// A call of the grid: a site has to draw so much less, and is told so long before.
struct GridCall {
  std::string site;
  Power power;  // less, at the meter
  Instant from;
  Duration lasts{};
  Duration notice{600'000};
  bool operator==(const GridCall&) const = default;
};
BOOST_DESCRIBE_STRUCT(GridCall, (), (site, power, from, lasts, notice))

struct FaultSpec {
  std::vector<FaultCause> causes;
  std::vector<Outage> outages;
  std::vector<GridCall> curtailments;
  std::optional<Lifetimes> lifetimes;
  // Lemons: this share of all nodes fails so many times as often.
  Ratio lemon_share;
  std::int64_t lemon_factor = 1;
  // A node that the engine drained as a lemon is back in service after this: the crew mended it.
  Duration lemon_repair{86'400'000};
  // Infant mortality: nodes of a hall that was energised less than this ago fail so many times as
  // often.
  Duration infant_period{};
  std::int64_t infant_factor = 1;
  // What jobs pay for being able to go on.
  Duration start_time{};       // from the first start until work begins
  Duration restart_time{};     // the same after an interruption: load, rebuild the process groups
  Duration checkpoint_time{};  // that a checkpoint takes of all of its GPUs
  // A job that saves itself when it is told to stop loses nothing by a preemption.
  bool saves_on_term = true;
  bool operator==(const FaultSpec&) const = default;
};
BOOST_DESCRIBE_STRUCT(FaultSpec, (),
                      (causes, outages, curtailments, lifetimes, lemon_share, lemon_factor,
                       lemon_repair, infant_period, infant_factor, start_time, restart_time,
                       checkpoint_time, saves_on_term))

std::vector<Problem> check(const FaultSpec& faults);

// How many units of each kind a gang holds.
struct GangExtent {
  std::int64_t gpus = 1;
  std::int64_t nodes = 1;
  std::int64_t racks = 1;
  std::int64_t pods = 1;
  std::int64_t halls = 1;
  std::int64_t sites = 1;
};
// Of a gang of so many GPUs that has a site as this hall to itself: units that it needs at least.
GangExtent extent_of(std::int64_t gpus, std::int64_t gpus_per_node, std::int64_t nodes_per_rack,
                     std::int64_t racks_per_pod, std::int64_t pods_per_hall);
// Between two failures that interrupt such a gang: causes and lifetimes (over all ages), with the
// average share of lemons; outages and infants are no rates. None: nothing fails.
std::optional<Duration> mean_between(const FaultSpec& faults, const GangExtent& gang);

// The interval that loses least: sqrt(2 x checkpoint x MTBF) (Young 1974), refined by Daly (2006):
// sqrt(2 d M) (1 + sqrt(d / 2M) / 3 + d / 18M) - d, for a job whose GPUs fail every `mtbf`.
Duration best_checkpoint_interval(Duration checkpoint, Duration mtbf);

}  // namespace ampacity
