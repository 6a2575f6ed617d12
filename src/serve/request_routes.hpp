// SPDX-License-Identifier: Apache-2.0
// The routes of capacity requests and refusal rights: /v1/requests/…, POST /v1/requests and
// /v1/rights/…. Called by api.cpp, which has checked the token; the two lists are its own.
#pragma once

#include "serve/answers.hpp"
#include "serve/conductor.hpp"

namespace ampacity {

// Both must outlive the answer.
Reply request_route(Conductor& conductor, const Request& request);

}  // namespace ampacity
