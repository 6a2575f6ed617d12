// SPDX-License-Identifier: Apache-2.0
// The columns of the tables that people query, and the values that readers get of them.
#pragma once

#include <string>

#include "base/result.hpp"
#include "journal/reader.hpp"
#include "journal/statement.hpp"

namespace ampacity::sqlite {

using JobColumns =
    Columns<Whole, std::string, std::string, std::string, std::string, std::string, Whole, Whole,
            Whole, Nullable<Whole>, Nullable<Whole>, Whole, std::string, Nullable<Whole>,
            std::string, Whole, Whole, Whole, Whole, Whole>;
inline constexpr const char* job_columns =
    "id, name, team, project, submitted_by, state, priority, gpus, submitted_ms, started_ms, "
    "ended_ms, "
    "attempts, site, exit_code, why, gpu_ms, it_joules, facility_joules, lease_micro_usd, "
    "energy_micro_usd";

using AttemptColumns = Columns<Whole, Whole, std::string, std::string, std::string, std::string,
                               std::string, Whole, Nullable<Whole>, Nullable<Whole>,
                               Nullable<std::string>, Whole, Whole, Whole, Whole, Whole>;
inline constexpr const char* attempt_columns =
    "job, number, site, provider, lease, state, why, placed_ms, started_ms, ended_ms, ending, "
    "gpu_ms, "
    "it_joules, facility_joules, lease_micro_usd, energy_micro_usd";

using EventColumns = Columns<Whole, Whole, std::string>;
inline constexpr const char* event_columns = "id, at_ms, body";

// Corrupt if a state or an ending is none that we know.
Result<JobRow> job_row(const decltype(JobColumns::values)& columns);
Result<AttemptRow> attempt_row(
    const decltype(AttemptColumns::values)& columns);  // without its nodes
EventRow event_row(const decltype(EventColumns::values)& columns);
std::optional<Instant> instant_of(const Nullable<Whole>& ms);

// The rows that a filter asks for, newest first. Parameters: team, name (empty: any).
std::string select_jobs(const JobFilter& filter);

}  // namespace ampacity::sqlite
