// SPDX-License-Identifier: Apache-2.0
// The portfolio loader: the exact line that a person sees for each mistake, and the facts of the
// mission.
#include "wire/portfolio_file.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "units/arithmetic.hpp"
#include "units/text.hpp"

using namespace ampacity;

namespace {

const std::string sound_portfolio = R"(portfolio: test
providers:
  - name: first
    right_of_first_refusal: {scope: all, response_window: 72 h, from: 2026-01-01}
  - name: second
leases:
  - name: main
    provider: first
    sites: [attic]
    power: 80 W
    price: 2.05 USD/GPU-hour
    starts: 2026-01-01
    ends: 2031-01-01
    take_or_pay: 80 %
sites:
  - name: attic
    latitude: 32.448736
    longitude: -99.5
    interconnection: 1.2 GW
    pue: 1.10
    energy_price: 66.3 USD/MWh
    carbon: 333 g/kWh
    cluster: {kind: local}
    halls:
      - name: hall
        power: 100 MW
        accelerator: GB200
policy:
  grace: 5 s
)";

std::string problems_of(const std::string& text) {
  const auto loaded = parse_portfolio(text, "p.yaml");
  return loaded ? "loaded" : to_text(loaded.error());
}

// The problems after the first occurrence of `from` became `to`.
std::string with(const std::string& from, const std::string& to) {
  auto text = sound_portfolio;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return problems_of(text.replace(at, from.size(), to));
}

std::string in_repository(const std::string& file) {
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  return std::string(root) + "/" + file;
}

Portfolio example_file(const std::string& file) {
  auto loaded = load_portfolio(in_repository(file));
  if (!loaded) FAIL(to_text(loaded.error()));
  return *loaded;
}

const Site& site_named(const Portfolio& p, const std::string& name) {
  for (const auto& site : p.sites) {
    if (site.name == name) return site;
  }
  FAIL("no site " << name);
  return p.sites.front();
}

std::int64_t gpus_of(const Portfolio& p, const Site& site) {
  std::int64_t gpus = 0;
  for (const auto& hall : site.halls) {
    const auto shape = shape_of(p, hall);
    gpus += shape.nodes(hall) * shape.gpus_per_node;
  }
  return gpus;
}

}  // namespace

TEST_CASE("a sound_portfolio file becomes the values it states") {
  const auto p = parse_portfolio(sound_portfolio, "p.yaml");
  REQUIRE(p.has_value());
  CHECK(p->name == "test");
  CHECK(p->providers[0].right_of_first_refusal->response_window == Duration(72 * 3'600'000));
  CHECK(p->leases[0].price == LeasePrice{PriceBasis::GpuHour, Money::of(2'050'000)});
  CHECK(p->leases[0].take_or_pay == Ratio::of(800'000));
  CHECK(p->sites[0].latitude_microdegrees == 32'448'736);
  CHECK(p->sites[0].longitude_microdegrees == -99'500'000);
  CHECK(p->sites[0].interconnection ==
        std::vector<PowerStep>{{*parse_instant("2000-01-01"), Power::of(1'200'000'000)}});
  CHECK(p->sites[0].cluster.kind == ClusterKind::Local);
  CHECK(p->policy.grace == Duration(5'000));
  CHECK(p->policy.requeue_limit == Policy().requeue_limit);
}

TEST_CASE("a value without its unit") {
  CHECK(with("interconnection: 1.2 GW", "interconnection: 1.2") ==
        "p.yaml:19:22: sites[0].interconnection: expected a power such as '1.2 GW', got '1.2'\n");
  CHECK(with("grace: 5 s", "grace: 5") ==
        "p.yaml:29:10: policy.grace: expected a duration such as '72 h', got '5'\n");
  CHECK(with("carbon: 333 g/kWh", "carbon: low") ==
        "p.yaml:22:13: sites[0].carbon: expected a carbon intensity such as '333 g/kWh', got "
        "'low'\n");
  CHECK(
      with("price: 2.05 USD/GPU-hour", "price: 2.05 USD") ==
      "p.yaml:11:12: leases[0].price: expected a price such as '30 G$/year', '550 k$/MW-month' or "
      "'2.05 USD/GPU-hour', got '2.05 USD'\n");
  CHECK(with("starts: 2026-01-01", "starts: 2026-02-30") ==
        "p.yaml:12:13: leases[0].starts: '2026-02-30' is not a day of the calendar\n");
  CHECK(
      with("latitude: 32.448736", "latitude: 32.4487361") ==
      "p.yaml:17:15: sites[0].latitude: expected degrees such as '32.4488' (at most six decimals), "
      "got '32.4487361'\n");
}

TEST_CASE("misspelt, missing and repeated keys") {
  CHECK(with("pue: 1.10", "puee: 1.10") ==
        "p.yaml:20:5: sites[0]: unknown key 'puee' (did you mean 'pue'?)\n");
  CHECK(with("policy:", "polices:") ==
        "p.yaml:28:1: unknown key 'polices' (did you mean 'policy'?)\n");
  CHECK(with("    power: 80 W\n", "") == "p.yaml:7:5: leases[0]: 'power' is missing\n");
  CHECK(with("pue: 1.10", "pue: 1.10\n    pue: 1.2") ==
        "p.yaml:21:5: sites[0]: key 'pue' is given twice; first in line 20\n");
  CHECK(with("portfolio: test\n", "") == "p.yaml:1:1: 'portfolio' is missing\n");
  CHECK(with("pue: 1.10", "<<: 1.10") ==
        "p.yaml:20:5: sites[0]: merge keys ('<<') are not supported; write the keys out\n");
}

TEST_CASE("the wrong kind of node") {
  CHECK(with("sites: [attic]", "sites: attic") ==
        "p.yaml:9:12: leases[0].sites: expected a list, got 'attic'\n");
  CHECK(with("cluster: {kind: local}", "cluster: local") ==
        "p.yaml:23:14: sites[0].cluster: expected a mapping (key: value), got 'local'\n");
  CHECK(with("power: 80 W", "power: [80 W]") ==
        "p.yaml:10:12: leases[0].power: expected a power such as '1.2 GW', got a list\n");
  CHECK(with("pue: 1.10", "pue:") ==
        "p.yaml:20:5: sites[0].pue: expected a ratio such as '1.10', got nothing\n");
  CHECK(with("name: main", "name: 42") ==
        "p.yaml:7:11: leases[0].name: expected text, got '42'; put it in quotes\n");
  CHECK(with("power: 100 MW", "power: 100 MW\n        pods: 1.5") ==
        "p.yaml:27:15: sites[0].halls[0].pods: expected a whole number such as 8, got '1.5'\n");
  CHECK(with("power: 100 MW", "power: 100 MW\n        pods: 99999999999999999999") ==
        "p.yaml:27:15: sites[0].halls[0].pods: '99999999999999999999' is out of range\n");
}

TEST_CASE("clusters that are not built yet are refused by name") {
  CHECK(with("kind: local", "kind: slurm") ==
        "p.yaml:23:21: sites[0].cluster.kind: 'slurm' is not built yet; this version knows 'local' "
        "and "
        "'simulated'\n");
  CHECK(with("kind: local", "kind: kubernetes").find("'kubernetes' is not built yet") !=
        std::string::npos);
  CHECK(with("kind: local", "kind: loacl") ==
        "p.yaml:23:21: sites[0].cluster.kind: expected one of 'local' and 'simulated', got 'loacl' "
        "(did "
        "you mean 'local'?)\n");
}

TEST_CASE("what only the whole file shows is put at its line, too") {
  CHECK(with("- name: second", "- name: first") ==
        "p.yaml:5:11: providers[1].name: 'first' is already the name of providers[0]\n");
  CHECK(with("sites: [attic]", "sites: [atic]") ==
        "p.yaml:9:13: leases[0].sites[0]: no site is called 'atic' (did you mean 'attic'?)\n");
  CHECK(with("ends: 2031-01-01", "ends: 2025-01-01") ==
        "p.yaml:13:11: leases[0].ends: ends on 2025-01-01, which is not after its start on "
        "2026-01-01\n");
  CHECK(with("power: 80 W", "power: -80 W") ==
        "p.yaml:10:12: leases[0].power: the contracted power must be more than 0\n");
  CHECK(with("pue: 1.10", "pue: 11.0") ==
        "p.yaml:20:10: sites[0].pue: a PUE is between 1.0 and 3.0, got 11\n");
  CHECK(with("latitude: 32.448736", "latitude: 132.4") ==
        "p.yaml:17:15: sites[0].latitude: expected -90 to 90 degrees, got 132.4\n");
}

TEST_CASE("a problem of a key that the file leaves out is put at its parent") {
  CHECK(with("grace: 5 s", "requeue_backoff: 20 min") ==
        "p.yaml:29:3: policy.requeue_backoff_max: 10 min 00 s is less than the first back-off of "
        "20 min 00 s\n");
}

TEST_CASE("all problems of a file are told together, and not without end") {
  const auto two = with("pue: 1.10", "puee: 1.10\n    energy_prise: 3");
  CHECK(two.find(":20:5:") != std::string::npos);
  CHECK(two.find(":21:5:") != std::string::npos);
  std::string many = "portfolio: x\n";
  for (int i = 0; i < 1'000; ++i) many += "zzzzzz" + std::to_string(i) + ": 1\n";
  const auto loaded = parse_portfolio(many, "p.yaml");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().size() == limits::file_problems + 1);
  CHECK(to_text(loaded.error().back()) == "p.yaml: more problems follow; these are the first");
}

TEST_CASE("a message stays one line, whatever the value") {
  const auto text = with("name: second", "name: \"a\\nb" + std::string(5'000, 'x') + "\"");
  CHECK(text.find("\\nb") != std::string::npos);
  CHECK(text.size() < 600);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("ramps of sites and curves of accelerators") {
  const auto site = [](const std::string& line) { return with("    pue:", line + "\n    pue:"); };
  CHECK(site("    ramp_limit: 50 MW/min\n    swing_limit: 20 MW") == "loaded");
  CHECK(site("    ramp_limit: 50 MW").find("expected a ramp such as '50 MW/min'") !=
        std::string::npos);
  CHECK(site("    swing_limit: 0 MW").find("swing_limit") != std::string::npos);
  const auto curve = [](const std::string& points) {
    return with(
        "providers:",
        "accelerators:\n  - name: slot\n    tdp: 15 W\n    idle: 2 W\n    gpus_per_node: 2\n"
        "    nodes_per_rack: 2\n    rack_power: 80 W\n    throughput_curve: " +
            points + "\nproviders:");
  };
  CHECK(curve("[[50 %, 0.8], [1, 1]]") == "loaded");
  CHECK(curve("[[50 %, 0.8]]").find("expected [1, 1]") != std::string::npos);
  CHECK(curve("[[60 %, 0.8], [50 %, 0.9], [1, 1]]").find("is not above") != std::string::npos);
  CHECK(curve("[[60 %], [1, 1]]").find("expected [share of power, share of throughput]") !=
        std::string::npos);
}

TEST_CASE("prices by the year, by the MW-month and by the GPU-hour") {
  const auto price = [](const char* text) {
    auto yaml = sound_portfolio;
    const auto at = yaml.find("2.05 USD/GPU-hour");
    return parse_portfolio(yaml.replace(at, 17, text), "p").value().leases[0].price;
  };
  CHECK(price("30 G$/year") == LeasePrice{PriceBasis::Year, Money::of(30'000'000'000'000'000)});
  CHECK(price("550 k$ / MW-month") == LeasePrice{PriceBasis::MwMonth, Money::of(550'000'000'000)});
  CHECK(price("$2.05/GPU-hour") == LeasePrice{PriceBasis::GpuHour, Money::of(2'050'000)});
}

TEST_CASE("a file that is not there or is not a file") {
  CHECK(to_text(load_portfolio("/nonexistent/p.yaml").error()) ==
        "/nonexistent/p.yaml: cannot be opened: No such file or directory\n");
  CHECK(to_text(load_portfolio("/tmp").error()) == "/tmp: is a folder; expected a file\n");
  CHECK(to_text(load_portfolio("/dev/zero").error()) ==
        "/dev/zero: larger than 16 MiB; is it the right file?\n");
}

TEST_CASE("the desk: two local sites, the holder of the refusal right preferred") {
  const auto p = example_file("examples/desk/portfolio.yaml");
  REQUIRE(p.providers.size() == 2);
  CHECK(p.providers[0].right_of_first_refusal.has_value());
  CHECK_FALSE(p.providers[1].right_of_first_refusal.has_value());
  REQUIRE(p.sites.size() == 2);
  CHECK(p.leases[0].price.basis == PriceBasis::GpuHour);
  CHECK(p.leases[1].price.basis == PriceBasis::MwMonth);
  for (const auto& site : p.sites) CHECK(site.cluster.kind == ClusterKind::Local);
  CHECK(gpus_of(p, p.sites[0]) == 4);
  CHECK(gpus_of(p, p.sites[1]) == 8);
  CHECK(p.policy.requeue_backoff == Duration(2'000));
  CHECK(p.policy.grace == Duration(5'000));
}

TEST_CASE("stargate: the facts of the mission come out of the file") {
  const auto p = example_file("examples/stargate/portfolio.yaml");
  const auto& lease = p.leases[0];
  CHECK(lease.provider == "oracle");
  CHECK(lease.power == Power::of(4'500'000'000));
  CHECK(lease.price == LeasePrice{PriceBasis::Year, *parse_money("30 G$")});
  CHECK(to_date(lease.starts) == "2028-01-01");
  CHECK(lease.contracted_at(*parse_instant("2031-01-01")) == lease.power);
  CHECK(lease.ramp.back().power == lease.power);
  std::set<std::string> states;
  for (const auto& name : lease.sites) states.insert(site_named(p, name).state);
  CHECK(states == std::set<std::string>{"GA", "MI", "NM", "OH", "PA", "TX", "WI", "WY"});
  Power halls;
  for (const auto& name : lease.sites) {
    for (const auto& hall : site_named(p, name).halls) halls += hall.power * hall.count;
  }
  CHECK(halls == lease.power);
}

TEST_CASE("stargate: Abilene has its 400,000 GB200, and Azure is asked first") {
  const auto p = example_file("examples/stargate/portfolio.yaml");
  const auto& abilene = site_named(p, "abilene");
  CHECK(abilene.state == "TX");
  for (const auto& hall : abilene.halls) CHECK(hall.accelerator == "GB200");
  CHECK(gpus_of(p, abilene) == 400'320);
  CHECK(p.providers[0].name == "azure");
  CHECK(p.providers[0].right_of_first_refusal->response_window > Duration(0));
  REQUIRE(p.programmes.size() == 1);
  CHECK(p.programmes[0].total == *parse_money("500 G$"));
  CHECK(p.programmes[0].budgets[0].amount == *parse_money("100 G$"));
  const auto term = p.programmes[0].until - p.programmes[0].from;
  CHECK(std::chrono::floor<std::chrono::days>(term).count() == 4 * 365 + 1);
}

TEST_CASE("stargate: what its halls can draw fits its grid connections and its racks") {
  const auto p = example_file("examples/stargate/portfolio.yaml");
  for (const auto& site : p.sites) {
    CAPTURE(site.name);
    Power racks;
    Power halls;
    for (const auto& hall : site.halls) {
      const auto shape = shape_of(p, hall);
      racks += shape.accelerator->rack_power * (hall.count * hall.pods * hall.racks_per_pod);
      halls += hall.power * hall.count;
      CHECK_FALSE(hall.accelerator.empty());
    }
    CHECK(racks <= halls);
    CHECK(times(halls, site.pue) <= site.interconnection.back().power);
  }
}

TEST_CASE("the policy as settings, and with some of them changed") {
  Policy policy;
  policy.grace = Duration(90'500);
  policy.delay_price = GpuPrice::of(1'250'000);
  const auto settings = settings_of(policy);
  CHECK(settings.at("backfill") == "easy");
  CHECK(settings.at("grace") == "1 min 30 s 500 ms");
  CHECK(settings.at("delay_price") == "1.25 USD/GPU-hour");
  CHECK(settings.at("reclaim") == "true");
  CHECK(settings.at("requeue_limit") == "3");
  CHECK(settings.size() == 24);
  CHECK(settings.at("reading_max_age") == "5 min");
  CHECK(*with_settings(Policy(), settings, "policy") == policy);

  const auto changed = with_settings(
      policy, {{"backfill", "none"}, {"min_runtime", "5 min"}, {"fair_share_half_life", "0 h"}},
      "policy");
  REQUIRE(changed.has_value());
  CHECK(changed->backfill == Backfill::None);
  CHECK(changed->min_runtime == Duration(300'000));
  CHECK(settings_of(*changed).at("fair_share_half_life") == "0 s");
  CHECK(changed->grace == policy.grace);
}

TEST_CASE("a setting that is not one says what was meant") {
  const auto no = [](const char* key, const char* value) {
    const auto changed = with_settings(Policy(), {{key, value}}, "policy");
    return changed ? "taken" : to_text(changed.error());
  };
  CHECK(no("backfil", "none") == "policy: unknown key 'backfil' (did you mean 'backfill'?)\n");
  CHECK(no("backfill", "eazy") ==
        "policy: backfill: expected one of 'none', 'easy' and 'conservative', got 'eazy' (did you "
        "mean 'easy'?)\n");
  CHECK(no("grace", "5") == "policy: grace: expected a duration such as '72 h', got '5'\n");
  CHECK(no("reclaim", "yes") == "policy: reclaim: expected true or false, got 'yes'\n");
  CHECK(no("requeue_limit", "") ==
        "policy: requeue_limit: expected a whole number such as 8, got ''\n");
}
