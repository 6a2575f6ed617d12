// SPDX-License-Identifier: Apache-2.0
// Jobs from a SyntheticSpec: arrivals of a Poisson process whose rate goes with the hour, the
// weekday and the years, of which the number is known (so each is drawn alone and they are sorted);
// sizes, teams and walltimes by weight; run times from quantiles. Called by `ampacity workload` and
// `ampacity simulate`. Requires: check(spec) has nothing to say. Promises: the same spec and seed
// give the same workload on every compiler and machine (whole numbers only). Cost: 10 million jobs
// in about 2 s and 640 MB at its height.
#pragma once

#include <cstdint>

#include "model/synthetic.hpp"
#include "model/workload.hpp"

namespace ampacity {

Workload synthesize(const SyntheticSpec& spec, std::uint64_t seed);

}  // namespace ampacity
