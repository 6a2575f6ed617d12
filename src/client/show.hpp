// SPDX-License-Identifier: Apache-2.0
// Answers of the API as text for people.
#pragma once

#include "wire/api.hpp"

namespace ampacity::client {

void show(const api::JobList& list);
void show(const api::JobDetail& detail);
void show(const Explanation& explanation, std::int64_t job);
void show(const api::SiteList& list);
void show(const api::LeaseList& list);
void show(const api::TeamList& list);
void show(const api::BookingList& list);
void show(const api::CurtailmentList& list);
void show(const api::PowerList& list);
void show(const api::RequestList& list);
void show(const api::RequestView& request);
void show(const api::RightList& list);
void show(const api::PolicyView& policy);
void show(const api::ForecastView& forecast);
void show(const api::EventView& event);
std::string state_text(JobState state);

}  // namespace ampacity::client
