// SPDX-License-Identifier: Apache-2.0
// How long a gang runs on a simulated cluster. Asked by the cluster (exec/simulated_executor.cpp)
// and by forecasts (sim/ahead.cpp), so that both mean the same; a copy of a server reckons alike
// (sim/gangs.hpp).
#pragma once

#include "protocol/vocabulary.hpp"

namespace ampacity {

// Its work (simulated_work of model/job.hpp) at the speed of its accelerators and, of an elastic
// gang, with the GPUs that it has. Not counted: what it must do again or need not do after a
// restart.
Duration simulated_run(const StartGang& start);

}  // namespace ampacity
