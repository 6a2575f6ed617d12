// SPDX-License-Identifier: Apache-2.0
// What meters of sites and halls show (model/power_reading.hpp). While the latest reading of a
// place is fresh its power is judged by it: the reading, and what gangs draw more or less by the
// model since it came. A site without a meter of its own counts as measured while all of its halls
// are. An offset, not a factor: what a meter has beyond the model (other loads, a wrong share of
// the hosts) does not grow with the next gang, and a factor has no meaning where the model has
// nothing. docs/decisions/0022-ramps-readings-capping.md.
#include <algorithm>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "units/text.hpp"

namespace ampacity {

std::optional<Refusal> Engine::objection_to(const PowerReading& reading) const {
  const bool of_hall = reading.place != site_part(reading.place);
  auto names = names_of(state_.portfolio->sites);
  if (of_hall) {
    names.clear();
    for (const auto& hall : fleet_.halls()) names.push_back(hall.path);
  }
  if (std::find(names.begin(), names.end(), reading.place) == names.end()) {
    return Refusal{Reason::NameUnknown,
                   unknown_name(of_hall ? "hall" : "site", reading.place, names)};
  }
  const auto invalid = [](std::string message) {
    return Refusal{Reason::ReadingInvalid, std::move(message)};
  };
  if (of_hall && reading.meter != MeterPlace::It) {
    return invalid("the meter of a hall shows its IT load; expected It, got Facility");
  }
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
  const auto known = state_.readings.find(reading.place);
  if (known != state_.readings.end() && reading.at <= known->second.at) {
    return invalid(fmt::format("it is of {}, and {} has one of {}", to_text(reading.at),
                               reading.place, to_text(known->second.at)));
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
    const auto [before, first] = latest.try_emplace(reading.place, reading.at);
    if (!objected && !first && reading.at <= before->second) {
      objected = {Reason::ReadingInvalid, "the readings of a place are to be in their order"};
    }
    before->second = reading.at;
    if (!objected) continue;
    return refuse(objected->reason, fmt::format("readings[{}]: {}", i, objected->message));
  }
  for (const auto& reading : command.readings) {
    const auto site = site_index(site_part(reading.place));
    const auto& pue = state_.portfolio->sites[site.value()].pue;
    const bool at_meter = reading.meter == MeterPlace::Facility;
    emit(PowerMeasured{reading.place, reading.at,
                       at_meter ? it_limit(reading.power, pue) : reading.power,
                       modelled_at(reading.place, reading.at), command.by});
  }
  readings_due(now_);
  refresh_power(now_);
  refresh_power_tree(now_);
}

std::vector<SiteIndex> Engine::measured_sites() const {
  std::vector<SiteIndex> sites;
  if (state_.readings.empty()) return sites;
  for (std::uint32_t i = 0; i < fleet_.sites().size(); ++i) {
    if (offset_of(SiteIndex(i))) sites.push_back(SiteIndex(i));
  }
  return sites;
}

// What is drawn there now, by the model.
Power Engine::drawn_at(const std::string& place) const {
  if (place == site_part(place)) return fleet_.power_drawn(site_index(place));
  const auto hall = *fleet_.find_hall(place);
  if (const auto* known = fleet_.hall_power().find(hall)) return known->drawn;
  Power sum;
  for (const auto id : planner_.tenants(fleet_.topology().hall(hall).nodes)) {
    const auto& live = *job_of(id).live;
    sum += HallPower::part_in(fleet_.topology(), hall, live.shares, live.draws);
  }
  return sum;
}

// What the model had of a place at an instant of late; the earliest that is known, before that.
Power Engine::modelled_at(const std::string& place, Instant at) const {
  const auto known = state_.readings.find(place);
  if (known == state_.readings.end() || known->second.course.empty()) return drawn_at(place);
  const auto& course = known->second.course;
  const auto after = std::upper_bound(course.begin(), course.end(), at,
                                      [](Instant t, const auto& step) { return t < step.at; });
  return after == course.begin() ? course.front().drawn : std::prev(after)->drawn;
}

// Of places that were ever measured. What no reading can ask for any more is forgotten.
void Engine::remember_draw(SiteIndex site, Instant at) {
  const auto& name = fleet_.sites()[site.value()].name;
  for (auto it = state_.readings.lower_bound(name);
       it != state_.readings.end() && it->first.starts_with(name); ++it) {
    if (site_part(it->first) == name) remember_draw(it->second.course, drawn_at(it->first), at);
  }
}

void Engine::remember_draw(std::vector<ModelledDraw>& course, Power drawn, Instant at) const {
  constexpr std::size_t most = 1'024;
  if (!course.empty() && course.back().drawn == drawn) return;
  if (!course.empty() && course.back().at == at) {
    course.back().drawn = drawn;
    return;
  }
  course.push_back({at, drawn});
  const auto oldest = at - state_.portfolio->policy.reading_max_age;
  std::size_t past = 0;
  while (past + 1 < course.size() && course[past + 1].at <= oldest) ++past;
  past = std::max(past, course.size() > most ? course.size() - most : 0);
  course.erase(course.begin(), course.begin() + static_cast<std::ptrdiff_t>(past));
}

// To what a site is admitted: without its oversubscription while meters say what is drawn.
std::optional<Power> Engine::admitted_now(const Site& site, Instant now) const {
  if (state_.readings.empty() || !offset_of(site_index(site.name))) return admitted_at(site, now);
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
  for (const auto& [place, known] : state_.readings) {
    if (place == name || site_part(place) != name) continue;
    const auto& hall = *fleet_.hall_power().find(*fleet_.find_hall(place));
    site.halls.push_back({place, hall.limit_now(), hall.drawn, hall.drawn_now(), &known});
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
  const auto drawn = drawn_at(event.place);
  auto& reading = state_.readings[event.place];
  reading.at = event.at;
  reading.drawn = event.drawn;
  reading.modelled = event.modelled;
  reading.fresh = true;
  if (reading.course.empty()) reading.course.push_back({at, drawn});
  if (watch_hall(event.place)) fleet_.draw_in_hall(*fleet_.find_hall(event.place), drawn);
  offset_power(event.place);
}

void Engine::apply(const ReadingExpired& event, Instant) {
  state_.readings.at(event.place).fresh = false;
  offset_power(event.place);
}

bool Engine::watch_hall(const std::string& place) {
  return place != site_part(place) &&
         fleet_.watch_hall(*state_.portfolio, *fleet_.find_hall(place));
}

// Of a site: its own meter's, or that of all of its halls together.
std::optional<Power> Engine::offset_of(SiteIndex site) const {
  const auto own = state_.readings.find(fleet_.sites()[site.value()].name);
  if (own != state_.readings.end() && own->second.fresh) return own->second.offset();
  Power sum;
  for (const auto& hall : fleet_.halls()) {
    if (hall.site != site) continue;
    const auto known = state_.readings.find(hall.path);
    if (known == state_.readings.end() || !known->second.fresh) return std::nullopt;
    sum += *known->second.offset();
  }
  return sum;
}

void Engine::offset_power(const std::string& place) {
  const auto site = site_index(site_part(place));
  const auto& reading = state_.readings.at(place);
  if (place != site_part(place)) {
    fleet_.set_hall_offset(*fleet_.find_hall(place), reading.offset());
  }
  fleet_.set_power_offset(site, offset_of(site));
  power_check_ = true;
  dirty_ = true;
}

}  // namespace ampacity
