// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_fleet.hpp"

#include "units/text.hpp"

namespace ampacity::bench {
namespace {

// Halls of pods of eight NVL72 racks, and one hall of the racks that are left over.
void add_site(Portfolio& p, const std::string& name, std::int64_t racks) {
  constexpr std::int64_t racks_per_pod = 8;
  constexpr std::int64_t pods_per_hall = 32;
  Site site;
  site.name = name;
  site.pue = Ratio::of(1'150'000);
  site.energy_price = EnergyPrice::of(50'000'000);
  site.cluster.kind = ClusterKind::Simulated;
  const auto hall = [&](const std::string& hall_name, std::int64_t count, std::int64_t pods,
                        std::int64_t racks_in_pod) {
    if (count * pods * racks_in_pod == 0) return;
    site.halls.push_back({.name = hall_name,
                          .count = count,
                          .power = Power::of(pods * racks_in_pod * 140'000),
                          .pods = pods,
                          .racks_per_pod = racks_in_pod,
                          .accelerator = "GB200"});
  };
  const auto pods = racks / racks_per_pod;
  hall("hall", pods / pods_per_hall, pods_per_hall, racks_per_pod);
  hall("annex", 1, pods % pods_per_hall, racks_per_pod);
  hall("rest", 1, 1, racks % racks_per_pod);
  site.interconnection = {
      {parse_instant("2026-01-01").value(), Power::of(racks * 140'000 * 12 / 10)}};
  p.sites.push_back(site);
  p.leases.push_back({.name = name + "-lease",
                      .provider = "oracle",
                      .sites = {name},
                      .power = Power::of(racks * 140'000),
                      .price = {PriceBasis::GpuHour, Money::of(2'000'000)},
                      .starts = parse_instant("2026-01-01").value(),
                      .ends = parse_instant("2040-01-01").value()});
}

}  // namespace

Instant bench_epoch() {
  return parse_instant("2028-01-01").value();
}

Portfolio bench_portfolio(std::int64_t racks, std::int64_t sites) {
  Portfolio p;
  p.name = "bench";
  p.providers = {{.name = "oracle"}};
  for (std::int64_t i = 0; i < sites; ++i) {
    add_site(p, fmt::format("site{}", i + 1), racks / sites + (i < racks % sites ? 1 : 0));
  }
  p.policy.max_waiting = 10'000'000;
  return p;
}

}  // namespace ampacity::bench
