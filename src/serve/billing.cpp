// SPDX-License-Identifier: Apache-2.0
#include "serve/billing.hpp"

#include <algorithm>
#include <map>

namespace ampacity {
namespace {

// When each node was down. A report on a rack or a hall is one on all nodes in it; a node counts
// once, and is up again by the first report that says so.
class Downtime {
 public:
  explicit Downtime(const Fleet& fleet) : fleet_(fleet) {}

  void hear(Instant at, const NodeChanged& report) {
    const auto range = fleet_.resolve(report.node);
    if (!range) return;  // of a portfolio that is no more
    for (auto n = range->begin; n < range->end; ++n) {
      if (report.state == NodeState::Down) {
        down_.try_emplace(n, at);
      } else {
        close(n, at);
      }
    }
  }

  // By site: nodes that went down and came up together are one outage.
  std::map<std::string, std::vector<OutOfService>> until(Instant now) {
    while (!down_.empty()) close(down_.begin()->first, now);
    std::map<std::string, std::vector<OutOfService>> all;
    for (const auto& [key, gpus] : outages_) {
      const auto& [site, from, until] = key;
      if (from < until) all[site].push_back({from, until, gpus});
    }
    return all;
  }

 private:
  void close(std::uint32_t node, Instant at) {
    const auto it = down_.find(node);
    if (it == down_.end()) return;
    const auto path = fleet_.path(NodeIndex(node));
    outages_[{path.substr(0, path.find('/')), it->second, at}] += fleet_.gpus(NodeIndex(node));
    down_.erase(it);
  }

  const Fleet& fleet_;
  std::map<std::uint32_t, Instant> down_;
  std::map<std::tuple<std::string, Instant, Instant>, std::int64_t> outages_;
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

}  // namespace

Result<AllFacts> metered(JournalReader& reader, const Engine& engine, Instant now) {
  const auto rows = reader.use();
  if (!rows) return rows.error();
  const auto changes = reader.node_changes();
  if (!changes) return changes.error();
  AllFacts facts;
  for (const auto& row : *rows) {
    auto reading = reading_of(row.site, row.placed, row.ended, row.usage);
    reading.team = row.team;
    reading.project = row.project;
    facts[row.lease].readings.push_back(std::move(reading));
  }
  add_live(facts, engine, now);
  Downtime downtime(engine.fleet());
  for (const auto& [at, change] : *changes) downtime.hear(at, change);
  const auto outages = downtime.until(now);
  for (const auto& lease : engine.state().portfolio->leases) {
    for (const auto& site : lease.sites) {
      const auto it = outages.find(site);
      if (it == outages.end()) continue;
      auto& all = facts[lease.name].outages;
      all.insert(all.end(), it->second.begin(), it->second.end());
    }
  }
  return facts;
}

}  // namespace ampacity
