// SPDX-License-Identifier: Apache-2.0
#include "serve/views.hpp"

#include <algorithm>

#include "protocol/sentences.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"
#include "wire/json.hpp"

namespace ampacity {
namespace {

std::optional<std::int64_t> ms(const std::optional<Instant>& at) {
  return at ? std::optional(to_ms(*at)) : std::nullopt;
}

// The usage of the job's attempt that holds GPUs now, if there is one.
Usage running_usage(const Engine& engine, JobId id, Instant now) {
  const auto* job = engine.state().jobs.find(id);
  return job == nullptr ? Usage{} : engine.usage_so_far(*job, now);
}

bool has_first_refusal(const Portfolio& portfolio, const std::string& provider, Instant now) {
  for (const auto& p : portfolio.providers) {
    if (p.name != provider || !p.right_of_first_refusal) continue;
    return p.right_of_first_refusal->in_force_at(now);
  }
  return false;
}

bool is_under(const std::string& path, const std::string& site) {
  return path == site || path.rfind(site + "/", 0) == 0;
}

// What the rows do not say of a job that has not ended.
void add_what_is_now(api::JobView& view, const Engine& engine, JobId id) {
  const auto* job = engine.state().jobs.find(id);
  if (job == nullptr) return;
  if (job->spec->gpus_min) view.gpus_min = job->spec->gpus_min->count();
  if (job->live) view.gpus_held = job->live->gpus;
  const auto held = engine.state().held.find(id);
  if (held == engine.state().held.end()) return;
  view.held = true;
  view.why = held->second;  // a requeue since may have written over it
}

// The jobs that run in each booking, by its name.
std::map<std::string, std::vector<std::int64_t>> jobs_by_booking(const Engine& engine) {
  std::map<std::string, std::vector<std::int64_t>> jobs;
  for (const auto id : engine.live_jobs()) {
    const auto& booking = engine.state().jobs.find(id)->spec->booking;
    if (!booking.empty()) jobs[booking].push_back(id.value());
  }
  return jobs;
}

void add_halls(api::SiteView& view, const Engine& engine, const Site& site, SiteIndex index) {
  std::size_t kind = 0;
  std::int64_t copies = 0;
  for (std::uint32_t i = 0; i < engine.fleet().halls().size(); ++i) {
    const auto& hall = engine.fleet().halls()[i];
    if (hall.site != index) continue;
    const auto& pool = engine.fleet().pool(hall.pool);
    view.halls.push_back({.path = hall.path,
                          .accelerator = pool.accelerator_name,
                          .gpus = (hall.nodes.end - hall.nodes.begin) * pool.gpus_per_node,
                          .power_w = site.halls[kind].power.count(),
                          .usable = engine.fleet().is_usable(HallIndex(i)),
                          .energised_ms = ms(hall.energised)});
    if (++copies == site.halls[kind].count) {
      ++kind;
      copies = 0;
    }
  }
}

void add_largest(api::LargestGang& largest, const Fleet& fleet, PoolIndex pool) {
  const auto most = [&](Level level) {
    return fleet.most_free_in(pool, level) * fleet.pool(pool).gpus_per_node;
  };
  largest.rack = std::max(largest.rack, most(Level::Rack));
  largest.pod = std::max(largest.pod, most(Level::Pod));
  largest.hall = std::max(largest.hall, most(Level::Hall));
  largest.site = std::max(largest.site, most(Level::Site));
}

}  // namespace

api::JobView job_view(const JobRow& row, const Engine& engine, Instant now) {
  auto usage = row.usage;
  usage += running_usage(engine, row.id, now);
  api::JobView view{.id = row.id.value(),
                    .name = row.name,
                    .team = row.team,
                    .project = row.project,
                    .by = row.by,
                    .state = row.state,
                    .priority = row.priority,
                    .gpus = row.gpus.count(),
                    .submitted_ms = to_ms(row.submitted),
                    .started_ms = ms(row.started),
                    .ended_ms = ms(row.ended),
                    .attempts = row.attempts,
                    .site = row.site,
                    .exit_code = row.exit_code,
                    .why = row.why,
                    .usage = api::view(usage)};
  add_what_is_now(view, engine, row.id);
  return view;
}

api::AttemptView attempt_view(const AttemptRow& row, const Engine& engine, Instant now) {
  const auto usage = row.ended ? row.usage : running_usage(engine, row.attempt.job, now);
  return {.attempt = to_text(row.attempt),
          .site = row.site,
          .provider = row.provider,
          .lease = row.lease,
          .state = row.state,
          .why = row.why,
          .placed_ms = to_ms(row.placed),
          .started_ms = ms(row.started),
          .ended_ms = ms(row.ended),
          .ending = row.ending,
          .usage = api::view(usage),
          .nodes = row.nodes};
}

namespace {

api::PowerLevelView power_view(const PowerLevelNow& level) {
  api::PowerLevelView view;
  view.level = name_of(level.level);
  view.name = level.name;
  view.sites = level.sites;
  view.drawn_w = level.drawn.count();
  if (level.limit) {
    view.limit_w = level.limit->count();
    view.left_w = std::max(*level.limit - level.drawn, Power()).count();
  }
  if (level.next) {
    view.next_ms = to_ms(level.next->from);
    view.next_limit_w = level.next->power.count();
  }
  return view;
}

}  // namespace

api::SiteList site_list(const Engine& engine, Instant now) {
  api::SiteList list;
  const auto& portfolio = *engine.state().portfolio;
  for (std::uint32_t i = 0; i < portfolio.sites.size(); ++i) {
    const auto& site = portfolio.sites[i];
    const SiteIndex index(i);
    api::SiteView view;
    view.name = site.name;
    view.title = site.title;
    view.state = site.state;
    view.grid = site.grid;
    view.cluster = site.cluster.kind == ClusterKind::Local ? "Local" : "Simulated";
    if (const auto lease = engine.active_lease(index)) {
      view.lease = portfolio.leases[*lease].name;
      view.provider = portfolio.leases[*lease].provider;
    }
    for (std::uint32_t p = 0; p < engine.fleet().pools().size(); ++p) {
      const auto& pool = engine.fleet().pool(PoolIndex(p));
      if (pool.site != index) continue;
      add_largest(view.largest_gang, engine.fleet(), PoolIndex(p));
      view.nodes += pool.nodes;
      view.nodes_in_service += pool.nodes_in_service;
      view.gpus += pool.nodes * pool.gpus_per_node;
      view.gpus_in_service += pool.nodes_in_service * pool.gpus_per_node;
      view.gpus_free += pool.gpus_free;
    }
    for (const auto id : engine.live_jobs()) {
      view.running_jobs += engine.state().jobs.find(id)->live->site == site.name ? 1 : 0;
    }
    const auto power = engine.it_power_of(index);
    view.it_power_w = power.count();
    view.facility_power_w = times(power, site.pue).count();
    view.interconnection_w = interconnection_at(site, now).value_or(Power()).count();
    view.pue_ppm = site.pue.count();
    for (const auto& path : engine.state().drained) {
      if (is_under(path, site.name)) view.drained.push_back(path);
    }
    for (const auto& path : engine.state().down) {
      if (is_under(path, site.name)) view.down.push_back(path);
    }
    add_halls(view, engine, site, index);
    list.sites.push_back(std::move(view));
  }
  list.power = power_levels(engine, now);
  return list;
}

std::vector<api::PowerLevelView> power_levels(const Engine& engine, Instant now) {
  std::vector<api::PowerLevelView> views;
  for (const auto& level : engine.power_levels(now)) views.push_back(power_view(level));
  return views;
}

api::ForecastView forecast_view(const Forecast& forecast) {
  api::ForecastView view;
  if (forecast.starts) {
    view.outlook = forecast.place ? api::Outlook::Starts : api::Outlook::Runs;
    view.starts_ms = to_ms(*forecast.starts);
    if (forecast.place) view.waits_ms = (*forecast.starts - forecast.asked).count();
  }
  if (forecast.place) {
    view.site = forecast.place->site;
    view.provider = forecast.place->provider;
    view.lease = forecast.place->lease;
    view.why = forecast.place->why;
    view.nodes = forecast.place->nodes;
  }
  view.preempts = forecast.preempts;
  view.assumes = forecast_assumptions();
  view.looked_until_ms = to_ms(forecast.looked_until);
  view.decisions = forecast.decisions;
  return view;
}

api::TeamList team_list(const Engine& engine, Instant now) {
  api::TeamList list;
  const auto& quotas = engine.quotas();
  const auto& teams = engine.state().portfolio->teams;
  const auto free = engine.fleet().gpus_free();
  const auto amount = [](const std::optional<GpuCount>& gpus) {
    return gpus ? std::optional(gpus->count()) : std::nullopt;
  };
  const auto spent = engine.spent(now);
  for (std::uint32_t i = 0; i < teams.size(); ++i) {
    const TeamIndex index(i + 1);
    const auto& e = quotas.entry(index);
    const auto lately = engine.state().use.find(e.members.empty() ? e.name : e.name + "/*");
    api::TeamView view;
    view.name = e.name;
    view.group = teams[i].group;
    view.weight = teams[i].weight;
    if (teams[i].quota) {
      view.guaranteed = e.guaranteed;
      view.borrow = amount(teams[i].quota->borrow);
      view.lend = amount(teams[i].quota->lend);
    }
    view.used = quotas.use_of(index).used;
    view.borrowed = quotas.none() ? 0 : std::max<std::int64_t>(view.used - e.guaranteed, 0);
    view.may_start = std::max<std::int64_t>(quotas.may_start(index, free), 0);
    view.lately_gpu_ms = lately == engine.state().use.end() ? 0 : lately->second;
    if (teams[i].budget) {
      const auto spending = engine.state().spending.find(e.name);
      view.budget_micro_usd = teams[i].budget->amount.count();
      view.spent_micro_usd = spent.at(e.name).count();
      view.budget_exhausted =
          spending != engine.state().spending.end() && spending->second.exhausted;
    }
    list.teams.push_back(std::move(view));
  }
  for (const auto& pool : engine.fleet().pools()) {
    list.gpus_in_service += pool.nodes_in_service * pool.gpus_per_node;
  }
  list.guaranteed = quotas.promised();
  list.overpromised = std::max<std::int64_t>(list.guaranteed - list.gpus_in_service, 0);
  return list;
}

api::CurtailmentList curtailment_list(const Engine& engine, Instant now) {
  std::map<std::string, std::vector<std::int64_t>> slowed;  // by site
  for (const auto id : engine.live_jobs()) {
    const auto& live = *engine.state().jobs.find(id)->live;
    if (live.pace != one) slowed[live.site].push_back(id.value());
  }
  api::CurtailmentList list;
  for (const auto& [name, known] : engine.state().curtailments) {
    const auto called = engine.so_far(known, now);
    const auto& c = called.curtailment;
    const auto drawn = engine.facility_power_of(c.site);
    api::CurtailmentView view{name,
                              c.site,
                              called.asked().count(),
                              to_ms(c.from),
                              to_ms(c.until),
                              called.begun,
                              called.drawn.count(),
                              drawn.count(),
                              (called.drawn - drawn).count(),
                              called.ceiling.count(),
                              {},
                              c.note};
    if (called.begun) view.slowed_jobs = slowed[c.site];
    if (c.limit) view.limit_w = c.limit->count();
    view.saved_j = called.saved.count();
    const auto counted = std::max(std::min(now, c.until) - c.from, Duration(0));
    view.asked_j = energy_of(called.asked(), counted).count();
    if (called.least) view.least_w = called.least->count();
    view.event = c.event;
    list.curtailments.push_back(std::move(view));
  }
  std::stable_sort(list.curtailments.begin(), list.curtailments.end(),
                   [](const auto& a, const auto& b) { return a.from_ms < b.from_ms; });
  return list;
}

api::RequestView request_view(const Engine& engine, const OpenRequest& asked) {
  const auto& portfolio = *engine.state().portfolio;
  const auto& r = asked.request;
  api::RequestView view{.name = r.name,
                        .stage = asked.stage(),
                        .power_w = r.power.count(),
                        .left_w = asked.left().count(),
                        .from_ms = to_ms(r.from),
                        .until_ms = ms(r.until),
                        .asked_ms = to_ms(asked.asked),
                        .settled_ms = ms(asked.settled),
                        .offers = asked.offers,
                        .quotes = ranked(asked, portfolio),
                        .note = r.note};
  for (const auto& lease : portfolio.leases) {
    if (lease.request == r.name && !lease.proposed) view.leased_w += lease.power.count();
  }
  return view;
}

api::RequestList request_list(const Engine& engine) {
  api::RequestList list;
  for (const auto& [name, asked] : engine.state().capacity_requests) {
    list.requests.push_back(request_view(engine, asked));
  }
  return list;
}

api::RightList right_list(const Engine& engine, Instant now) {
  api::RightList list;
  for (const auto& p : engine.state().portfolio->providers) {
    if (!p.right_of_first_refusal) continue;
    const auto& right = *p.right_of_first_refusal;
    list.rights.push_back({p.name, right.in_force_at(now), right.terms_at(now), right.amendments});
  }
  return list;
}

api::BookingList booking_list(const Engine& engine) {
  api::BookingList list;
  auto jobs = jobs_by_booking(engine);
  for (const auto& [name, booked] : engine.state().bookings) {
    const auto& booking = booked.booking;
    api::BookingView view;
    view.name = name;
    view.kind = booking.maintenance ? api::BookingKind::Maintenance : api::BookingKind::Capacity;
    view.target = booking.target;
    view.nodes = engine.nodes_of_booking(name);
    for (const auto& share : view.nodes) view.gpus += share.nodes * share.gpus;
    view.from_ms = to_ms(booking.from);
    view.until_ms = to_ms(booking.until);
    view.begun = booked.begun;
    view.team = booking.team;
    view.note = booking.note;
    view.jobs = std::move(jobs[name]);
    list.bookings.push_back(std::move(view));
  }
  std::stable_sort(list.bookings.begin(), list.bookings.end(),
                   [](const auto& a, const auto& b) { return a.from_ms < b.from_ms; });
  return list;
}

api::LeaseList lease_list(const Engine& engine, Instant now) {
  api::LeaseList list;
  const auto& portfolio = *engine.state().portfolio;
  for (const auto& lease : portfolio.leases) {
    const auto s = engine.lease_statement(lease, now);
    list.leases.push_back({.name = lease.name,
                           .provider = lease.provider,
                           .sites = lease.sites,
                           .first_refusal = has_first_refusal(portfolio, lease.provider, now),
                           .starts_ms = to_ms(lease.starts),
                           .ends_ms = to_ms(lease.term_ends()),
                           .power_w = lease.terms_at(now).power.count(),
                           .contracted_w = s.contracted.count(),
                           .stage = engine.stage(lease, now),
                           .price = to_text(lease.terms_at(std::max(now, lease.starts)).price),
                           .take_or_pay_ppm = lease.terms_at(now).take_or_pay.count(),
                           .committed_j = s.committed_energy.count(),
                           .used_j = s.used_energy.count(),
                           .unused_j = s.unused_energy.count(),
                           .committed_micro_usd = s.committed_cost.count(),
                           .used_micro_usd = s.used_cost.count(),
                           .unused_micro_usd = s.unused_cost.count(),
                           .owed_micro_usd = s.owed.count()});
  }
  return list;
}

Result<api::EventView> event_view(const EventRow& row) {
  auto body = json::from_json<EventBody>(row.json);
  if (!body) return body.error().within(fmt::format("event {}", row.id));
  return api::EventView{row.id, to_ms(row.at), sentence(*body), std::move(*body)};
}

}  // namespace ampacity
