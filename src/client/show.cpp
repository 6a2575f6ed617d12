// SPDX-License-Identifier: Apache-2.0
#include "client/show.hpp"

#include <boost/describe/enum_to_string.hpp>

#include "base/text.hpp"
#include "protocol/sentences.hpp"
#include "terminal/table.hpp"
#include "units/text.hpp"

namespace ampacity::client {
namespace {

using terminal::Colour;
using terminal::coloured;
using terminal::Table;

Colour colour_of(const std::string& state) {
  if (state == "Completed") return Colour::Green;
  if (state == "Failed" || state == "TimedOut" || state == "InfrastructureFailed")
    return Colour::Red;
  if (state == "Running" || state == "Starting" || state == "Placed") return Colour::Blue;
  if (state == "Waiting" || state == "Stopping") return Colour::Yellow;
  return Colour::Grey;
}

std::string clock(std::int64_t ms) {  // "2026-11-24 03:12:45"
  auto text = to_text(from_ms(ms)).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string span(std::int64_t from, std::int64_t until) {
  return to_text(Duration(until - from));
}

std::string cost_text(const api::UsageView& usage) {
  return to_text(Money::of(usage.lease_cost_micro_usd + usage.energy_cost_micro_usd));
}

void field(const std::string& name, const std::string& value) {
  if (!value.empty()) fmt::print("{:<12}{}\n", name, value);
}

std::string ended_text(const api::AttemptView& attempt) {
  if (!attempt.ending) return attempt.state;
  const auto& e = *attempt.ending;
  auto text = attempt.state;
  if (e.kind == EndKind::Exited && e.code != 0) text += fmt::format(", exit code {}", e.code);
  if (e.kind == EndKind::Signalled) text += fmt::format(", signal {}", e.signal);
  if (e.rank) text += fmt::format(" (rank {})", *e.rank);
  return e.detail.empty() ? text : text + ": " + e.detail;
}

// An elastic job: what it has of what it asks for, or what it would start with.
std::string gpus_text(const api::JobView& job) {
  if (!job.gpus_min) return fmt::format("{}", job.gpus);
  if (job.gpus_held) return fmt::format("{} of {}", *job.gpus_held, job.gpus);
  return fmt::format("{} to {}", *job.gpus_min, job.gpus);
}

void show_attempt(const api::AttemptView& a) {
  fmt::print("\n{}  at {} under {} ({})\n", coloured("attempt " + a.attempt, Colour::Bold), a.site,
             a.lease, a.provider);
  fmt::print("  {}  placed   {}\n", clock(a.placed_ms), a.why);
  fmt::print("  {}  on       {}\n", std::string(19, ' '), to_text(a.nodes));
  if (a.started_ms) fmt::print("  {}  started\n", clock(*a.started_ms));
  if (a.ended_ms) {
    fmt::print("  {}  ended    {} after {}\n", clock(*a.ended_ms),
               coloured(ended_text(a), colour_of(a.state)), span(a.placed_ms, *a.ended_ms));
  }
  fmt::print("  {}  used     {}, {} at the meter, {}\n", std::string(19, ' '),
             to_text(GpuTime::of(a.usage.gpu_ms)), to_text(Energy::of(a.usage.facility_j)),
             cost_text(a.usage));
}

}  // namespace

std::string state_text(JobState state) {
  return boost::describe::enum_to_string(state, "?");
}

void show(const api::JobList& list) {
  if (list.jobs.empty()) {
    fmt::print("no jobs\n");
    return;
  }
  Table table({{"JOB", true},
               {"NAME", false, true},
               {"STATE"},
               {"GPUS", true},
               {"SITE"},
               {"SUBMITTED"},
               {"TOOK", true},
               {"TRIES", true},
               {"COST", true},
               {"WHY", false, true}});
  for (const auto& job : list.jobs) {
    const auto state = state_text(job.state);
    const bool ran = job.started_ms.has_value();
    table.add({{fmt::format("{}", job.id)},
               {job.name},
               {state, colour_of(state)},
               {gpus_text(job)},
               {job.site.empty() ? "-" : job.site},
               {clock(job.submitted_ms)},
               {ran && job.ended_ms ? span(*job.started_ms, *job.ended_ms) : "-"},
               {fmt::format("{}", job.attempts)},
               {cost_text(job.usage)},
               {job.why}});
  }
  table.print();
  if (list.before) fmt::print("more: --before {}\n", *list.before);
}

void show(const api::JobDetail& detail) {
  const auto& job = detail.job;
  const auto state = state_text(job.state);
  field("job", fmt::format("{} '{}'", job.id, job.name));
  field("state", coloured(state, colour_of(state)) + (job.why.empty() ? "" : ": " + job.why));
  field("team", job.team + (job.project.empty() ? "" : "/" + job.project));
  field("by", job.by);
  field("gpus", fmt::format("{}, priority {}", gpus_text(job), job.priority));
  field("booking", detail.spec.booking);
  field("submitted", clock(job.submitted_ms) + " UTC");
  field("GPU time", to_text(GpuTime::of(job.usage.gpu_ms)));
  field("energy", fmt::format("{} IT, {} at the meter", to_text(Energy::of(job.usage.it_j)),
                              to_text(Energy::of(job.usage.facility_j))));
  field("cost", fmt::format("{} ({} lease, {} energy)", cost_text(job.usage),
                            to_text(Money::of(job.usage.lease_cost_micro_usd)),
                            to_text(Money::of(job.usage.energy_cost_micro_usd))));
  for (const auto& attempt : detail.attempts) show_attempt(attempt);
  if (detail.explanation) {
    fmt::print("\n");
    show(*detail.explanation, job.id);
  }
}

void show(const Explanation& e, std::int64_t job) {
  fmt::print("job {} {}: {}\n", job, e.reason == Reason::Starting ? "starts" : "waits", e.message);
  for (const auto& site : e.sites) fmt::print("  {}\n", site.message);
  for (const auto& change : e.unblocks) fmt::print("would start if: {}\n", change);
}

namespace {

void show_power(const std::vector<api::PowerLevelView>& levels) {
  Table table({{"POWER OF"},
               {"NAME", false, true},
               {"ADMITS", true},
               {"DRAWN", true},
               {"LEFT", true},
               {"NEXT STEP"}});
  for (const auto& level : levels) {
    const auto power = [](const std::optional<std::int64_t>& watts) {
      return watts ? to_text(Power::of(*watts)) : std::string("-");
    };
    const bool over = level.limit_w && level.drawn_w > *level.limit_w;
    const auto next = level.next_ms ? fmt::format("{} from {} on", power(level.next_limit_w),
                                                  to_date(from_ms(*level.next_ms)))
                                    : std::string("-");
    table.add({{level.level},
               {level.name},
               {power(level.limit_w)},
               {to_text(Power::of(level.drawn_w)), over ? Colour::Red : Colour::None},
               {power(level.left_w)},
               {next}});
  }
  fmt::print("\nIT power by level\n");
  table.print();
}

}  // namespace

void show(const api::SiteList& list) {
  Table table({{"SITE"},
               {"STATE"},
               {"CLUSTER"},
               {"PROVIDER"},
               {"GPUS", true},
               {"IN SERVICE", true},
               {"FREE", true},
               {"LARGEST GANG", true},
               {"JOBS", true},
               {"POWER", true},
               {"GRID LIMIT", true},
               {"DRAINED OR DOWN", false, true}});
  for (const auto& site : list.sites) {
    auto out = site.drained;
    out.insert(out.end(), site.down.begin(), site.down.end());
    table.add({{site.name},
               {site.state.empty() ? "-" : site.state},
               {site.cluster, site.cluster == "Simulated" ? Colour::Grey : Colour::None},
               {site.provider.empty() ? "no lease" : site.provider},
               {fmt::format("{}", site.gpus)},
               {fmt::format("{}", site.gpus_in_service)},
               {fmt::format("{}", site.gpus_free)},
               {fmt::format("{}", site.largest_gang.site)},
               {fmt::format("{}", site.running_jobs)},
               {to_text(Power::of(site.facility_power_w))},
               {to_text(Power::of(site.interconnection_w))},
               {out.empty() ? "-" : listed(out), Colour::Yellow}});
  }
  table.print();
  show_power(list.power);
}

void show(const api::LeaseList& list) {
  Table table({{"LEASE", false, true},
               {"PROVIDER"},
               {"POWER", true},
               {"NOW", true},
               {"PRICE"},
               {"TERM"},
               {"STAGE"},
               {"COMMITTED", true},
               {"USED", true},
               {"UNUSED", true}});
  for (const auto& l : list.leases) {
    table.add({{l.name},
               {l.provider + (l.first_refusal ? " (ROFR)" : "")},
               {to_text(Power::of(l.power_w))},
               {to_text(Power::of(l.contracted_w))},
               {l.price},
               {to_date(from_ms(l.starts_ms)) + " to " + to_date(from_ms(l.ends_ms))},
               {boost::describe::enum_to_string(l.stage, "?")},
               {to_text(Money::of(l.committed_micro_usd))},
               {to_text(Money::of(l.used_micro_usd))},
               {to_text(Money::of(l.unused_micro_usd))}});
  }
  table.print();
  fmt::print(
      "committed and used since Ampacity holds the lease; ROFR: holds the right of first refusal "
      "now\n");
}

void show(const api::TeamList& list) {
  Table table({{"TEAM", false, true},
               {"GROUP"},
               {"WEIGHT", true},
               {"GUARANTEED", true},
               {"BORROW", true},
               {"LEND", true},
               {"USED", true},
               {"BORROWED", true},
               {"MAY START", true},
               {"GPU-HOURS LATELY", true},
               {"SPENT", true}});
  const auto spent = [](const api::TeamView& t) {
    if (!t.budget_micro_usd) return std::string("-");
    return fmt::format("{} of {}", to_text(Money::of(t.spent_micro_usd)),
                       to_text(Money::of(*t.budget_micro_usd)));
  };
  const auto amount = [](const std::optional<std::int64_t>& gpus, const char* absent) {
    return gpus ? fmt::format("{}", *gpus) : std::string(absent);
  };
  for (const auto& t : list.teams) {
    table.add(
        {{t.name},
         {t.group.empty() ? "-" : t.group},
         {fmt::format("{}", t.weight)},
         {amount(t.guaranteed, "-")},
         {t.guaranteed ? amount(t.borrow, "any") : "-"},
         {t.guaranteed ? amount(t.lend, "all") : "-"},
         {fmt::format("{}", t.used)},
         {fmt::format("{}", t.borrowed), t.borrowed > 0 ? Colour::Yellow : Colour::None},
         {fmt::format("{}", t.may_start)},
         {fmt::format("{}.{}", t.lately_gpu_ms / 3'600'000, t.lately_gpu_ms % 3'600'000 / 360'000)},
         {spent(t), t.budget_exhausted ? Colour::Red : Colour::None}});
  }
  table.print();
  if (list.overpromised > 0) {
    fmt::print("{} GPUs are guaranteed and {} are in service: {} more than there are\n",
               list.guaranteed, list.gpus_in_service, list.overpromised);
  }
}

void show(const api::BookingList& list) {
  if (list.bookings.empty()) {
    fmt::print("no bookings\n");
    return;
  }
  Table table({{"BOOKING"},
               {"KIND"},
               {"GPUS", true},
               {"FROM"},
               {"UNTIL"},
               {"BEGUN"},
               {"TEAM"},
               {"JOBS", true},
               {"NODES", false, true},
               {"NOTE", false, true}});
  for (const auto& b : list.bookings) {
    const bool maintenance = b.kind == api::BookingKind::Maintenance;
    table.add(
        {{b.name},
         {maintenance ? "maintenance" : "capacity", maintenance ? Colour::Yellow : Colour::None},
         {fmt::format("{}", b.gpus)},
         {clock(b.from_ms)},
         {clock(b.until_ms)},
         {b.begun ? "yes" : "no"},
         {b.team.empty() ? "-" : b.team},
         {fmt::format("{}", b.jobs.size())},
         {to_text(b.nodes)},
         {b.note}});
  }
  table.print();
}

namespace {

std::string reading_text(const api::ReadingView& reading) {
  return fmt::format("{} at {}{}", to_text(Power::of(reading.drawn_w)), clock(reading.at_ms),
                     reading.fresh ? "" : ", too old");
}

// "since 12:40:03, h1 since 12:41:00"
std::string capped_text(const api::SitePowerView& site) {
  std::string text;
  for (const auto& c : site.capped) {
    const auto inside = c.place == site.name ? "" : c.place.substr(site.name.size() + 1) + " ";
    text += fmt::format("{}{}since {}", text.empty() ? "" : ", ", inside, clock(c.since_ms));
  }
  return text.empty() ? "-" : text;
}

}  // namespace

void show(const api::PowerList& list) {
  Table table({{"SITE", false, true},
               {"MAY DRAW", true},
               {"DRAWS", true},
               {"BY MODEL", true},
               {"METER"},
               {"MAY RISE", true},
               {"MAY FALL", true},
               {"SLOWED JOBS", true},
               {"CAPPED"}});
  const auto watts = [](std::int64_t w) { return to_text(Power::of(w)); };
  const auto judged = [&](std::int64_t drawn, std::optional<std::int64_t> limit) {
    return terminal::Cell{watts(drawn), limit && drawn > *limit ? Colour::Red : Colour::None};
  };
  for (const auto& s : list.sites) {
    table.add({{s.name},
               {s.limit_w ? watts(*s.limit_w) : "-"},
               judged(s.judged_w, s.limit_w),
               {watts(s.modelled_w)},
               {s.reading ? reading_text(*s.reading) : "-"},
               {s.ramp ? watts(s.ramp->may_rise_w) : "-"},
               {s.ramp ? watts(s.ramp->may_fall_w) : "-"},
               {fmt::format("{}", s.slowed_jobs.size())},
               {capped_text(s), s.capped.empty() ? Colour::None : Colour::Yellow}});
    for (const auto& hall : s.halls) {
      table.add({{hall.name},
                 {hall.limit_w ? watts(*hall.limit_w) : "-"},
                 judged(hall.judged_w, hall.limit_w),
                 {watts(hall.modelled_w)},
                 {reading_text(hall.reading)},
                 {"-"},
                 {"-"},
                 {"-"},
                 {"-"}});
    }
  }
  fmt::print("IT power by site, and by hall where its meter was read\n");
  table.print();
  for (const auto& over : list.over_limit) {
    fmt::print("{} is above its limit since {}: gangs are stopped at {}\n", over.level,
               clock(over.since_ms), clock(over.stops_ms));
  }
  show_power(list.levels);
}

void show(const api::CurtailmentList& list) {
  if (list.curtailments.empty()) {
    fmt::print("no curtailments\n");
    return;
  }
  Table table({{"CURTAILMENT"},
               {"SITE"},
               {"ASKED", true},
               {"FROM"},
               {"UNTIL"},
               {"BEGUN"},
               {"DRAWS", true},
               {"LESS", true},
               {"NOT DRAWN", true},
               {"SLOWED JOBS", true},
               {"NOTE", false, true}});
  for (const auto& c : list.curtailments) {
    const bool met = c.less_w >= c.asked_w;
    table.add({{c.name},
               {c.site},
               {to_text(Power::of(c.asked_w))},
               {clock(c.from_ms)},
               {clock(c.until_ms)},
               {c.begun ? "yes" : "no"},
               {to_text(Power::of(c.drawn_w))},
               {to_text(Power::of(c.less_w)), c.begun && !met ? Colour::Yellow : Colour::None},
               {c.asked_j == 0 ? std::string("-")
                               : fmt::format("{} of {}", to_text(Energy::of(c.saved_j)),
                                             to_text(Energy::of(c.asked_j)))},
               {fmt::format("{}", c.slowed_jobs.size())},
               {c.note}});
  }
  table.print();
}

void show(const api::PolicyView& policy) {
  Table table({{"SETTING"}, {"VALUE"}});
  for (const auto& [key, value] : policy.settings) table.add({{key}, {value}});
  table.print();
}

void show(const api::ForecastView& f) {
  const auto who = f.job ? fmt::format("job {}", *f.job) : std::string("this job");
  const auto at = to_text(from_ms(f.starts_ms.value_or(f.looked_until_ms)));
  switch (f.outlook) {
    case api::Outlook::Runs:
      fmt::print("{} has its place since {}\n", who, at);
      return;
    case api::Outlook::NotInSight:
      fmt::print("{} does not start before {}: 'ampacity explain' says why\n", who, at);
      break;
    case api::Outlook::Starts:
      fmt::print("{} starts {} at {}, on lease {} of {}\n", who,
                 *f.waits_ms == 0 ? "at once"
                                  : fmt::format("in {}, {},", to_text(Duration(*f.waits_ms)), at),
                 f.site, f.lease, f.provider);
      fmt::print("  on {}\n  {}\n", to_text(f.nodes), f.why);
      break;
  }
  for (const auto& attempt : f.preempts) fmt::print("  attempt {} is stopped for it\n", attempt);
  fmt::print("assuming that:\n");
  for (const auto& assumption : f.assumes) fmt::print("  {}\n", assumption);
}

void show(const api::EventView& event) {
  fmt::print("{:>8}  {}  {}\n", event.id, clock(event.at_ms), event.text);
}

}  // namespace ampacity::client
