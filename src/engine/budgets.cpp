// SPDX-License-Identifier: Apache-2.0
// Budgets of teams (model/portfolio.hpp, TeamBudget): what a team's gangs cost in a period of the
// calendar, at the lease's price and with their energy, whether they ended or run. At a share of it
// somebody is warned; when all is spent no new job of the team starts, nor do its elastic gangs
// grow, until the next period; what runs goes on, and may start again. Looked at on every fifth
// minute (UTC), so that it costs the gangs of teams with budgets then, and nothing else.
#include <algorithm>

#include "engine/engine.hpp"
#include "ledger/budget_period.hpp"
#include "units/arithmetic.hpp"
#include "units/calendar.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr Duration look_every{300'000};

// The period of the calendar that holds an instant.
std::pair<Instant, Instant> period_of(const TeamBudget& budget, Instant at) {
  const Calendar utc;
  auto month = first_of(utc.month_of(at), budget.period);
  const auto since = utc.start_of(month);
  for (auto i = months_in(budget.period); i > 0; --i) month = next(month);
  return {since, utc.start_of(month)};
}

}  // namespace

bool Engine::has_budgets() const {
  const auto& teams = state_.portfolio->teams;
  return std::any_of(teams.begin(), teams.end(),
                     [](const Team& t) { return t.budget.has_value(); });
}

Instant Engine::next_look(Instant after) {
  return after - (after.time_since_epoch() % look_every) + look_every;
}

std::map<std::string, Money> Engine::cost_of_running(Instant now) const {
  std::map<std::string, Money> cost;
  for (const auto& team : state_.portfolio->teams) {
    if (team.budget) cost[team.name];
  }
  for (const auto id : live_jobs()) {
    const auto& job = job_of(id);
    const auto team = cost.find(job.spec->team);
    if (team == cost.end()) continue;
    team->second += billed(lease_named(job.live->lease), usage_so_far(job, now));
  }
  return cost;
}

// Periods that are over, though nobody looked at their end: what gangs had cost before the next one
// is known as long as nothing after it is put aside, and with the leases that ended before it.
void Engine::begin_budgets(Instant now) {
  if (!budgets_due_ || *budgets_due_ > now) return;
  std::map<std::pair<Instant, std::string>, Instant> next;  // when each begins, and ends
  for (const auto& team : state_.portfolio->teams) {
    const auto known = state_.spending.find(team.name);
    if (!team.budget || known == state_.spending.end() || known->second.until > now) continue;
    const auto [since, until] = period_of(*team.budget, now);
    // After another `period` was put in force, from the end of the old one on.
    next[{std::max(since, known->second.until), team.name}] = until;
  }
  for (const auto& [period, until] : next) {
    const auto& [since, team] = period;
    change_bearers(since);
    emit(BudgetBegun{team, since, until, cost_of_running(since).at(team)});
  }
}

// What gangs used before their sites had other prices stays spent at the old ones.
void Engine::keep_spent(const std::map<std::string, Money>& before, Instant at) {
  for (const auto& [team, after] : cost_of_running(at)) {
    const auto known = state_.spending.find(team);
    const auto was = before.find(team);
    if (known == state_.spending.end() || was == before.end()) continue;
    known->second.before += after - was->second;
  }
}

// After another portfolio: who had another amount is judged anew, and who had a longer period, or
// no budget, counts from now on.
void Engine::rejudge_budgets(const Portfolio& before, Instant at) {
  for (const auto& team : state_.portfolio->teams) {
    const auto known = state_.spending.find(team.name);
    const auto* was = before.find_team(team.name);
    if (!team.budget || known == state_.spending.end() || was == nullptr || !was->budget) continue;
    if (period_of(*team.budget, at).second < known->second.until) {
      state_.spending.erase(known);
    } else if (*team.budget != *was->budget) {
      known->second.warned = false;
      known->second.exhausted = false;
    } else {
      continue;
    }
    budgets_due_ = at;
  }
}

void Engine::budgets_due(Instant now) {
  if (!budgets_due_ || *budgets_due_ > now) return;
  budgets_due_ = next_look(now);
  const auto running = cost_of_running(now);
  for (const auto& team : state_.portfolio->teams) {
    if (!team.budget) continue;
    const auto cost = running.at(team.name);
    if (state_.spending.count(team.name) == 0) {
      emit(BudgetBegun{team.name, now, period_of(*team.budget, now).second, cost});
    }
    const auto& spending = state_.spending.at(team.name);
    const auto spent = spending.so_far(cost);
    const auto& amount = team.budget->amount;
    const auto warn = times(amount, team.budget->warn_at);
    if (spent >= amount && !spending.exhausted) {
      emit(BudgetSpent{team.name, spent, amount, true});
    } else if (spent >= warn && !spending.warned) {
      emit(BudgetSpent{team.name, spent, amount, false});
    }
  }
}

std::map<std::string, Money> Engine::spent(Instant now) const {
  auto spent = cost_of_running(now);
  for (auto& [team, money] : spent) {
    const auto known = state_.spending.find(team);
    money = known == state_.spending.end() ? Money() : known->second.so_far(money);
  }
  return spent;
}

void Engine::apply(const BudgetBegun& event, Instant) {
  state_.spending[event.team] = {event.since, event.until, {}, event.before, false, false};
  dirty_ = true;
}

void Engine::apply(const BudgetSpent& event, Instant) {
  auto& spending = state_.spending.at(event.team);
  spending.warned = true;
  spending.exhausted = event.all;
}

bool Engine::has_spent_all(const std::string& team) const {
  const auto known = state_.spending.find(team);
  return known != state_.spending.end() && known->second.exhausted;
}

// New jobs of its team do not stand in its way in a lane when the budget is spent.
bool Engine::is_restart_on_budget(const Job& job) const {
  if (job.attempts == 0) return false;
  const auto* team = state_.portfolio->find_team(job.spec->team);
  return team != nullptr && team->budget.has_value();
}

bool Engine::is_kept_by_budget(const Job& job) const {
  return job.attempts == 0 && has_spent_all(job.spec->team);
}

std::optional<Explanation> Engine::kept_by_budget(const Job& job) const {
  if (!is_kept_by_budget(job)) return std::nullopt;
  const auto& spending = state_.spending.at(job.spec->team);
  const auto* team = state_.portfolio->find_team(job.spec->team);
  const auto amount = team != nullptr && team->budget ? team->budget->amount : Money();
  return Explanation{Reason::BudgetExhausted,
                     fmt::format("team {} has spent its {} of the period that began on {}; its new "
                                 "jobs start from {} on",
                                 job.spec->team, to_text(amount), to_text(spending.since),
                                 to_text(spending.until)),
                     0,
                     {},
                     {}};
}

}  // namespace ampacity
