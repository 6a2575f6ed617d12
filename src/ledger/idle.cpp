// SPDX-License-Identifier: Apache-2.0
#include "ledger/idle.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "ledger/usage.hpp"
#include "model/accelerator.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

template <class T>
bool accepts(const std::vector<T>& wanted, const std::vector<T>& there) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const T& one) {
           return std::find(there.begin(), there.end(), one) != there.end();
         });
}

// One site through the month: what changes, in order, and what each stretch between two changes
// comes to.
class Sweep {
 public:
  Sweep(const Portfolio& portfolio, const Site& site, Instant from, Instant until)
      : site_(site), from_(from), until_(until) {
    for (const auto& hall : site.halls) {
      const auto shape = shape_of(portfolio, hall);
      const auto gpus = shape.nodes(hall) * shape.gpus_per_node;
      all_ += gpus;
      accelerators_.push_back(shape.accelerator->name);
      idle_watts_ += it_power(*shape.accelerator, GpuCount::of(gpus), Ratio()).count();
      change(hall.energised.value_or(from), until, Count::Energised, gpus);
    }
  }

  void held(const Reading& r) { change(r.from, r.until, Count::Held, r.gpus.count()); }
  void out(const OutOfService& o) { change(o.from, o.until, Count::Out, o.gpus); }
  void waits(const Waiting& w) {
    // Whoever could never run here does not wait for it.
    if (w.gpus > all_ || !accepts(w.sites, {site_.name})) return;
    if (!accepts(w.accelerators, accelerators_)) return;
    change(w.from, w.until, Count::Waiting, w.gpus);
  }

  void run(Instant now, IdleTime& result) {
    std::sort(changes_.begin(), changes_.end(),
              [](const Change& a, const Change& b) { return a.at < b.at; });
    auto at = from_;
    for (const auto& c : changes_) {
      count(at, std::min(c.at, now), result);
      come(std::max(at, now), c.at, result);
      at = c.at;
      apply(c);
    }
  }

 private:
  enum class Count { Energised, Held, Out, Waiting };
  struct Change {
    Instant at;
    Count what = Count::Held;
    std::int64_t gpus = 0;
    bool begins = true;
  };

  void change(Instant from, Instant until, Count what, std::int64_t gpus) {
    from = std::max(from, from_);
    until = std::min(until, until_);
    if (from >= until) return;
    changes_.push_back({from, what, gpus, true});
    changes_.push_back({until, what, gpus, false});
  }

  void apply(const Change& c) {
    const auto signed_gpus = c.begins ? c.gpus : -c.gpus;
    switch (c.what) {
      case Count::Energised:
        energised_ += signed_gpus;
        return;
      case Count::Held:
        held_ += signed_gpus;
        return;
      case Count::Out:
        out_ += signed_gpus;
        return;
      case Count::Waiting:
        if (c.begins) {
          waiting_.insert(c.gpus);
        } else {
          waiting_.erase(waiting_.find(c.gpus));
        }
    }
  }

  void count(Instant from, Instant until, IdleTime& result) const {
    if (from >= until) return;
    const auto time = (until - from).count();
    const auto add = [&](IdleCause cause, std::int64_t gpus) {
      result.gpu_ms[static_cast<std::size_t>(cause)] += gpus * time;
    };
    result.energised_gpu_ms += energised_ * time;
    const auto idle = energised_ - std::min(held_, energised_);
    const auto out = std::min(out_, idle);
    add(IdleCause::OutOfService, out);
    const auto free = idle - out;
    add(waiting_.empty()           ? IdleCause::NothingWaits
        : *waiting_.begin() > free ? IdleCause::Fragments
                                   : IdleCause::Kept,
        free);
    power(free, from, until, result);
  }

  void power(std::int64_t free, Instant from, Instant until, IdleTime& result) const {
    if (free == 0) return;
    const auto time = until - from;
    const auto watts = Power::of(scaled(idle_watts_, free, all_));
    const auto facility = times(energy_of(watts, time), site_.pue);
    result.facility_j += facility.count();
    result.energy_micro_usd += energy_cost(site_, facility, from, time).count();
  }

  void come(Instant from, Instant until, IdleTime& result) const {
    if (from >= until) return;
    const auto gpu_ms = energised_ * (until - from).count();
    result.energised_gpu_ms += gpu_ms;
    result.gpu_ms[static_cast<std::size_t>(IdleCause::ToCome)] += gpu_ms;
  }

  const Site& site_;
  Instant from_;
  Instant until_;
  std::int64_t all_ = 0;  // GPUs, energised or not
  std::int64_t idle_watts_ = 0;
  std::vector<std::string> accelerators_;
  std::vector<Change> changes_;
  std::int64_t energised_ = 0;
  std::int64_t held_ = 0;
  std::int64_t out_ = 0;
  std::multiset<std::int64_t> waiting_;
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
                   const std::vector<const Reading*>& readings, const FleetWatch& watched) {
  IdleTime result;
  from = std::max(from, lease.starts);
  until = std::min(until, lease.term_ends());
  if (from >= until) return result;
  for (const auto& site : portfolio.sites) {
    if (std::find(lease.sites.begin(), lease.sites.end(), site.name) == lease.sites.end()) continue;
    Sweep sweep(portfolio, site, from, until);
    for (const auto* reading : readings) {
      if (reading->site == site.name) sweep.held(*reading);
    }
    if (const auto out = watched.out_of_service.find(site.name);
        out != watched.out_of_service.end()) {
      for (const auto& o : out->second) sweep.out(o);
    }
    for (const auto& w : watched.waiting) sweep.waits(w);
    sweep.run(watched.now, result);
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
