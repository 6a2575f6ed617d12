// SPDX-License-Identifier: Apache-2.0
#include "ledger/energy_account.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "ledger/occupancy.hpp"
#include "ledger/usage.hpp"

namespace ampacity {
namespace {

constexpr auto idle_team = "(idle)";

struct Sum {
  EnergyRow row;
  Wide carbon = 0;  // J x mg/kWh
};

class Adding {
 public:
  Adding(const Portfolio& portfolio, const AllFacts& facts, const FleetWatch& watched, Month month)
      : portfolio_(watched.sites ? *watched.sites : portfolio), facts_(facts), watched_(watched) {
    const Calendar utc;
    from_ = utc.start_of(month);
    until_ = std::min(utc.start_of(next(month)), watched.now);
    account_.month = to_text(month);
  }

  EnergyAccount run() {
    if (from_ < until_) {
      for (const auto& [lease, of_lease] : facts_) {
        for (const auto& reading : of_lease.readings) add(lease, reading);
      }
      for (const auto& site : portfolio_.sites) idle(site);
    }
    for (auto& [key, sum] : sums_) {
      sum.row.carbon_g = static_cast<std::int64_t>((sum.carbon + carbon_unit / 2) / carbon_unit);
      auto& all = account_.sum;
      all.gpu_ms += sum.row.gpu_ms;
      all.it_j += sum.row.it_j;
      all.facility_j += sum.row.facility_j;
      all.energy_micro_usd += sum.row.energy_micro_usd;
      all.carbon_g += sum.row.carbon_g;
      account_.rows.push_back(std::move(sum.row));
    }
    return std::move(account_);
  }

 private:
  // Idle time comes last of its site.
  Sum& sum_of(const EnergyRow& row) {
    const bool idle = row.team == idle_team;
    auto& sum = sums_[{row.site, idle, row.lease, row.team, row.project}];
    sum.row.site = row.site;
    sum.row.lease = row.lease;
    sum.row.team = row.team;
    sum.row.project = row.project;
    return sum;
  }

  void spend(Sum& sum, const Site& site, Energy it, Energy facility, Instant from, Duration time) {
    sum.row.it_j += it.count();
    sum.row.facility_j += facility.count();
    sum.row.energy_micro_usd += energy_cost(site, facility, from, time).count();
    sum.carbon += carbon_of(site, facility, from, time);
  }

  void add(const std::string& lease, const Reading& r) {
    const auto from = std::max(r.from, from_);
    const auto until = std::min(r.until, until_);
    if (from >= until) return;
    const auto& site = site_or_gone(portfolio_, r.site);
    auto& sum = sum_of({r.site, lease, r.team, r.project});
    const auto before = r.energy(from - r.from);
    const auto after = r.energy(until - r.from);
    sum.row.gpu_ms += gpu_time_of(r.gpus, until - from).count();
    spend(sum, site, after - before, times(after, site.pue) - times(before, site.pue), from,
          until - from);
    held_[r.site].push_back({from, until, r.gpus.count()});
  }

  // The first lease of the site that a server held.
  std::optional<Instant> held_since(const std::string& site) const {
    std::optional<Instant> first;
    for (const auto& lease : portfolio_.leases) {
      const auto known = facts_.find(lease.name);
      if (known == facts_.end()) continue;
      const auto since = known->second.held_since(lease.name);
      if (!since || !lease.is_at(site)) continue;
      first = std::min(first.value_or(Instant::max()), *since);
    }
    return first;
  }

  void idle(const Site& site) {
    const auto since = held_since(site.name);
    const auto from = std::max(from_, since.value_or(Instant::max()));
    if (from >= until_) return;
    Occupancy seen(portfolio_, site, from, until_);
    for (const auto& h : held_[site.name]) seen.held(h.from, h.until, h.gpus);
    if (const auto out = watched_.out_of_service.find(site.name);
        out != watched_.out_of_service.end()) {
      for (const auto& o : out->second) seen.out(o.from, o.until, o.gpus);
    }
    auto& sum = sum_of({site.name, "", idle_team, ""});
    seen.each([&](Instant begin, Instant end, const Occupancy::Counts& counts) {
      const auto it = energy_of(seen.idle_power(counts.free()), end - begin);
      sum.row.gpu_ms += counts.free() * (end - begin).count();
      spend(sum, site, it, times(it, site.pue), begin, end - begin);
    });
  }

  const Portfolio& portfolio_;
  const AllFacts& facts_;
  const FleetWatch& watched_;
  Instant from_;
  Instant until_;
  std::map<std::tuple<std::string, bool, std::string, std::string, std::string>, Sum> sums_;
  std::map<std::string, std::vector<Held>> held_;  // by site
  EnergyAccount account_;
};

}  // namespace

EnergyAccount energy_account(const Portfolio& portfolio, const AllFacts& facts,
                             const FleetWatch& watched, Month month) {
  return Adding(portfolio, facts, watched, month).run();
}

}  // namespace ampacity
