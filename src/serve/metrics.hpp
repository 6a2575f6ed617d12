// SPDX-License-Identifier: Apache-2.0
// /metrics: the engine's state as Prometheus text; docs/reference/metrics.md lists the names and
// units.
#pragma once

#include <string>

#include "serve/conductor.hpp"

namespace ampacity {

std::string metrics_text(const Conductor& conductor, std::int64_t http_requests);

}  // namespace ampacity
