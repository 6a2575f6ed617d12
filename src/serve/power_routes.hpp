// SPDX-License-Identifier: Apache-2.0
// What sites draw, and what their meters show: the view of GET /v1/power, and POST
// /v1/power/readings. Called by api.cpp, which has checked the token, and by metrics.
#pragma once

#include "serve/answers.hpp"
#include "serve/conductor.hpp"
#include "wire/api.hpp"

namespace ampacity {

std::vector<api::SitePowerView> power_of_sites(const Engine& engine, Instant now);
api::PowerList power_list(const Engine& engine, Instant now);

// Both must outlive the answer.
Reply report_readings(Conductor& conductor, const Request& request);

}  // namespace ampacity
