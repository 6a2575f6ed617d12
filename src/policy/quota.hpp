// SPDX-License-Identifier: Apache-2.0
// Who may use how much: the quotas of a tree of teams, in one unit (the engine counts GPUs; MW and
// USD are further trees of the same kind). Called by the engine as gangs come and go, and before
// each start.
//
// A team has a *guaranteed* amount (a group's is what it has in all: at least the sum of its
// members'). It may *borrow* up to a limit above it, and *lends* what it does not use, up to a
// limit; the rest of its guarantee is *held back*: kept free for it whoever asks. Quotas are tied
// to capacity that is really there: what a team may start is counted from what is free now,
//
//   inside(fleet) = free - held back by its teams
//   inside(team)  = inside(group) + held back by the team - held back by its members
//   may start     = min(inside(team), guaranteed + borrow - used, of the team and of its groups)
//
// so a guarantee that the fleet cannot honour takes from nobody twice (promised() says so). The
// words are Kueue's (pkg/cache/scheduler/resource_node.go); the algebra is ours, because theirs
// counts nominal quota and not what is free. Costs: use O(depth), may_start O(depth), others as
// said. Amounts are >= 0; a use that would become negative asserts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/tagged.hpp"
#include "model/portfolio.hpp"

namespace ampacity {

using TeamIndex = Tagged<struct TeamTag, std::uint32_t>;  // 0 is the fleet, the group of all

class Quotas {
 public:
  static constexpr std::int64_t unlimited = INT64_MAX / 4;

  struct Entry {
    std::string name;
    TeamIndex group;
    std::int64_t guaranteed = 0;
    std::int64_t borrow = unlimited;
    std::int64_t kept = 0;  // of the guarantee: not lent
    std::int64_t weight = 1;
    std::vector<TeamIndex> members;
  };
  struct Use {
    std::int64_t used = 0;  // with all members
    std::int64_t held_back = 0;
    std::int64_t held_back_by_members = 0;
  };

  Quotas();
  explicit Quotas(const Portfolio& portfolio);

  // No team has a quota: everybody may start anything.
  bool none() const { return !tree_->any; }
  // A name that is no team's: the entry for work without a team.
  TeamIndex team(const std::string& name) const;
  const Entry& entry(TeamIndex team) const { return tree_->entries[team.value()]; }
  // The fleet, the teams in file order, work without a team, what groups submit themselves.
  const std::vector<Entry>& entries() const { return tree_->entries; }
  const Use& use_of(TeamIndex team) const { return uses_[team.value()]; }
  static constexpr TeamIndex fleet() { return TeamIndex(0); }
  void use(TeamIndex team, std::int64_t amount);  // negative: gives back

  // What the team could start now when `free` is free in the fleet; may be negative.
  std::int64_t may_start(TeamIndex team, std::int64_t free) const;
  // The same in two halves, so that the teams of one group can be asked at once: a start of
  // `amount` needs lacks(team, amount) <= inside(group), and limit(group) >= amount.
  std::int64_t inside(TeamIndex group, std::int64_t free) const;
  std::int64_t limit(TeamIndex team) const;
  std::int64_t lacks(TeamIndex team, std::int64_t amount) const;  // > unlimited: never

  // The start would be covered by the guarantee of the team or of a group of it: of which?
  std::optional<TeamIndex> covered_by(TeamIndex team, std::int64_t amount) const;
  // `lender` takes back what it guarantees: is a gang of `team` on borrowed capacity, seen from it?
  bool borrows_from(TeamIndex team, TeamIndex lender) const;

  // Guaranteed to all teams together; more than the fleet has is a promise that cannot be kept.
  std::int64_t promised() const { return entry(fleet()).guaranteed; }

 private:
  struct Tree {
    std::vector<Entry> entries;
    std::vector<std::pair<std::string, TeamIndex>> by_name;  // sorted
    TeamIndex without_team;
    bool any = false;
  };
  static Tree tree_of(const Portfolio& portfolio);

  std::shared_ptr<const Tree> tree_;  // shared by copies, which are cheap therefore
  std::vector<Use> uses_;
};

}  // namespace ampacity
