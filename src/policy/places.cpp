// SPDX-License-Identifier: Apache-2.0
#include "policy/places.hpp"

#include <algorithm>
#include <tuple>

#include "fleet/nearby.hpp"
#include "policy/mixed.hpp"
#include "policy/wasted.hpp"
#include "policy/windows.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

std::int64_t provider_rank(const Portfolio& portfolio, const std::string& name) {
  for (std::size_t i = 0; i < portfolio.providers.size(); ++i) {
    if (portfolio.providers[i].name == name) return static_cast<std::int64_t>(i);
  }
  return static_cast<std::int64_t>(portfolio.providers.size());
}

std::optional<std::size_t> lease_of(const Portfolio& portfolio, const std::string& site,
                                    Instant at) {
  for (std::size_t i = 0; i < portfolio.leases.size(); ++i) {
    const auto& lease = portfolio.leases[i];
    if (lease.runs_at(at) && contains(lease.sites, site)) return i;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Standing> standings(const Portfolio& portfolio, const Fleet& fleet, Instant at) {
  std::vector<Standing> all;
  for (const auto& pool : fleet.pools()) {
    Standing standing;
    standing.lease = lease_of(portfolio, fleet.sites()[pool.site.value()].name, at);
    standing.provider = standing.lease
                            ? provider_rank(portfolio, portfolio.leases[*standing.lease].provider)
                            : static_cast<std::int64_t>(portfolio.providers.size());
    all.push_back(standing);
  }
  return all;
}

namespace {

std::string shortage(const Fleet& fleet, PoolIndex pool, const Demand& demand) {
  if (fleet.has_room(pool, demand)) {
    return fmt::format("{} has {} of IT power left of the {} needed", site_name(fleet, pool),
                       to_text(fleet.power_free(pool)), to_text(fleet.power_of(pool, demand)));
  }
  const auto usable = fleet.usable_gpus(pool, demand);
  const auto free = fleet.pool(pool).gpus_free;
  if (free >= demand.gpus) {
    return fmt::format("{} has {} free GPUs, but only {} that fit the gang of {}{}",
                       site_name(fleet, pool), free, usable, demand.gpus, together(demand));
  }
  return fmt::format("{} has {} free of the {} needed", site_name(fleet, pool), free, demand.gpus);
}

// What kept a job out of a pool that the order prefers.
std::string passed_over(const Scene& scene, PoolIndex pool, const Demand& demand,
                        Duration walltime) {
  const auto& fleet = scene.fleet;
  const auto& site = site_name(fleet, pool);
  if (!fleet.fits(pool, demand)) return shortage(fleet, pool, demand);
  if (const auto job = scene.planner.closed_for(pool)) {
    return fmt::format("{} is held for job {}", site, job->value());
  }
  const auto* blocker = in_the_way(fleet, scene.planner, pool, demand, walltime, scene.now);
  AMPACITY_ASSERT(blocker != nullptr, "{} was passed over for nothing", site);
  return fmt::format("{} is {} {} from {}", site, blocker->for_job() ? "promised to" : "kept for",
                     blocker->whose(), to_text(blocker->at));
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
// by the order of providers.
class Order {
 public:
  Order(const Scene& scene, const Applicant& job) : scene_(scene) {
    if (!job.flexible || scene.portfolio.leases.size() < 2) return;
    for (const auto pool : job.shape.pools) {
      const auto& lease = scene.standings[pool.value()].lease;
      if (!lease) continue;
      const auto c =
          owed_use_at(scene.portfolio, scene.fleet, scene.portfolio.leases[*lease], scene.now);
      if (c.is_wasted()) wasted_.emplace_back(pool, c);
    }
  }

  std::pair<bool, std::int64_t> operator()(PoolIndex pool) const {
    return {wasted(pool) == nullptr, scene_.standings[pool.value()].provider};
  }

  // What drew a job here although another provider comes first: "fills oracle-4500: …", or nothing.
  std::string attraction(const Shape& shape, PoolIndex best) const {
    const auto* here = wasted(best);
    const auto provider = [&](PoolIndex pool) { return scene_.standings[pool.value()].provider; };
    const auto passed = std::find_if(shape.pools.begin(), shape.pools.end(), [&](PoolIndex pool) {
      return provider(pool) < provider(best) && wasted(pool) == nullptr;
    });
    if (here == nullptr || passed == shape.pools.end()) return "";
    return fmt::format("flexible, fills lease {}: {}; {} wastes nothing",
                       scene_.portfolio.leases[*scene_.standings[best.value()].lease].name,
                       here->text(), site_name(scene_.fleet, *passed));
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

std::string reason_for(const Scene& scene, const Applicant& job, const Order& order,
                       PoolIndex best) {
  const auto& shape = job.shape;
  std::string why = order.attraction(shape, best);
  for (const auto pool : shape.pools) {
    if (order(pool) >= order(best)) continue;
    why += (why.empty() ? "spilled over: " : "; ") +
           passed_over(scene, pool, shape.demand, job.walltime);
  }
  if (why.empty()) {
    why = fmt::format("first choice: {} of {} free GPUs", shape.demand.gpus,
                      scene.fleet.pool(best).gpus_free);
  }
  return why + beside_whom(scene.planner, best);
}

// Could it stand as close together as it prefers?
bool misses_preference(const Fleet& fleet, PoolIndex pool, const Demand& demand) {
  if (!demand.prefer || demand.within.value_or(Level::Site) <= *demand.prefer) return false;
  auto close = demand;
  close.within = demand.prefer;
  return !fleet.has_room(pool, close);
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
  Wide price = Wide{facility} * mean_energy_price(site, from, time) / 1'000'000;
  const auto& lease = scene.standings[pool.value()].lease;
  if (!lease) return price;
  const auto terms = scene.portfolio.leases[*lease].terms_at(scene.now);
  switch (terms.price.basis) {
    case PriceBasis::GpuHour:
      return price + terms.price.amount.count();
    case PriceBasis::Year:
      return price + Wide{terms.price.amount.count()} * watts / terms.priced.count() / 8'760;
    case PriceBasis::MwMonth:
      return price + Wide{terms.price.amount.count()} * watts / 1'000'000 / 730;
  }
  return price;
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
      if (!scene.fleet.fits_in_service(pool, demand)) continue;
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

}  // namespace

std::optional<Choice> choose(const Scene& scene, const Applicant& job) {
  const auto& shape = job.shape;
  const bool differ = std::adjacent_find(shape.speeds.begin(), shape.speeds.end(),
                                         std::not_equal_to<>()) != shape.speeds.end();
  if (differ && job.last == nullptr) return choose_by_price(scene, job);
  const auto before = job.last == nullptr
                          ? std::nullopt
                          : std::optional(scene.fleet.pool_of(job.last->front().node));
  const Order order(scene, job);
  const auto key = [&](PoolIndex pool) {
    return std::tuple(pool != before, order(pool),
                      misses_preference(scene.fleet, pool, shape.demand),
                      scene.fleet.pool(pool).gpus_free, pool.value());
  };
  std::optional<std::size_t> best;
  for (std::size_t k = 0; k < shape.pools.size(); ++k) {
    const auto pool = shape.pools[k];
    if (best && key(pool) > key(shape.pools[*best])) continue;
    if (window(scene.fleet, scene.planner, pool, shape.demand, scene.now) >=
        walltime_in(shape, k, job.walltime)) {
      best = k;
    }
  }
  if (!best) return shape.demand.mixed ? choose_mixed(scene, job) : std::nullopt;
  const auto pool = shape.pools[*best];
  return settle(scene, job, *best,
                pool == before ? "back where it was"
                : differ       ? "where there is room"
                               : reason_for(scene, job, order, pool));
}

}  // namespace ampacity
