// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "units/arithmetic.hpp"
#include "units/text.hpp"

using namespace ampacity;
using namespace ampacity::literals;

namespace {

constexpr std::int64_t biggest = std::numeric_limits<std::int64_t>::max();

template <class Q>
std::string refusal(const Result<Q>& result) {
  return result ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("a power is read exactly, with its unit") {
  CHECK(parse_power("4.5 GW")->count() == 4'500'000'000);
  CHECK(parse_power("1.2GW")->count() == 1'200'000'000);
  CHECK(parse_power("0.001 kW")->count() == 1);
  CHECK(parse_power("1_000 MW")->count() == 1'000'000'000);
  CHECK(parse_power("1,200 MW")->count() == 1'200'000'000);
  CHECK(parse_power("  15 W\t")->count() == 15);
  CHECK(parse_power("-3 kW")->count() == -3'000);
}

TEST_CASE("a power without unit, of another unit or finer than a watt is refused") {
  CHECK(refusal(parse_power("1.2")) == "expected a power such as '1.2 GW', got '1.2'");
  CHECK(refusal(parse_power("1.2 gw")) == "expected a power such as '1.2 GW', got '1.2 gw'");
  CHECK(refusal(parse_power("")) == "expected a power such as '1.2 GW', got ''");
  CHECK(refusal(parse_power("1. GW")) == "expected a power such as '1.2 GW', got '1. GW'");
  CHECK(refusal(parse_power(".5 GW")) == "expected a power such as '1.2 GW', got '.5 GW'");
  CHECK(refusal(parse_power("1 MWh")) == "expected a power such as '1.2 GW', got '1 MWh'");
  CHECK(refusal(parse_power("0.5 W")) == "'0.5 W' is out of range or finer than a power can hold");
}

TEST_CASE("numbers at and over 64 bits") {
  CHECK(parse_power("9.223372036 GW"));
  CHECK_FALSE(parse_power("9223372037 GW"));
  CHECK(parse_power("9223372036 GW")->count() == 9'223'372'036'000'000'000);
  CHECK(refusal(parse_power("9223372037 GW")).find("out of range") != std::string::npos);
  CHECK_FALSE(parse_power("1234567890123456789 W"));  // 19 digits: more than any quantity needs
}

TEST_CASE("money in the spellings people use") {
  CHECK(parse_money("12.50 USD")->count() == 12'500'000);
  CHECK(parse_money("$12.50")->count() == 12'500'000);
  CHECK(parse_money("30 G$")->count() == 30'000'000'000'000'000);
  CHECK(*parse_money("7 B$") == *parse_money("7 GUSD"));
  CHECK(parse_money("0.000001 USD")->count() == 1);
  CHECK(refusal(parse_money("0.0000001 USD")).find("finer") != std::string::npos);
  CHECK(refusal(parse_money("12 EUR")) == "expected an amount such as '12.50 USD', got '12 EUR'");
  CHECK_FALSE(parse_money("9224 G$"));
  CHECK(parse_money("9223 G$"));
  CHECK(refusal(parse_money("$")) == "expected an amount such as '12.50 USD', got '$'");
}

TEST_CASE("durations add up and are never negative") {
  CHECK(*parse_duration("72 h") == Duration(72 * 3'600'000));
  CHECK(*parse_duration("1 h 30 min") == Duration(5'400'000));
  CHECK(*parse_duration("1 min 00 s") == Duration(60'000));
  CHECK(*parse_duration("0 s") == Duration(0));
  CHECK(*parse_duration("1.5 d") == Duration(129'600'000));
  CHECK(refusal(parse_duration("-1 h")) == "expected a duration such as '72 h', got '-1 h'");
  CHECK(refusal(parse_duration("72")) == "expected a duration such as '72 h', got '72'");
  CHECK(refusal(parse_duration("1 h x")) == "expected a duration such as '72 h', got '1 h x'");
  CHECK_FALSE(parse_duration("106751991168 d"));  // one more than 64 bits of milliseconds
  CHECK_FALSE(parse_duration("106751991167 d 1 d"));
}

TEST_CASE("prices, carbon, ratios and energy") {
  CHECK(parse_energy_price("55 USD/MWh")->count() == 55'000'000);
  CHECK(*parse_energy_price("0.055 USD/kWh") == *parse_energy_price("55 $/MWh"));
  CHECK(parse_energy_price("-3 USD/MWh")->count() == -3'000'000);
  CHECK(parse_gpu_price("2.05 USD/GPU-hour")->count() == 2'050'000);
  CHECK(parse_carbon("333 g/kWh")->count() == 333);
  CHECK_FALSE(parse_carbon("0.5 g/kWh"));
  CHECK(parse_ratio("1.10")->count() == 1'100'000);
  CHECK(*parse_ratio("80 %") == *parse_ratio("0.8"));
  CHECK_FALSE(parse_ratio("0.0000001"));
  CHECK(parse_energy("40 MWh")->count() == 144'000'000'000);
}

TEST_CASE("dates are days of the calendar from 2000 to 2200") {
  CHECK(to_ms(*parse_instant("2028-01-01")) == 1'830'297'600'000);
  CHECK(to_text(*parse_instant("2028-02-29T06:30:00.250Z")) == "2028-02-29T06:30:00.250Z");
  CHECK(parse_instant("2000-01-01"));
  CHECK(parse_instant("2200-12-31"));
  CHECK(refusal(parse_instant("1999-12-31")) == "'1999-12-31' is outside the years 2000 to 2200");
  CHECK(refusal(parse_instant("2201-01-01")) == "'2201-01-01' is outside the years 2000 to 2200");
  CHECK(refusal(parse_instant("2027-02-29")) == "'2027-02-29' is not a day of the calendar");
  CHECK(refusal(parse_instant("01.01.2028")) ==
        "expected a date such as '2028-01-01', got '01.01.2028'");
  for (const auto* text : {"2028-01-01T24:00:00Z", "2028-01-01T06:30:00", "2028-01-01 06:30:00Z",
                           "2028-01-01T06:60:00Z", "2028-1-1", "2028-01-01Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_instant(text));
  }
}

TEST_CASE("what is printed reads back as the same value") {
  for (const auto watts : {0LL, 1LL, 999LL, 1'000LL, 1'500LL, 136'000'000LL, 4'500'000'000LL}) {
    CAPTURE(watts);
    CHECK(parse_power(to_text(Power::of(watts)))->count() == watts);
  }
  for (const auto ms :
       {0LL, 350LL, 1'000LL, 12'500LL, 60'000LL, 65'000LL, 5'400'000LL, 93'600'000LL}) {
    CAPTURE(ms);
    CHECK(*parse_duration(to_text(Duration(ms))) == Duration(ms));
  }
  for (const auto ppm : {0LL, 1LL, 800'000LL, 1'000'000LL, 1'100'000LL, -5LL}) {
    CHECK(parse_ratio(to_text(Ratio::of(ppm)))->count() == ppm);
  }
  for (const auto ms : {946'684'800'000LL, 1'830'297'600'001LL}) {
    CHECK(to_ms(*parse_instant(to_text(from_ms(ms)))) == ms);
  }
}

TEST_CASE("amounts are printed as people read them") {
  CHECK(to_text(Money::of(12'345'000)) == "$12.35");
  CHECK(to_text(Money::of(1'200)) == "$0.001200");
  CHECK(to_text(Money::of(-12'345'000)) == "-$12.35");
  CHECK(to_text(Money()) == "$0.00");
  CHECK(to_text(*parse_money("30 G$")) == "$30.00B");
  CHECK(to_text(Power::of(1'234'567)) == "1.235 MW");
  CHECK(to_text(Duration(-5'000)) == "-5 s");
  CHECK(to_text(GpuTime::of(3'600'000)) == "1 GPU-hours");
  CHECK(to_text(GpuTime::of(500)) == "0.5 GPU-seconds");
  CHECK(to_date(from_ms(1'830'297'600'000)) == "2028-01-01");
}

TEST_CASE("the extremes print without overflow") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  CHECK(to_text(Power::of(least)) == "-9223372036.855 GW");
  CHECK(to_text(Duration(least)) == "-106751991167 d 7 h");
  CHECK(to_text(Ratio::of(least)) == "-9223372036854.775808");
  CHECK(to_text(Money::of(biggest)).front() == '$');
  CHECK(to_text(Money::of(std::numeric_limits<std::int64_t>::min())).substr(0, 2) == "-$");
}

TEST_CASE("products are computed once and rounded half away from zero") {
  CHECK(energy_of(1_MW, Duration(3'600'000)).count() == 3'600'000'000);
  CHECK(energy_of(Power::of(1), Duration(500)).count() == 1);  // 0.5 J
  CHECK(energy_of(Power::of(1), Duration(499)).count() == 0);
  CHECK(scaled(-1, 1, 2) == -1);
  CHECK(scaled(biggest, biggest, biggest) == biggest);
  CHECK(gpu_time_of(8_gpu, Duration(1'000)).count() == 8'000);
  CHECK(cost_of(Energy::of(3'600'000'000), EnergyPrice::of(55'000'000)).count() == 55'000'000);
  CHECK(cost_of(GpuTime::of(7'200'000), GpuPrice::of(2'050'000)).count() == 4'100'000);
  CHECK(times(100_MW, Ratio::of(1'100'000)) == 110_MW);
}

TEST_CASE("the lease of the mission: 30 G$ a year for 4.5 GW is 6.67 M$ a MW") {
  const auto year = *parse_money("30 G$");
  CHECK(to_text(Money::of(scaled(year.count(), 1, 4'500))) == "$6666666.67");
}
