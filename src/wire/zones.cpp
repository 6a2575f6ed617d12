// SPDX-License-Identifier: Apache-2.0
#include "wire/zones.hpp"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/strenum.h>
#include <unicode/timezone.h>
#include <unicode/tzrule.h>
#include <unicode/tztrans.h>

#include <memory>

#include "base/text.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t first_ms = 946'684'800'000;   // 2000-01-01
constexpr std::int64_t last_ms = 7'258'118'400'000;  // 2200-01-01

std::vector<std::string> known_zones() {
  std::vector<std::string> names;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::StringEnumeration> all(icu::TimeZone::createTimeZoneIDEnumeration(
      UCAL_ZONE_TYPE_CANONICAL, nullptr, nullptr, status));
  while (U_SUCCESS(status) && all) {
    const auto* name = all->next(nullptr, status);
    if (name == nullptr) break;
    names.emplace_back(name);
  }
  return names;
}

Duration offset_of(const icu::TimeZoneRule& rule) {
  return Duration(rule.getRawOffset() + rule.getDSTSavings());
}

Duration offset_at(const icu::TimeZone& zone, std::int64_t ms) {
  std::int32_t raw = 0;
  std::int32_t saved = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone.getOffset(static_cast<UDate>(ms), 0, raw, saved, status);
  return Duration(raw + saved);
}

}  // namespace

Result<Calendar> load_calendar(const std::string& zone) {
  Calendar calendar{zone, {}};
  if (zone == "UTC") return calendar;
  const std::unique_ptr<icu::TimeZone> found(
      icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(zone)));
  const auto* rules = dynamic_cast<const icu::BasicTimeZone*>(found.get());
  // Custom ids such as 'GMT-5' are no contract's zone: they have no law behind them.
  const bool named = zone.find('/') != std::string::npos;
  if (rules == nullptr || !named || *found == icu::TimeZone::getUnknown()) {
    return invalid(fmt::format("expected a time zone such as 'America/Chicago', got '{}'{}", zone,
                               did_you_mean(zone, known_zones())));
  }
  calendar.steps.push_back({from_ms(first_ms), offset_at(*rules, first_ms)});
  icu::TimeZoneTransition transition;
  auto at = static_cast<UDate>(first_ms);
  while (rules->getNextTransition(at, 0, transition)) {
    at = transition.getTime();
    if (at >= static_cast<UDate>(last_ms)) break;
    const auto offset = offset_of(*transition.getTo());
    if (offset == calendar.steps.back().offset) continue;  // only its name changed
    calendar.steps.push_back({from_ms(static_cast<std::int64_t>(at)), offset});
  }
  return calendar;
}

Result<Calendars> load_calendars(const Portfolio& portfolio) {
  Calendars calendars;
  for (const auto& lease : portfolio.leases) {
    if (calendars.count(lease.time_zone) > 0) continue;
    auto calendar = load_calendar(lease.time_zone);
    if (!calendar) return calendar.error().within("lease " + lease.name);
    calendars.emplace(lease.time_zone, std::move(*calendar));
  }
  return calendars;
}

}  // namespace ampacity
