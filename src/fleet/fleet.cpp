// SPDX-License-Identifier: Apache-2.0
#include "fleet/fleet.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace ampacity {
namespace {

// "p12" -> 11 for prefix 'p'; none if it is not that, or not in 1 … count.
std::optional<std::int64_t> ordinal(std::string_view part, char prefix, std::int64_t count) {
  if (part.size() < 2 || part[0] != prefix || part[1] == '0') return std::nullopt;
  std::int64_t value = 0;
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

NodeRange narrowed(NodeRange range, std::int64_t index, std::int64_t size) {
  const auto begin = range.begin + static_cast<std::uint32_t>(index * size);
  return {begin, begin + static_cast<std::uint32_t>(size)};
}

}  // namespace

std::optional<Cut> cut(const Demand& demand, std::int64_t gpus_per_node) {
  if (demand.per_node) {
    if (*demand.per_node > gpus_per_node) return std::nullopt;
    return Cut{demand.gpus / *demand.per_node, *demand.per_node, 0};
  }
  if (demand.gpus <= gpus_per_node) return Cut{1, demand.gpus, 0};
  return Cut{demand.gpus / gpus_per_node, gpus_per_node, demand.gpus % gpus_per_node};
}

Fleet::Fleet(const Portfolio& portfolio) {
  for (const auto& site : portfolio.sites) {
    const SiteIndex index(static_cast<std::uint32_t>(sites_.size()));
    const auto begin = static_cast<std::uint32_t>(free_.size());
    sites_.push_back({site.name, {begin, begin}});
    for (const auto& hall : site.halls) {
      for (std::int64_t k = 1; k <= hall.count; ++k) {
        add_hall(index, portfolio, hall,
                 hall.count == 1 ? hall.name : fmt::format("{}{}", hall.name, k));
      }
    }
    sites_.back().nodes.end = static_cast<std::uint32_t>(free_.size());
  }
  for (auto& pool : pools_) {
    for (std::int64_t k = 0; k <= pool.gpus_per_node; ++k) {
      const auto range = sites_[pool.site.value()].nodes;
      pool.by_free.emplace_back(range.end - range.begin);
    }
  }
}

void Fleet::add_hall(SiteIndex site, const Portfolio& portfolio, const Hall& hall,
                     const std::string& name) {
  const auto shape = shape_of(portfolio, hall);
  const auto pool = pool_for(site, shape);
  const auto nodes = hall.pods * hall.racks_per_pod * shape.nodes_per_rack;
  const auto begin = static_cast<std::uint32_t>(free_.size());
  halls_.push_back({.site = site,
                    .pool = pool,
                    .path = sites_[site.value()].name + "/" + name,
                    .nodes = {begin, begin + static_cast<std::uint32_t>(nodes)},
                    .pods = hall.pods,
                    .racks_per_pod = hall.racks_per_pod,
                    .nodes_per_rack = shape.nodes_per_rack,
                    .energised = hall.energised,
                    .usable = false});
  hall_by_path_[halls_.back().path] = HallIndex(static_cast<std::uint32_t>(halls_.size() - 1));
  const auto size = free_.size() + static_cast<std::size_t>(nodes);
  free_.resize(size, static_cast<std::uint8_t>(shape.gpus_per_node));
  flags_.resize(size, Unusable);
  pools_[pool.value()].nodes += nodes;
}

PoolIndex Fleet::pool_for(SiteIndex site, const HallShape& shape) {
  const auto it = std::find_if(pools_.begin(), pools_.end(), [&](const Pool& pool) {
    return pool.site == site && pool.accelerator == shape.accelerator &&
           pool.gpus_per_node == shape.gpus_per_node;
  });
  if (it != pools_.end()) return PoolIndex(static_cast<std::uint32_t>(it - pools_.begin()));
  Pool pool;
  pool.site = site;
  pool.accelerator = shape.accelerator;
  pool.accelerator_name = shape.accelerator->name;
  pool.gpus_per_node = shape.gpus_per_node;
  pools_.push_back(std::move(pool));
  return PoolIndex(static_cast<std::uint32_t>(pools_.size() - 1));
}

std::int64_t Fleet::nodes_with(const Pool& pool, std::int64_t least_free) const {
  std::int64_t count = 0;
  for (auto k = least_free; k <= pool.gpus_per_node; ++k) {
    count += pool.by_free[static_cast<std::size_t>(k)].count();
  }
  return count;
}

bool Fleet::fits(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces || p.gpus_free < demand.gpus) return false;
  if (nodes_with(p, pieces->each) < pieces->whole) return false;
  return pieces->rest == 0 || nodes_with(p, pieces->rest) >= pieces->whole + 1;
}

bool Fleet::fits_in_service(PoolIndex index, const Demand& demand) const {
  const auto pieces = cut(demand, pool(index).gpus_per_node);
  return pieces && pieces->nodes() <= pool(index).nodes_in_service;
}

bool Fleet::fits_at_all(PoolIndex index, const Demand& demand) const {
  const auto pieces = cut(demand, pool(index).gpus_per_node);
  return pieces && pieces->nodes() <= pool(index).nodes;
}

std::int64_t Fleet::usable_gpus(PoolIndex index, const Demand& demand) const {
  const auto& p = pool(index);
  const auto pieces = cut(demand, p.gpus_per_node);
  if (!pieces) return 0;
  if (pieces->whole == 1 && pieces->rest == 0) {  // one node: the best node's free GPUs
    for (auto k = p.gpus_per_node; k > 0; --k) {
      if (p.by_free[static_cast<std::size_t>(k)].count() > 0) return k;
    }
    return 0;
  }
  return nodes_with(p, pieces->each) * pieces->each;
}

std::vector<Share> Fleet::find(PoolIndex index, const Demand& demand) const {
  AMPACITY_ASSERT(fits(index, demand), "find() where {} GPUs do not fit", demand.gpus);
  const auto& p = pool(index);
  const auto pieces = *cut(demand, p.gpus_per_node);
  const auto base = sites_[p.site.value()].nodes.begin;
  std::vector<Share> shares;
  shares.reserve(static_cast<std::size_t>(pieces.nodes()));
  const auto gather = [&](std::int64_t wanted, std::int64_t each, std::span<const Share> taken) {
    for (auto k = each; k <= p.gpus_per_node && wanted > 0; ++k) {
      const auto& set = p.by_free[static_cast<std::size_t>(k)];
      for (auto n = set.first_from(0); n && wanted > 0; n = set.first_from(*n + 1)) {
        const NodeIndex node(base + static_cast<std::uint32_t>(*n));
        const auto used = [&](const Share& share) { return share.node == node; };
        if (!taken.empty() && std::any_of(taken.begin(), taken.end(), used)) continue;
        shares.push_back({node, each});
        --wanted;
      }
    }
  };
  if (pieces.rest > 0) gather(1, pieces.rest, {});  // the fullest node that takes the rest …
  const auto rest = shares;                         // … unless only whole nodes are left for it
  gather(pieces.whole, pieces.each, rest);
  if (static_cast<std::int64_t>(shares.size()) < pieces.nodes()) {
    shares.clear();
    gather(pieces.whole, pieces.each, {});
    const auto whole = shares;
    gather(1, pieces.rest, whole);
  }
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return a.node < b.node; });
  return shares;
}

void Fleet::change_free(NodeIndex node, std::int64_t by) {
  auto& p = pools_[pool_of(node).value()];
  const auto number = node.value() - sites_[p.site.value()].nodes.begin;
  const std::int64_t before = free_[node.value()];
  const auto after = before + by;
  AMPACITY_ASSERT(after >= 0 && after <= p.gpus_per_node, "node {} would have {} of {} GPUs free",
                  path(node), after, p.gpus_per_node);
  free_[node.value()] = static_cast<std::uint8_t>(after);
  if (flags_[node.value()] != 0) return;
  p.by_free[static_cast<std::size_t>(before)].erase(number);
  p.by_free[static_cast<std::size_t>(after)].insert(number);
  p.gpus_free += by;
}

void Fleet::take(const std::vector<Share>& shares) {
  for (const auto& share : shares) change_free(share.node, -share.gpus);
}

void Fleet::give_back(const std::vector<Share>& shares) {
  for (const auto& share : shares) change_free(share.node, share.gpus);
}

void Fleet::set_flag(NodeIndex node, Flag flag, bool on) {
  auto& flags = flags_[node.value()];
  const bool was = flags == 0;
  flags = static_cast<std::uint8_t>(on ? flags | flag : flags & ~flag);
  const bool is = flags == 0;
  if (was == is) return;
  auto& p = pools_[pool_of(node).value()];
  const auto number = node.value() - sites_[p.site.value()].nodes.begin;
  auto& set = p.by_free[free_[node.value()]];
  if (is) {
    set.insert(number);
  } else {
    set.erase(number);
  }
  p.nodes_in_service += is ? 1 : -1;
  p.gpus_free += is ? free_[node.value()] : -static_cast<std::int64_t>(free_[node.value()]);
}

void Fleet::set_down(NodeIndex node, bool down) {
  set_flag(node, Down, down);
}

void Fleet::set_drained(NodeRange nodes, bool drained) {
  for (auto n = nodes.begin; n < nodes.end; ++n) set_flag(NodeIndex(n), Drained, drained);
}

void Fleet::set_usable(HallIndex hall, bool usable) {
  auto& h = halls_[hall.value()];
  h.usable = usable;
  for (auto n = h.nodes.begin; n < h.nodes.end; ++n) set_flag(NodeIndex(n), Unusable, !usable);
}

bool Fleet::is_down(NodeIndex node) const {
  return (flags_[node.value()] & Down) != 0;
}

bool Fleet::is_drained(NodeIndex node) const {
  return (flags_[node.value()] & Drained) != 0;
}

std::int64_t Fleet::gpus(NodeIndex node) const {
  return pool(pool_of(node)).gpus_per_node;
}

HallIndex Fleet::hall_of(NodeIndex node) const {
  const auto it = std::upper_bound(
      halls_.begin(), halls_.end(), node.value(),
      [](std::uint32_t value, const HallState& hall) { return value < hall.nodes.end; });
  AMPACITY_ASSERT(it != halls_.end(), "node {} is in no hall", node.value());
  return HallIndex(static_cast<std::uint32_t>(it - halls_.begin()));
}

PoolIndex Fleet::pool_of(NodeIndex node) const {
  return halls_[hall_of(node).value()].pool;
}

std::optional<HallIndex> Fleet::find_hall(const std::string& path) const {
  const auto it = hall_by_path_.find(path);
  return it == hall_by_path_.end() ? std::nullopt : std::optional(it->second);
}

std::string Fleet::path(NodeIndex node) const {
  const auto& hall = halls_[hall_of(node).value()];
  const auto offset = static_cast<std::int64_t>(node.value() - hall.nodes.begin);
  const auto per_pod = hall.racks_per_pod * hall.nodes_per_rack;
  return fmt::format("{}/p{}/r{}/n{}", hall.path, offset / per_pod + 1,
                     offset % per_pod / hall.nodes_per_rack + 1, offset % hall.nodes_per_rack + 1);
}

std::optional<NodeRange> Fleet::resolve(const std::string& path) const {
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
  const auto& hall = halls_[index->value()];
  auto range = hall.nodes;
  const std::int64_t counts[] = {hall.pods, hall.racks_per_pod, hall.nodes_per_rack};
  const std::int64_t sizes[] = {hall.racks_per_pod * hall.nodes_per_rack, hall.nodes_per_rack, 1};
  constexpr char prefixes[] = {'p', 'r', 'n'};
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const auto number = ordinal(parts[i], prefixes[i - 2], counts[i - 2]);
    if (!number) return std::nullopt;
    range = narrowed(range, *number, sizes[i - 2]);
  }
  return range;
}

}  // namespace ampacity
