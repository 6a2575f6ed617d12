// SPDX-License-Identifier: Apache-2.0
// The published schemas: generated from the loaders' own descriptions, accepted by a validator of
// the field, and of one mind with the loader about units.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "wire/faults_file.hpp"
#include "wire/forms.hpp"
#include "wire/job_file.hpp"
#include "wire/portfolio_file.hpp"
#include "wire/synthetic_file.hpp"
#include "wire/trace_map.hpp"
#include "wire/variants_file.hpp"

using namespace ampacity;

namespace {

std::string repository(const std::string& file) {
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  return std::string(root) + "/" + file;
}

std::string text_of(const std::string& file) {
  auto text = read_text_file(repository(file));
  if (!text) FAIL(to_text(text.error()));
  return *text;
}

boost::json::value number(const YamlNode& scalar) {
  boost::json::error_code error;
  auto value = boost::json::parse(scalar.text, error);
  return error ? boost::json::value(0.5) : value;
}

// YAML as a validator sees it (core schema).
boost::json::value to_json(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::Null) return nullptr;
  if (node.kind == YamlNode::Kind::List) {
    boost::json::array list;
    for (const auto* item : node.children) list.push_back(to_json(*item));
    return list;
  }
  if (node.kind == YamlNode::Kind::Mapping) {
    boost::json::object object;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      object[node.children[i]->text] = to_json(*node.children[i + 1]);
    }
    return object;
  }
  switch (type_of(node)) {
    case ScalarType::Text:
      return boost::json::value(node.text);
    case ScalarType::Boolean:
      return boost::json::value(node.text[0] == 't');
    case ScalarType::Integer:
    case ScalarType::Number:
      return number(node);
  }
  return nullptr;
}

boost::json::value yaml(const std::string& text) {
  ProblemList problems("f");
  YamlTree tree;
  const auto* root = YamlTree::parse(tree, text, problems);
  REQUIRE(root != nullptr);
  return to_json(*root);
}

// What the validator says: empty if the document is valid.
std::string validate(const std::string& schema_text, const std::string& document) {
  const auto schema_json = boost::json::parse(schema_text);
  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::BoostJsonAdapter(schema_json), schema);
  const auto value = yaml(document);
  valijson::ValidationResults results;
  const valijson::adapters::BoostJsonAdapter target(value);
  if (valijson::Validator().validate(schema, target, &results)) return "";
  std::string text;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& step : error.context) text += step;
    text += ": " + error.description + "\n";
  }
  return text;
}

template <class T>
void pattern_agrees(const std::vector<const char*>& texts) {
  const std::regex pattern(std::string(Written<T>::words.pattern), std::regex::ECMAScript);
  for (const auto* text : texts) {
    CAPTURE(text);
    CHECK(std::regex_match(text, pattern) == Written<T>::parse(text).has_value());
  }
  CHECK(Written<T>::parse(Written<T>::words.example).has_value());
}

}  // namespace

TEST_CASE("schema/portfolio.schema.json is what the loader describes") {
  INFO("regenerate with: ampacity schema portfolio > schema/portfolio.schema.json");
  CHECK(text_of("schema/portfolio.schema.json") == portfolio_schema());
}

TEST_CASE("schema/job.schema.json is what the loader describes") {
  INFO("regenerate with: ampacity schema job > schema/job.schema.json");
  CHECK(text_of("schema/job.schema.json") == job_schema());
}

TEST_CASE("schema/trace-map.schema.json is what the loader describes") {
  INFO("regenerate with: ampacity schema trace-map > schema/trace-map.schema.json");
  CHECK(text_of("schema/trace-map.schema.json") == trace_map_schema());
}

TEST_CASE("schema/synthetic.schema.json is what the loader describes") {
  INFO("regenerate with: ampacity schema synthetic > schema/synthetic.schema.json");
  CHECK(text_of("schema/synthetic.schema.json") == synthetic_schema());
}

TEST_CASE("schemas of faults and of variants are what the loaders describe") {
  INFO("regenerate with: ampacity schema faults > schema/faults.schema.json, and variants");
  CHECK(text_of("schema/faults.schema.json") == faults_schema());
  CHECK(text_of("schema/variants.schema.json") == variants_schema());
}

TEST_CASE("every example of faults and variants is valid, and a wrong one is refused by place") {
  for (const auto* file :
       {"examples/faults/llama3.yaml", "examples/faults/site-events.yaml",
        "examples/faults/titan-lifetimes.yaml", "examples/faults/recorded.yaml"}) {
    CAPTURE(file);
    CHECK(validate(faults_schema(), text_of(file)) == "");
    const auto faults = parse_faults(text_of(file), file);
    CHECK((faults ? "" : to_text(faults.error())) == "");
  }
  const std::string variants = "examples/policies/backfill.yaml";
  CHECK(validate(variants_schema(), text_of(variants)) == "");
  CHECK(parse_variants(text_of(variants), variants).has_value());
  const auto wrong = parse_faults(
      "kind: Faults\ncauses:\n  - {cause: x, unit: gpuu, mean_between: 1 h}\n", "f.yaml");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().front().at.line == 3);
  CHECK(wrong.error().front().message.find("did you mean 'gpu'") != std::string::npos);
}

TEST_CASE("every example of a workload is valid, by the schema and by the loader") {
  const auto yaml_files = [](const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(repository(folder))) {
      if (file.path().extension() == ".yaml")
        files.push_back(folder + file.path().filename().string());
    }
    return files;
  };
  for (const auto& file : yaml_files("examples/traces/")) {
    CAPTURE(file);
    CHECK(validate(trace_map_schema(), text_of(file)) == "");
    const auto map = parse_trace_map(text_of(file), file);
    CHECK((map ? "" : to_text(map.error())) == "");
  }
  for (const auto& file : yaml_files("examples/workloads/")) {
    CAPTURE(file);
    CHECK(validate(synthetic_schema(), text_of(file)) == "");
    const auto spec = parse_synthetic(text_of(file), file);
    CHECK((spec ? "" : to_text(spec.error())) == "");
  }
}

TEST_CASE("made workloads: the schema and the loader agree") {
  const std::string sound =
      "kind: Synthetic\nworkload: w\nfrom: 2028-01-01\nuntil: 2028-02-01\njobs: 10\n"
      "sizes: [{gpus: 1}]\n"
      "durations: [{p50: 1 min, p90: 1 h, p99: 1 d, longest: 3 d}]\n";
  const auto both = [](const std::string& text) {
    CAPTURE(text);
    const bool valid = validate(synthetic_schema(), text).empty();
    CHECK(valid == parse_synthetic(text, "f").has_value());
    return valid;
  };
  CHECK(both(sound));
  CHECK(both(sound + "elastic: {share: 10 %}\nhours: []\n"));
  CHECK_FALSE(both(sound + "elastic: {least: 10 %}\n"));
  CHECK_FALSE(both(sound + "teams: [{nam: a}]\n"));
  CHECK_FALSE(both(sound + "seed: one\n"));
  const auto says = [&](const std::string& more, const std::string& message) {
    const auto spec = parse_synthetic(sound + more, "f");
    REQUIRE_FALSE(spec.has_value());
    CHECK(to_text(spec.error()) == "f:" + message + "\n");
  };
  says("hours: [1, 2]\n", "8:8: hours: expected 24 weights, got 2");
  says("growth: 2000 %\n", "8:9: growth: expected -90 % to 1000 % a year");
  says("per_day: 5\n", "1:1: expected two of 'until', 'jobs' and 'per_day'");
  says("failed: 60 %\ncancelled: 50 %\n",
       "7:13: durations[0].failed: failed and cancelled together: expected 0 % to 100 %\n"
       "f:8:9: failed: failed and cancelled together: expected 0 % to 100 %");
  says("walltimes: [{factor: 0.5}]\n", "8:22: walltimes[0].factor: expected 1 to 1000");
}

TEST_CASE("both examples are valid by the schema") {
  for (const auto* file : {"examples/desk/portfolio.yaml", "examples/stargate/portfolio.yaml"}) {
    CAPTURE(file);
    CHECK(validate(portfolio_schema(), text_of(file)) == "");
  }
}

TEST_CASE("the schema refuses what the loader refuses") {
  auto desk = text_of("examples/desk/portfolio.yaml");
  const auto both_refuse = [&](const std::string& from, const std::string& to) {
    auto text = desk;
    CAPTURE(to);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    CHECK(validate(portfolio_schema(), text) != "");
    CHECK_FALSE(parse_portfolio(text, "f").has_value());
  };
  both_refuse("pue: 1.10", "puee: 1.10");
  both_refuse("interconnection: 100 W", "interconnection: 100");
  both_refuse("sites: [attic]", "sites: attic");
  both_refuse("cluster: {kind: local}", "cluster: {kind: slurm}");
  both_refuse("    power: 80 W\n", "");
  both_refuse("from: 2026-01-01", "from: soon");
  both_refuse("gpus_per_node: 2", "gpus_per_node: two");
  both_refuse("title: Northwind Cloud", "title: 42");
  both_refuse("price: 2.05 USD/GPU-hour", "price: 2.05 USD/hour");
  both_refuse("grace: 5 s", "grace: 5");
}

TEST_CASE("jobs: the schema and the loader agree") {
  const auto both = [](const std::string& text) {
    CAPTURE(text);
    const bool valid = validate(job_schema(), text).empty();
    CHECK(valid == parse_job(text, "f").has_value());
    return valid;
  };
  CHECK(both("job: a\ncommand: [echo, 10, true]\nenvironment: {A: 1, B: x}\n"));
  CHECK(both(
      "job: a\ncommand: echo hello\nwalltime: 10 min\nearly_signal: {number: 10, lead: 60 s}\n"));
  CHECK(
      both("job: a\nscript: |\n  #!/bin/sh\n  true\narguments: [1]\nsimulated: {runtime: 2 h}\n"));
  CHECK(both("job: a\ncommand: [x]\naccelerators: [H100, {name: GB200, speed: 40 %}]\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\naccelerators: [{speed: 40 %}]\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\naccelerators: [{name: H100, sped: 40 %}]\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\naccelerators: [[H100]]\n"));
  CHECK_FALSE(both("job: a\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\nscript: x\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\narguments: [x]\n"));
  CHECK_FALSE(both("job: a\ncommand: [[x]]\n"));
  CHECK_FALSE(both("job: a\ncommand: [x]\nrequeue: maybe\n"));
}

TEST_CASE("the patterns of the schema accept what the parsers accept") {
  pattern_agrees<Power>({"1.2 GW", "15W", "1_000 MW", "1,200 MW", "1.2", "1.2 gw", "1. GW", "-3 kW",
                         ".5 GW", "1_ MW", "", "GW"});
  pattern_agrees<Money>(
      {"12.50 USD", "$12.50", "30 G$", "7 B$", "12 EUR", "12", "$", "1 MUSD", "1 kUSD"});
  pattern_agrees<Duration>(
      {"72 h", "1 h 30 min", "1.5 d", "72", "-1 h", "1 h x", "2 days", "350 ms"});
  pattern_agrees<Instant>({"2028-01-01", "2028-01-01T06:30:00Z", "2028-01-01T06:30:00.250Z",
                           "01.01.2028", "2028-1-1", "2028-01-01T06:30"});
  pattern_agrees<EnergyPrice>(
      {"55 USD/MWh", "0.055 USD/kWh", "55 $/MWh", "55", "55 EUR/MWh", "-3 USD/MWh"});
  pattern_agrees<Carbon>({"333 g/kWh", "333", "333 kg/kWh"});
  pattern_agrees<GpuPrice>({"2 USD/GPU-hour", "0.5 $/GPU-hour", "2", "2 USD/hour", "$2/GPU-hour"});
  pattern_agrees<Ratio>({"1.10", "80 %", "80%", "x", "1.1.0", "%"});
}
