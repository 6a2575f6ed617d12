// SPDX-License-Identifier: Apache-2.0
#include "fleet/topology.hpp"

#include <array>
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

// The parts of a path, at most so many and one more.
struct Parts {
  static constexpr std::size_t most = 5;
  std::array<std::string_view, most + 1> part;
  std::size_t count = 0;
};

Parts parts_of(std::string_view path) {
  Parts parts;
  while (true) {
    const auto slash = path.find('/');
    parts.part[parts.count++] = path.substr(0, slash);
    if (slash == std::string_view::npos || parts.count > Parts::most) return parts;
    path.remove_prefix(slash + 1);
  }
}

template <class Index>
Index next_index(std::size_t size) {
  return Index(static_cast<std::uint32_t>(size));
}

NodeRange nodes_of_hall(const HallPlace& hall) {
  return hall.nodes;
}
Range racks_of_hall(const HallPlace& hall) {
  return hall.racks;
}
Range pods_of_hall(const HallPlace& hall) {
  return hall.pods;
}

}  // namespace

Topology::Topology(const Portfolio& portfolio) {
  for (const auto& site : portfolio.sites) {
    const auto index = next_index<SiteIndex>(sites_.size());
    sites_.push_back({site.name, {node_count(), 0}, {rack_count(), 0}, std::nullopt});
    for (const auto& step : site.interconnection) {
      auto& most = sites_.back().most_power;
      most = std::max(most.value_or(Power()),
                      times(it_limit(step.power, site.pue), site.oversubscription));
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
  node_posts_ = signposts(halls_, nodes_of_hall);
  rack_posts_ = signposts(halls_, racks_of_hall);
  pod_posts_ = signposts(halls_, pods_of_hall);
}

template <class RangeOf>
Topology::Signposts Topology::signposts(const std::vector<HallPlace>& halls,
                                        const RangeOf& range_of) {
  Signposts posts;
  for (std::size_t i = 0; i < halls.size(); ++i) {
    const auto end = range_of(halls[i]).end;
    while (posts.size() * signpost_every < end) {
      posts.push_back({next_index<HallIndex>(i), end});
    }
  }
  return posts;
}

template <class RangeOf>
HallIndex Topology::hall_with(const Signposts& posts, std::uint32_t number,
                              const RangeOf& range_of) const {
  AMPACITY_ASSERT(number / signpost_every < posts.size(), "number {} is in no hall", number);
  auto index = posts[number / signpost_every].hall.value();
  while (number >= range_of(halls_[index]).end) {
    ++index;
    AMPACITY_ASSERT(index < halls_.size(), "number {} is in no hall", number);
  }
  return HallIndex(index);
}

void Topology::add_hall(SiteIndex site, const Portfolio& portfolio, const Hall& hall,
                        const std::string& name) {
  const auto shape = shape_of(portfolio, hall);
  const auto kind = portfolio.sites[site.value()].cluster.kind;
  const auto pool = pool_for(site, shape, kind == ClusterKind::Simulated);
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

PoolIndex Topology::pool_for(SiteIndex site, const HallShape& shape, bool caps) {
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
                    gpu.tdp - gpu.idle,
                    caps});
  return next_index<PoolIndex>(pools_.size() - 1);
}

HallIndex Topology::hall_after(NodeIndex node) const {
  return hall_with(node_posts_, node.value(), nodes_of_hall);
}

HallIndex Topology::hall_of(RackIndex rack) const {
  return hall_with(rack_posts_, rack.value(), racks_of_hall);
}

HallIndex Topology::hall_of(PodIndex pod) const {
  return hall_with(pod_posts_, pod.value(), pods_of_hall);
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

Range Topology::unit_of(RackIndex rack, Level level) const {
  switch (level) {
    case Level::Rack:
      return {rack.value(), rack.value() + 1};
    case Level::Pod:
      return racks_of(pod_of(rack));
    case Level::Hall:
      return hall(hall_of(rack)).racks;
    case Level::Site:
      break;
  }
  return sites_[hall(hall_of(rack)).site.value()].racks;
}

std::optional<HallIndex> Topology::find_hall(std::string_view path) const {
  const auto it = hall_by_path_.find(path);
  return it == hall_by_path_.end() ? std::nullopt : std::optional(it->second);
}

std::string Topology::path(NodeIndex node) const {
  const auto& h = hall(hall_of(node));
  const auto offset = node.value() - h.nodes.begin;
  const auto rack = offset / h.nodes_per_rack;
  std::array<char, 48> end;  // three numbers of ten digits
  auto* to = end.data();
  const auto part = [&](const char* prefix, std::uint32_t index) {
    *to++ = prefix[0];
    *to++ = prefix[1];
    to = std::to_chars(to, end.data() + end.size(), index + 1).ptr;
  };
  part("/p", rack / h.racks_per_pod);
  part("/r", rack % h.racks_per_pod);
  part("/n", offset % h.nodes_per_rack);
  const auto length = static_cast<std::size_t>(to - end.data());
  std::string path;
  path.reserve(h.path.size() + length);
  path += h.path;
  path.append(end.data(), length);
  return path;
}

std::optional<NodeRange> Topology::resolve(std::string_view path) const {
  const auto parts = parts_of(path);
  if (parts.count > Parts::most) return std::nullopt;
  const auto& part = parts.part;
  if (parts.count == 1) {
    for (const auto& site : sites_) {
      if (site.name == part[0]) return site.nodes;
    }
    return std::nullopt;
  }
  const auto index = find_hall(path.substr(0, part[0].size() + 1 + part[1].size()));
  if (!index) return std::nullopt;
  const auto& h = hall(*index);
  auto range = h.nodes;
  const std::uint32_t counts[] = {h.pods.size(), h.racks_per_pod, h.nodes_per_rack};
  const std::uint32_t sizes[] = {h.racks_per_pod * h.nodes_per_rack, h.nodes_per_rack, 1};
  constexpr char prefixes[] = {'p', 'r', 'n'};
  for (std::size_t i = 2; i < parts.count; ++i) {
    const auto number = ordinal(part[i], prefixes[i - 2], counts[i - 2]);
    if (!number) return std::nullopt;
    const auto begin = range.begin + *number * sizes[i - 2];
    range = {begin, begin + sizes[i - 2]};
  }
  return range;
}

}  // namespace ampacity
