// SPDX-License-Identifier: Apache-2.0
// The portfolio file, described noun by noun in the order in which people write it.
#include "wire/portfolio_file.hpp"

#include <fmt/format.h>

#include <deque>
#include <filesystem>

#include "base/assert.hpp"
#include "wire/accelerator_form.hpp"
#include "wire/document.hpp"
#include "wire/series_file.hpp"
#include "wire/zones.hpp"

namespace ampacity {

template <>
struct Words<ClusterKind> {
  static std::vector<std::string> all() { return {"local", "simulated"}; }
  static std::vector<std::string> later() { return {"slurm", "kubernetes"}; }
};

template <>
struct Words<Backfill> {
  static std::vector<std::string> all() { return {"none", "easy", "conservative"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Words<BudgetPeriod> {
  static std::vector<std::string> all() { return {"month", "quarter", "year"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Words<RestartWalltime> {
  static std::vector<std::string> all() { return {"whole", "remaining"}; }
  static std::vector<std::string> later() { return {}; }
};

// '30 G$/year' for the whole lease, '550 k$/MW-month', '2.05 USD/GPU-hour'.
template <>
struct Written<LeasePrice> {
  static const Wording words;
  static Result<LeasePrice> parse(std::string_view text);
};

const Wording Written<LeasePrice>::words{
    "a price", "30 G$/year",
    "^([+-]?[0-9]+([_,][0-9]+)*(\\.[0-9]+)? ?(USD|kUSD|MUSD|GUSD|\\$|k\\$|M\\$|G\\$|B\\$)"
    "|\\$[0-9]+([_,][0-9]+)*(\\.[0-9]+)?) ?/ ?(year|MW-month|GPU-hour)$"};

Result<LeasePrice> Written<LeasePrice>::parse(std::string_view text) {
  const auto slash = text.rfind('/');
  const auto fail = invalid(fmt::format(
      "expected a price such as '30 G$/year', '550 k$/MW-month' or '2.05 USD/GPU-hour', got '{}'",
      text));
  if (slash == std::string_view::npos) return fail;
  auto per = text.substr(slash + 1);
  while (!per.empty() && per.front() == ' ') per.remove_prefix(1);
  while (!per.empty() && per.back() == ' ') per.remove_suffix(1);
  const auto amount = parse_money(text.substr(0, slash));
  if (!amount) return amount.error().message.rfind("expected", 0) == 0 ? fail : amount.error();
  if (per == "year") return LeasePrice{PriceBasis::Year, *amount};
  if (per == "MW-month") return LeasePrice{PriceBasis::MwMonth, *amount};
  if (per == "GPU-hour") return LeasePrice{PriceBasis::GpuHour, *amount};
  return fail;
}

namespace {

// Degrees with up to six decimals are a ratio in parts per million without its '%'.
struct Degrees {
  std::optional<std::int64_t>& microdegrees;
};

// One power from the beginning of time, or dated steps.
struct PowerByDate {
  std::vector<PowerStep>& steps;
};

// One figure all the time, or a series of hours from a file.
template <class Constant>
struct ByHour {
  Constant& constant;
  std::optional<HourlySeries>& series;
};

// A unit of what the series is of.
template <SeriesOf what>
struct UnitOf {
  std::string& text;
};

template <class Constant>
inline constexpr auto series_of = SeriesOf::Co2;
template <>
inline constexpr auto series_of<EnergyPrice> = SeriesOf::Price;

template <class Constant>
struct SeriesOfFile : SeriesFile {};

// A date of a contract: midnight in its zone, where a plain date stands.
struct Dated {
  Instant& at;
  const std::string& zone;
};

struct DatedSteps {
  std::vector<PowerStep>& steps;
  const std::string& zone;
};

struct ZoneName {
  std::string& zone;
};

// The beginning of the years that Ampacity knows.
Instant always() {
  return Instant(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1).time_since_epoch());
}

}  // namespace

template <>
struct Form<Degrees> {
  static constexpr Wording words{"degrees", "32.448800", "^[+-]?[0-9]+(\\.[0-9]{1,6})?$", true};
  static boost::json::object schema() { return schema_of(words); }
  static boost::json::value shown(const Degrees&) { return nullptr; }
  static void read(const Source& from, Degrees& value) {
    if (!is_scalar(from, words)) return;
    const auto& text = from.node->text;
    const auto parsed = parse_ratio(text);
    if (!parsed || text.find_first_not_of("+-.0123456789") != std::string::npos) {
      return from.expected("degrees such as '32.4488' (at most six decimals)");
    }
    value.microdegrees = parsed->count();
  }
};

template <>
struct Form<ZoneName> {
  static boost::json::object schema() { return {{"type", "string"}}; }
  static boost::json::value shown(const ZoneName& value) { return boost::json::value(value.zone); }
  static void read(const Source& from, ZoneName& value) {
    std::string zone;
    Form<std::string>::read(from, zone);
    if (zone.empty()) return;
    if (const auto calendar = load_calendar(zone); !calendar) {
      return from.say(calendar.error().message);
    }
    value.zone = zone;
  }
};

namespace {

// The zone is read before the dates; what it is worth is said where it stands.
Instant in_zone(const std::string& text, Instant at, const std::string& zone) {
  if (text.find('T') != std::string::npos) return at;
  const auto calendar = load_calendar(zone);
  return calendar ? calendar->start_of_day(at) : at;
}

}  // namespace

template <>
struct Form<Dated> {
  static boost::json::object schema() { return Form<Instant>::schema(); }
  static boost::json::value shown(const Dated&) { return nullptr; }
  static void read(const Source& from, Dated& value) {
    Form<Instant>::read(from, value.at);
    value.at = in_zone(from.node->text, value.at, value.zone);
  }
};

struct DatedStep {
  PowerStep step;
  std::string zone;
};

void describe(Fields& f, DatedStep& dated) {
  f.required("from", Dated{dated.step.from, dated.zone}, "From this date on.");
  f.required("power", dated.step.power, "So much power, until the next step.");
}

template <>
struct Form<DatedSteps> {
  static boost::json::object schema() { return Form<std::vector<DatedStep>>::schema(); }
  static boost::json::value shown(const DatedSteps&) { return nullptr; }
  static void read(const Source& from, DatedSteps& value) {
    if (from.node->kind != YamlNode::Kind::List) return from.expected("a list");
    value.steps.clear();
    for (std::size_t i = 0; i < from.node->children.size(); ++i) {
      DatedStep dated{{}, value.zone};
      Form<DatedStep>::read(from.child(*from.node->children[i], i), dated);
      value.steps.push_back(dated.step);
    }
  }
};

void describe(Fields& f, PowerStep& step) {
  f.required("from", step.from, "From this date on.");
  f.required("power", step.power, "So much power, until the next step.");
}

template <>
struct Form<PowerByDate> {
  static boost::json::object schema() {
    return {{"oneOf", {Form<Power>::schema(), Form<std::vector<PowerStep>>::schema()}}};
  }
  static boost::json::value shown(const PowerByDate&) { return nullptr; }
  static void read(const Source& from, PowerByDate& value) {
    if (from.node->kind == YamlNode::Kind::List)
      return Form<std::vector<PowerStep>>::read(from, value.steps);
    Power power;
    Form<Power>::read(from, power);
    value.steps = {PowerStep{always(), power}};
  }
};

template <SeriesOf what>
struct Form<UnitOf<what>> {
  static boost::json::object schema() { return choice_schema(series_units(what)); }
  static boost::json::value shown(const UnitOf<what>&) { return nullptr; }
  static void read(const Source& from, const UnitOf<what>& value) {
    const auto words = series_units(what);
    if (const auto i = read_choice(from, words, {})) value.text = words[*i];
  }
};

template <class Constant>
void describe(Fields& f, SeriesOfFile<Constant>& file) {
  f.required("series", file.series, "A CSV file (.gz or not), from the folder of this file.");
  f.optional("zone", file.zone, "Only the rows of this zone; left out: the file has one.");
  f.optional("zone_column", file.zone_column, "Column of the zones; left out: zone.");
  f.required("time", file.time, "Column of the hours, UTC: '2024-03-01 06:00'.");
  f.required("value", file.value, "Column of the values.");
  f.required("unit", UnitOf<series_of<Constant>>{file.unit}, "Of the values.");
}

template <class Constant>
struct Form<ByHour<Constant>> {
  static boost::json::object schema() {
    return {{"oneOf", {Form<Constant>::schema(), Form<SeriesOfFile<Constant>>::schema()}}};
  }
  static boost::json::value shown(const ByHour<Constant>&) { return nullptr; }
  static void read(const Source& from, ByHour<Constant>& value) {
    if (from.node->kind != YamlNode::Kind::Mapping) {
      return Form<Constant>::read(from, value.constant);
    }
    SeriesOfFile<Constant> file;
    Form<SeriesOfFile<Constant>>::read(from, file);
    if (file.zone_column.empty()) file.zone_column = "zone";
    value.series.emplace().file = file;
  }
};

void describe(Fields& f, RightAmendment& a) {
  f.required("from", a.from, "The change holds from this day on.");
  f.optional("agreed", a.agreed, "Recorded on this day; left out: `from`.");
  f.optional("scope", a.scope, "What the right covers from then on, in words.");
  f.optional("response_window", a.response_window, "How long the holder may take from then on.");
  f.optional("ends", a.ends, "Day on which the right ends.");
  f.optional("why", a.why, "For the record.");
  f.optional("by", a.by, "Who, for the record.");
}

void describe(Fields& f, RefusalRight& right) {
  f.required("scope", right.scope, "What the right covers, in words.");
  f.required("response_window", right.response_window, "How long the holder may take to answer.");
  f.required("from", right.from, "First day on which it binds.");
  f.optional("until", right.until, "Day on which it ends; left out: until it is amended.");
  f.optional("amendments", right.amendments, "Dated changes of this clause.");
}

void describe(Fields& f, Provider& provider) {
  f.required("name", provider.name, "Lower-case letters, digits and '-'.");
  f.optional("title", provider.title, "As people write it.");
  f.optional("right_of_first_refusal", provider.right_of_first_refusal,
             "Its right to be asked before others: a dated clause.");
  f.optional("source", provider.source, "Where this comes from.");
  f.optional("power", provider.power,
             "IT load that all its leases together may carry; left out: what they come to.");
  f.optional("oversubscription", provider.oversubscription,
             "Gangs are admitted to so many times that power, 1 to 2.");
}

void describe(Fields& f, SlaTier& tier) {
  f.required("below", tier.below, "Less than this share was available in the month.");
  f.required("credit", tier.credit, "This share of the month's charge is credited.");
}

namespace {

// What a noun needs of the lease that it stands in: the zone of its dates.
struct PrepaymentIn {
  std::optional<Prepayment>& prepayment;
  const std::string& zone;
};
struct AmendmentIn {
  Amendment amendment;
  std::string zone;
};
struct AmendmentsIn {
  std::vector<Amendment>& amendments;
  const std::string& zone;
};

}  // namespace

struct ZonedPrepayment {
  Prepayment value;
  std::string zone;
};

void describe(Fields& f, ZonedPrepayment& p) {
  f.required("amount", p.value.amount, "Billed ahead.");
  f.required("due", Dated{p.value.due, p.zone}, "In the month of this day.");
}

void describe(Fields& f, Renewal& renewal) {
  f.required("years", renewal.years, "Length of one renewal.");
  f.optional("times", renewal.times, "How often it may be renewed.");
  f.required("notice", renewal.notice, "So long before the end it has to be claimed.");
}

template <>
struct Form<PrepaymentIn> {
  static boost::json::object schema() { return Form<ZonedPrepayment>::schema(); }
  static boost::json::value shown(const PrepaymentIn&) { return nullptr; }
  static void read(const Source& from, PrepaymentIn& value) {
    ZonedPrepayment zoned{{}, value.zone};
    Form<ZonedPrepayment>::read(from, zoned);
    value.prepayment = zoned.value;
  }
};

template <>
struct Form<std::optional<DelayDamages>> {
  static constexpr Wording words{
      "delay damages", "5 k$/MW-day",
      "^([+-]?[0-9]+([_,][0-9]+)*(\\.[0-9]+)? ?(USD|kUSD|MUSD|\\$|k\\$|M\\$)"
      "|\\$[0-9]+([_,][0-9]+)*(\\.[0-9]+)?) ?/ ?MW-day$"};
  static boost::json::object schema() { return schema_of(words); }
  static boost::json::value shown(const std::optional<DelayDamages>&) { return nullptr; }
  static void read(const Source& from, std::optional<DelayDamages>& value) {
    if (!is_scalar(from, words)) return;
    std::string_view text = from.node->text;
    const auto slash = text.rfind('/');
    const auto amount = parse_money(text.substr(0, std::min(slash, text.size())));
    auto per = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    while (!per.empty() && per.front() == ' ') per.remove_prefix(1);
    if (!amount || per != "MW-day") return from.expected("delay damages such as '5 k$/MW-day'");
    value = DelayDamages{*amount};
  }
};

void describe(Fields& f, AmendmentIn& in) {
  auto& a = in.amendment;
  Instant ends;
  f.required("from", Dated{a.from, in.zone}, "The change holds from this day on.");
  f.optional("agreed", a.agreed, "Known since this day; left out: since `from`.");
  f.optional("power", a.power, "Contracted from then on.");
  f.optional("price", a.price, "As the lease's price.");
  if (!f.loading() || f.has("ends")) {
    f.optional("ends", Dated{ends, in.zone}, "Day on which the term is over.");
    if (f.loading()) a.ends = ends;
  }
  f.optional("take_or_pay", a.take_or_pay, "Share of a month's commitment that is owed.");
  f.optional("minimum_bill", a.minimum_bill, "Share of the whole power's charge.");
  f.optional("why", a.why, "For the record.");
  f.optional("by", a.by, "Who, for the record.");
}

template <>
struct Form<AmendmentsIn> {
  static boost::json::object schema() { return Form<std::vector<AmendmentIn>>::schema(); }
  static boost::json::value shown(const AmendmentsIn&) { return nullptr; }
  static void read(const Source& from, AmendmentsIn& value) {
    if (from.node->kind != YamlNode::Kind::List) return from.expected("a list");
    for (std::size_t i = 0; i < from.node->children.size(); ++i) {
      AmendmentIn in{{}, value.zone};
      Form<AmendmentIn>::read(from.child(*from.node->children[i], i), in);
      value.amendments.push_back(in.amendment);
    }
  }
};

void describe(Fields& f, Lease& lease) {
  f.optional("time_zone", ZoneName{lease.time_zone},
             "IANA name: its plain dates are midnights there, and its months are billed.");
  f.required("name", lease.name, "Lower-case letters, digits and '-'.");
  f.required("provider", lease.provider, "Name of the provider that leases.");
  f.required("sites", lease.sites, "Names of the sites where its power is delivered.");
  f.required("power", lease.power, "Critical IT load contracted at the end of the ramp.");
  f.optional("ramp", DatedSteps{lease.ramp, lease.time_zone},
             "Dated steps up to the power; left out: all of it from the start.");
  f.required(
      "price", lease.price,
      "For the whole lease a year ('30 G$/year'), for a MW a month ('550 k$/MW-month') or for a "
      "GPU an hour ('2.05 USD/GPU-hour').");
  f.required("starts", Dated{lease.starts, lease.time_zone}, "First day of the term.");
  f.required("ends", Dated{lease.ends, lease.time_zone}, "Day on which the term is over.");
  f.optional("take_or_pay", lease.take_or_pay,
             "Share of a month's commitment that is owed, used or not.");
  f.optional("minimum_bill", lease.minimum_bill,
             "Share of the whole power's charge (not of the ramp's) that is owed each month.");
  f.optional("escalator", lease.escalator, "The price grows by so much each contract year.");
  f.optional(
      "gpu_hours", lease.gpu_hours,
      "All that it is for: used up before its end it is exhausted, and nothing starts on it.");
  f.optional("energy_pass_through", lease.energy_pass_through,
             "true: energy is billed at the site's price; false: the price includes it.");
  f.optional("sla", lease.sla, "Credits for what is not available, from the highest tier down.");
  f.optional("delay_damages", lease.delay_damages,
             "For each MW and day that contracted power is not energised.");
  f.optional("prepayment", PrepaymentIn{lease.prepayment, lease.time_zone},
             "Billed ahead; what is charged from then on is taken from it first.");
  f.optional("renewal", lease.renewal, "The tenant's option to go on.");
  f.optional("proposed", lease.proposed, "Not signed: shown, and never in force.");
  f.optional("canceled", lease.canceled, "It ends on this day, before its term.");
  f.optional("supersedes", lease.supersedes,
             "Name of the lease that it takes the place of; that one has ended by then.");
  f.optional("amendments", AmendmentsIn{lease.amendments, lease.time_zone},
             "Dated changes of these terms.");
  f.optional("signed", lease.signed_on,
             "Day on which it was signed: the refusal rights of that day count. Left out: when "
             "it is first applied.");
  f.optional("request", lease.request, "Name of the capacity request that it answers.");
  f.optional("source", lease.source, "Where this comes from.");
  f.optional("oversubscription", lease.oversubscription,
             "Gangs are admitted to so many times the contracted power, 1 to 2.");
}

void describe(Fields& f, Cluster& cluster) {
  f.required("kind", cluster.kind,
             "local: processes on this machine; simulated: jobs that only take time.");
}

void describe(Fields& f, Hall& hall) {
  f.required("name", hall.name, "Lower-case letters, digits and '-'; several alike get a number.");
  f.optional("count", hall.count, "So many halls alike.");
  f.required("power", hall.power, "IT load that one such hall may draw.");
  f.optional("pods", hall.pods, "Pods (non-blocking fabrics) in a hall.");
  f.optional("racks_per_pod", hall.racks_per_pod, "Racks in a pod.");
  f.optional("nodes_per_rack", hall.nodes_per_rack, "Left out: as the accelerator has it.");
  f.optional("gpus_per_node", hall.gpus_per_node, "Left out: as the accelerator has it.");
  f.required("accelerator", hall.accelerator, "Name of a built-in accelerator or of one above.");
  f.optional("energised", hall.energised, "Usable from this day on; left out: already.");
  f.optional("oversubscription", hall.oversubscription,
             "Gangs are admitted to so many times its power, 1 to 2.");
  f.optional("rack_power", hall.rack_power,
             "IT load that one rack may draw; left out: as the accelerator has it.");
  f.optional("rack_oversubscription", hall.rack_oversubscription,
             "Gangs are admitted to so many times the power of a rack, 1 to 2.");
}

void describe(Fields& f, Site& site) {
  f.required("name", site.name, "Lower-case letters, digits and '-'.");
  f.optional("title", site.title, "As people write it.");
  f.optional("state", site.state, "Two letters, as in 'TX'.");
  f.optional("grid", site.grid, "The grid or its operator, as in 'ERCOT'.");
  f.optional("latitude", Degrees{site.latitude_microdegrees}, "Decimal degrees, north positive.");
  f.optional("longitude", Degrees{site.longitude_microdegrees}, "Decimal degrees, east positive.");
  f.optional("interconnection", PowerByDate{site.interconnection},
             "Power that the grid connection carries: one figure, or dated steps.");
  f.optional("ramp_limit", site.ramp_limit, "How fast its draw at the meter may rise.");
  f.optional("swing_limit", site.swing_limit,
             "By how much its draw at the meter may rise at once; alone: and in a minute.");
  f.optional("pue", site.pue, "Power at the meter over IT power, 1.0 to 3.0.");
  f.optional("energy_price", ByHour<EnergyPrice>{site.energy_price, site.energy_price_by_hour},
             "Price of energy at the meter: one figure, or a series of hours.");
  f.optional("carbon", ByHour<Carbon>{site.carbon, site.carbon_by_hour},
             "Carbon intensity of the grid: its mean, or a series of hours.");
  f.required("cluster", site.cluster, "Where its jobs really run.");
  f.required("halls", site.halls, "Power-limited halls.");
  f.optional("source", site.source, "Where this comes from.");
  f.optional("oversubscription", site.oversubscription,
             "Gangs are admitted to so many times what the interconnection carries, 1 to 2.");
}

void describe(Fields& f, Quota& quota) {
  f.required("guaranteed", quota.guaranteed, "GPUs that it gets whenever it asks.");
  f.optional("borrow", quota.borrow, "GPUs beyond that, of what others do not use; absent: any.");
  f.optional("lend", quota.lend, "GPUs of it that others may use meanwhile; absent: all.");
}

void describe(Fields& f, TeamBudget& budget) {
  f.required("amount", budget.amount, "What it may be charged in a period.");
  f.optional("period", budget.period, "Of the calendar, in UTC.");
  f.optional("warn_at", budget.warn_at, "Share of the amount from which on a warning is shown.");
}

void describe(Fields& f, Team& team) {
  f.required("name", team.name, "Lower-case letters, digits and '-'.");
  f.optional("weight", team.weight, "Its share against the other teams.");
  f.optional("projects", team.projects, "Names of its projects.");
  f.optional("group", team.group, "The team that it is a part of.");
  f.optional("quota", team.quota, "What it has of the fleet. Of a group: all members together.");
  f.optional("budget", team.budget, "What it may be charged in a month, quarter or year.");
}

void describe(Fields& f, PriorityClass& priority_class) {
  f.required("name", priority_class.name, "Lower-case letters, digits and '-'.");
  f.required("value", priority_class.value, "Higher goes first; a job without a class has 0.");
  f.optional("preempts", priority_class.preempts,
             "Its jobs may stop running gangs of a lower value.");
}

void describe(Fields& f, Budget& budget) {
  f.required("from", budget.from, "First day.");
  f.required("until", budget.until, "Day on which it is over.");
  f.required("amount", budget.amount, "What may be spent in that time.");
}

void describe(Fields& f, Programme& programme) {
  f.required("name", programme.name, "Lower-case letters, digits and '-'.");
  f.required("total", programme.total, "What may be spent in all.");
  f.required("from", programme.from, "First day.");
  f.required("until", programme.until, "Day on which it is over.");
  f.optional("budgets", programme.budgets, "Dated parts of the total.");
  f.optional("source", programme.source, "Where this comes from.");
}

void describe(Fields& f, Policy& policy) {
  f.optional("requeue_limit", policy.requeue_limit,
             "Restarts of a job after infrastructure failures.");
  f.optional("requeue_backoff", policy.requeue_backoff,
             "Wait before the first restart; doubles each time.");
  f.optional("requeue_backoff_max", policy.requeue_backoff_max, "The longest such wait.");
  f.optional("grace", policy.grace, "Time between TERM and KILL.");
  f.optional("default_walltime", policy.default_walltime, "Of a job that states none.");
  f.optional("max_walltime", policy.max_walltime, "A job that asks for more is refused.");
  f.optional("max_waiting", policy.max_waiting, "Jobs that may wait; one more is refused.");
  f.optional("backfill", policy.backfill,
             "Who may pass a job that cannot start: nobody, whoever does not delay the first ones, "
             "or whoever delays nobody.");
  f.optional("reservations", policy.reservations,
             "With easy backfill: how many blocked jobs of a pool cannot be delayed.");
  f.optional("fair_share_half_life", policy.fair_share_half_life,
             "After so long a team's use counts half; 0 h: teams are served by age alone.");
  f.optional("fair_share_interval", policy.fair_share_interval, "Between two charges of use.");
  f.optional("lemon_failures", policy.lemon_failures,
             "A node that went down so often within lemon_window is drained; 0: never.");
  f.optional("lemon_window", policy.lemon_window, "See lemon_failures.");
  f.optional("reclaim", policy.reclaim,
             "A job that its team's guarantee covers may stop gangs on borrowed capacity.");
  f.optional("min_runtime", policy.min_runtime, "No gang is preempted before it ran so long.");
  f.optional("resize_interval", policy.resize_interval,
             "An elastic gang is not made larger before it ran so long.");
  f.optional("restart_walltime", policy.restart_walltime,
             "What a restarted job may run for: its whole walltime again, or what remains of it.");
  f.optional(
      "killer_attempts", policy.killer_attempts,
      "A job that so many times in a row lost a node within killer_window is held; 0: never.");
  f.optional("killer_window", policy.killer_window, "See killer_attempts; from its start.");
  f.optional("delay_price", policy.delay_price,
             "What an hour of delay is worth per GPU, against the price of a faster accelerator.");
  f.optional("reading_max_age", policy.reading_max_age,
             "A power reading that is older no longer counts.");
  f.optional("capping_target", policy.capping_target,
             "Gangs of a site that draws more than its limit are slowed to this share of it.");
  f.optional("capping_slowest", policy.capping_slowest,
             "How slow they may become where their job does not say.");
  f.optional("capping_patience", policy.capping_patience,
             "Where that is not enough for so long, gangs that may be requeued are stopped.");
}

void describe(Fields& f, Portfolio& portfolio) {
  f.required("portfolio", portfolio.name, "Name of the portfolio.");
  f.optional("description", portfolio.description, "What it is, in a few words.");
  f.optional("accelerators", portfolio.accelerators, "Entries besides the built-in catalogue.");
  f.required("providers", portfolio.providers, "Who leases capacity, in the order of preference.");
  f.optional("leases", portfolio.leases, "Power contracted from a provider at its sites.");
  f.required("sites", portfolio.sites, "Campuses with their halls.");
  f.optional("teams", portfolio.teams, "Who submits jobs.");
  f.optional("priority_classes", portfolio.priority_classes, "Names for priorities.");
  f.optional("programmes", portfolio.programmes, "What is to be built with how much money.");
  f.optional("policy", portfolio.policy, "How the engine behaves.");
}

Result<LeasePrice> parse_lease_price(std::string_view text) {
  return Written<LeasePrice>::parse(text);
}

Loaded<Portfolio> parse_portfolio(std::string_view text, const std::string& file,
                                  const std::optional<std::string>& series_folder) {
  const auto series = [&](Portfolio& portfolio, const Locate& where, ProblemList& problems) {
    if (series_folder) return read_series(portfolio, *series_folder, where, problems);
    for (std::size_t i = 0; i < portfolio.sites.size(); ++i) {
      const auto& site = portfolio.sites[i];
      if (!site.energy_price_by_hour && !site.carbon_by_hour) continue;
      const auto path =
          fmt::format("sites[{}].{}", i, site.energy_price_by_hour ? "energy_price" : "carbon");
      problems.say(where(path), path, "a series is in a file of its own; this text has no folder");
    }
  };
  return parse_document<Portfolio>(
      text, file, [](const std::string& path) { return path; }, series);
}

std::string series_in_words(const Portfolio& portfolio) {
  std::int64_t count = 0;
  std::int64_t repaired = 0;
  for (const auto& site : portfolio.sites) {
    for (const auto* series : {&site.energy_price_by_hour, &site.carbon_by_hour}) {
      count += *series ? 1 : 0;
      repaired += *series ? (*series)->repaired : 0;
    }
  }
  if (count == 0) return "";
  return repaired == 0 ? fmt::format(", {} series", count)
                       : fmt::format(", {} series ({} hours repaired)", count, repaired);
}

std::string series_folder_of(const std::string& path, const std::string& series_folder) {
  if (!series_folder.empty()) return series_folder;
  return std::filesystem::path(path).parent_path().string();
}

Loaded<Portfolio> load_portfolio(const std::string& path, const std::string& series_folder) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_portfolio(*text, path, series_folder_of(path, series_folder));
}

Settings settings_of(const Policy& policy) {
  boost::json::object schema;  // the defaults that it shows are the values of this policy
  Fields fields(schema);
  auto shown = policy;
  describe(fields, shown);
  Settings settings;
  for (const auto& [key, property] : schema["properties"].get_object()) {
    const std::string name(key.data(), key.size());
    const auto* value = property.get_object().if_contains("default");
    AMPACITY_ASSERT(value != nullptr, "policy.{} has no text", name);
    settings[name] =
        value->is_string() ? value->get_string().c_str() : boost::json::serialize(*value);
  }
  return settings;
}

Loaded<Policy> with_settings(const Policy& policy, const Settings& settings,
                             const std::string& file) {
  ProblemList problems(file);
  std::deque<YamlNode> scalars;  // a deque: the mapping points to them
  YamlNode mapping;
  mapping.kind = YamlNode::Kind::Mapping;
  for (const auto& [key, value] : settings) {
    for (const auto& text : {key, value}) {
      auto& scalar = scalars.emplace_back();
      scalar.kind = YamlNode::Kind::Scalar;
      scalar.text = text;
      mapping.children.push_back(&scalar);
    }
  }
  auto changed = policy;
  Form<Policy>::read({&mapping, "", &problems}, changed);
  if (!problems.empty()) return problems.take();
  return changed;
}

std::string portfolio_schema() {
  return schema_text(Form<Portfolio>::schema(), "Ampacity portfolio",
                     "What a tenant has: providers, leases, sites. Written by `ampacity schema "
                     "portfolio`; do not edit.");
}

}  // namespace ampacity
