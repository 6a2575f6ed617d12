// SPDX-License-Identifier: Apache-2.0
#include "serve/billing.hpp"

#include <algorithm>
#include <map>

namespace ampacity {
namespace {

// When each node was down, or down or drained. A report on a rack or a hall is one on all nodes in
// it; a node counts once, and is up again by the first report that says so; it is drained until the
// last of its drains is over.
class OutTimes {
 public:
  OutTimes(const Fleet& fleet, bool drains_count) : fleet_(fleet), drains_count_(drains_count) {}

  void hear(const Event& event) {
    if (const auto* report = std::get_if<NodeChanged>(&event.body)) {
      each(report->node, event.at,
           [&](Node& node) { node.down = report->state == NodeState::Down; });
    } else if (const auto* drained = std::get_if<Drained>(&event.body)) {
      each(drained->target, event.at, [](Node& node) { ++node.drains; });
    } else if (const auto* resumed = std::get_if<Resumed>(&event.body)) {
      each(resumed->target, event.at,
           [](Node& node) { node.drains = std::max<std::int64_t>(node.drains - 1, 0); });
    }
  }

  // Each node's own, by site.
  std::map<std::string, std::vector<NodeSpan>> nodes(Instant now) {
    for (auto& [number, node] : nodes_) close(number, node, now);
    return std::move(spans_);
  }

  // By site: nodes that went and came back together are one outage.
  std::map<std::string, std::vector<OutOfService>> until(Instant now) {
    for (auto& [number, node] : nodes_) close(number, node, now);
    std::map<std::string, std::vector<OutOfService>> all;
    for (const auto& [key, gpus] : outages_) {
      const auto& [site, from, until] = key;
      if (from < until) all[site].push_back({from, until, gpus});
    }
    return all;
  }

 private:
  struct Node {
    bool down = false;
    std::int64_t drains = 0;
    std::optional<Instant> out;
  };

  template <class Change>
  void each(const std::string& path, Instant at, const Change& change) {
    const auto range = fleet_.resolve(path);
    if (!range) return;  // of a portfolio that is no more
    for (auto n = range->begin; n < range->end; ++n) {
      auto& node = nodes_[n];
      change(node);
      if (!node.down && (node.drains == 0 || !drains_count_)) {
        close(n, node, at);
      } else if (!node.out) {
        node.out = at;
      }
    }
  }

  void close(std::uint32_t number, Node& node, Instant at) {
    if (!node.out) return;
    const auto& hall = fleet_.topology().hall(fleet_.hall_of(NodeIndex(number)));
    const auto& site = fleet_.sites()[hall.site.value()];
    outages_[{site.name, *node.out, at}] += fleet_.gpus(NodeIndex(number));
    if (*node.out < at) {
      spans_[site.name].push_back({*node.out, at, number - site.nodes.begin, 1, 0});
    }
    node.out.reset();
  }

  const Fleet& fleet_;
  bool drains_count_;
  std::map<std::uint32_t, Node> nodes_;
  std::map<std::tuple<std::string, Instant, Instant>, std::int64_t> outages_;
  std::map<std::string, std::vector<NodeSpan>> spans_;
};

void add_live(AllFacts& facts, const Engine& engine, Instant now) {
  for (const auto id : engine.live_jobs()) {
    const auto& job = *engine.state().jobs.find(id);
    const auto& live = *job.live;
    const auto until = std::max(now, live.placed);
    auto reading = reading_of(live.site, live.placed, until, engine.usage_so_far(job, until));
    reading.team = job.spec->team;
    reading.project = job.spec->project;
    facts[live.lease].readings.push_back(std::move(reading));
  }
}

std::map<std::string, std::vector<OutOfService>> out_of_service(const Engine& engine,
                                                                const std::vector<Event>& changes,
                                                                bool drains_count, Instant now) {
  OutTimes out(engine.fleet(), drains_count);
  for (const auto& change : changes) out.hear(change);
  return out.until(now);
}

// Who was on the sites of leases that pass energy through.
void watch_sites(AllFacts& facts, const Engine& engine, const std::vector<Event>& changes,
                 Instant now) {
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
  for (auto& [name, outages] : out_of_service(engine, changes, true, now)) {
    const auto site = sites.find(name);
    if (site != sites.end()) site->second->out_of_service = std::move(outages);
  }
  for (const auto& lease : engine.state().portfolio->leases) {
    const auto account = engine.state().leases.find(lease.name);
    if (!lease.energy_pass_through || account == engine.state().leases.end()) continue;
    auto& own = facts[lease.name];
    own.watched_since = account->second.since;
    for (const auto& site : lease.sites) own.sites[site] = sites.at(site);
  }
}

// Who was on which nodes of each site, and which were out of service.
std::map<std::string, SiteNodes> nodes_of(const Fleet& fleet, const std::vector<HeldRow>& held,
                                          const std::vector<Event>& changes, Instant now) {
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
  OutTimes out(fleet, true);
  for (const auto& change : changes) out.hear(change);
  for (auto& [site, spans] : out.nodes(now)) sites[site].out = std::move(spans);
  return sites;
}

}  // namespace

Result<AllFacts> metered(JournalReader& reader, const Engine& engine, Instant now) {
  const auto rows = reader.use();
  if (!rows) return rows.error();
  const auto changes = reader.service_changes();
  if (!changes) return changes.error();
  AllFacts facts;
  for (const auto& row : *rows) {
    auto reading = reading_of(row.site, row.placed, row.ended, row.usage);
    reading.team = row.team;
    reading.project = row.project;
    facts[row.lease].readings.push_back(std::move(reading));
  }
  add_live(facts, engine, now);
  const auto outages = out_of_service(engine, *changes, false, now);
  for (const auto& lease : engine.state().portfolio->leases) {
    for (const auto& site : lease.sites) {
      const auto it = outages.find(site);
      if (it == outages.end()) continue;
      auto& all = facts[lease.name].outages;
      all.insert(all.end(), it->second.begin(), it->second.end());
    }
  }
  watch_sites(facts, engine, *changes, now);
  return facts;
}

Result<FleetWatch> watched(JournalReader& reader, const Engine& engine, Month month, Instant now) {
  // A day more at each end: months begin by the clocks of the contracts.
  const Duration day(86'400'000);
  const Calendar utc;
  auto waits = reader.waits(utc.start_of(month) - day, utc.start_of(next(month)) + day);
  if (!waits) return waits.error();
  const auto changes = reader.service_changes();
  if (!changes) return changes.error();
  auto held = reader.held(utc.start_of(month) - day, utc.start_of(next(month)) + day);
  if (!held) return held.error();
  FleetWatch result;
  result.now = now;
  result.out_of_service = out_of_service(engine, *changes, true, now);
  result.nodes = nodes_of(engine.fleet(), *held, *changes, now);
  for (auto& w : *waits) {
    WaitingShape gang{w.gpus, w.per_node, w.together, std::move(w.accelerators)};
    result.waiting.push_back({w.from, w.until, std::move(gang), std::move(w.sites)});
  }
  return result;
}

}  // namespace ampacity
