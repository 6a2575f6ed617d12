// SPDX-License-Identifier: Apache-2.0
// What teams use and may use, and where that puts their jobs in the queue. Fair share: charged
// ahead as gangs start, refunded as they end early, decayed at each charge. Quota:
// policy/quota.hpp.
#include "engine/engine.hpp"
#include "policy/fair_share.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

bool Engine::shares() const {
  return !state_.portfolio->teams.empty() &&
         state_.portfolio->policy.fair_share_half_life > Duration(0);
}

void Engine::rebuild_teams() {
  quotas_ = Quotas(*state_.portfolio);
  accounts_.assign(quotas_.entries().size(), {});
  preempting_.clear();
  for (const auto& c : state_.portfolio->priority_classes) {
    if (c.preempts) preempting_.insert(c.value);
  }
}

const Engine::ProjectAccount& Engine::account_of(const Job& job) {
  static const ProjectAccount everybodys{AccountIndex(), ""};
  if (!shares() && quotas_.none() && !budgets_due_) {
    queue_.account("", "");
    return everybodys;
  }
  const auto& project = job.spec->project;
  auto& projects = accounts_[job.team.value()];
  const bool only = projects.size() == 1 && projects.begin()->first == project;
  const auto known = only ? projects.begin() : projects.find(project);
  if (known != projects.end()) return known->second;
  const ProjectAccount account{queue_.account(job.spec->team, project),
                               quotas_.entry(job.team).name + "/" + project};
  restate(job.team, account);
  return projects.emplace(project, account).first->second;
}

FairShare Engine::share_of(TeamIndex team, const ProjectAccount& account) const {
  if (!shares()) return {};
  const auto used = [&](const std::string& name) {
    const auto it = state_.use.find(name);
    return it == state_.use.end() ? 0 : it->second;
  };
  const auto weight = [&](TeamIndex t) { return quotas_.entry(t).weight; };
  const auto group = quotas_.entry(team).group;
  std::size_t depth = 0;
  for (auto g = group; g != Quotas::fleet(); g = quotas_.entry(g).group) ++depth;
  FairShare share;
  auto level = depth;
  for (auto g = group; g != Quotas::fleet(); g = quotas_.entry(g).group) {
    share.levels[--level] = used(quotas_.entry(g).name + "/*") / weight(g);
  }
  share.levels[depth] = used(quotas_.entry(team).name) / weight(team);
  share.levels[depth + 1] = used(account.name);
  return share;
}

Claim Engine::claim_of(TeamIndex team, std::int64_t gpus, std::int64_t priority) const {
  if (quotas_.none()) return {};
  const auto covered = quotas_.covered_by(team, gpus);
  const bool preempts =
      preempting_.count(priority) > 0 || (covered && state_.portfolio->policy.reclaim);
  return {!covered, preempts ? Claim::nothing : quotas_.lacks(team, gpus)};
}

void Engine::restate(TeamIndex team, const ProjectAccount& account) {
  queue_.restate(account.index, share_of(team, account),
                 [&](const Shape& shape, std::int64_t priority) {
                   return claim_of(team, shape.demand.gpus, priority);
                 });
}

void Engine::restate(TeamIndex team) {
  for (const auto& [project, account] : accounts_[team.value()]) {
    if (queue_.has_jobs(account.index)) {
      restate(team, account);
    } else {
      queue_.outdate(account.index);
    }
  }
}

void Engine::restate_members(TeamIndex group) {
  for (const auto member : quotas_.entry(group).members) {
    restate(member);
    restate_members(member);
  }
}

// A gang of the team starts (+) or ends (-). The members of a group feel it where some demand is
// not covered by the group's guarantee any more, or is again.
void Engine::use_quota(const Job& job, std::int64_t sign) {
  const auto amount = sign * job.live->gpus;
  quotas_.use(job.team, amount);
  if (quotas_.none() && !shares()) return;
  const auto account = held_by_.try_emplace({job.team, job.spec->project}).first;
  account->second += amount;
  if (account->second == 0) held_by_.erase(account);
  restate(job.team);
  if (quotas_.none()) return;
  if (over_guarantee(job.team)) {
    borrowing_.insert(job.team);
  } else {
    borrowing_.erase(job.team);
  }
  for (auto g = quotas_.entry(job.team).group; g != Quotas::fleet(); g = quotas_.entry(g).group) {
    const auto left = quotas_.entry(g).guaranteed - quotas_.use_of(g).used;
    const auto changed = sizes_.upper_bound(std::min(left, left + amount));
    if (changed != sizes_.end() && *changed <= std::max(left, left + amount)) restate_members(g);
  }
}

// GPU*ms from `from` until `until`; backwards in time is a refund.
void Engine::charge(const Job& job, Instant from, Instant until) {
  const auto used = job.live->gpus * (until - from).count();
  const auto of_team = state_.use.try_emplace(quotas_.entry(job.team).name).first;
  of_team->second += used;
  const auto& account = account_of(job).name;  // "team/project": mostly the next
  const auto next = std::next(of_team);
  const bool is_next = next != state_.use.end() && next->first == account;
  (is_next ? next->second : state_.use[account]) += used;
}

void Engine::charge_due(Instant now) {
  if (!shares() || !state_.charged_until || *state_.charged_until > now) return;
  const auto interval = state_.portfolio->policy.fair_share_interval;
  const auto intervals = (now - *state_.charged_until) / interval + 1;
  emit(UseCharged{*state_.charged_until + intervals * interval});
}

// What groups used, "group/*": as of the last charge, so that a start moves its own team alone.
void Engine::sum_groups() {
  std::erase_if(state_.use, [](const auto& entry) { return entry.first.ends_with("/*"); });
  std::map<std::string, std::int64_t> sums;
  for (std::uint32_t i = 1; i < quotas_.entries().size(); ++i) {
    const auto& e = quotas_.entry(TeamIndex(i));
    const auto used = state_.use.find(e.name);
    if (!e.members.empty() || used == state_.use.end()) continue;
    for (auto g = e.group; g != Quotas::fleet(); g = quotas_.entry(g).group) {
      sums[quotas_.entry(g).name + "/*"] += used->second;
    }
  }
  state_.use.insert(sums.begin(), sums.end());
}

void Engine::apply(const UseCharged& event, Instant) {
  const auto from = *state_.charged_until;
  const auto factor = decay(event.until - from, state_.portfolio->policy.fair_share_half_life);
  for (auto& [name, used] : state_.use) used = decayed(used, factor);
  for (const auto& [account, gpus] : held_by_) {
    const auto& team = quotas_.entry(account.first).name;
    const auto used = gpus * (event.until - from).count();
    state_.use[team] += used;
    state_.use[team + "/" + account.second] += used;
  }
  sum_groups();
  std::erase_if(state_.use, [](const auto& entry) { return entry.second == 0; });
  state_.charged_until.reset();
  if (!state_.use.empty()) state_.charged_until = event.until;
  restate_members(Quotas::fleet());
  dirty_ = true;
}

// Why a team stands where it stands.
std::string Engine::use_in_words(const JobSpec& spec) const {
  if (!shares()) return "";
  const auto it = state_.use.find(spec.team);
  const auto* team = state_.portfolio->find_team(spec.team);
  const auto minutes = it == state_.use.end() ? 0 : it->second / 60'000;
  return fmt::format("; team {} has used {}.{:02} GPU-hours lately at weight {}",
                     spec.team.empty() ? "(none)" : spec.team, minutes / 60,
                     minutes % 60 * 100 / 60, team == nullptr ? 1 : team->weight);
}

// What keeps a job that its quota does not cover; none: nothing does.
std::optional<Explanation> Engine::kept_by_quota(const JobSpec& spec) const {
  if (quotas_.none()) return std::nullopt;
  const auto team = quotas_.team(spec.team);
  const auto gpus = spec.least().count();
  if (quotas_.may_start(team, fleet_.gpus_free()) >= gpus) return std::nullopt;
  for (auto i = team; i != Quotas::fleet(); i = quotas_.entry(i).group) {
    const auto& e = quotas_.entry(i);
    if (e.borrow == Quotas::unlimited || quotas_.use_of(i).used + gpus <= e.guaranteed + e.borrow)
      continue;
    return Explanation{
        Reason::OverQuota,
        fmt::format("needs {} GPUs; team {} uses {} and may have {}: {} guaranteed and {} borrowed",
                    gpus, e.name, quotas_.use_of(i).used, e.guaranteed + e.borrow, e.guaranteed,
                    e.borrow),
        0,
        {}};
  }
  const auto inside = std::max<std::int64_t>(quotas_.inside(team, fleet_.gpus_free()), 0);
  if (fleet_.gpus_free() < gpus) return std::nullopt;  // not for the others' sake
  return Explanation{
      Reason::GuaranteedToOthers,
      fmt::format("needs {} GPUs; {} are free, of which all but {} are held back for "
                  "the guarantees of other teams; team {} uses {} of its own {}",
                  gpus, fleet_.gpus_free(), inside, spec.team.empty() ? "(none)" : spec.team,
                  quotas_.use_of(team).used, quotas_.entry(team).guaranteed),
      0,
      {}};
}

}  // namespace ampacity
