// SPDX-License-Identifier: Apache-2.0
// Rows of the journal and state of the engine as bodies of the API.
#pragma once

#include "engine/engine.hpp"
#include "journal/reader.hpp"
#include "sim/ahead.hpp"
#include "wire/api.hpp"

namespace ampacity {

// `engine` adds what runs right now (its usage so far); rows alone know only what has ended.
api::JobView job_view(const JobRow& row, const Engine& engine, Instant now);
api::AttemptView attempt_view(const AttemptRow& row, const Engine& engine, Instant now);
api::SiteList site_list(const Engine& engine, Instant now);
std::vector<api::PowerLevelView> power_levels(const Engine& engine, Instant now);
api::ForecastView forecast_view(const Forecast& forecast);
api::TeamList team_list(const Engine& engine, Instant now);
api::BookingList booking_list(const Engine& engine);
api::CurtailmentList curtailment_list(const Engine& engine, Instant now);
api::RequestView request_view(const Engine& engine, const OpenRequest& request);
api::RequestList request_list(const Engine& engine);
api::RightList right_list(const Engine& engine, Instant now);
api::LeaseList lease_list(const Engine& engine, Instant now);
Result<api::EventView> event_view(const EventRow& row);

}  // namespace ampacity
