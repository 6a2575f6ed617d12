// SPDX-License-Identifier: Apache-2.0
// What a gang had on the meter: so many GPUs and so much IT power, flat over a time. Made by the
// server from what an attempt used and when its draw changed (serve/billing.cpp), folded into
// invoices by the books. A gang that is slowed or raised has a reading for each stretch of one
// draw, so what it draws later changes nothing of what a closed month has. Pure; cost of
// readings_of: linear in the changes.
#pragma once

#include <string>
#include <vector>

#include "protocol/vocabulary.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

struct Reading {
  std::string site;
  std::string team;
  std::string project;
  Instant from;
  Instant until;  // of one that still runs: now
  GpuCount gpus;
  Power draws;
  std::int64_t rest = 0;  // W x ms of its whole time that it drew beyond `draws`, or less

  // What it drew in its first `time`: parts that meet add up.
  Wide watt_ms(Duration time) const;
  Energy energy(Duration time) const;
};

// From an instant on an attempt drew so much.
struct DrawChange {
  Instant at;
  Power draws;
};

// `whole`: of an attempt all but its GPUs and its draw, which follow from `usage` (its GPU time and
// its IT energy) and from the changes, ascending: the first stretch has what the later ones leave.
// Their energies add up to the usage's, to the joule, if the changes are where the engine put use
// aside (Engine::usage_so_far). A stretch of less than a second is right to the joule, a longer one
// exact. Requires whole.from <= whole.until.
std::vector<Reading> readings_of(const Reading& whole, const Usage& usage,
                                 const std::vector<DrawChange>& changes);

}  // namespace ampacity
