// SPDX-License-Identifier: Apache-2.0
#include "sim/faults.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

// "site/hall/pod/rack/node" -> its first parts.
std::string unit_of(std::string path, FaultUnit unit) {
  const auto up = [&] { path = path.substr(0, path.rfind('/')); };
  for (auto u = FaultUnit::Node; u < unit; u = static_cast<FaultUnit>(static_cast<int>(u) + 1)) {
    up();
  }
  return path;
}

std::int64_t units_of(const Topology& topology, FaultUnit unit, std::int64_t most_gpus) {
  switch (unit) {
    case FaultUnit::Gpu:
      return topology.node_count() * most_gpus;
    case FaultUnit::Node:
      return topology.node_count();
    case FaultUnit::Rack:
      return topology.rack_count();
    case FaultUnit::Pod:
      return topology.pod_count();
    case FaultUnit::Hall:
      return static_cast<std::int64_t>(topology.halls().size());
    case FaultUnit::Site:
      return static_cast<std::int64_t>(topology.sites().size());
  }
  return 0;
}

}  // namespace

FaultStream::FaultStream(const FaultSpec& faults, const Fleet& fleet, Instant from,
                         std::uint64_t seed)
    : faults_(faults), from_(from), random_(seed ^ 0xFA17ULL), lemon_salt_(random_.next()) {
  const auto& topology = fleet.topology();
  for (const auto& pool : fleet.pools()) most_gpus_ = std::max(most_gpus_, pool.gpus_per_node);
  most_factor_ = (faults_.lemon_share > Ratio() ? faults_.lemon_factor : 1) *
                 (faults_.infant_period > Duration(0) ? faults_.infant_factor : 1);
  std::sort(faults_.outages.begin(), faults_.outages.end(),
            [](const Outage& a, const Outage& b) { return a.from < b.from; });
  for (const auto& cause : faults_.causes) {
    const bool of_nodes = cause.unit <= FaultUnit::Node;
    Process process{&cause,
                    units_of(topology, cause.unit, most_gpus_) * (of_nodes ? most_factor_ : 1), 0};
    if (process.units == 0) continue;
    draw(process, fleet);
    processes_.push_back(process);
  }
  if (faults_.lifetimes) lifetimes_.emplace(*faults_.lifetimes, topology, from, seed);
  next_ = first();
}

// The first node of any unit of this kind.
NodeIndex FaultStream::any(FaultUnit unit, const Topology& topology) {
  const auto pick = [&](std::size_t n) { return static_cast<std::uint32_t>(random_.below(n)); };
  switch (unit) {
    case FaultUnit::Gpu:
    case FaultUnit::Node:
      break;
    case FaultUnit::Rack:
      return NodeIndex(topology.nodes_of(RackIndex(pick(topology.rack_count()))).begin);
    case FaultUnit::Pod: {
      const auto racks = topology.racks_of(PodIndex(pick(topology.pod_count())));
      return NodeIndex(topology.nodes_of(RackIndex(racks.begin)).begin);
    }
    case FaultUnit::Hall:
      return NodeIndex(topology.halls()[pick(topology.halls().size())].nodes.begin);
    case FaultUnit::Site:
      return NodeIndex(topology.sites()[pick(topology.sites().size())].nodes.begin);
  }
  return NodeIndex(pick(topology.node_count()));
}

// Smaller nodes, and those that are neither lemons nor infants, fail less often than the process.
bool FaultStream::is_thinned_out(const Process& process, const Fleet& fleet) {
  const auto unit = process.cause->unit;
  if (unit > FaultUnit::Node) return false;
  const auto sized = unit == FaultUnit::Gpu ? fleet.gpus(process.node) : most_gpus_;
  const auto weight = sized * factor_of(process.node, fleet, at(process));
  const auto mark = random_.below(static_cast<std::uint64_t>(most_gpus_ * most_factor_));
  return static_cast<std::int64_t>(mark) >= weight;
}

// Microseconds, because a million GPUs fail more often than every few milliseconds.
void FaultStream::draw(Process& process, const Fleet& fleet) {
  const auto mean_us =
      std::max<std::int64_t>(scaled(process.cause->mean_between.count(), 1'000, process.units), 1);
  do {
    process.at_us += random_.exponential(mean_us);
    process.node = any(process.cause->unit, fleet.topology());
  } while (is_thinned_out(process, fleet));
}

std::optional<Instant> FaultStream::first() const {
  std::optional<Instant> first;
  const auto take = [&](Instant at) {
    if (!first || at < *first) first = at;
  };
  for (const auto& p : processes_) take(at(p));
  if (lifetimes_ && lifetimes_->next()) take(*lifetimes_->next());
  if (!repairs_.empty()) take(repairs_.begin()->first);
  if (next_outage_ < faults_.outages.size()) take(faults_.outages[next_outage_].from);
  return first;
}

std::int64_t FaultStream::factor_of(NodeIndex node, const Fleet& fleet, Instant now) const {
  std::int64_t factor = 1;
  if (faults_.lemon_share > Ratio()) {
    Random of_node(lemon_salt_ ^ (std::uint64_t{node.value()} << 20U));
    if (of_node.chance(faults_.lemon_share.count())) factor *= faults_.lemon_factor;
  }
  const auto& energised = fleet.halls()[fleet.hall_of(node).value()].energised;
  const bool infant = faults_.infant_period > Duration(0) && energised && *energised <= now &&
                      now - *energised < faults_.infant_period;
  return infant ? factor * faults_.infant_factor : factor;
}

void FaultStream::down(const std::string& target, const std::string& cause, Instant now,
                       Duration repair, std::vector<ReportNode>& reports) {
  if (!down_.insert(target).second) return;
  ++failures_;
  repairs_.insert({now + std::max(repair, Duration(1)), target});
  reports.push_back({target, NodeState::Down, cause});
}

// Where a hall is not in use nobody sees it.
void FaultStream::lives_end(Instant now, const Fleet& fleet, std::vector<ReportNode>& reports) {
  while (lifetimes_ && lifetimes_->next() && *lifetimes_->next() <= now) {
    const auto failure = lifetimes_->take();
    if (!failure || !fleet.is_usable(fleet.hall_of(failure->node))) continue;
    down(fleet.path(failure->node), faults_.lifetimes->cause, now, failure->repair, reports);
  }
}

std::vector<ReportNode> FaultStream::due(Instant now, const Fleet& fleet) {
  std::vector<ReportNode> reports;
  if (!next_ || now < *next_) return reports;
  while (!repairs_.empty() && repairs_.begin()->first <= now) {
    const auto target = repairs_.begin()->second;
    repairs_.erase(repairs_.begin());
    down_.erase(target);
    reports.push_back({target, NodeState::Up, "repaired"});
  }
  for (; next_outage_ < faults_.outages.size() && faults_.outages[next_outage_].from <= now;
       ++next_outage_) {
    const auto& outage = faults_.outages[next_outage_];
    down(outage.target, outage.cause.empty() ? "outage" : outage.cause, now, outage.lasts, reports);
  }
  for (auto& process : processes_) {
    while (at(process) <= now) {
      const auto& cause = *process.cause;
      const auto node = process.node;
      const Duration repair(random_.exponential(cause.mean_repair.count()));
      draw(process, fleet);
      if (cause.unit != FaultUnit::Site && !fleet.is_usable(fleet.hall_of(node))) continue;
      down(unit_of(fleet.path(node), cause.unit), cause.name, now, repair, reports);
    }
  }
  lives_end(now, fleet, reports);
  next_ = first();
  return reports;
}

}  // namespace ampacity
