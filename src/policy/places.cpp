// SPDX-License-Identifier: Apache-2.0
#include "policy/places.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <tuple>

#include "fleet/nearby.hpp"
#include "policy/mixed.hpp"
#include "policy/power_ahead.hpp"
#include "policy/wasted.hpp"
#include "policy/windows.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// Why a pool that comes before was not taken.
struct Passed {
  Reason reason = Reason::NotEnoughFreeGpus;
  std::string text;
};

// Nothing of it may be used now.
Passed out_of_use(const Scene& scene, const Applicant& job, PoolIndex pool) {
  const auto& site = site_name(scene.fleet, pool);
  if (const auto exhausted = scene.standings[pool.value()].exhausted) {
    const auto& lease = scene.portfolio.leases[*exhausted];
    return {Reason::LeaseExhausted, fmt::format("the {} GPU-hours of lease {} of {} are used up",
                                                lease.gpu_hours.value_or(0), lease.name, site)};
  }
  Shape only = job.shape;
  only.pools = {pool};
  const auto next =
      coming(scene.portfolio, scene.fleet, scene.uses, only, scene.now, Instant::max());
  return {Reason::NotEnergised,
          fmt::format("{} has no hall that is energised and leased{}", site,
                      next ? fmt::format(" ({} on {})", next->what, to_date(next->at)) : "")};
}

Passed shortage(const Scene& scene, const Applicant& job, PoolIndex pool) {
  const auto& fleet = scene.fleet;
  const auto& demand = job.shape.demand;
  const auto& halls = fleet.pool(pool).halls;
  if (std::none_of(halls.begin(), halls.end(), [&](HallIndex h) { return fleet.is_usable(h); })) {
    return out_of_use(scene, job, pool);
  }
  if (const auto least = binding_level(fleet, pool, demand)) {
    const auto left = to_text(std::max(least->left, Power()));
    const auto who = least->level == PowerLevel::Site ? least->name : name_of(*least);
    return {Reason::NotEnoughPower, fmt::format("{} has {} of IT power left of the {} needed", who,
                                                left, to_text(fleet.power_of(pool, demand)))};
  }
  const auto usable = fleet.usable_gpus(pool, demand);
  const auto free = fleet.pool(pool).gpus_free;
  if (free >= demand.gpus) {
    return {Reason::NotEnoughWholeNodes,
            fmt::format("{} has {} free GPUs, but only {} that fit the gang of {}{}",
                        site_name(fleet, pool), free, usable, demand.gpus, together(demand))};
  }
  return {
      fleet.fits_in_service(pool, demand) ? Reason::NotEnoughFreeGpus : Reason::NotEnoughInService,
      fmt::format("{} has {} free of the {} needed", site_name(fleet, pool), free, demand.gpus)};
}

// Could it stand as close together as it prefers?
bool misses_preference(const Fleet& fleet, PoolIndex pool, const Demand& demand) {
  if (!demand.prefer || demand.within.value_or(Level::Site) <= *demand.prefer) return false;
  auto close = demand;
  close.within = demand.prefer;
  return !fleet.has_room(pool, close);
}

// What kept a job out of a pool that the order prefers.
Passed passed_over(const Scene& scene, const Applicant& job, std::size_t k) {
  const auto& fleet = scene.fleet;
  const auto pool = job.shape.pools[k];
  const auto& site = site_name(fleet, pool);
  if (!fleet.fits(pool, job.shape.demand)) return shortage(scene, job, pool);
  if (const auto ahead = scene.planner.closed_for(pool)) {
    return {Reason::HeldForEarlierJob, fmt::format("{} is held for job {}", site, ahead->value())};
  }
  const auto walltime = walltime_in(job.shape, k, job.walltime);
  const auto lack = power_lack(fleet, scene.planner, fleet.pool(pool).site,
                               fleet.power_of(pool, job.shape.demand), scene.now);
  if (lack && lack->at - scene.now < walltime) {
    return {Reason::NotEnoughPower, fmt::format("{} has not the power from {} on ({})", site,
                                                to_text(lack->at), whose(*lack->feed))};
  }
  const auto* blocker =
      in_the_way(fleet, scene.planner, pool, job.shape.demand, walltime, scene.now);
  if (blocker == nullptr) {
    AMPACITY_ASSERT(job.shape.demand.prefer, "{} was passed over for nothing", site);
    return {Reason::OutsidePreference,
            fmt::format("{} has no {} with {} GPUs free", site, name_of(*job.shape.demand.prefer),
                        job.shape.demand.gpus)};
  }
  const auto reason = blocker->for_job()                    ? Reason::HeldForEarlierJob
                      : blocker->curtails || blocker->steps ? Reason::NotEnoughPower
                                                            : Reason::Booked;
  return {reason,
          fmt::format("{} is {} {} from {}", site, blocker->for_job() ? "promised to" : "kept for",
                      blocker->whose(), to_text(blocker->at))};
}

// "; backfilled: job 7 still starts by …"
std::string beside_whom(const Planner& planner, PoolIndex pool) {
  for (const auto& ahead : planner.reservations(pool)) {
    if (!ahead.for_job()) continue;
    return fmt::format("; backfilled: job {} still starts by {}", ahead.job.value(),
                       to_text(ahead.at));
  }
  return "";
}

// Which of the job's pools come first: where a commitment is being wasted, for a flexible job; then
// by the contracts.
class Order {
 public:
  Order(const Scene& scene, const Applicant& job) : scene_(scene) {
    if (!job.flexible || scene.portfolio.leases.size() < 2) return;
    for (const auto pool : job.shape.pools) {
      const auto& standing = scene.standings[pool.value()];
      if (!standing.lease || standing.owed.amount == 0) continue;
      const auto use = use_of(standing.owed, scene.fleet, scene.portfolio.leases[*standing.lease]);
      if (use.is_wasted()) wasted_.emplace_back(pool, use);
    }
  }

  bool wastes_nothing(PoolIndex pool) const { return wasted(pool) == nullptr; }
  bool before(PoolIndex a, PoolIndex b) const {
    const auto& standings = scene_.standings;
    return std::pair(wastes_nothing(a), standings[a.value()].key) <
           std::pair(wastes_nothing(b), standings[b.value()].key);
  }

  // What drew a job here although another place comes first: "fills oracle-4500: …", or nothing.
  std::string attraction(const Shape& shape, PoolIndex best) const {
    const auto* here = wasted(best);
    const auto& standing = scene_.standings[best.value()];
    const auto passed = std::find_if(shape.pools.begin(), shape.pools.end(), [&](PoolIndex pool) {
      return scene_.standings[pool.value()].key < standing.key && wasted(pool) == nullptr;
    });
    if (here == nullptr || passed == shape.pools.end()) return "";
    return fmt::format("flexible, fills lease {}: {}; {} wastes nothing",
                       scene_.portfolio.leases[*standing.lease].name, here->text(),
                       site_name(scene_.fleet, *passed));
  }

 private:
  const OwedUse* wasted(PoolIndex pool) const {
    const auto it = std::find_if(wasted_.begin(), wasted_.end(),
                                 [&](const auto& known) { return known.first == pool; });
    return it == wasted_.end() ? nullptr : &it->second;
  }

  const Scene& scene_;
  std::vector<std::pair<PoolIndex, OwedUse>> wasted_;
};

// Whose place it is: "azure", or nobody's.
std::string_view provider_of(const Scene& scene, PoolIndex pool) {
  const auto& standing = scene.standings[pool.value()];
  const auto lease = standing.lease ? standing.lease : standing.exhausted;
  return lease ? std::string_view(scene.portfolio.leases[*lease].provider) : "nobody";
}

// As in a Choice.
struct Why {
  std::string text;
  std::optional<Reason> spilled;
};

// First choice, or what each pool that comes before it lacked, in the order of the pools.
Why why_there(const Scene& scene, const Applicant& job, const Order& order, PoolIndex best) {
  const auto& shape = job.shape;
  std::optional<Reason> spilled;
  std::string why = order.attraction(shape, best);
  const PlaceKey* first = nullptr;
  for (std::size_t k = 0; k < shape.pools.size(); ++k) {
    const auto& other = scene.standings[shape.pools[k].value()].key;
    if (!order.before(shape.pools[k], best)) continue;
    auto passed = passed_over(scene, job, k);
    why += fmt::format("{} {}: {}", why.empty() ? "spilled over from" : "; from",
                       provider_of(scene, shape.pools[k]), passed.text);
    if (first != nullptr && *first <= other) continue;
    first = &other;
    spilled = passed.reason;
  }
  if (why.empty()) {
    why = fmt::format(FMT_COMPILE("first choice: {} of {} free GPUs"), shape.demand.gpus,
                      scene.fleet.pool(best).gpus_free);
  }
  why += beside_whom(scene.planner, best);
  return {std::move(why), spilled};
}

// Its place in a pool where it fits: an elastic gang as large as it may be.
Choice settle(const Scene& scene, const Applicant& job, std::size_t k, std::string why) {
  auto& fleet = scene.fleet;
  const auto pool = job.shape.pools[k];
  const auto walltime = walltime_in(job.shape, k, job.walltime);
  const auto size = largest_size(fleet, pool, job.shape.demand, job.at_most, [&](const Demand& d) {
    return window(fleet, scene.planner, pool, d, scene.now) >= walltime;
  });
  const auto demand = job.shape.demand.sized(size);
  if (demand.most > job.shape.demand.gpus) {
    why += fmt::format("; elastic: {} of up to {} GPUs", size, demand.most);
  }
  Choice choice{pool, {}, walltime, speed_in(job.shape, k), std::move(why), false};
  Hiding hiding(fleet);
  hide_promised(hiding, scene.planner, pool, scene.now + walltime);
  if (job.last != nullptr && fleet.pool_of(job.last->front().node) == pool) {
    if (auto near = find_nearby(fleet, pool, demand, *job.last)) {
      choice.shares = std::move(near->shares);
      choice.why += fmt::format(", on {} of its nodes", near->kept);
      return choice;
    }
  }
  choice.shares = fleet.find(pool, demand);
  return choice;
}

// What a MWh costs on the mean while a job runs from then on.
Wide mean_energy_price(const Site& site, Instant from, Duration time) {
  const auto& series = site.energy_price_by_hour;
  if (!series || time <= Duration(0)) return energy_price_at(site, from).count();
  return series->sum(from, from + time) / time.count();
}

// What a GPU-hour of the job is billed at: the lease's price and the energy.
Wide price_per_gpu_hour(const Scene& scene, PoolIndex pool, const Demand& demand, Instant from,
                        Duration time) {
  const auto watts = scene.fleet.power_of(pool, demand.sized(1)).count();
  const auto& site = scene.portfolio.sites[scene.fleet.pool(pool).site.value()];
  const auto facility = scaled(watts, site.pue.count(), one.count());
  const Wide price = Wide{facility} * mean_energy_price(site, from, time) / 1'000'000;
  const auto& lease = scene.standings[pool.value()].lease;
  if (!lease) return price;
  return price +
         lease_price_per_gpu_hour(scene.portfolio.leases[*lease].terms_at(scene.now), watts);
}

// Accelerators of different speed: the place where price and delay together are least, now or
// later.
std::optional<Choice> choose_by_price(const Scene& scene, const Applicant& job) {
  struct Option {
    Wide score = 0;
    std::size_t k = 0;
    Instant starts;
    Instant done;
    Wide price = 0;
  };
  std::optional<Option> best;
  const auto& demand = job.shape.demand;
  for (std::size_t k = 0; k < job.shape.pools.size(); ++k) {
    const auto pool = job.shape.pools[k];
    if (!scene.standings[pool.value()].lease) continue;
    const auto walltime = walltime_in(job.shape, k, job.walltime);
    Option option{0, k, scene.now, {}, 0};
    if (window(scene.fleet, scene.planner, pool, demand, scene.now) < walltime) {
      if (!scene.fleet.fits_in_service(pool, demand) || !scene.fleet.carries(pool, demand))
        continue;
      const auto later =
          promise(scene.fleet, scene.planner, pool, demand, {job.job, walltime, 0}, scene.now);
      if (!later) continue;
      option.starts = later->at;
    }
    option.done = option.starts + walltime;
    option.price = price_per_gpu_hour(scene, pool, demand, option.starts, walltime) * demand.gpus *
                   walltime.count() / ms_per_hour;
    option.score = option.price + Wide{scene.portfolio.policy.delay_price.count()} * demand.gpus *
                                      (option.done - scene.now).count() / ms_per_hour;
    if (!best || option.score < best->score) best = option;
  }
  if (!best) return std::nullopt;
  const auto pool = job.shape.pools[best->k];
  const auto speed = speed_in(job.shape, best->k);
  auto why =
      fmt::format("least of price and delay: {} at {} % speed, done by {} for {}",
                  scene.fleet.pool(pool).accelerator_name, speed.count() / 10'000,
                  to_text(best->done), to_text(Money::of(static_cast<std::int64_t>(best->price))));
  if (best->starts == scene.now) return settle(scene, job, best->k, std::move(why));
  return Choice{pool,           {},  walltime_in(job.shape, best->k, job.walltime), speed,
                std::move(why), true};
}

// Where a pool stands for a job: the less, the sooner it is asked.
struct Preference {
  unsigned first = 0;  // bits: it moves from where it was; nothing is wasted there; beyond
  std::int64_t provider = 0;
  bool misses = false;
  std::int64_t cost = 0;
  std::int64_t free = 0;
  std::size_t k = 0;  // pools are ascending
  friend auto operator<=>(const Preference&, const Preference&) = default;
};

Preference preference(const Scene& scene, const Applicant& job, const Order& order, std::size_t k) {
  const auto pool = job.shape.pools[k];
  const auto& place = scene.standings[pool.value()].key;
  const bool moves = job.last != nullptr && pool != scene.fleet.pool_of(job.last->front().node);
  const auto first =
      (moves ? 4U : 0U) | (order.wastes_nothing(pool) ? 2U : 0U) | (place.beyond ? 1U : 0U);
  return {first,
          place.provider,
          misses_preference(scene.fleet, pool, job.shape.demand),
          place.cost,
          scene.fleet.pool(pool).gpus_free,
          k};
}

// Of the pools in the order of preference the first that has room for long enough.
std::optional<std::size_t> first_with_window(const Scene& scene, const Applicant& job,
                                             const Order& order) {
  const auto& pools = job.shape.pools;
  const auto has_window = [&](std::size_t k) {
    return window(scene.fleet, scene.planner, pools[k], job.shape.demand, scene.now) >=
           walltime_in(job.shape, k, job.walltime);
  };
  std::optional<Preference> best;
  std::vector<Preference> others;  // in order, once the first has no room
  const auto each = [&](const auto& visit) {
    for (std::size_t k = 0; k < pools.size(); ++k) {
      if (job.not_beyond && scene.standings[pools[k].value()].key > *job.not_beyond) continue;
      visit(preference(scene, job, order, k));
    }
  };
  each([&](const Preference& place) {
    if (!best || place < *best) best = place;
  });
  if (!best) return std::nullopt;
  if (has_window(best->k)) return best->k;
  each([&](const Preference& place) {
    if (*best < place) others.push_back(place);
  });
  std::sort(others.begin(), others.end());
  for (const auto& place : others) {
    if (has_window(place.k)) return place.k;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Choice> choose(const Scene& scene, const Applicant& job) {
  const auto& shape = job.shape;
  if (shape.speeds_differ() && job.last == nullptr) return choose_by_price(scene, job);
  const auto before = job.last == nullptr
                          ? std::nullopt
                          : std::optional(scene.fleet.pool_of(job.last->front().node));
  const Order order(scene, job);
  const auto best = first_with_window(scene, job, order);
  if (!best) return shape.demand.mixed ? choose_mixed(scene, job) : std::nullopt;
  const auto pool = shape.pools[*best];
  auto why = pool == before          ? Why{"back where it was", {}}
             : shape.speeds_differ() ? Why{"where there is room", {}}
                                     : why_there(scene, job, order, pool);
  auto choice = settle(scene, job, *best, std::move(why.text));
  choice.spilled = why.spilled;
  return choice;
}

}  // namespace ampacity
