// SPDX-License-Identifier: Apache-2.0
// The routes that call a site to draw less: POST and DELETE of /v1/curtailments, and
// /v1/openadr/events for the events of a grid's server. Called by api.cpp, which has checked the
// token; the list is its own.
#pragma once

#include "serve/answers.hpp"
#include "serve/conductor.hpp"

namespace ampacity {

// Both must outlive the answer.
Reply curtailment_route(Conductor& conductor, const Request& request);

}  // namespace ampacity
