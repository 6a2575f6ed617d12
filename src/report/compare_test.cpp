// SPDX-License-Identifier: Apache-2.0
#include "report/compare.hpp"

#include <doctest/doctest.h>

#include "report/figures.hpp"
#include "report/interval.hpp"
#include "support/example_result.hpp"
#include "wire/json.hpp"

using namespace ampacity;
using namespace ampacity::report;

namespace {

// A replica whose mean wait is `wait` ms; all other measures are the same everywhere.
Replica replica(const std::string& policy, std::uint64_t seed, std::int64_t wait) {
  SimulationResult r;
  r.portfolio = "p";
  r.workloads = {"w"};
  r.policy = policy;
  r.seed = seed;
  r.wait.mean_ms = wait;
  return replica_of(policy + std::to_string(seed) + ".json", r);
}

const Estimate& wait_of(const Comparison& comparison, std::size_t variant) {
  return comparison.measures.at(0).variants.at(variant);
}

}  // namespace

TEST_CASE("half widths are those of the tables of Student's t") {
  // Differences 1, 2, 3: s = 1, n = 3, t(0.975, 2) = 4.30265; 4.30265 / sqrt 3.
  CHECK(*paired_half_width({1, 2, 3}) == doctest::Approx(2.484138));
  // Equal variances and sizes: 4 degrees of freedom, t = 2.776445; times sqrt(1/3 + 1/3).
  CHECK(*welch_half_width({1, 2, 3}, {5, 6, 7}) == doctest::Approx(2.266958));
  // Variances of the means 1/3 and 5/3: 4.0754717 degrees of freedom, t by integration 2.756285.
  CHECK(*welch_half_width({1, 2, 3}, {2, 4, 6, 8}) == doctest::Approx(3.897975));
  CHECK(*welch_half_width({5, 5}, {7, 7}) == 0);
  CHECK(!paired_half_width({1}));
  CHECK(!welch_half_width({1}, {1, 2}));
}

TEST_CASE("the same seeds are paired, and the order of the files does not matter") {
  const auto c =
      compare({replica("easy", 1, 100), replica("easy", 2, 200), replica("easy", 3, 300),
               replica("cons", 3, 303), replica("cons", 1, 101), replica("cons", 2, 202)});
  REQUIRE(c.has_value());
  REQUIRE(c->variants.size() == 2);
  CHECK(c->variants[0].name == "easy");
  CHECK(c->variants[1].name == "cons");
  const auto& e = wait_of(*c, 1);
  CHECK(wait_of(*c, 0).mean == 200);
  CHECK(e.mean == 202);
  CHECK(e.method == Method::Paired);
  CHECK(e.pairs == 3);
  CHECK(*e.difference == doctest::Approx(2));
  CHECK(*e.low == doctest::Approx(2 - 2.484138));
  CHECK(*e.high == doctest::Approx(2 + 2.484138));
  const auto text = comparison_text(*c);
  CHECK(text.find("3 pairs of seeds") != std::string::npos);
  CHECK(text.find("+2 ms (+1.0 %)") != std::string::npos);
}

TEST_CASE("other seeds: Welch") {
  const auto c = compare({replica("easy", 1, 1), replica("easy", 2, 2), replica("easy", 3, 3),
                          replica("cons", 4, 5), replica("cons", 5, 6), replica("cons", 6, 7)});
  REQUIRE(c.has_value());
  CHECK(wait_of(*c, 1).method == Method::Welch);
  CHECK(*wait_of(*c, 1).low == doctest::Approx(4 - 2.266958));
}

TEST_CASE("one replica has a difference and no interval, and says so") {
  const auto c = compare({replica("easy", 1, 100), replica("", 1, 160)});
  REQUIRE(c.has_value());
  const auto& e = wait_of(*c, 1);
  CHECK(e.method == Method::OneReplica);
  CHECK(*e.difference == 60);
  CHECK(!e.low);
  CHECK(comparison_text(*c).find("one replica: no interval") != std::string::npos);
  CHECK(c->variants[1].name == "the portfolio's policy");
  const auto text = json::to_json(*c);
  CHECK(text.find(R"("measure":"mean wait","unit":"Milliseconds")") != std::string::npos);
  CHECK(text.find(R"("mean":160,"difference":60,"method":"OneReplica","pairs":0)") !=
        std::string::npos);
  CHECK(json::to_json(*json::from_json<Comparison>(text)) == text);
}

TEST_CASE("the same variant and seed twice is refused, and so is nothing") {
  const auto twice = compare({replica("easy", 7, 1), replica("easy", 7, 2)});
  CHECK(twice.error().message.find("failures and seed 7") != std::string::npos);
  CHECK(!compare({}).has_value());
}

TEST_CASE("results that differ in what no text of them says are variants, called by their files") {
  auto calm = replica("easy", 7, 1);
  auto faulty = replica("easy", 7, 5);
  faulty.scenario = "other failures";
  faulty.file = "faulty.json";
  const auto c = compare({calm, faulty});
  REQUIRE(c.has_value());
  REQUIRE(c->variants.size() == 2);
  CHECK(c->variants[0].name == "easy (easy7.json)");
  CHECK(c->variants[1].name == "easy (faulty.json)");
}

TEST_CASE("variants are called by what differs") {
  auto a = replica("easy", 1, 1);
  auto b = replica("easy", 1, 1);
  b.portfolio = "q";
  auto c = compare({a, b});
  REQUIRE(c.has_value());
  CHECK(c->variants[0].name == "p");
  CHECK(c->variants[1].name == "q");
  b.policy = "cons";
  c = compare({a, b});
  CHECK(c->variants[1].name == "q, cons");
}

TEST_CASE("measures of the example, in their units") {
  const auto replica = replica_of("x", ampacity::testing::example_result());
  CHECK(figure(measures()[2].unit, replica.values[2]) == "90.2 %");
  CHECK(figure(measures()[6].unit, replica.values[6]) == "68,122 MWh");
  CHECK(figure(measures()[7].unit, replica.values[7]) == "24,709 t");
}

TEST_CASE("figures for people") {
  CHECK(grouped(-1'234'567) == "-1,234,567");
  CHECK(grouped(-123) == "-123");
  CHECK(grouped(1'000) == "1,000");
  CHECK(dollars(1'234'567) == "$1.23M");
  CHECK(dollars(-0.5) == "-$0.50");
  CHECK(dollars(999.6) == "$1,000");
  CHECK(megawatt_hours(12.345) == "12.3 MWh");
  CHECK(tonnes(0.01234) == "0.012 t");
  CHECK(span_text(-90'000) == "-1 min 30 s");
  CHECK(signed_figure(Unit::Share, 0.031) == "+3.10 points");
  CHECK(signed_figure(Unit::Milliseconds, -90'000) == "-1 min 30 s");
}
