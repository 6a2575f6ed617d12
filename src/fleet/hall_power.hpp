// SPDX-License-Identifier: Apache-2.0
// The inner levels of power: halls and racks that cannot feed all that stands in them at full load,
// and what is drawn there. The others are not in it and cost nothing: whatever runs there, they
// feed it; unless the meter of a hall is read: it is in it from then on. A rack has a limit where
// the portfolio states one; by the catalogue it cannot draw more than its power. Held by the fleet.
// What a gang of mixed accelerators draws is shared among its nodes by what they draw at full load.
// A hall or rack may be closed: nobody more draws there, whatever is left. Costs: draw O(shares); a
// budget O(tight halls and racks).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "fleet/share.hpp"

namespace ampacity {

// More than a limit; where it is 0 the lease has ended, and no draw would be small enough.
inline bool exceeds(Power drawn, Power limit) {
  return drawn > limit && limit > Power();
}

class HallPower {
 public:
  struct Tight {
    HallIndex hall;
    std::optional<Power> limit;  // what is admitted; none: it feeds all
    std::optional<Power> rack_limit;
    Power stated;                 // without its oversubscription
    Power drawn;                  // by the model
    std::optional<Power> offset;  // measured less modelled, while its meter is believed
    std::optional<Power> limit_now() const { return offset ? std::optional(stated) : limit; }
    Power drawn_now() const { return offset ? std::max(drawn + *offset, Power()) : drawn; }
    bool is_over() const { return limit_now() && exceeds(drawn_now(), *limit_now()); }
    std::vector<Power> racks;  // drawn in each; empty: no limit of racks
    bool closed = false;
    std::set<std::uint32_t> closed_racks;  // by their places in the hall
    bool is_closed(std::size_t rack) const {
      return closed || closed_racks.count(static_cast<std::uint32_t>(rack)) > 0;
    }
  };
  // A hall or one of its racks.
  struct Inner {
    HallIndex hall;
    std::optional<RackIndex> rack;
    Power limit;
    Power drawn;
    bool closed = false;
    bool is_over() const { return exceeds(drawn, limit); }
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
  // From now on it is counted what is drawn there; it returns whether it was not so far: what is
  // drawn already is then to be told by draw_in().
  bool watch(const Portfolio& portfolio, const Topology& topology, HallIndex hall);
  void draw_in(HallIndex hall, Power more);
  // What of this is drawn in a hall.
  static Power part_in(const Topology& topology, HallIndex hall, const std::vector<Share>& shares,
                       Power power);
  void set_offset(HallIndex hall, std::optional<Power> offset);
  void set_closed(HallIndex hall, std::optional<RackIndex> rack, bool closed,
                  const Topology& topology);
  // Does one of them draw more than its limit?
  bool any_over() const { return over_ > 0; }
  std::vector<Inner> over(const Topology& topology) const;
  // Those in which these stand.
  std::vector<Inner> around(const Topology& topology, const std::vector<Share>& shares) const;

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
  static Inner inner(const Tight& hall);
  static Inner inner(const Tight& hall, std::size_t rack, const Topology& topology);
  Tight* find(HallIndex hall) {
    return const_cast<Tight*>(static_cast<const HallPower*>(this)->find(hall));
  }
  template <class Change>
  void change(Tight& hall, const Change& change);
  std::vector<Tight> tight_;
  std::vector<std::uint32_t> of_hall_;  // 1 + its number in tight_, or 0
  std::vector<bool> pools_;             // that have one
  std::int64_t over_ = 0;               // halls and racks above their limits
};

}  // namespace ampacity
