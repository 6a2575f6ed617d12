// SPDX-License-Identifier: Apache-2.0
// What each command becomes: events that are true from now on, effects that follow from them, or a
// refusal.
#include <fmt/compile.h>

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "base/pack.hpp"
#include "base/text.hpp"
#include "engine/engine.hpp"
#include "policy/mixed.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

template <class Problems>
std::string joined(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems) {
    text += (text.empty() ? "" : "; ") + to_text(problem);
  }
  return text;
}

std::uint64_t digest_of_spec(const JobSpec& spec) {
  DigestSink sink;
  pack(sink, spec);
  return sink.finish().low;
}

std::string how_it_ended(const Ending& ending) {
  const auto who = ending.rank ? fmt::format("rank {} ", *ending.rank) : std::string();
  auto detail = ending.detail.empty() ? std::string() : ": " + ending.detail;
  switch (ending.kind) {
    case EndKind::Exited:
      return fmt::format(FMT_COMPILE("{}exit code {}{}"), who, ending.code, detail);
    case EndKind::Signalled:
      return fmt::format("{}killed by signal {}{}", who, ending.signal, detail);
    case EndKind::NotStarted:
      return "could not be started" + detail;
    case EndKind::Lost:
      return "lost by its cluster" + detail;
  }
  return detail;
}

// A gang that saves itself and leaves on being preempted has not done its work.
AttemptResult judged(const std::optional<StopCause>& stopping, const Ending& ending) {
  if (stopping == StopCause::Preempted) return AttemptResult::Preempted;
  if (stopping == StopCause::Resized) return AttemptResult::Resized;
  if (stopping == StopCause::Curtailed) return AttemptResult::Curtailed;
  if (stopping == StopCause::Capped) return AttemptResult::Capped;
  const bool clean = ending.kind == EndKind::Exited && ending.code == 0;
  if (clean && stopping != StopCause::Cancelled) return AttemptResult::Completed;
  if (stopping == StopCause::Cancelled) return AttemptResult::Cancelled;
  if (stopping == StopCause::WalltimeReached) return AttemptResult::TimedOut;
  if (stopping == StopCause::NodeDown) return AttemptResult::InfrastructureFailed;
  if (ending.kind == EndKind::NotStarted || ending.kind == EndKind::Lost) {
    return AttemptResult::InfrastructureFailed;
  }
  return AttemptResult::Failed;
}

// The same nodes of the same size, together in one rack.
bool still_there(const Share& share, const Fleet& now, const Fleet& next) {
  const auto last = NodeIndex(share.node.value() + static_cast<std::uint32_t>(share.nodes) - 1);
  const auto from = next.resolve(now.path(share.node));
  const auto to = next.resolve(now.path(last));
  return from && to && to->begin - from->begin + 1 == static_cast<std::uint32_t>(share.nodes) &&
         next.gpus(NodeIndex(from->begin)) == now.gpus(share.node);
}

std::optional<Refusal> no_accelerator(const Portfolio& portfolio, const std::string& name) {
  if (portfolio.find_accelerator(name)) return std::nullopt;
  auto names = names_of(portfolio.accelerators);
  for (const auto& a : built_in_accelerators()) names.push_back(a.name);
  return Refusal{Reason::NameUnknown, unknown_name("accelerator", name, names)};
}

std::string value_of(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string value_of(bool value) {
  return value ? "yes" : "no";
}
std::string value_of(Duration value) {
  return to_text(value);
}
std::string value_of(Ratio value) {
  return to_text(value);
}
std::string value_of(GpuPrice value) {
  return to_text(Money::of(value.count())) + " per GPU-hour";
}
template <class E>
requires std::is_enum_v<E> std::string value_of(E value) {
  return boost::describe::enum_to_string(value, "?");
}

// "backfill: Easy -> None"
std::vector<std::string> changes_between(const Policy& before, const Policy& after) {
  std::vector<std::string> changes;
  using Members = boost::describe::describe_members<Policy, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Members>([&](auto member) {
    const auto& from = before.*member.pointer;
    const auto& to = after.*member.pointer;
    if (!(from == to)) {
      changes.push_back(fmt::format("{}: {} -> {}", member.name, value_of(from), value_of(to)));
    }
  });
  return changes;
}

Duration back_off(const Policy& policy, std::int64_t failures) {
  auto wait = policy.requeue_backoff;
  for (std::int64_t i = 1; i < failures && wait < policy.requeue_backoff_max; ++i) wait *= 2;
  return std::min(wait, policy.requeue_backoff_max);
}

}  // namespace

void Engine::refuse(Reason reason, std::string message) {
  refuse(Refusal{reason, std::move(message)});
}

void Engine::on(const Configure& command) {
  const auto portfolio = with_amendments(command.portfolio);
  if (const auto problems = check(portfolio); !problems.empty()) {
    return refuse(Reason::PortfolioInvalid, joined(problems));
  }
  if (state_.configured && portfolio == *state_.portfolio) return;
  auto objected = objection_to_rights(portfolio);
  if (!objected) objected = objection_to_leases(portfolio);
  if (!objected) objected = objection_to_edits(portfolio);
  if (objected) return refuse(std::move(*objected));
  const Fleet next(portfolio);
  for (const auto id : live_jobs()) {
    const auto& job = job_of(id);
    for (const auto& share : job.live->shares) {
      if (still_there(share, fleet_, next)) continue;
      return refuse(Reason::PortfolioInUse,
                    fmt::format("job {} runs on {}, which the new portfolio changes or takes away",
                                id.value(), fleet_.path(share.node)));
    }
    const auto& leases = portfolio.leases;
    const bool held = std::any_of(leases.begin(), leases.end(), [&](const Lease& lease) {
      return lease.name == job.live->lease && !lease.proposed;
    });
    if (!held) {
      return refuse(Reason::PortfolioInUse,
                    fmt::format("job {} runs on lease {}, which the new portfolio lacks",
                                id.value(), job.live->lease));
    }
  }
  for (const auto& [name, b] : state_.bookings) {
    for (const auto& share : b.nodes) {
      if (still_there(share, fleet_, next)) continue;
      return refuse(Reason::PortfolioInUse,
                    fmt::format("booking {} has {}, which the new portfolio changes or takes away",
                                name, fleet_.path(share.node)));
    }
  }
  emit(PortfolioConfigured{std::make_shared<const Portfolio>(portfolio)});
  refresh_capacity(now_);
}

std::optional<Refusal> Engine::objection(const JobSpec& spec) const {
  const auto& portfolio = *state_.portfolio;
  const auto refusal = [](Reason reason, std::string text) {
    return Refusal{reason, std::move(text)};
  };
  if (const auto problems = check(spec); !problems.empty()) {
    return refusal(Reason::JobInvalid, joined(problems));
  }
  if (!spec.priority_class.empty() && !portfolio.find_priority_class(spec.priority_class)) {
    return refusal(Reason::NameUnknown, unknown_name("priority class", spec.priority_class,
                                                     names_of(portfolio.priority_classes)));
  }
  if (!spec.team.empty() && !portfolio.teams.empty() && !portfolio.find_team(spec.team)) {
    return refusal(Reason::NameUnknown, unknown_name("team", spec.team, names_of(portfolio.teams)));
  }
  for (const auto& site : spec.sites) {
    const auto names = names_of(portfolio.sites);
    if (std::find(names.begin(), names.end(), site) != names.end()) continue;
    return refusal(Reason::NameUnknown, unknown_name("site", site, names));
  }
  for (const auto& accepted : spec.accelerators) {
    if (auto unknown = no_accelerator(portfolio, accepted.name)) return unknown;
  }
  if (auto objected = objection_to_booking(spec)) return objected;
  if (spec.walltime && *spec.walltime > portfolio.policy.max_walltime) {
    return refusal(Reason::WalltimeTooLong,
                   fmt::format("walltime {} is more than the policy's {}", to_text(*spec.walltime),
                               to_text(portfolio.policy.max_walltime)));
  }
  if (state_.jobs.size() >= static_cast<std::size_t>(portfolio.policy.max_waiting)) {
    return refusal(Reason::QueueFull,
                   fmt::format("{} jobs wait or run, and the policy's limit is {}",
                               state_.jobs.size(), portfolio.policy.max_waiting));
  }
  if (!spec.booking.empty()) return std::nullopt;
  return never_fits(spec);
}

// A gang that is larger than any place, or than the power of any.
std::optional<Refusal> Engine::never_fits(const JobSpec& spec) const {
  const auto demand = demand_of(spec);
  std::int64_t most = 0;
  std::optional<PoolIndex> dark;
  for (std::uint32_t i = 0; i < fleet_.pools().size(); ++i) {
    const PoolIndex pool(i);
    if (!speed_on(fleet_, pool, spec)) continue;
    most = std::max(most, fleet_.pool(pool).nodes * fleet_.pool(pool).gpus_per_node);
    if (!fleet_.fits_at_all(pool, demand)) continue;
    if (fleet_.has_power_at_all(pool, demand)) return std::nullopt;
    dark = pool;
  }
  if (demand.mixed && most_mixed(fleet_, ampacity::shape_of(fleet_, spec)) >= demand.gpus) {
    return std::nullopt;
  }
  if (most == 0 && spec.power_cap) {
    return Refusal{Reason::NeverFits,
                   fmt::format("power_cap: {} leaves no GPU that it accepts enough to work with",
                               to_text(*spec.power_cap))};
  }
  if (dark) {
    const auto& site = fleet_.sites()[fleet_.pool(*dark).site.value()];
    return Refusal{
        Reason::NeverFits,
        fmt::format("needs {} of IT power; {} will never carry more than {}",
                    to_text(fleet_.power_of(*dark, demand)), site.name, to_text(*site.most_power))};
  }
  return Refusal{
      Reason::NeverFits,
      fmt::format("needs {} GPUs{}{} at one site; the largest that the job accepts has {}, "
                  "all healthy and energised",
                  demand.gpus, demand.per_node ? fmt::format(", {} a node,", *demand.per_node) : "",
                  together(demand), most)};
}

void Engine::on(const SubmitJob& command) {
  const auto digest = command.request.empty() ? 0 : digest_of_spec(command.spec);
  if (const auto it = state_.requests.find(command.request); it != state_.requests.end()) {
    if (it->second.spec_digest == digest) {
      outcome_.job = it->second.job;
      return;
    }
    return refuse(Reason::RequestReused,
                  fmt::format("request '{}' already submitted job {}, which is a different one",
                              command.request, it->second.job.value()));
  }
  if (command.request.size() > 128) {
    return refuse(Reason::JobInvalid, "request: longer than 128 characters");
  }
  if (!state_.configured) return refuse(Reason::PortfolioInvalid, "no portfolio is configured yet");
  if (auto objected = objection(command.spec)) return refuse(std::move(*objected));
  const auto* priority = state_.portfolio->find_priority_class(command.spec.priority_class);
  const JobId id(state_.next_job);
  emit(JobSubmitted{id, command.request, std::make_shared<const JobSpec>(command.spec),
                    priority != nullptr ? priority->value : 0, command.by});
  outcome_.job = id;
}

// Refuses a command about a job that is not there.
bool Engine::known_job(JobId id) {
  if (state_.jobs.find(id) != nullptr) return true;
  const bool existed = id.value() > 0 && id.value() < state_.next_job;
  refuse(existed ? Reason::JobEnded : Reason::JobUnknown,
         existed ? fmt::format("job {} has ended already", id.value())
                 : fmt::format("there is no job {}", id.value()));
  return false;
}

void Engine::on(const CancelJob& command) {
  if (!known_job(command.job)) return;
  const auto* job = state_.jobs.find(command.job);
  if (job->live) return stop(command.job, StopCause::Cancelled, command.by);
  emit(JobEnded{command.job, JobState::Cancelled,
                command.by.empty() ? "cancelled" : "cancelled by " + command.by});
}

void Engine::on(const ReportStarted& command) {
  const auto* job = state_.jobs.find(command.attempt.job);
  if (job == nullptr || !job->live || job->attempts != command.attempt.number ||
      job->live->phase != AttemptPhase::Placed) {
    return;  // said before, or of an attempt that is over
  }
  emit(AttemptStarted{command.attempt});
}

void Engine::on(const ReportEnded& command) {
  const auto id = command.attempt.job;
  const auto* found = state_.jobs.find(id);
  const bool known = id.value() > 0 && id.value() < state_.next_job;
  if (found == nullptr || !found->live || found->attempts != command.attempt.number) {
    if (known) effect(ForgetAttempt{command.attempt, ""});  // its end is on record
    return;
  }
  const auto& job = *found;
  const auto site = job.live->site;
  const auto result = judged(job.live->stopping, command.ending);
  emit(AttemptEnded{command.attempt, command.ending, result, usage_so_far(job, now_)});
  effect(ForgetAttempt{command.attempt, site});
  after_attempt(id, result, command.ending);
}

// Requeue or end.
void Engine::after_attempt(JobId id, AttemptResult result, const Ending& ending) {
  const auto& job = job_of(id);
  const auto& policy = state_.portfolio->policy;
  const auto why = [&] { return how_it_ended(ending); };
  switch (result) {
    case AttemptResult::Completed:
      return emit(JobEnded{id, JobState::Completed, "exit code 0"});
    case AttemptResult::Cancelled:
      return emit(JobEnded{id, JobState::Cancelled, "cancelled while it ran"});
    case AttemptResult::TimedOut:
      return emit(JobEnded{id, JobState::TimedOut, "its walltime was over"});
    case AttemptResult::Failed: {
      if (job.own_failures > job.spec->retries) {
        return emit(JobEnded{
            id, JobState::Failed,
            fmt::format("{}; {} of {} retries used", why(), job.spec->retries, job.spec->retries)});
      }
      const auto wait = back_off(policy, job.own_failures);
      return emit(JobRequeued{id, now_ + wait,
                              fmt::format("{}; retry {} of {} in {}", why(), job.own_failures,
                                          job.spec->retries, to_text(wait))});
    }
    case AttemptResult::Resized:
      return emit(JobRequeued{id, now_, "goes on at another size, from its checkpoint"});
    case AttemptResult::Preempted:
      if (!job.spec->requeue) {
        return emit(JobEnded{id, JobState::Failed, "preempted; the job asked not to be requeued"});
      }
      return emit(JobRequeued{id, now_, "preempted; back in the queue at its old place"});
    case AttemptResult::Curtailed:
      return emit(
          JobRequeued{id, now_, "its site has to draw less; it goes on where there is power"});
    case AttemptResult::Capped:
      return emit(JobRequeued{id, now_,
                              "more was drawn there than may be; it goes on where there is power"});
    case AttemptResult::InfrastructureFailed: {
      const auto failures = job.infrastructure_failures;
      if (!job.spec->requeue || failures > policy.requeue_limit) {
        return emit(JobEnded{id, JobState::Failed,
                             job.spec->requeue ? fmt::format("{}; requeued {} times, the limit",
                                                             why(), policy.requeue_limit)
                                               : why() + "; the job asked not to be requeued"});
      }
      const auto wait = back_off(policy, failures);
      emit(JobRequeued{id, now_ + wait,
                       fmt::format("{}; requeue {} of {} in {}", why(), failures,
                                   policy.requeue_limit, to_text(wait))});
      return hold_killer(id);
    }
  }
}

void Engine::on(const ReportNode& command) {
  const auto range = fleet_.resolve(command.node);
  if (!range) {
    return refuse(
        Reason::NameUnknown,
        fmt::format("nothing is called '{}'; a node is site/hall/pod/rack/node, such as "
                    "{}, a rack is that without its last part, and so on",
                    command.node, fleet_.node_count() > 0 ? fleet_.path(NodeIndex(0)) : "?"));
  }
  const bool known_down = state_.down.count(command.node) > 0;
  if (known_down == (command.state == NodeState::Down)) return;
  emit(NodeChanged{command.node, command.state, command.detail});
  if (command.state == NodeState::Up) return;
  if (is_node(command.node)) drain_lemon(command.node);
  for (const auto id : planner_.tenants(*range)) stop(id, StopCause::NodeDown, command.node);
}

// One node after the other dies soon after this job has started on it.
void Engine::hold_killer(JobId id) {
  const auto& policy = state_.portfolio->policy;
  const auto losses = job_of(id).early_losses;
  if (policy.killer_attempts == 0 || losses < policy.killer_attempts) return;
  emit(JobHeld{id, fmt::format("{} attempts in a row lost a node within {} of their start; it may "
                               "be the job that kills them",
                               losses, to_text(policy.killer_window))});
}

void Engine::on(const HoldJob& command) {
  if (!known_job(command.job)) return;
  if (state_.held.count(command.job) > 0) {
    return refuse(Reason::NothingToDo, fmt::format("job {} is held already", command.job.value()));
  }
  emit(JobHeld{command.job, fmt::format("held{}{}", command.by.empty() ? "" : " by " + command.by,
                                        command.note.empty() ? "" : ": " + command.note)});
}

void Engine::on(const ReleaseJob& command) {
  if (!known_job(command.job)) return;
  if (state_.held.count(command.job) == 0) {
    return refuse(Reason::NothingToDo, fmt::format("job {} is not held", command.job.value()));
  }
  emit(JobReleased{command.job, command.by});
}

void Engine::on(const SetPolicy& command) {
  if (!state_.configured) return refuse(Reason::PortfolioInvalid, "no portfolio is configured yet");
  auto next = *state_.portfolio;
  next.policy = command.policy;
  if (const auto problems = check(next); !problems.empty()) {
    return refuse(Reason::PortfolioInvalid, joined(problems));
  }
  auto changes = changes_between(state_.portfolio->policy, command.policy);
  if (changes.empty()) return;
  emit(PolicyChanged{command.policy, std::move(changes), command.by});
  refresh_capacity(now_);
}

void Engine::drain_lemon(const std::string& node) {
  const auto& policy = state_.portfolio->policy;
  const auto known = state_.node_failures.find(node);
  if (known == state_.node_failures.end() || state_.drained.count(node) > 0 ||
      static_cast<std::int64_t>(known->second.size()) < policy.lemon_failures) {
    return;
  }
  emit(Drained{node, "ampacity",
               fmt::format("a lemon: went down {} times within {}", known->second.size(),
                           to_text(policy.lemon_window))});
}

void Engine::on(const Drain& command) {
  if (!fleet_.resolve(command.target)) {
    return refuse(Reason::NameUnknown,
                  fmt::format("nothing is called '{}'; drain a site, site/hall, … down to a node{}",
                              command.target,
                              did_you_mean(command.target, names_of(state_.portfolio->sites))));
  }
  if (state_.drained.count(command.target) > 0) {
    return refuse(Reason::NothingToDo, fmt::format("{} is drained already", command.target));
  }
  emit(Drained{command.target, command.by, command.note});
}

void Engine::on(const Resume& command) {
  if (state_.drained.count(command.target) == 0) {
    const std::vector<std::string> drained(state_.drained.begin(), state_.drained.end());
    return refuse(Reason::NothingToDo,
                  fmt::format("{} is not drained; drained are: {}", command.target,
                              drained.empty() ? "none" : listed(drained)));
  }
  emit(Resumed{command.target, command.by});
}

}  // namespace ampacity
