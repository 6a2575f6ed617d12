// SPDX-License-Identifier: Apache-2.0
// What the ledger folds: the use and the outages of each lease, from the journal's tables and from
// what runs now. Called by the API. Cost: linear in all attempts that ever ended (one SQL query)
// and in the reports of nodes; reads on the thread that asks.
#pragma once

#include "engine/engine.hpp"
#include "journal/reader.hpp"
#include "ledger/reports.hpp"

namespace ampacity {

Result<AllFacts> metered(JournalReader& reader, const Engine& engine, Instant now);

// Of a month its sites and what was out of service: what its energy is reckoned by.
Result<FleetWatch> outages_of(JournalReader& reader, const Engine& engine, Month month,
                              Instant now);

// The same, and who waited and who was on which nodes: what idle capacity is explained by.
Result<FleetWatch> watched(JournalReader& reader, const Engine& engine, Month month, Instant now);

}  // namespace ampacity
