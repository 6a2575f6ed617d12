// SPDX-License-Identifier: Apache-2.0
// Quantities as people write them: "4.5 GW", "72 h", "30 G$/year", "55 USD/MWh". Called by loaders
// and by everything that prints. Decimal numbers are read exactly (no float): a text that does not
// come to a whole number of the base unit is refused. Parsers return the value or a message of the
// form "expected a power such as '1.2 GW', got '1.2'". Locale never matters.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "units/quantity.hpp"

namespace ampacity {

Result<Power> parse_power(std::string_view text);           // W kW MW GW
Result<PowerRate> parse_power_rate(std::string_view text);  // MW/min
Result<Energy> parse_energy(std::string_view text);         // J kWh MWh GWh
Result<Money> parse_money(std::string_view text);        // 12.50 USD, $12.50, 30 G$, 7 B$, 5 MUSD
Result<Duration> parse_duration(std::string_view text);  // ms s min h d, "1 h 30 min"
Result<EnergyPrice> parse_energy_price(std::string_view text);  // USD/MWh
Result<GpuPrice> parse_gpu_price(std::string_view text);        // USD/GPU-hour
Result<Carbon> parse_carbon(std::string_view text);             // g/kWh
Result<Ratio> parse_ratio(std::string_view text);               // 1.10 or 80 %
// A date "2028-01-01" (midnight UTC) or an instant "2028-01-01T06:30:00Z"; years 2000 to 2200.
Result<Instant> parse_instant(std::string_view text);

std::string to_text(Power power);  // "1.2 GW", "850 kW", three significant digits or exact if short
std::string to_text(PowerRate rate);     // "50 MW/min"
std::string to_text(Energy energy);      // in Wh, kWh, MWh or GWh
std::string to_text(Money money);        // "$12.34", "$0.0012", "$30.00 G" as "$30.00B"
std::string to_text(Duration duration);  // "350 ms", "12 s", "1 h 05 min", "3 d 4 h"
std::string to_text(Ratio ratio);        // "1.1"
std::string to_text(GpuTime time);       // "12.5 GPU-hours" or "340 GPU-seconds"
std::string to_text(Instant instant);    // "2028-01-01T06:30:00.000Z"
std::string to_date(Instant instant);    // "2028-01-01"

}  // namespace ampacity
