// SPDX-License-Identifier: Apache-2.0
#include "serve/billing.hpp"

#include <algorithm>
#include <map>

#include "serve/out_times.hpp"

namespace ampacity {
namespace {

// Sites as they were, with what the current portfolio says of all else.
InForce in_force_from(const Event& event, const Portfolio& current) {
  auto portfolio = current;
  const auto& then = *std::get<PortfolioConfigured>(event.body).portfolio;
  portfolio.sites = then.sites;
  portfolio.accelerators = then.accelerators;
  return {event.at, std::make_shared<const Portfolio>(std::move(portfolio))};
}

bool same_sites(const Portfolio& a, const Portfolio& b) {
  return a.sites == b.sites && a.accelerators == b.accelerators;
}

// What the sites were, and from when on; each unlike the one before. The last is the engine's.
std::vector<InForce> in_force(const Engine& engine, const std::vector<Event>& changes) {
  std::vector<InForce> all;
  for (const auto& change : changes) {
    const auto* configured = std::get_if<PortfolioConfigured>(&change.body);
    if (configured == nullptr) continue;
    if (!all.empty() && same_sites(*all.back().portfolio, *configured->portfolio)) continue;
    all.push_back(in_force_from(change, *engine.state().portfolio));
  }
  return all;
}

using Draws = std::map<AttemptId, std::vector<DrawRow>>;
using AllBearers = std::map<AttemptId, std::vector<BearerRow>>;

// Where the engine put use aside: at each change, and at the start of a gang that was slowed before
// it.
std::vector<DrawChange> changes_of(const Draws& draws, AttemptId attempt,
                                   std::optional<Instant> started) {
  std::vector<DrawChange> all;
  const auto own = draws.find(attempt);
  if (own == draws.end()) return all;
  for (const auto& row : own->second) all.push_back({row.since, row.draws});
  if (!started) return all;
  const auto& rows = own->second;
  const auto after = std::find_if(rows.begin(), rows.end(),
                                  [&](const DrawRow& row) { return row.since > *started; });
  if (after == rows.begin() || std::prev(after)->pace == one) return all;
  all.insert(all.begin() + (after - rows.begin()), {*started, std::prev(after)->draws});
  return all;
}

// An attempt: its lease, if it never had another, all of it as one reading, and what it used.
struct Metered {
  AttemptId attempt;
  std::string lease;
  Reading whole;
  std::optional<Instant> started;
  Usage usage;
};

// Its readings, each to the lease that bore it.
void add(AllFacts& facts, const Metered& gang, const Draws& draws, const AllBearers& all) {
  static const std::vector<BearerRow> none;
  const auto own = all.find(gang.attempt);
  const auto& bearers = own == all.end() ? none : own->second;
  std::vector<DrawChange> changes;  // at an instant, what it drew before first
  for (const auto& row : bearers) changes.push_back({row.since, row.draws});
  const auto drawn = changes_of(draws, gang.attempt, gang.started);
  changes.insert(changes.end(), drawn.begin(), drawn.end());
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  const auto bearer_at = [&](Instant at) -> const std::string& {
    if (bearers.empty()) return gang.lease;
    const auto after = std::find_if(bearers.begin(), bearers.end(),
                                    [&](const BearerRow& row) { return row.since > at; });
    return after == bearers.begin() ? after->before : std::prev(after)->lease;
  };
  for (auto& r : readings_of(gang.whole, gang.usage, changes)) {
    facts[bearer_at(r.from)].readings.push_back(std::move(r));
  }
}

void add_live(AllFacts& facts, const Draws& draws, const AllBearers& bearers, const Engine& engine,
              Instant now) {
  for (const auto id : engine.live_jobs()) {
    const auto& job = *engine.state().jobs.find(id);
    const auto& live = *job.live;
    const auto until = std::max(now, live.placed);
    const Reading whole{live.site, job.spec->team, job.spec->project, live.placed, until, {}, {}};
    add(facts,
        {{id, job.attempts}, live.lease, whole, live.started, engine.usage_so_far(job, until)},
        draws, bearers);
  }
}

std::shared_ptr<const Fleet> fleet_of(const Engine& engine) {
  return {std::shared_ptr<const Fleet>(), &engine.fleet()};
}

std::map<std::string, std::vector<OutOfService>> out_of_service(const Engine& engine,
                                                                const std::vector<InForce>& sites,
                                                                const std::vector<Event>& changes,
                                                                bool drains_count, Instant now) {
  OutTimes out(drains_count);
  std::size_t known = 0;
  for (const auto& change : changes) {
    if (!std::holds_alternative<PortfolioConfigured>(change.body)) {
      out.hear(change);
    } else if (known < sites.size() && sites[known].from == change.at) {
      const bool last = ++known == sites.size();
      out.configure(
          last ? fleet_of(engine) : std::make_shared<const Fleet>(*sites[known - 1].portfolio),
          change.at);
    }
  }
  return out.until(now);
}

// The sites of that instant; none: those of today.
std::shared_ptr<const Portfolio> other_sites_at(const std::vector<InForce>& all, Instant at) {
  if (all.empty()) return nullptr;
  const auto& then = in_force_at(all, at);
  return &then == &all.back() ? nullptr : then.portfolio;
}

// What a lease is billed by: the sites since Ampacity first held it, each with the leases that were
// there in its time. None where the sites never changed.
std::shared_ptr<const std::vector<InForce>> sites_of(const Engine& engine,
                                                     const std::vector<InForce>& all,
                                                     const std::string& name) {
  if (all.size() < 2) return nullptr;
  const auto& accounts = engine.state().leases;
  const auto held_before = [&](const std::string& lease, Instant end) {
    const auto account = accounts.find(lease);
    return account != accounts.end() && account->second.since < end;
  };
  auto own = std::make_shared<std::vector<InForce>>();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool last = i + 1 == all.size();
    if (!last && !held_before(name, all[i + 1].from)) continue;
    auto then = *all[i].portfolio;
    if (!last) {
      std::erase_if(then.leases,
                    [&](const Lease& l) { return !held_before(l.name, all[i + 1].from); });
    }
    own->push_back({all[i].from, std::make_shared<const Portfolio>(std::move(then))});
  }
  return own;
}

// Who was on the sites of leases that pass energy through.
void watch_sites(AllFacts& facts, const Engine& engine, const std::vector<InForce>& all,
                 const std::vector<Event>& changes, Instant now) {
  std::map<std::string, std::shared_ptr<SiteWatch>> sites;
  for (const auto& lease : engine.state().portfolio->leases) {
    if (!lease.energy_pass_through || lease.proposed) continue;
    for (const auto& site : lease.sites) sites[site] = std::make_shared<SiteWatch>();
  }
  if (sites.empty()) return;
  for (const auto& [lease, of_lease] : facts) {
    for (const auto& r : of_lease.readings) {
      const auto site = sites.find(r.site);
      if (site != sites.end()) site->second->held.push_back({r.from, r.until, r.gpus.count()});
    }
  }
  for (auto& [name, outages] : out_of_service(engine, all, changes, true, now)) {
    const auto site = sites.find(name);
    if (site != sites.end()) site->second->out_of_service = std::move(outages);
  }
  for (const auto& lease : engine.state().portfolio->leases) {
    const auto account = engine.state().leases.find(lease.name);
    const bool passes = lease.energy_pass_through && !lease.proposed;
    if (!passes || account == engine.state().leases.end()) continue;
    auto& own = facts[lease.name];
    own.watched_since = account->second.since;
    for (const auto& site : lease.sites) own.sites[site] = sites.at(site);
  }
}

// Who was on which nodes of each site, and which were out of service.
std::map<std::string, SiteNodes> nodes_of(const std::shared_ptr<const Fleet>& known,
                                          const std::vector<HeldRow>& held,
                                          const std::vector<Event>& changes, Instant now) {
  const auto& fleet = *known;
  std::map<std::string, SiteNodes> sites;
  for (const auto& site : fleet.sites()) sites[site.name];
  for (const auto& row : held) {
    const auto first = fleet.resolve(row.nodes.node);
    if (!first) continue;  // of a portfolio that is no more
    const auto& hall = fleet.topology().hall(fleet.hall_of(NodeIndex(first->begin)));
    const auto& site = fleet.sites()[hall.site.value()];
    sites[site.name].held.push_back({row.from, row.until, first->begin - site.nodes.begin,
                                     static_cast<std::uint32_t>(row.nodes.nodes), row.nodes.gpus});
  }
  OutTimes out(true);
  out.configure(known, Instant());
  for (const auto& change : changes) {
    if (!std::holds_alternative<PortfolioConfigured>(change.body)) out.hear(change);
  }
  for (auto& [site, spans] : out.nodes(now)) sites[site].out = std::move(spans);
  return sites;
}

FleetWatch outages_by(const std::vector<Event>& changes, const Engine& engine, Month month,
                      Instant now) {
  const auto sites = in_force(engine, changes);
  FleetWatch result;
  result.now = now;
  result.out_of_service = out_of_service(engine, sites, changes, true, now);
  result.sites = other_sites_at(sites, Calendar().start_of(next(month)));
  return result;
}

}  // namespace

Result<AllFacts> metered(JournalReader& reader, const Engine& engine, Instant now) {
  const auto rows = reader.use();
  if (!rows) return rows.error();
  const auto changes = reader.fleet_changes();
  if (!changes) return changes.error();
  const auto sites = in_force(engine, *changes);
  const auto draws = reader.draws();
  if (!draws) return draws.error();
  const auto bearers = reader.bearers();
  if (!bearers) return bearers.error();
  const auto held = std::make_shared<const HeldSince>(engine.held_since());
  AllFacts facts;
  for (const auto& row : *rows) {
    const Reading whole{row.site, row.team, row.project, row.placed, row.ended, {}, {}};
    add(facts, {row.attempt, row.lease, whole, row.started, row.usage}, *draws, *bearers);
  }
  add_live(facts, *draws, *bearers, engine, now);
  const auto outages = out_of_service(engine, sites, *changes, false, now);
  for (const auto& lease : engine.state().portfolio->leases) {
    for (const auto& site : lease.sites) {
      const auto it = outages.find(site);
      if (it == outages.end()) continue;
      auto& all = facts[lease.name].outages;
      all.insert(all.end(), it->second.begin(), it->second.end());
    }
  }
  watch_sites(facts, engine, sites, *changes, now);
  for (const auto& lease : engine.state().portfolio->leases) {
    auto& own = facts[lease.name];
    own.portfolios = sites_of(engine, sites, lease.name);
    own.held = held;
  }
  return facts;
}

Result<FleetWatch> outages_of(JournalReader& reader, const Engine& engine, Month month,
                              Instant now) {
  const auto changes = reader.fleet_changes();
  if (!changes) return changes.error();
  return outages_by(*changes, engine, month, now);
}

Result<FleetWatch> watched(JournalReader& reader, const Engine& engine, Month month, Instant now) {
  // A day more at each end: months begin by the clocks of the contracts.
  const Duration day(86'400'000);
  const Calendar utc;
  auto waits = reader.waits(utc.start_of(month) - day, utc.start_of(next(month)) + day);
  if (!waits) return waits.error();
  const auto changes = reader.fleet_changes();
  if (!changes) return changes.error();
  auto held = reader.held(utc.start_of(month) - day, utc.start_of(next(month)) + day);
  if (!held) return held.error();
  auto result = outages_by(*changes, engine, month, now);
  const auto fleet = result.sites ? std::make_shared<const Fleet>(*result.sites) : fleet_of(engine);
  result.nodes = nodes_of(fleet, *held, *changes, now);
  for (auto& w : *waits) {
    WaitingShape gang{w.gpus, w.per_node, w.together, std::move(w.accelerators)};
    result.waiting.push_back({w.from, w.until, std::move(gang), std::move(w.sites)});
  }
  return result;
}

}  // namespace ampacity
