// SPDX-License-Identifier: Apache-2.0
#include "wire/zones.hpp"

#include <doctest/doctest.h>

#include "units/text.hpp"
#include "wire/portfolio_file.hpp"

namespace ampacity {
namespace {

Instant at(const char* text) {
  return parse_instant(text).value();
}

std::string portfolio_with(const std::string& lease) {
  return "portfolio: p\nproviders: [{name: dte}]\nleases:\n  - name: l\n    provider: dte\n    "
         "sites: [s]\n"
         "    power: 1.4 GW\n    price: 60 k$/MW-month\n" +
         lease +
         "sites:\n  - name: s\n    cluster: {kind: simulated}\n"
         "    halls: [{name: h, power: 1.4 GW, accelerator: VR200}]\n";
}

std::string zone_problems(const std::string& lease) {
  const auto loaded = parse_portfolio(portfolio_with(lease), "p.yaml");
  return loaded ? "sound" : to_text(loaded.error());
}

}  // namespace

TEST_CASE("the zones of the examples, far beyond what zone files spell out") {
  const auto chicago = load_calendar("America/Chicago").value();
  CHECK(chicago.start_of({2028, 1}) == at("2028-01-01T06:00:00Z"));
  CHECK(chicago.start_of({2028, 7}) == at("2028-07-01T05:00:00Z"));
  CHECK(chicago.start_of({2042, 7}) == at("2042-07-01T05:00:00Z"));  // summer time after 2037
  const auto detroit = load_calendar("America/Detroit").value();
  CHECK(detroit.start_of({2046, 12}) == at("2046-12-01T05:00:00Z"));
  CHECK(detroit.steps.size() > 300);
  CHECK(load_calendar("UTC").value().steps.empty());
  CHECK(load_calendar("Asia/Kolkata").value().start_of({2028, 1}) == at("2027-12-31T18:30:00Z"));
}

TEST_CASE("a zone that nobody knows is refused, with a suggestion") {
  CHECK(load_calendar("America/Chicagoo").error().message ==
        "expected a time zone such as 'America/Chicago', got 'America/Chicagoo' (did you mean "
        "'America/Chicago'?)");
  for (const auto* wrong : {"", "GMT-5", "CST", "utc", "Mars/Base"}) {
    CAPTURE(wrong);
    CHECK_FALSE(load_calendar(wrong));
  }
}

TEST_CASE("plain dates of a lease are midnights of its zone, dates with a time are UTC") {
  const auto loaded = parse_portfolio(
      portfolio_with(
          "    time_zone: America/Detroit\n    starts: 2028-01-01\n"
          "    ends: 2047-01-01T00:00:00Z\n    minimum_bill: 80 %\n    escalator: 2 %\n"
          "    ramp: [{from: 2028-01-01, power: 400 MW}, {from: 2028-07-01, power: 1.4 GW}]\n"
          "    sla: [{below: 99.9 %, credit: 5 %}]\n    delay_damages: 1 k$/MW-day\n"
          "    prepayment: {amount: 1 M$, due: 2028-02-01}\n"
          "    renewal: {years: 5, notice: 730 d}\n    energy_pass_through: true\n"
          "    amendments: [{from: 2030-01-01, power: 1.6 GW, ends: 2048-01-01, why: more}]\n"),
      "p.yaml");
  REQUIRE_MESSAGE(loaded, to_text(loaded.error()));
  const auto& lease = loaded->leases[0];
  CHECK(lease.starts == at("2028-01-01T05:00:00Z"));
  CHECK(lease.ends == at("2047-01-01"));
  CHECK(lease.ramp[1].from == at("2028-07-01T04:00:00Z"));
  CHECK(lease.minimum_bill == Ratio::of(800'000));
  CHECK(lease.escalator == Ratio::of(20'000));
  CHECK(lease.sla == std::vector<SlaTier>{{Ratio::of(999'000), Ratio::of(50'000)}});
  CHECK(lease.delay_damages->per_mw_day == Money::of(1'000'000'000));
  CHECK(lease.prepayment->due == at("2028-02-01T05:00:00Z"));
  CHECK(lease.renewal->times == 1);
  CHECK(lease.energy_pass_through);
  REQUIRE(lease.amendments.size() == 1);
  CHECK(lease.amendments[0].from == at("2030-01-01T05:00:00Z"));
  CHECK(lease.term_ends() == at("2048-01-01T05:00:00Z"));
}

TEST_CASE("what is wrong with a term is said where it stands") {
  const std::string dates = "    starts: 2028-01-01\n    ends: 2047-01-01\n";
  CHECK(zone_problems(dates) == "sound");
  CHECK(zone_problems(dates + "    time_zone: America/Detriot\n").substr(0, 66) ==
        "p.yaml:11:16: leases[0].time_zone: expected a time zone such as 'A");
  CHECK(zone_problems(dates + "    delay_damages: 5 k$\n") ==
        "p.yaml:11:20: leases[0].delay_damages: expected delay damages such as '5 k$/MW-day', got "
        "'5 k$'\n");
  CHECK(zone_problems(dates + "    minimum_bill: 180 %\n") ==
        "p.yaml:11:19: leases[0].minimum_bill: expected a share from 0 % to 100 %\n");
  CHECK(zone_problems(dates + "    amendments: [{from: 2030-01-01}]\n").substr(0, 51) ==
        "p.yaml:11:18: leases[0].amendments[0]: changes noth");
  CHECK(zone_problems(dates + "    sla: [{below: 99 %}]\n").find("credit") != std::string::npos);
  CHECK(zone_problems(dates + "    escalater: 2 %\n").find("did you mean 'escalator'") !=
        std::string::npos);
}

}  // namespace ampacity
