// SPDX-License-Identifier: Apache-2.0
// The use of teams and projects: charged ahead as gangs start, refunded as they end early, decayed
// at each charge; and where that puts them in the queue.
#include "engine/engine.hpp"
#include "policy/fair_share.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {

bool Engine::shares() const {
  return !state_.portfolio->teams.empty() &&
         state_.portfolio->policy.fair_share_half_life > Duration(0);
}

AccountIndex Engine::account_of(const JobSpec& spec) {
  if (!shares()) return queue_.account("", "");
  auto& projects = accounts_[spec.team];
  const auto known = projects.find(spec.project);
  if (known != projects.end()) return known->second;
  const auto account = queue_.account(spec.team, spec.project);
  projects.emplace(spec.project, account);
  queue_.reprice(account, share_of(spec.team, spec.project));
  return account;
}

FairShare Engine::share_of(const std::string& team, const std::string& project) const {
  const auto used = [&](const std::string& name) {
    const auto it = state_.use.find(name);
    return it == state_.use.end() ? 0 : it->second;
  };
  const auto* known = state_.portfolio->find_team(team);
  return {used(team) / (known == nullptr ? 1 : known->weight), used(team + "/" + project)};
}

void Engine::reprice(const std::string& team) {
  for (const auto& [project, account] : accounts_[team]) {
    queue_.reprice(account, share_of(team, project));
  }
}

// GPU*ms from `from` until `until`; backwards in time is a refund.
void Engine::charge(const Job& job, Instant from, Instant until) {
  const auto amount = job.spec->gpus.count() * (until - from).count();
  state_.use[job.spec->team] += amount;
  state_.use[job.spec->team + "/" + job.spec->project] += amount;
}

void Engine::charge_due(Instant now) {
  if (!shares() || !state_.charged_until || *state_.charged_until > now) return;
  const auto interval = state_.portfolio->policy.fair_share_interval;
  const auto intervals = (now - *state_.charged_until) / interval + 1;
  emit(UseCharged{*state_.charged_until + intervals * interval});
}

void Engine::apply(const UseCharged& event, Instant) {
  const auto from = *state_.charged_until;
  const auto factor = decay(event.until - from, state_.portfolio->policy.fair_share_half_life);
  for (auto& [name, used] : state_.use) used = decayed(used, factor);
  for (const auto id : live_jobs()) charge(job_of(id), from, event.until);
  std::erase_if(state_.use, [](const auto& entry) { return entry.second == 0; });
  state_.charged_until.reset();
  if (!state_.use.empty()) state_.charged_until = event.until;
  for (const auto& [team, projects] : accounts_) reprice(team);
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

}  // namespace ampacity
