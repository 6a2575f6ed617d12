// SPDX-License-Identifier: Apache-2.0
#include "units/text.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t scale;  // base units in one of it
};

struct Number {
  Wide digits = 0;   // the number without its point
  int decimals = 0;  // how many of the digits stand behind the point
  std::string_view rest;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// [+-]digits[.digits], "_" and "," allowed between digits as people group them. At most 18 digits.
std::optional<Number> read_number(std::string_view text) {
  Number number;
  bool negative = false;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  int digits = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      if (++digits > 18) return std::nullopt;
      number.digits = number.digits * 10 + (text[i] - '0');
      number.decimals += point ? 1 : 0;
    } else if (text[i] == '.' && !point && digits > 0) {
      point = true;
    } else if ((text[i] == '_' || text[i] == ',') && !point && i + 1 < text.size() &&
               is_digit(text[i + 1]) && digits > 0) {
      continue;
    } else {
      break;
    }
  }
  if (digits == 0 || text[i - 1] == '.') return std::nullopt;
  if (negative) number.digits = -number.digits;
  number.rest = trimmed(text.substr(i));
  return number;
}

// The number times `scale` if that is whole and fits.
std::optional<std::int64_t> exactly(const Number& number, std::int64_t scale) {
  Wide value = number.digits * scale;
  for (int i = 0; i < number.decimals; ++i) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  if (value > std::numeric_limits<std::int64_t>::max() ||
      value < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

Error expected(std::string_view what, std::string_view example, std::string_view got) {
  return invalid(fmt::format("expected {} such as '{}', got '{}'", what, example, got));
}

Result<std::int64_t> parse_with(std::string_view text, std::span<const Unit> units,
                                std::string_view what, std::string_view example) {
  const auto number = read_number(trimmed(text));
  if (!number) return expected(what, example, text);
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& u) { return u.name == number->rest; });
  if (unit == units.end()) return expected(what, example, text);
  if (const auto value = exactly(*number, unit->scale)) return *value;
  return invalid(fmt::format("'{}' is out of range or finer than {} can hold", text, what));
}

template <class Q>
Result<Q> quantity_from(Result<std::int64_t> parsed) {
  if (!parsed) return parsed.error();
  return Q::of(*parsed);
}

constexpr std::array power_units{Unit{"W", 1}, Unit{"kW", 1'000}, Unit{"MW", 1'000'000},
                                 Unit{"GW", 1'000'000'000}};
constexpr std::array energy_units{Unit{"J", 1}, Unit{"Wh", 3'600}, Unit{"kWh", 3'600'000},
                                  Unit{"MWh", 3'600'000'000}, Unit{"GWh", 3'600'000'000'000}};
constexpr std::int64_t usd = 1'000'000;
constexpr std::array money_units{Unit{"USD", usd},
                                 Unit{"$", usd},
                                 Unit{"k$", usd * 1'000},
                                 Unit{"kUSD", usd * 1'000},
                                 Unit{"M$", usd * 1'000'000},
                                 Unit{"MUSD", usd * 1'000'000},
                                 Unit{"G$", usd * 1'000'000'000},
                                 Unit{"B$", usd * 1'000'000'000},
                                 Unit{"GUSD", usd * 1'000'000'000}};
constexpr std::array duration_units{
    Unit{"ms", 1},        Unit{"s", 1'000},      Unit{"min", 60'000},     Unit{"m", 60'000},
    Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"day", 86'400'000}, Unit{"days", 86'400'000}};

// Splits "1 h 30 min" before each number that follows a unit.
Result<Duration> sum_of_durations(std::string_view text) {
  std::int64_t total = 0;
  std::string_view rest = trimmed(text);
  if (rest.empty() || rest.front() == '-') return expected("a duration", "72 h", text);
  while (!rest.empty()) {
    std::size_t end = 0;
    while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.' || rest[end] == ' '))
      ++end;
    while (end < rest.size() && !is_digit(rest[end])) ++end;
    const auto part = parse_with(rest.substr(0, end), duration_units, "a duration", "72 h");
    if (!part || __builtin_add_overflow(total, *part, &total)) {
      return expected("a duration", "72 h", text);
    }
    rest.remove_prefix(end);
  }
  return Duration(total);
}

std::optional<int> read_fixed(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<Duration> read_time_of_day(
    std::string_view text) {  // "T06:30:00Z" or "T06:30:00.250Z"
  if (text.size() < 10 || text[0] != 'T' || text[3] != ':' || text[6] != ':' ||
      text.back() != 'Z') {
    return std::nullopt;
  }
  const auto hour = read_fixed(text, 1, 2);
  const auto minute = read_fixed(text, 4, 2);
  const auto second = read_fixed(text, 7, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  int ms = 0;
  if (text.size() != 10) {
    if (text.size() != 14 || text[9] != '.' || !read_fixed(text, 10, 3)) return std::nullopt;
    ms = *read_fixed(text, 10, 3);
  }
  return Duration((*hour * 3600LL + *minute * 60LL + *second) * 1000LL + ms);
}

// value/scale with up to `decimals` decimals, trailing zeros cut.
std::string decimal(std::int64_t value, std::int64_t scale, int decimals) {
  std::int64_t power = 1;
  for (int i = 0; i < decimals; ++i) power *= 10;
  const auto shown = scaled(value, power, scale);
  const auto magnitude = shown < 0 ? -static_cast<Wide>(shown) : static_cast<Wide>(shown);
  auto text =
      fmt::format("{}{}", shown < 0 ? "-" : "", static_cast<std::int64_t>(magnitude / power));
  if (decimals == 0 || magnitude % power == 0) return text;
  text += fmt::format(".{:0{}}", static_cast<std::int64_t>(magnitude % power), decimals);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string with_prefix(std::int64_t value, std::span<const Unit> units) {
  const auto magnitude = value < 0 ? -static_cast<Wide>(value) : static_cast<Wide>(value);
  const Unit* best = &units.front();
  for (const auto& unit : units) {
    if (magnitude >= unit.scale) best = &unit;
  }
  return decimal(value, best->scale, best->scale == 1 ? 0 : 3) + " " + std::string(best->name);
}

}  // namespace

Result<Power> parse_power(std::string_view text) {
  return quantity_from<Power>(parse_with(text, power_units, "a power", "1.2 GW"));
}

Result<PowerRate> parse_power_rate(std::string_view text) {
  constexpr std::array units{Unit{"W/min", 1}, Unit{"kW/min", 1'000}, Unit{"MW/min", 1'000'000}};
  return quantity_from<PowerRate>(parse_with(text, units, "a ramp", "50 MW/min"));
}

Result<Energy> parse_energy(std::string_view text) {
  return quantity_from<Energy>(parse_with(text, energy_units, "an energy", "40 MWh"));
}

Result<Money> parse_money(std::string_view text) {
  auto body = trimmed(text);
  if (!body.empty() && body.front() == '$') {
    body.remove_prefix(1);
    const auto plain =
        parse_with(std::string(body) + " USD", money_units, "an amount", "12.50 USD");
    if (!plain) return expected("an amount", "12.50 USD", text);
    return Money::of(*plain);
  }
  return quantity_from<Money>(parse_with(body, money_units, "an amount", "12.50 USD"));
}

Result<Duration> parse_duration(std::string_view text) {
  return sum_of_durations(text);
}

Result<EnergyPrice> parse_energy_price(std::string_view text) {
  constexpr std::array units{Unit{"USD/MWh", usd}, Unit{"$/MWh", usd},
                             Unit{"USD/kWh", usd * 1'000}};
  return quantity_from<EnergyPrice>(parse_with(text, units, "an energy price", "55 USD/MWh"));
}

Result<GpuPrice> parse_gpu_price(std::string_view text) {
  constexpr std::array units{Unit{"USD/GPU-hour", usd}, Unit{"$/GPU-hour", usd}};
  return quantity_from<GpuPrice>(parse_with(text, units, "a GPU price", "2.05 USD/GPU-hour"));
}

Result<Carbon> parse_carbon(std::string_view text) {
  constexpr std::array units{Unit{"g/kWh", 1}};
  return quantity_from<Carbon>(parse_with(text, units, "a carbon intensity", "333 g/kWh"));
}

Result<Ratio> parse_ratio(std::string_view text) {
  constexpr std::array units{Unit{"", 1'000'000}, Unit{"%", 10'000}};
  return quantity_from<Ratio>(parse_with(text, units, "a ratio", "1.10"));
}

Result<Instant> parse_instant(std::string_view text) {
  const auto body = trimmed(text);
  const auto fail = expected("a date", "2028-01-01", text);
  if (body.size() < 10 || body[4] != '-' || body[7] != '-') return fail;
  const auto year = read_fixed(body, 0, 4);
  const auto month = read_fixed(body, 5, 2);
  const auto day = read_fixed(body, 8, 2);
  if (!year || !month || !day) return fail;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return invalid(fmt::format("'{}' is not a day of the calendar", text));
  if (*year < 2000 || *year > 2200) {
    return invalid(fmt::format("'{}' is outside the years 2000 to 2200", text));
  }
  Duration since = std::chrono::sys_days(date).time_since_epoch();
  if (body.size() > 10) {
    const auto time = read_time_of_day(body.substr(10));
    if (!time) return expected("a date", "2028-01-01 or 2028-01-01T06:30:00Z", text);
    since += *time;
  }
  return Instant(since);
}

std::string to_text(Power power) {
  return with_prefix(power.count(), power_units);
}

std::string to_text(PowerRate rate) {
  return to_text(Power::of(rate.count())) + "/min";
}

std::string to_text(Energy energy) {
  return with_prefix(energy.count(), energy_units);
}

std::string to_text(Money money) {
  const auto micro = money.count();
  const auto magnitude = micro < 0 ? -static_cast<Wide>(micro) : static_cast<Wide>(micro);
  const std::string sign = micro < 0 ? "-$" : "$";
  if (magnitude != 0 && magnitude < usd) {
    return sign + fmt::format("0.{:06}", static_cast<std::int64_t>(magnitude));
  }
  const auto cents = static_cast<std::int64_t>((magnitude + 5'000) / 10'000);
  if (cents >= 100'000'000'000) {
    const auto hundredths = (cents + 500'000'000) / 1'000'000'000;
    return sign + fmt::format("{}.{:02}B", hundredths / 100, hundredths % 100);
  }
  return sign + fmt::format("{}.{:02}", cents / 100, cents % 100);
}

std::string to_text(Duration duration) {
  const auto ms = duration.count();
  if (ms < 0) {  // the least number has no positive twin
    return "-" + to_text(Duration(-std::max(ms, -std::numeric_limits<std::int64_t>::max())));
  }
  if (ms < 1'000) return fmt::format("{} ms", ms);
  const auto s = ms / 1'000;
  if (s < 60) return decimal(ms, 1'000, 1) + " s";
  if (s < 3'600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  if (s < 86'400) return fmt::format("{} h {:02} min", s / 3'600, s % 3'600 / 60);
  return fmt::format("{} d {} h", s / 86'400, s % 86'400 / 3'600);
}

std::string to_text(Ratio ratio) {
  return decimal(ratio.count(), 1'000'000, 6);
}

std::string to_text(GpuTime time) {
  if (time.count() < ms_per_hour) return decimal(time.count(), 1'000, 1) + " GPU-seconds";
  return decimal(time.count(), ms_per_hour, 2) + " GPU-hours";
}

std::string to_date(Instant instant) {
  const auto days = std::chrono::floor<std::chrono::days>(instant.time_since_epoch());
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string to_text(Instant instant) {
  const auto days = std::chrono::floor<std::chrono::days>(instant.time_since_epoch());
  const auto ms = (instant.time_since_epoch() - days).count();
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", to_date(instant), ms / 3'600'000,
                     ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

}  // namespace ampacity
