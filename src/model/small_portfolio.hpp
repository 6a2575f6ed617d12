// SPDX-License-Identifier: Apache-2.0
// Portfolios for tests and for soaks: a few sites of a few nodes, one provider and one lease each.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/portfolio.hpp"
#include "units/text.hpp"

namespace ampacity::test {

struct SmallSite {
  std::string name;
  std::int64_t nodes = 1;
  std::int64_t gpus_per_node = 4;
  std::string provider = "azure";
};

inline Instant day(const char* text) {
  return parse_instant(text).value();
}

inline Portfolio small_portfolio(const std::vector<SmallSite>& sites) {
  Portfolio p;
  p.name = "small";
  p.accelerators = {{.name = "slot",
                     .vendor = "test",
                     .tdp = Power::of(1'000),
                     .idle = Power::of(100),
                     .gpus_per_node = 4,
                     .nodes_per_rack = 1,
                     .rack_power = Power::of(4'400),
                     .source = "made up"}};
  p.priority_classes = {{"low", -10}, {"normal", 0}, {"high", 10}};
  p.policy.requeue_backoff = Duration(2'000);
  p.policy.requeue_backoff_max = Duration(8'000);
  p.policy.grace = Duration(5'000);
  for (const auto& site : sites) {
    const auto known = [&](const Provider& provider) { return provider.name == site.provider; };
    if (std::find_if(p.providers.begin(), p.providers.end(), known) == p.providers.end()) {
      p.providers.push_back({.name = site.provider});
    }
    const auto all = Power::of(1'100) * (site.nodes * site.gpus_per_node);  // at full load
    Site s;
    s.name = site.name;
    s.pue = Ratio::of(1'200'000);
    s.energy_price = EnergyPrice::of(50'000'000);
    s.cluster.kind = ClusterKind::Simulated;
    s.halls = {{.name = "h",
                .power = std::max(Power::of(10'000'000), all),
                .racks_per_pod = 1,
                .nodes_per_rack = site.nodes,
                .gpus_per_node = site.gpus_per_node,
                .accelerator = "slot"}};
    p.sites.push_back(s);
    p.leases.push_back({.name = site.name + "-lease",
                        .provider = site.provider,
                        .sites = {site.name},
                        .power = std::max(Power::of(1'000'000), all),
                        .price = {PriceBasis::GpuHour, Money::of(2'000'000)},
                        .starts = day("2026-01-01"),
                        .ends = day("2030-01-01")});
  }
  return p;
}

}  // namespace ampacity::test
