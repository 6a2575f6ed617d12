// SPDX-License-Identifier: Apache-2.0
#include "serve/out_times.hpp"

#include <algorithm>
#include <utility>

namespace ampacity {

OutTimes::Report OutTimes::report_of(const Event& event) {
  if (const auto* changed = std::get_if<NodeChanged>(&event.body)) {
    return {changed->node, changed->state == NodeState::Down, 0};
  }
  if (const auto* drained = std::get_if<Drained>(&event.body)) {
    return {drained->target, std::nullopt, 1};
  }
  return {std::get<Resumed>(event.body).target, std::nullopt, -1};
}

void OutTimes::take(const Report& report, Node& node) {
  if (report.down) node.down = *report.down;
  node.drains = std::max<std::int64_t>(node.drains + report.drains, 0);
}

void OutTimes::configure(std::shared_ptr<const Fleet> fleet, Instant at) {
  if (fleet_) close_all(at);
  fleet_ = std::move(fleet);
  nodes_.clear();
  std::erase_if(heard_, [&](const Report& r) { return !fleet_->resolve(r.place); });
  for (const auto& report : heard_) {
    const auto range = *fleet_->resolve(report.place);
    for (auto n = range.begin; n < range.end; ++n) take(report, nodes_[n]);
  }
  for (auto& [number, node] : nodes_) {
    if (is_out(node)) node.out = at;
  }
}

void OutTimes::hear(const Event& event) {
  auto report = report_of(event);
  const auto range = fleet_ ? fleet_->resolve(report.place) : std::nullopt;
  if (!range) return;
  for (auto n = range->begin; n < range->end; ++n) {
    auto& node = nodes_[n];
    take(report, node);
    if (!is_out(node)) {
      close(n, node, event.at);
    } else if (!node.out) {
      node.out = event.at;
    }
  }
  heard_.push_back(std::move(report));
}

void OutTimes::close(std::uint32_t number, Node& node, Instant at) {
  if (!node.out) return;
  const auto from = *std::exchange(node.out, std::nullopt);
  if (from >= at) return;
  const auto& hall = fleet_->topology().hall(fleet_->hall_of(NodeIndex(number)));
  const auto& site = fleet_->sites()[hall.site.value()];
  outages_[{site.name, from, at}] += fleet_->gpus(NodeIndex(number));
  spans_[site.name].push_back({from, at, number - site.nodes.begin, 1, 0});
}

void OutTimes::close_all(Instant at) {
  for (auto& [number, node] : nodes_) close(number, node, at);
}

std::map<std::string, std::vector<NodeSpan>> OutTimes::nodes(Instant now) {
  close_all(now);
  return std::move(spans_);
}

std::map<std::string, std::vector<OutOfService>> OutTimes::until(Instant now) {
  close_all(now);
  std::map<std::string, std::vector<OutOfService>> all;
  for (const auto& [key, gpus] : outages_) {
    const auto& [site, from, until] = key;
    all[site].push_back({from, until, gpus});
  }
  return all;
}

}  // namespace ampacity
