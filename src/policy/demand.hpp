// SPDX-License-Identifier: Apache-2.0
// What a job asks of a pool, and of which pools. Called by the engine for each job that enters the
// queue, and by the rest of this room. Pure arithmetic; costs: O(pools), largest_size a logarithm
// of the sizes.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "fleet/fleet.hpp"
#include "policy/planner.hpp"
#include "policy/waiting_queue.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

// Lists of a job and of a portfolio are short.
template <class T>
bool contains(const std::vector<T>& items, const T& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

const std::string& site_name(const Fleet& fleet, PoolIndex pool);

// What a job asks of a pool.
Demand demand_of(const JobSpec& job);
// For people: " in one pod", ", 72 in each rack,", or nothing.
std::string together(const Demand& demand);

// How fast the job is in a pool; none: it does not accept its accelerator or its site.
std::optional<Ratio> speed_on(const Fleet& fleet, PoolIndex pool, const JobSpec& job);
// Its demand and the pools that it accepts, by accelerators and sites. Requires known names.
Shape shape_of(const Fleet& fleet, const JobSpec& job);
// How fast the job is in the k-th of its pools, and what its walltime is there.
Ratio speed_in(const Shape& shape, std::size_t k);
Duration walltime_in(const Shape& shape, std::size_t k, Duration walltime);
// The largest size of an elastic gang, of those that its nodes and segments allow, up to `at_most`,
// that `fits`; requires that the least does.
std::int64_t largest_size(const Fleet& fleet, PoolIndex pool, const Demand& demand,
                          std::int64_t at_most, const std::function<bool(const Demand&)>& fits);

// What a demand needs of a pool at best, and what it takes if it starts now: a part of a node may
// have to break a whole one.
Capacity need_of(const Fleet& fleet, PoolIndex pool, const Demand& demand);
Capacity taken_now(const Fleet& fleet, PoolIndex pool, const Demand& demand);

}  // namespace ampacity
