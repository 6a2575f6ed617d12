// SPDX-License-Identifier: Apache-2.0
#include "serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <boost/describe/enum_to_string.hpp>
#include <sstream>

#include "serve/power_routes.hpp"
#include "serve/views.hpp"

namespace ampacity {
namespace {

using Labels = std::map<std::string, std::string>;

void gauge(prometheus::Registry& registry, const char* name, const char* help,
           const std::vector<std::pair<Labels, double>>& samples) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  for (const auto& [labels, value] : samples) family.Add(labels).Set(value);
}

void counter(prometheus::Registry& registry, const char* name, const char* help,
             const std::vector<std::pair<Labels, double>>& samples) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  for (const auto& [labels, value] : samples) {
    if (value >= 0) family.Add(labels).Increment(value);
  }
}

void jobs(prometheus::Registry& registry, const Engine& engine) {
  std::map<JobState, double> now{{JobState::Waiting, 0},
                                 {JobState::Starting, 0},
                                 {JobState::Running, 0},
                                 {JobState::Stopping, 0}};
  const auto gangs = engine.live_jobs();
  for (const auto id : gangs) ++now[engine.state_of(id)];
  now[JobState::Waiting] = static_cast<double>(engine.state().jobs.size() - gangs.size());
  std::vector<std::pair<Labels, double>> live;
  live.reserve(now.size());
  for (const auto& [state, count] : now) {
    live.push_back({{{"state", boost::describe::enum_to_string(state, "?")}}, count});
  }
  gauge(registry, "ampacity_jobs", "Jobs that have not ended, by state", live);
  std::vector<std::pair<Labels, double>> ended;
  for (const auto& [state, count] : engine.state().ended) {
    ended.push_back(
        {{{"state", boost::describe::enum_to_string(state, "?")}}, static_cast<double>(count)});
  }
  gauge(registry, "ampacity_jobs_held", "Jobs that do not start until they are released",
        {{{}, static_cast<double>(engine.state().held.size())}});
  counter(registry, "ampacity_jobs_ended_total", "Jobs that ended, by final state", ended);
}

void bookings(prometheus::Registry& registry, const Engine& engine) {
  double ahead = 0;
  double begun = 0;
  for (const auto& [name, booked] : engine.state().bookings) ++(booked.begun ? begun : ahead);
  gauge(registry, "ampacity_bookings", "Bookings that have not ended",
        {{{{"state", "ahead"}}, ahead}, {{{"state", "begun"}}, begun}});
}

template <class View, class Pick>
std::vector<std::pair<Labels, double>> each(const std::vector<View>& views, const char* label,
                                            Pick pick) {
  std::vector<std::pair<Labels, double>> samples;
  samples.reserve(views.size());
  for (const auto& view : views) {
    samples.push_back({{{label, view.name}}, static_cast<double>(pick(view))});
  }
  return samples;
}

// What meters show is there for sites that were ever measured.
void power(prometheus::Registry& registry, const Engine& engine, Instant now) {
  const auto sites = power_of_sites(engine, now);
  std::vector<std::pair<Labels, double>> limits, measured;
  for (const auto& site : sites) {
    const Labels labels{{"site", site.name}};
    if (site.limit_w) limits.push_back({labels, static_cast<double>(*site.limit_w)});
    if (site.reading && site.reading->fresh) {
      measured.push_back({labels, static_cast<double>(site.reading->drawn_w)});
    }
  }
  gauge(registry, "ampacity_site_power_limit_watts", "IT load that the site may draw now", limits);
  gauge(registry, "ampacity_site_measured_watts", "IT load by its latest reading, while it counts",
        measured);
  gauge(registry, "ampacity_site_judged_watts", "IT load that limits are held against",
        each(sites, "site", [](auto& s) { return s.judged_w; }));
  gauge(registry, "ampacity_site_power_capped", "1 while its gangs are slowed for a limit",
        each(sites, "site", [](auto& s) { return s.capped.empty() ? 0 : 1; }));
  gauge(registry, "ampacity_site_slowed_gangs", "Gangs below their full pace",
        each(sites, "site", [](auto& s) { return s.slowed_jobs.size(); }));
}

}  // namespace

std::string metrics_text(const Conductor& conductor, std::int64_t http_requests) {
  prometheus::Registry registry;
  const auto& engine = conductor.engine();
  const auto now = conductor.now();
  jobs(registry, engine);
  const auto sites = site_list(engine, now).sites;
  const auto by_site = [&](auto pick) { return each(sites, "site", pick); };
  gauge(registry, "ampacity_site_gpus", "GPUs of the site",
        by_site([](auto& s) { return s.gpus; }));
  gauge(registry, "ampacity_site_gpus_in_service", "GPUs on nodes in service",
        by_site([](auto& s) { return s.gpus_in_service; }));
  gauge(registry, "ampacity_site_gpus_free", "Free GPUs on nodes in service",
        by_site([](auto& s) { return s.gpus_free; }));
  gauge(registry, "ampacity_site_largest_gang_gpus", "Whole free nodes together in its best pool",
        by_site([](auto& s) { return s.largest_gang.site; }));
  gauge(registry, "ampacity_site_largest_rack_gang_gpus", "Whole free nodes of its best rack",
        by_site([](auto& s) { return s.largest_gang.rack; }));
  gauge(registry, "ampacity_site_it_power_watts", "Power of the running gangs, by their profiles",
        by_site([](auto& s) { return s.it_power_w; }));
  gauge(registry, "ampacity_site_facility_power_watts", "The same at the meter (x PUE)",
        by_site([](auto& s) { return s.facility_power_w; }));
  power(registry, engine, now);
  bookings(registry, engine);
  const auto leases = lease_list(engine, now).leases;
  const auto by_lease = [&](auto pick) { return each(leases, "lease", pick); };
  gauge(registry, "ampacity_lease_contracted_watts", "Contracted critical IT load now",
        by_lease([](auto& l) { return l.contracted_w; }));
  counter(registry, "ampacity_lease_committed_joules_total", "Energy committed since held",
          by_lease([](auto& l) { return l.committed_j; }));
  counter(registry, "ampacity_lease_used_joules_total", "IT energy that jobs used",
          by_lease([](auto& l) { return l.used_j; }));
  counter(registry, "ampacity_lease_used_micro_usd_total", "Cost of what jobs used",
          by_lease([](auto& l) { return l.used_micro_usd; }));
  const auto teams = team_list(engine, engine.state().last_at);
  const auto by_team = [&](auto pick) { return each(teams.teams, "team", pick); };
  gauge(registry, "ampacity_team_gpus_used", "GPUs of running gangs; of a group, with all members",
        by_team([](auto& t) { return t.used; }));
  gauge(registry, "ampacity_team_gpus_guaranteed", "By its quota",
        by_team([](auto& t) { return t.guaranteed.value_or(0); }));
  gauge(registry, "ampacity_gpus_overpromised", "Guaranteed to teams and not in service",
        {{{}, static_cast<double>(teams.overpromised)}});
  counter(registry, "ampacity_journal_events_total", "Durable events",
          {{{}, static_cast<double>(conductor.durable_event())}});
  counter(registry, "ampacity_journal_commits_total", "Group commits since the start",
          {{{}, static_cast<double>(conductor.commits())}});
  counter(registry, "ampacity_http_requests_total", "HTTP requests since the start",
          {{{}, static_cast<double>(http_requests)}});
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, registry.Collect());
  return out.str();
}

}  // namespace ampacity
