// SPDX-License-Identifier: Apache-2.0
// What meters of sites show (model/power_reading.hpp). While the latest reading of a site is fresh
// its power is judged by it: the reading, and what gangs draw more or less by the model since it
// came. An offset, not a factor: what a meter has beyond the model (other loads, a wrong share of
// the hosts) does not grow with the next gang, and a factor has no meaning where the model has
// nothing. docs/decisions/0022-ramps-readings-capping.md.
#include <algorithm>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity {

std::optional<Refusal> Engine::objection_to(const PowerReading& reading) const {
  const auto names = names_of(state_.portfolio->sites);
  if (std::find(names.begin(), names.end(), reading.site) == names.end()) {
    return Refusal{Reason::NameUnknown, unknown_name("site", reading.site, names)};
  }
  const auto invalid = [](std::string message) {
    return Refusal{Reason::ReadingInvalid, std::move(message)};
  };
  constexpr auto most = Power::of(1'000'000'000'000);
  if (reading.power < Power() || reading.power > most) {
    return invalid(
        fmt::format("expected 0 W to {}, got {}", to_text(most), to_text(reading.power)));
  }
  if (reading.at > now_) {
    return invalid(
        fmt::format("it is of {}, which is ahead of {}", to_text(reading.at), to_text(now_)));
  }
  const auto& age = state_.portfolio->policy.reading_max_age;
  if (reading.at + age <= now_) {
    return invalid(fmt::format("it is of {}, older than the {} for which a reading counts",
                               to_text(reading.at), to_text(age)));
  }
  const auto known = state_.readings.find(reading.site);
  if (known != state_.readings.end() && reading.at <= known->second.at) {
    return invalid(fmt::format("it is of {}, and {} has one of {}", to_text(reading.at),
                               reading.site, to_text(known->second.at)));
  }
  return std::nullopt;
}

void Engine::on(const ReportPower& command) {
  if (command.readings.empty() || command.readings.size() > limits::power_readings) {
    return refuse(Reason::ReadingInvalid,
                  fmt::format("{} readings; expected 1 to {}", command.readings.size(),
                              limits::power_readings));
  }
  std::map<std::string, Instant> latest;
  for (std::size_t i = 0; i < command.readings.size(); ++i) {
    const auto& reading = command.readings[i];
    auto objected = objection_to(reading);
    const auto [before, first] = latest.try_emplace(reading.site, reading.at);
    if (!objected && !first && reading.at <= before->second) {
      objected = {Reason::ReadingInvalid, "the readings of a site are to be in their order"};
    }
    before->second = reading.at;
    if (!objected) continue;
    return refuse(objected->reason, fmt::format("readings[{}]: {}", i, objected->message));
  }
  for (const auto& reading : command.readings) {
    const auto site = site_index(reading.site);
    const auto& pue = state_.portfolio->sites[site.value()].pue;
    const bool at_meter = reading.meter == MeterPlace::Facility;
    emit(PowerMeasured{reading.site, reading.at,
                       at_meter ? it_limit(reading.power, pue) : reading.power,
                       modelled_at(site, reading.at), command.by});
  }
  readings_due(now_);
  refresh_power(now_);
  refresh_power_tree(now_);
}

std::vector<SiteIndex> Engine::measured_sites() const {
  std::vector<SiteIndex> sites;
  for (const auto& [name, reading] : state_.readings) {
    if (reading.fresh) sites.push_back(site_index(name));
  }
  return sites;
}

// What the model had of a site at an instant of late; the earliest that is known, before that.
Power Engine::modelled_at(SiteIndex site, Instant at) const {
  const auto known = state_.readings.find(fleet_.sites()[site.value()].name);
  if (known == state_.readings.end() || known->second.course.empty()) {
    return fleet_.power_drawn(site);
  }
  const auto& course = known->second.course;
  const auto after = std::upper_bound(course.begin(), course.end(), at,
                                      [](Instant t, const auto& step) { return t < step.at; });
  return after == course.begin() ? course.front().drawn : std::prev(after)->drawn;
}

// Of sites that were ever measured. What no reading can ask for any more is forgotten.
void Engine::remember_draw(SiteIndex site, Instant at) {
  constexpr std::size_t most = 1'024;
  const auto known = state_.readings.find(fleet_.sites()[site.value()].name);
  if (known == state_.readings.end()) return;
  auto& course = known->second.course;
  if (!course.empty() && course.back().at == at) {
    course.back().drawn = fleet_.power_drawn(site);
    return;
  }
  course.push_back({at, fleet_.power_drawn(site)});
  const auto oldest = at - state_.portfolio->policy.reading_max_age;
  std::size_t past = 0;
  while (past + 1 < course.size() && course[past + 1].at <= oldest) ++past;
  past = std::max(past, course.size() > most ? course.size() - most : 0);
  course.erase(course.begin(), course.begin() + static_cast<std::ptrdiff_t>(past));
}

// To what a site is admitted: without its oversubscription while a meter says what is drawn.
std::optional<Power> Engine::admitted_now(const Site& site, Instant now) const {
  const auto known = state_.readings.find(site.name);
  if (known == state_.readings.end() || !known->second.fresh) return admitted_at(site, now);
  const auto power = interconnection_at(site, now);
  return power ? std::optional(it_limit(*power, site.pue)) : std::nullopt;
}

SitePowerNow Engine::site_power(SiteIndex index, Instant now) const {
  const auto& name = fleet_.sites()[index.value()].name;
  SitePowerNow site;
  site.limit = fleet_.power_limit(index);
  site.modelled = fleet_.power_drawn(index);
  site.judged = fleet_.power_judged(index);
  const auto reading = state_.readings.find(name);
  if (reading != state_.readings.end()) site.reading = &reading->second;
  if (state_.ramps.count(name) > 0) {
    site.ramp = {std::max(may_rise_by(index, now), Power()),
                 std::max(may_fall_by(index, now), Power())};
  }
  for (const auto& [place, since] : state_.capped) {
    if (site_part(place) == name) site.capped.emplace_back(place, since);
  }
  for (const auto id : paced_) {
    if (job_of(id).live->site == name) site.slowed.push_back(id);
  }
  return site;
}

// Those that are too old count no longer.
void Engine::readings_due(Instant now) {
  std::vector<std::string> expired;
  for (const auto& [site, reading] : state_.readings) {
    if (!reading.fresh) continue;
    const auto until = reading.at + state_.portfolio->policy.reading_max_age;
    if (until <= now) {
      expired.push_back(site);
    } else {
      look_at_capacity(until);
    }
  }
  for (auto& site : expired) emit(ReadingExpired{std::move(site)});
}

void Engine::apply(const PowerMeasured& event, Instant at) {
  const auto site = site_index(event.site);
  auto& reading = state_.readings[event.site];
  reading.at = event.at;
  reading.drawn = event.drawn;
  reading.modelled = event.modelled;
  reading.fresh = true;
  if (reading.course.empty()) reading.course.push_back({at, fleet_.power_drawn(site)});
  offset_power(site);
}

void Engine::apply(const ReadingExpired& event, Instant) {
  state_.readings.at(event.site).fresh = false;
  offset_power(site_index(event.site));
}

void Engine::offset_power(SiteIndex site) {
  const auto reading = state_.readings.find(fleet_.sites()[site.value()].name);
  if (reading == state_.readings.end()) return;
  fleet_.set_power_offset(site, reading->second.offset());
  power_check_ = true;
  dirty_ = true;
}

}  // namespace ampacity
