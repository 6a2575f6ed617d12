// SPDX-License-Identifier: Apache-2.0
#include "fleet/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"

namespace ampacity {
namespace {

// "p12" -> 11 for prefix 'p'; none if it is not that, or not in 1 … count.
std::optional<std::uint32_t> ordinal(std::string_view part, char prefix, std::uint32_t count) {
  if (part.size() < 2 || part[0] != prefix || part[1] == '0') return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(part.data() + 1, part.data() + part.size(), value);
  if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  if (value < 1 || value > count) return std::nullopt;
  return value - 1;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

template <class Index>
Index next_index(std::size_t size) {
  return Index(static_cast<std::uint32_t>(size));
}

// The hall whose range, by `range_of`, holds the number.
template <class RangeOf>
HallIndex hall_with(const std::vector<HallPlace>& halls, std::uint32_t number,
                    const RangeOf& range_of) {
  const auto it = std::upper_bound(
      halls.begin(), halls.end(), number,
      [&](std::uint32_t value, const HallPlace& hall) { return value < range_of(hall).end; });
  AMPACITY_ASSERT(it != halls.end(), "number {} is in no hall", number);
  return next_index<HallIndex>(static_cast<std::size_t>(it - halls.begin()));
}

}  // namespace

Topology::Topology(const Portfolio& portfolio) {
  for (const auto& site : portfolio.sites) {
    const auto index = next_index<SiteIndex>(sites_.size());
    sites_.push_back({site.name, {node_count(), 0}, {rack_count(), 0}, std::nullopt});
    for (const auto& step : site.interconnection) {
      auto& most = sites_.back().most_power;
      most = std::max(most.value_or(Power()), it_limit(step.power, site.pue));
    }
    for (const auto& hall : site.halls) {
      for (std::int64_t k = 1; k <= hall.count; ++k) {
        add_hall(index, portfolio, hall,
                 hall.count == 1 ? hall.name : fmt::format("{}{}", hall.name, k));
      }
    }
    sites_.back().nodes.end = node_count();
    sites_.back().racks.end = rack_count();
  }
}

void Topology::add_hall(SiteIndex site, const Portfolio& portfolio, const Hall& hall,
                        const std::string& name) {
  const auto shape = shape_of(portfolio, hall);
  const auto pool = pool_for(site, shape);
  const auto index = next_index<HallIndex>(halls_.size());
  const auto pods = static_cast<std::uint32_t>(hall.pods);
  const auto racks = static_cast<std::uint32_t>(hall.pods * hall.racks_per_pod);
  const auto nodes =
      static_cast<std::uint32_t>(hall.pods * hall.racks_per_pod * shape.nodes_per_rack);
  HallPlace place;
  place.site = site;
  place.pool = pool;
  place.path = sites_[site.value()].name + "/" + name;
  place.nodes = {node_count(), node_count() + nodes};
  place.racks = {rack_count(), rack_count() + racks};
  place.pods = {pod_count(), pod_count() + pods};
  place.racks_per_pod = static_cast<std::uint32_t>(hall.racks_per_pod);
  place.nodes_per_rack = static_cast<std::uint32_t>(shape.nodes_per_rack);
  place.energised = hall.energised;
  hall_by_path_[place.path] = index;
  halls_.push_back(std::move(place));
  pools_[pool.value()].nodes += nodes;
  pools_[pool.value()].halls.push_back(index);
}

PoolIndex Topology::pool_for(SiteIndex site, const HallShape& shape) {
  const auto it = std::find_if(pools_.begin(), pools_.end(), [&](const PoolPlace& pool) {
    return pool.site == site && pool.accelerator == shape.accelerator &&
           pool.gpus_per_node == shape.gpus_per_node;
  });
  if (it != pools_.end()) {
    return next_index<PoolIndex>(static_cast<std::size_t>(it - pools_.begin()));
  }
  const auto& gpu = *shape.accelerator;
  pools_.push_back({site,
                    &gpu,
                    gpu.name,
                    shape.gpus_per_node,
                    0,
                    {},
                    gpu.idle + gpu.host_share(),
                    gpu.tdp - gpu.idle});
  return next_index<PoolIndex>(pools_.size() - 1);
}

HallIndex Topology::hall_of(NodeIndex node) const {
  return hall_with(halls_, node.value(), [](const HallPlace& hall) { return hall.nodes; });
}

HallIndex Topology::hall_of(RackIndex rack) const {
  return hall_with(halls_, rack.value(), [](const HallPlace& hall) { return hall.racks; });
}

HallIndex Topology::hall_of(PodIndex pod) const {
  return hall_with(halls_, pod.value(), [](const HallPlace& hall) { return hall.pods; });
}

RackIndex Topology::rack_of(NodeIndex node) const {
  const auto& h = hall(hall_of(node));
  return RackIndex(h.racks.begin + (node.value() - h.nodes.begin) / h.nodes_per_rack);
}

PodIndex Topology::pod_of(RackIndex rack) const {
  const auto& h = hall(hall_of(rack));
  return PodIndex(h.pods.begin + (rack.value() - h.racks.begin) / h.racks_per_pod);
}

NodeRange Topology::nodes_of(RackIndex rack) const {
  const auto& h = hall(hall_of(rack));
  const auto begin = h.nodes.begin + (rack.value() - h.racks.begin) * h.nodes_per_rack;
  return {begin, begin + h.nodes_per_rack};
}

Range Topology::racks_of(PodIndex pod) const {
  const auto& h = hall(hall_of(pod));
  const auto begin = h.racks.begin + (pod.value() - h.pods.begin) * h.racks_per_pod;
  return {begin, begin + h.racks_per_pod};
}

std::optional<HallIndex> Topology::find_hall(const std::string& path) const {
  const auto it = hall_by_path_.find(path);
  return it == hall_by_path_.end() ? std::nullopt : std::optional(it->second);
}

std::string Topology::path(NodeIndex node) const {
  const auto& h = hall(hall_of(node));
  const auto offset = node.value() - h.nodes.begin;
  const auto rack = offset / h.nodes_per_rack;
  return fmt::format("{}/p{}/r{}/n{}", h.path, rack / h.racks_per_pod + 1,
                     rack % h.racks_per_pod + 1, offset % h.nodes_per_rack + 1);
}

std::optional<NodeRange> Topology::resolve(const std::string& path) const {
  const auto parts = parts_of(path);
  if (parts.size() > 5) return std::nullopt;
  if (parts.size() == 1) {
    for (const auto& site : sites_) {
      if (site.name == parts[0]) return site.nodes;
    }
    return std::nullopt;
  }
  const auto index = find_hall(fmt::format("{}/{}", parts[0], parts[1]));
  if (!index) return std::nullopt;
  const auto& h = hall(*index);
  auto range = h.nodes;
  const std::uint32_t counts[] = {h.pods.size(), h.racks_per_pod, h.nodes_per_rack};
  const std::uint32_t sizes[] = {h.racks_per_pod * h.nodes_per_rack, h.nodes_per_rack, 1};
  constexpr char prefixes[] = {'p', 'r', 'n'};
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const auto number = ordinal(parts[i], prefixes[i - 2], counts[i - 2]);
    if (!number) return std::nullopt;
    const auto begin = range.begin + *number * sizes[i - 2];
    range = {begin, begin + sizes[i - 2]};
  }
  return range;
}

}  // namespace ampacity
