// SPDX-License-Identifier: Apache-2.0
#include "policy/quota.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ampacity {
namespace {

// Groups before their members.
std::vector<TeamIndex> from_the_top(const std::vector<Quotas::Entry>& entries) {
  std::vector<TeamIndex> order{Quotas::fleet()};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& members = entries[order[i].value()].members;
    order.insert(order.end(), members.begin(), members.end());
  }
  return order;
}

}  // namespace

Quotas::Quotas() : Quotas(Portfolio()) {}

Quotas::Quotas(const Portfolio& portfolio)
    : tree_(std::make_shared<Tree>(tree_of(portfolio))), uses_(tree_->entries.size()) {
  const auto order = from_the_top(tree_->entries);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    auto& use = uses_[it->value()];
    for (const auto member : entry(*it).members) {
      use.held_back_by_members += use_of(member).held_back;
    }
    use.held_back = std::max(entry(*it).kept, use.held_back_by_members);
  }
}

Quotas::Tree Quotas::tree_of(const Portfolio& portfolio) {
  Tree tree;
  auto& entries = tree.entries;
  const auto add = [&](const std::string& name) {
    entries.push_back({.name = name, .group = fleet(), .members = {}});
    return TeamIndex(static_cast<std::uint32_t>(entries.size() - 1));
  };
  add("");
  for (const auto& team : portfolio.teams) tree.by_name.emplace_back(team.name, add(team.name));
  std::sort(tree.by_name.begin(), tree.by_name.end());
  tree.without_team = add("");
  const auto find = [&](const std::string& name) -> TeamIndex& {
    return std::lower_bound(tree.by_name.begin(), tree.by_name.end(), std::pair(name, TeamIndex(0)))
        ->second;
  };
  for (std::size_t i = 0; i < portfolio.teams.size(); ++i) {
    const auto& team = portfolio.teams[i];
    if (!team.group.empty()) entries[i + 1].group = find(team.group);
    entries[i + 1].weight = team.weight;
    tree.any |= team.quota.has_value();
  }
  for (std::uint32_t i = 1; i < entries.size(); ++i) {
    entries[entries[i].group.value()].members.push_back(TeamIndex(i));
  }
  // What a group submits itself is the work of a member without a guarantee.
  for (auto& [name, team] : tree.by_name) {
    if (entries[team.value()].members.empty()) continue;
    const auto own = add(name);
    entries[own.value()].group = team;
    entries[team.value()].members.push_back(own);
    team = own;
  }
  const auto order = from_the_top(entries);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    auto& e = entries[it->value()];
    for (const auto member : e.members) e.guaranteed += entries[member.value()].guaranteed;
    const auto number = it->value();
    if (number == 0 || number > portfolio.teams.size()) continue;
    const auto& quota = portfolio.teams[number - 1].quota;
    if (!quota) continue;
    e.guaranteed = std::max(e.guaranteed, quota->guaranteed.count());
    if (quota->borrow) e.borrow = quota->borrow->count();
    if (quota->lend) e.kept = std::max<std::int64_t>(e.guaranteed - quota->lend->count(), 0);
  }
  return tree;
}

TeamIndex Quotas::team(const std::string& name) const {
  const auto& known = tree_->by_name;
  const auto it = std::lower_bound(known.begin(), known.end(), std::pair(name, TeamIndex(0)));
  return it != known.end() && it->first == name ? it->second : tree_->without_team;
}

void Quotas::use(TeamIndex team, std::int64_t amount) {
  for (auto i = team;; i = entry(i).group) {
    auto& u = uses_[i.value()];
    u.used += amount;
    AMPACITY_ASSERT(u.used >= 0, "team '{}' uses {}", entry(i).name, u.used);
    const auto before = u.held_back;
    u.held_back = std::max(entry(i).kept - u.used, u.held_back_by_members);
    if (i == fleet()) return;
    uses_[entry(i).group.value()].held_back_by_members += u.held_back - before;
  }
}

std::int64_t Quotas::inside(TeamIndex group, std::int64_t free) const {
  for (auto i = group;; i = entry(i).group) {
    free -= use_of(i).held_back_by_members;
    if (i == fleet()) return free;
    free += use_of(i).held_back;
  }
}

std::int64_t Quotas::limit(TeamIndex team) const {
  auto least = unlimited;
  for (auto i = team; i != fleet(); i = entry(i).group) {
    const auto& e = entry(i);
    if (e.borrow < unlimited) least = std::min(least, e.guaranteed + e.borrow - use_of(i).used);
  }
  return least;
}

std::int64_t Quotas::may_start(TeamIndex team, std::int64_t free) const {
  return std::min(inside(team, free), limit(team));
}

std::int64_t Quotas::lacks(TeamIndex team, std::int64_t amount) const {
  const auto& e = entry(team);
  const auto& u = use_of(team);
  if (e.borrow < unlimited && amount > e.guaranteed + e.borrow - u.used) return unlimited + 1;
  return amount - (u.held_back - u.held_back_by_members);
}

std::optional<TeamIndex> Quotas::covered_by(TeamIndex team, std::int64_t amount) const {
  for (auto i = team; i != fleet(); i = entry(i).group) {
    if (use_of(i).used + amount <= entry(i).guaranteed) return i;
  }
  return std::nullopt;
}

bool Quotas::borrows_from(TeamIndex team, TeamIndex lender) const {
  const auto above = [&](TeamIndex group) {  // group is the lender or one of its groups
    for (auto i = lender;; i = entry(i).group) {
      if (i == group) return true;
      if (i == fleet()) return false;
    }
  };
  for (auto i = team; !above(i); i = entry(i).group) {
    if (use_of(i).used <= entry(i).guaranteed) return false;  // it stands on its own guarantee
    if (entry(i).group == lender) return false;               // a member takes from its own group
  }
  return !above(team);
}

}  // namespace ampacity
