// SPDX-License-Identifier: Apache-2.0
// The inner levels of power: halls and racks that cannot feed all that stands in them at full load,
// and what is drawn there. The others are not in it and cost nothing: whatever runs there, they
// feed it. A rack has a limit where the portfolio states one; by the catalogue it cannot draw more
// than its power. Held by the fleet. What a gang of mixed accelerators draws is shared among its
// nodes by what they draw at full load. Costs: draw O(shares); a budget O(tight halls and racks).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fleet/share.hpp"

namespace ampacity {

class HallPower {
 public:
  struct Tight {
    HallIndex hall;
    std::optional<Power> limit;
    std::optional<Power> rack_limit;
    Power drawn;
    std::vector<Power> racks;  // drawn in each; empty: no limit of racks
  };

  HallPower() = default;
  HallPower(const Portfolio& portfolio, const Topology& topology);

  bool none() const { return tight_.empty(); }
  bool is_tight(PoolIndex pool) const { return !none() && pools_[pool.value()]; }
  const std::vector<Tight>& tight() const { return tight_; }
  const Tight* find(HallIndex hall) const {
    if (none() || of_hall_[hall.value()] == 0) return nullptr;
    return &tight_[of_hall_[hall.value()] - 1];
  }
  void draw(const Topology& topology, const std::vector<Share>& shares, Power more);

  // What is left, while one chooses nodes for GPUs that draw so much each.
  class Budget {
   public:
    Budget(const HallPower& halls, const Topology& topology, Power per_gpu)
        : halls_(halls), topology_(topology), per_gpu_(per_gpu) {}
    bool take(NodeIndex node, std::int64_t gpus);  // false: not enough is left for it
    // GPUs that the hall, and one rack of it, still feed.
    std::int64_t gpus_in(const Tight& hall) const;
    std::int64_t gpus_in(const Tight& hall, std::size_t rack) const;

   private:
    struct Taken {
      std::uint32_t number;  // of a hall, or of a rack
      Power power;
    };
    static Power of(const std::vector<Taken>& taken, std::uint32_t number);
    static void add(std::vector<Taken>& taken, std::uint32_t number, Power power);
    std::int64_t gpus(Power left) const;

    const HallPower& halls_;
    const Topology& topology_;
    Power per_gpu_;
    std::vector<Taken> of_halls_;
    std::vector<Taken> of_racks_;
  };

 private:
  std::vector<Tight> tight_;
  std::vector<std::uint32_t> of_hall_;  // 1 + its number in tight_, or 0
  std::vector<bool> pools_;             // that have one
};

}  // namespace ampacity
