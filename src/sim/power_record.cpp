// SPDX-License-Identifier: Apache-2.0
#include "sim/power_record.hpp"

#include <algorithm>

namespace ampacity {

void PowerRecord::note(const PowerSwung& event, Instant) {
  auto& site = sites_[event.site];
  ++site.swings;
  site.largest_swing_w = std::max(site.largest_swing_w, event.beyond.count());
}

void PowerRecord::note(const PowerCapped& event, Instant now) {
  for (const auto& place : event.places) {
    if (capped_.try_emplace(place, now).second) ++sites_[site_part(place)].cappings;
  }
}

void PowerRecord::note(const CappingEnded& event, Instant now) {
  const auto since = capped_.find(event.place);
  if (since == capped_.end()) return;  // it was slowed when the server was copied
  sites_[site_part(event.place)].capped_ms += (now - since->second).count();
  capped_.erase(since);
}

// The latest of the name: a copied server may know others.
CurtailmentResult* PowerRecord::curtailment_named(const std::string& name) {
  const auto found = std::find_if(curtailments_.rbegin(), curtailments_.rend(),
                                  [&](const auto& c) { return c.name == name; });
  return found == curtailments_.rend() ? nullptr : &*found;
}

void PowerRecord::note(const CurtailmentCalled& event, Instant now) {
  constexpr auto afterwards = Duration(600'000);
  const auto& c = event.curtailment;
  CurtailmentResult r;
  r.name = c.name;
  r.site = c.site;
  r.called_ms = to_ms(now);
  r.until_ms = to_ms(c.until);
  r.drawn_before_w = event.drawn.count();
  r.asked_w = asked_of(c, event.drawn).count();
  const auto step = std::max(Duration(60'000), (c.until - now) / 1'440);
  courses_.push_back({curtailments_.size(), now, step, c.until + afterwards});
  curtailments_.push_back(std::move(r));
}

void PowerRecord::note(const CurtailmentBegun& event, Instant) {
  if (auto* r = curtailment_named(event.name)) {
    r->slower = event.slower;
    r->smaller = event.smaller;
    r->paused = event.paused;
    r->moved = event.moved;
  }
}

void PowerRecord::note(const CurtailmentMeasured& event, Instant now) {
  if (auto* r = curtailment_named(event.name)) {
    r->at_ms = to_ms(now);
    r->less_w = event.less.count();
    r->drawn_w = event.drawn.count();
  }
}

void PowerRecord::note(const CurtailmentEnded& event, Instant now) {
  if (auto* r = curtailment_named(event.name)) {
    r->until_ms = to_ms(now);
    r->saved_j = event.saved.count();
    r->asked_j = event.asked.count();
    r->least_w = event.least.count();
  }
}

void PowerRecord::follow_courses(const Engine& engine, Instant until) {
  for (auto& course : courses_) {
    auto& r = curtailments_[course.result];
    const auto drawn = engine.facility_power_of(r.site).count();
    const bool due = course.next < until && course.next <= course.until;
    if (due && (r.course.empty() || r.course.back().drawn_w != drawn)) {
      r.course.push_back({to_ms(course.next), drawn});
    }
    while (course.next < until && course.next <= course.until) course.next += course.step;
  }
  std::erase_if(courses_, [](const Course& c) { return c.next > c.until; });
}

void PowerRecord::fill(SimulationResult& result, Instant now) const {
  result.curtailments = curtailments_;
  for (auto [site, kept] : sites_) {
    kept.site = site;
    for (const auto& [place, since] : capped_) {
      if (site_part(place) == site) kept.capped_ms += (now - since).count();
    }
    result.power.push_back(std::move(kept));
  }
}

}  // namespace ampacity
