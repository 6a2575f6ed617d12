// SPDX-License-Identifier: Apache-2.0
// The GPUs of a site through a time, stretch by stretch between two changes: how many are
// energised, how many gangs hold, how many are out of service, and what the rest draws. Called by
// the explanation of idle capacity (ledger/idle.cpp) and by the invoices (ledger/idle_energy.cpp):
// both mean the same GPUs by "free". Pure. Assumes: a node that is drained is out of service
// although a gang may still run on it; a free GPU draws what its accelerator draws idle (of several
// at a site: their mean), one that is out of service nothing. Cost: O(changes x log).
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/portfolio.hpp"

namespace ampacity {

class Occupancy {
 public:
  Occupancy(const Portfolio& portfolio, const Site& site, Instant from, Instant until);

  void held(Instant from, Instant until, std::int64_t gpus) { change(from, until, {0, gpus, 0}); }
  void out(Instant from, Instant until, std::int64_t gpus) { change(from, until, {0, 0, gpus}); }
  void cut(Instant at);  // a stretch ends there, whatever the counts

  struct Counts {
    std::int64_t energised = 0;
    std::int64_t held = 0;
    std::int64_t out = 0;
    // Of what nobody holds: out of service, and the rest.
    std::int64_t out_of_service() const { return std::min(out, idle()); }
    std::int64_t free() const { return idle() - out_of_service(); }
    std::int64_t idle() const { return energised - std::min(held, energised); }
  };

  // In order, all of the time. visit(from, until, counts), from < until.
  template <class Visit>
  void each(const Visit& visit) {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.at < b.at; });
    Counts now;
    auto at = from_;
    for (const auto& c : changes_) {
      if (at < c.at) visit(at, c.at, now);
      at = c.at;
      now.energised += c.by.energised;
      now.held += c.by.held;
      now.out += c.by.out;
    }
    if (at < until_) visit(at, until_, now);
  }

  std::int64_t gpus() const { return gpus_; }  // energised or not
  const std::vector<std::string>& accelerators() const { return accelerators_; }
  Power idle_power(std::int64_t free) const;  // IT

 private:
  struct Change {
    Instant at;
    Counts by;
  };
  void change(Instant from, Instant until, Counts by);

  Instant from_;
  Instant until_;
  std::int64_t gpus_ = 0;
  std::int64_t idle_watts_ = 0;  // of all of them
  std::vector<std::string> accelerators_;
  std::vector<Change> changes_;
};

}  // namespace ampacity
