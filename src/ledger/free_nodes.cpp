// SPDX-License-Identifier: Apache-2.0
#include "ledger/free_nodes.hpp"

#include <algorithm>

namespace ampacity {

FreeNodes::FreeNodes(const Portfolio& portfolio, const Site& site, const SiteNodes& nodes,
                     Instant from) {
  for (const auto& hall : site.halls) {
    const auto shape = shape_of(portfolio, hall);
    const auto pool = pool_for(shape.accelerator->name, shape.gpus_per_node);
    const auto first = static_cast<std::uint32_t>(nodes_.size());
    nodes_.resize(nodes_.size() + static_cast<std::size_t>(shape.nodes(hall)), Node{pool, 0, 0});
    if (hall.energised && *hall.energised > from) {
      const auto size = static_cast<std::uint32_t>(shape.nodes(hall));
      dark_.push_back({Instant::min(), *hall.energised, first, size, 0});
    }
  }
  for (const auto& node : nodes_) count(node, 1);
  for (const auto& span : dark_) plan(span, true, from);
  for (const auto& span : nodes.held) plan(span, false, from);
  for (const auto& span : nodes.out) plan(span, true, from);
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
}

std::uint32_t FreeNodes::pool_for(const std::string& accelerator, std::int64_t gpus_per_node) {
  for (std::uint32_t i = 0; i < pools_.size(); ++i) {
    if (pools_[i].accelerator == accelerator && pools_[i].gpus_per_node == gpus_per_node) return i;
  }
  pools_.push_back({accelerator, gpus_per_node, {}});
  pools_.back().with.resize(static_cast<std::size_t>(gpus_per_node) + 1);
  return static_cast<std::uint32_t>(pools_.size() - 1);
}

void FreeNodes::plan(const NodeSpan& span, bool out, Instant from) {
  if (span.until <= std::max(from, span.from)) return;
  if (span.first >= nodes_.size() || span.nodes > nodes_.size() - span.first) return;
  changes_.push_back({std::max(span.from, from), &span, out, 1});
  changes_.push_back({span.until, &span, out, -1});
}

void FreeNodes::go_to(Instant at) {
  for (; next_ < changes_.size() && changes_[next_].at <= at; ++next_) apply(changes_[next_]);
}

std::vector<Instant> FreeNodes::changes() const {
  std::vector<Instant> all;
  for (const auto& change : changes_) {
    if (all.empty() || all.back() != change.at) all.push_back(change.at);
  }
  return all;
}

void FreeNodes::apply(const Change& change) {
  const auto& span = *change.span;
  for (auto n = span.first; n < span.first + span.nodes; ++n) {
    auto& node = nodes_[n];
    count(node, -1);
    if (change.out) {
      node.out += change.sign;
    } else {
      node.held += change.sign * static_cast<std::int32_t>(span.gpus);
    }
    count(node, 1);
  }
}

void FreeNodes::count(const Node& node, std::int64_t by) {
  if (node.out > 0) return;
  auto& pool = pools_[node.pool];
  const auto free = std::max<std::int64_t>(pool.gpus_per_node - node.held, 0);
  pool.with[static_cast<std::size_t>(free)] += by;
}

bool FreeNodes::could_hold(const WaitingShape& gang) const {
  return std::any_of(pools_.begin(), pools_.end(), [&](const Pool& pool) {
    const auto& accepted = gang.accelerators;
    const bool accepts = accepted.empty() || std::find(accepted.begin(), accepted.end(),
                                                       pool.accelerator) != accepted.end();
    const auto each = gang.per_node.value_or(std::min(gang.gpus, pool.gpus_per_node));
    if (!accepts || each > pool.gpus_per_node) return false;
    const auto whole = gang.gpus / each;
    const auto rest = gang.gpus % each;
    const auto with = [&](std::int64_t gpus) {
      std::int64_t nodes = 0;
      for (auto k = gpus; k <= pool.gpus_per_node; ++k) {
        nodes += pool.with[static_cast<std::size_t>(k)];
      }
      return nodes;
    };
    const auto nodes = whole + (rest > 0 ? 1 : 0);
    const bool untouched =
        (gang.together && nodes > 1) || (each == pool.gpus_per_node && rest == 0);
    if (untouched) return with(pool.gpus_per_node) >= nodes;
    return with(each) >= whole && (rest == 0 || with(rest) >= whole + 1);
  });
}

}  // namespace ampacity
