// SPDX-License-Identifier: Apache-2.0
#include "ledger/idle.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "ledger/occupancy.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

template <class T>
bool accepts(const std::vector<T>& wanted, const std::vector<T>& there) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const T& one) {
           return std::find(there.begin(), there.end(), one) != there.end();
         });
}

// One site through the month: what each stretch between two changes comes to.
class Sweep {
 public:
  Sweep(const Portfolio& portfolio, const Site& site, Instant from, Instant until)
      : portfolio_(portfolio),
        site_(site),
        from_(from),
        until_(until),
        occupancy_(portfolio, site, from, until) {}

  void held(const Reading& r) { occupancy_.held(r.from, r.until, r.gpus.count()); }
  void out(const OutOfService& o) { occupancy_.out(o.from, o.until, o.gpus); }
  void nodes(const SiteNodes& nodes) {
    free_nodes_.emplace(portfolio_, site_, nodes, from_);
    for (const auto at : free_nodes_->changes()) occupancy_.cut(at);
  }
  void waits(const Waiting& w) {
    // Whoever could never run here does not wait for it.
    if (w.gang.gpus > occupancy_.gpus() || !accepts(w.sites, {site_.name})) return;
    if (!accepts(w.gang.accelerators, occupancy_.accelerators())) return;
    const auto from = std::max(w.from, from_);
    const auto until = std::min(w.until, until_);
    if (from >= until) return;
    changes_.push_back({from, &w.gang, 1});
    changes_.push_back({until, &w.gang, -1});
    occupancy_.cut(from);
    occupancy_.cut(until);
  }

  void run(Instant since, Instant now, IdleTime& result) {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.at < b.at; });
    auto change = changes_.begin();
    occupancy_.cut(now);
    occupancy_.cut(since);
    occupancy_.each([&](Instant from, Instant until, const Occupancy::Counts& counts) {
      for (; change != changes_.end() && change->at <= from; ++change) apply(*change);
      if (free_nodes_) free_nodes_->go_to(from);
      if (from >= now) {
        unknown(IdleCause::ToCome, from, until, counts, result);
      } else if (from < since) {
        unknown(IdleCause::NotWatched, from, until, counts, result);
      } else {
        count(from, until, counts, result);
      }
    });
  }

 private:
  struct Change {
    Instant at;
    const WaitingShape* gang = nullptr;
    std::int64_t by = 1;
  };

  void apply(const Change& c) {
    const auto known = waiting_.try_emplace(*c.gang, 0).first;
    known->second += c.by;
    if (known->second == 0) waiting_.erase(known);
  }

  IdleCause cause_of(std::int64_t free) const {
    if (waiting_.empty()) return IdleCause::NothingWaits;
    for (const auto& [gang, jobs] : waiting_) {  // the smallest first
      if (gang.gpus > free) break;
      if (!free_nodes_ || free_nodes_->could_hold(gang)) return IdleCause::Kept;
    }
    return IdleCause::Fragments;
  }

  void count(Instant from, Instant until, const Occupancy::Counts& counts, IdleTime& result) const {
    const auto time = (until - from).count();
    const auto add = [&](IdleCause cause, std::int64_t gpus) {
      result.gpu_ms[static_cast<std::size_t>(cause)] += gpus * time;
    };
    result.energised_gpu_ms += counts.energised * time;
    add(IdleCause::OutOfService, counts.out_of_service());
    const auto free = counts.free();
    if (free == 0) return;
    add(cause_of(free), free);
    const auto energy = energy_of(occupancy_.idle_power(free), until - from);
    const auto facility = times(energy, site_.pue);
    result.facility_j += facility.count();
    result.energy_micro_usd += energy_cost(site_, facility, from, until - from).count();
  }

  static void unknown(IdleCause cause, Instant from, Instant until, const Occupancy::Counts& counts,
                      IdleTime& result) {
    const auto time = (until - from).count();
    result.energised_gpu_ms += counts.energised * time;
    result.gpu_ms[static_cast<std::size_t>(cause)] += counts.idle() * time;
  }

  const Portfolio& portfolio_;
  const Site& site_;
  Instant from_;
  Instant until_;
  Occupancy occupancy_;
  std::optional<FreeNodes> free_nodes_;
  std::vector<Change> changes_;
  std::map<WaitingShape, std::int64_t> waiting_;  // jobs of each shape
};

// `total` in parts by weight; what rounding leaves goes to the largest remainders, the first of
// equals first.
std::array<std::int64_t, idle_causes> by_weight(std::int64_t total,
                                                const std::array<Wide, idle_causes>& weights) {
  std::array<std::int64_t, idle_causes> parts{};
  Wide sum = 0;
  for (const auto w : weights) sum += w;
  std::array<Wide, idle_causes> rest{};
  auto left = total;
  for (std::size_t i = 0; i < idle_causes; ++i) {
    const auto share = Wide{total} * weights[i];
    parts[i] = static_cast<std::int64_t>(share / sum);
    rest[i] = share % sum;
    left -= parts[i];
  }
  std::array<std::size_t, idle_causes> order{};
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rest[a] > rest[b]; });
  for (std::int64_t i = 0; i < left; ++i) ++parts[order[static_cast<std::size_t>(i)]];
  return parts;
}

}  // namespace

IdleTime idle_time(const Portfolio& portfolio, const Lease& lease, Instant from, Instant until,
                   Instant since, const std::vector<const Reading*>& readings,
                   const FleetWatch& watched) {
  IdleTime result;
  from = std::max(from, lease.starts);
  until = std::min(until, lease.term_ends());
  if (from >= until) return result;
  for (const auto& site : portfolio.sites) {
    if (!lease.is_at(site.name)) continue;
    Sweep sweep(portfolio, site, from, until);
    for (const auto* reading : readings) {
      if (reading->site == site.name) sweep.held(*reading);
    }
    if (const auto out = watched.out_of_service.find(site.name);
        out != watched.out_of_service.end()) {
      for (const auto& o : out->second) sweep.out(o);
    }
    for (const auto& w : watched.waiting) sweep.waits(w);
    if (const auto nodes = watched.nodes.find(site.name); nodes != watched.nodes.end()) {
      sweep.nodes(nodes->second);
    }
    sweep.run(since, watched.now, result);
  }
  return result;
}

std::array<std::int64_t, idle_causes> idle_cost(const Invoice& invoice, const IdleTime& time,
                                                std::int64_t billed) {
  std::array<Wide, idle_causes> weights{};
  const auto delivered = invoice.committed_micro_usd - invoice.not_delivered_micro_usd;
  Wide idle = 0;
  for (std::size_t i = 0; i < idle_causes && time.energised_gpu_ms > 0; ++i) {
    weights[i] = scaled(delivered, time.gpu_ms[i], time.energised_gpu_ms);
    idle += weights[i];
  }
  auto& rest = weights[static_cast<std::size_t>(IdleCause::NotDrawn)];
  rest = std::max<Wide>(invoice.unused_micro_usd - idle, 0);
  if (idle + rest == 0) rest = 1;  // a minimum bill beside what was used whole
  return by_weight(billed, weights);
}

}  // namespace ampacity
