// SPDX-License-Identifier: Apache-2.0
#include "serve/power_routes.hpp"

#include "serve/views.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

api::RampView ramp_view(const Site& site, const SitePowerNow::Ramp& ramp) {
  api::RampView view;
  if (site.ramp_limit) view.ramp_limit_w = site.ramp_limit->count();
  if (site.swing_limit) view.swing_limit_w = site.swing_limit->count();
  view.may_rise_w = ramp.may_rise.count();
  view.may_fall_w = ramp.may_fall.count();
  return view;
}

api::ReadingView reading_view(const SiteReading& reading) {
  return {to_ms(reading.at), reading.drawn.count(), reading.modelled.count(), reading.fresh};
}

api::SitePowerView site_power_view(const Site& site, const SitePowerNow& power) {
  api::SitePowerView view;
  view.name = site.name;
  if (power.limit) view.limit_w = power.limit->count();
  view.modelled_w = power.modelled.count();
  view.judged_w = power.judged.count();
  view.facility_power_w = times(power.judged, site.pue).count();
  if (power.reading != nullptr) view.reading = reading_view(*power.reading);
  if (power.ramp) view.ramp = ramp_view(site, *power.ramp);
  for (const auto& hall : power.halls) {
    const auto limit = hall.limit ? std::optional(hall.limit->count()) : std::nullopt;
    view.halls.push_back({hall.path, limit, hall.modelled.count(), hall.judged.count(),
                          reading_view(*hall.reading)});
  }
  for (const auto& [place, since] : power.capped) view.capped.push_back({place, to_ms(since)});
  for (const auto id : power.slowed) view.slowed_jobs.push_back(id.value());
  return view;
}

}  // namespace

std::vector<api::SitePowerView> power_of_sites(const Engine& engine, Instant now) {
  std::vector<api::SitePowerView> views;
  const auto& sites = engine.state().portfolio->sites;
  for (std::uint32_t i = 0; i < sites.size(); ++i) {
    views.push_back(site_power_view(sites[i], engine.site_power(SiteIndex(i), now)));
  }
  return views;
}

api::PowerList power_list(const Engine& engine, Instant now) {
  api::PowerList list{power_of_sites(engine, now), power_levels(engine, now), {}};
  const auto& patience = engine.state().portfolio->policy.capping_patience;
  for (const auto& [level, since] : engine.state().over_limit) {
    list.over_limit.push_back({level, to_ms(since), to_ms(since + patience)});
  }
  return list;
}

Reply report_readings(Conductor& conductor, const Request& request) {
  auto body = body_of<api::ReadingsBody>(request);
  if (!body) co_return failure(body.error());
  for (auto& reading : body->readings) {
    if (reading.at == Instant()) reading.at = conductor.now();
  }
  Command command = ReportPower{std::move(body->readings), std::move(body->by)};
  const auto told = co_await conductor.tell(std::move(command));
  if (!told) co_return failure(told.error());
  if (told->refusal) co_return refusal(*told->refusal, true);
  co_return ok(power_list(conductor.engine(), conductor.now()), 201);
}

}  // namespace ampacity
