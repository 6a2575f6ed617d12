// SPDX-License-Identifier: Apache-2.0
// check(Portfolio): one function per noun, in the order of the file.
#include <algorithm>
#include <limits>
#include <map>

#include "base/text.hpp"
#include "model/portfolio.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr Duration day(86'400'000);
constexpr auto one_of_both = "either one figure or a series, not both";
class PortfolioChecker {
 public:
  explicit PortfolioChecker(const Portfolio& portfolio) : portfolio_(portfolio) {}

  std::vector<Problem> run() {
    counts();
    if (!problems_.empty()) return std::move(problems_);  // what follows is bounded by these limits
    accelerators();
    providers();
    leases();
    sites();
    teams();
    classes();
    programmes();
    policy();
    return std::move(problems_);
  }

 private:
  void say(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  template <class T>
  void distinct(const std::string& list, const std::vector<T>& items, bool plain_names = true) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto path = fmt::format("{}[{}].name", list, i);
      if (plain_names && !is_name(items[i].name)) {
        say(path, fmt::format("expected lower-case letters, digits and '-' (at most {}), got '{}'",
                              limits::name_length, items[i].name));
      }
      const auto [it, fresh] = seen.try_emplace(items[i].name, i);
      if (!fresh) {
        say(path,
            fmt::format("'{}' is already the name of {}[{}]", items[i].name, list, it->second));
      }
    }
  }

  template <class T>
  void refers(const std::string& path, const std::string& name, const std::vector<T>& to,
              std::string_view what) {
    const auto names = names_of(to);
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    say(path, unknown_name(what, name, names));
  }

  template <class Q>
  void positive(const std::string& path, Q value, std::string_view what) {
    if (value.count() <= 0) say(path, fmt::format("{} must be more than 0", what));
  }

  void within(const std::string& path, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value >= least && value <= most) return;
    say(path, fmt::format("expected {} to {}, got {}", least, most, value));
  }

  void ordered(const std::string& path, Instant from, Instant until) {
    if (from < until) return;
    say(path, fmt::format("ends on {}, which is not after its start on {}", to_date(until),
                          to_date(from)));
  }

  void at_most_power(const std::string& path, Power power, Power most) {
    if (power > most) say(path, fmt::format("{} is more than {}", to_text(power), to_text(most)));
  }

  void between(const std::string& path, Duration value, Duration least, Duration most) {
    if (value >= least && value <= most) return;
    say(path,
        fmt::format("expected {} to {}, got {}", to_text(least), to_text(most), to_text(value)));
  }

  void at_most(const std::string& path, std::size_t size, std::size_t most) {
    if (size > most) say(path, fmt::format("{} entries, at most {} are supported", size, most));
  }

  void counts() {
    at_most("providers", portfolio_.providers.size(), limits::providers);
    at_most("leases", portfolio_.leases.size(), limits::leases);
    at_most("sites", portfolio_.sites.size(), limits::sites);
    at_most("teams", portfolio_.teams.size(), limits::teams);
    at_most("accelerators", portfolio_.accelerators.size(), limits::accelerators);
    at_most("priority_classes", portfolio_.priority_classes.size(), limits::priority_classes);
    at_most("programmes", portfolio_.programmes.size(), limits::programmes);
    std::size_t halls = 0;
    std::size_t hours = 0;
    for (const auto& site : portfolio_.sites) {
      halls += site.halls.size();
      for (const auto* series : {&site.energy_price_by_hour, &site.carbon_by_hour}) {
        hours += *series ? (*series)->values.size() : 0;
      }
    }
    at_most("sites", halls, limits::halls);
    if (hours > limits::series_hours_in_all) {
      say("sites", fmt::format("{} hours of prices and carbon in all, at most {} are supported",
                               hours, limits::series_hours_in_all));
    }
    for (const auto& lease : portfolio_.leases)
      at_most("leases", lease.sites.size(), limits::sites);
    if (portfolio_.sites.empty()) say("sites", "a portfolio needs at least one site");
    if (portfolio_.providers.empty()) say("providers", "a portfolio needs at least one provider");
  }

  void accelerators() {
    distinct("accelerators", portfolio_.accelerators, false);
    for (std::size_t i = 0; i < portfolio_.accelerators.size(); ++i) {
      const auto& a = portfolio_.accelerators[i];
      const auto path = fmt::format("accelerators[{}]", i);
      positive(path + ".tdp", a.tdp, "the TDP");
      if (a.idle < Power() || a.idle > a.tdp) {
        say(path + ".idle", fmt::format("idle power {} is not between 0 and the TDP {}",
                                        to_text(a.idle), to_text(a.tdp)));
      }
      within(path + ".gpus_per_node", a.gpus_per_node, 1, limits::gpus_per_node);
      within(path + ".nodes_per_rack", a.nodes_per_rack, 1, 1'024);
      const auto gpus = a.gpus_per_node * a.nodes_per_rack;
      if (gpus > 0 && gpus <= 1'024 * limits::gpus_per_node && a.tdp.count() > 0 &&
          a.tdp.count() < 1'000'000 && a.rack_power < a.tdp * gpus) {
        say(path + ".rack_power", fmt::format("{} is less than the TDP of its {} GPUs ({})",
                                              to_text(a.rack_power), gpus, to_text(a.tdp * gpus)));
      }
      if (a.tdp.count() >= 1'000'000) say(path + ".tdp", "more than 1 MW for one GPU is absurd");
      at_most_power(path + ".rack_power", a.rack_power, Power::of(100'000'000));
      curve(path + ".throughput_curve", a.throughput_curve);
    }
  }

  void oversubscribed(const std::string& path, Ratio factor) {
    if (factor >= one && factor <= limits::oversubscription) return;
    say(path, fmt::format("expected 1 to {} (so many times the limit), got {}",
                          to_text(limits::oversubscription), to_text(factor)));
  }

  // From more than nothing up to all of both, rising.
  void curve(const std::string& path, const std::vector<ThroughputPoint>& curve) {
    if (curve.empty()) return;
    at_most(path, curve.size(), limits::curve_points);
    ThroughputPoint before;
    for (std::size_t k = 0; k < curve.size(); ++k) {
      const auto& point = curve[k];
      if (point.power <= before.power || point.throughput <= before.throughput) {
        say(fmt::format("{}[{}]", path, k),
            fmt::format("[{}, {}] is not above [{}, {}] in both", to_text(point.power),
                        to_text(point.throughput), to_text(before.power),
                        to_text(before.throughput)));
      }
      before = point;
    }
    if (before.power == one && before.throughput == one) return;
    say(path, fmt::format("ends at [{}, {}]; expected [1, 1]: all of the power, all of the work",
                          to_text(before.power), to_text(before.throughput)));
  }

  void providers() {
    distinct("providers", portfolio_.providers);
    for (std::size_t i = 0; i < portfolio_.providers.size(); ++i) {
      const auto& provider = portfolio_.providers[i];
      const auto at = fmt::format("providers[{}]", i);
      oversubscribed(at + ".oversubscription", provider.oversubscription);
      if (provider.power) {
        positive(at + ".power", *provider.power, "the power of a provider");
        at_most_power(at + ".power", *provider.power, limits::power);
      }
      const auto& right = portfolio_.providers[i].right_of_first_refusal;
      if (!right) continue;
      const auto path = fmt::format("providers[{}].right_of_first_refusal", i);
      for (auto& p : check(*right)) say(path + "." + p.path, std::move(p.message));
    }
  }

  void leases() {
    distinct("leases", portfolio_.leases);
    for (std::size_t i = 0; i < portfolio_.leases.size(); ++i) {
      lease(fmt::format("leases[{}]", i), portfolio_.leases[i]);
    }
  }

  void lease(const std::string& path, const Lease& lease) {
    refers(path + ".provider", lease.provider, portfolio_.providers, "provider");
    if (lease.sites.empty()) say(path + ".sites", "a lease needs at least one site");
    for (std::size_t k = 0; k < lease.sites.size(); ++k) {
      const auto at = fmt::format("{}.sites[{}]", path, k);
      const auto end = lease.sites.begin() + static_cast<std::ptrdiff_t>(k);
      refers(at, lease.sites[k], portfolio_.sites, "site");
      if (std::find(lease.sites.begin(), end, lease.sites[k]) != end) {
        say(at, fmt::format("'{}' is listed twice", lease.sites[k]));
      }
    }
    for (auto& problem : check(lease)) say(path + "." + problem.path, std::move(problem.message));
    oversubscribed(path + ".oversubscription", lease.oversubscription);
    if (!lease.supersedes.empty()) supersedes(path + ".supersedes", lease);
  }

  // Two leases never bill the same months by this.
  void supersedes(const std::string& path, const Lease& lease) {
    refers(path, lease.supersedes, portfolio_.leases, "lease");
    for (const auto& other : portfolio_.leases) {
      if (other.name != lease.supersedes) continue;
      if (other.name == lease.name) return say(path, "a lease cannot supersede itself");
      if (other.term_ends() <= lease.starts) return;
      return say(path, fmt::format("'{}' runs until {}, after this lease starts on {}: let it end "
                                   "first (canceled, or an amendment of its end)",
                                   other.name, to_date(other.term_ends()), to_date(lease.starts)));
    }
  }

  void steps(const std::string& path, const std::vector<PowerStep>& steps) {
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto at = fmt::format("{}[{}]", path, k);
      if (steps[k].power < Power()) say(at + ".power", "a power cannot be negative here");
      at_most_power(at + ".power", steps[k].power, limits::power);
      if (k > 0 && steps[k].from <= steps[k - 1].from) {
        say(at + ".from", fmt::format("{} is not after the step before it on {}",
                                      to_date(steps[k].from), to_date(steps[k - 1].from)));
      }
    }
  }

  void sites() {
    distinct("sites", portfolio_.sites);
    std::int64_t nodes = 0;
    std::size_t halls = 0;
    for (std::size_t i = 0; i < portfolio_.sites.size(); ++i) {
      const auto& site = portfolio_.sites[i];
      const auto path = fmt::format("sites[{}]", i);
      site_itself(path, site);
      distinct(path + ".halls", site.halls);
      distinct_when_counted(path + ".halls", site.halls);
      if (site.halls.empty()) say(path + ".halls", "a site needs at least one hall");
      for (std::size_t k = 0; k < site.halls.size(); ++k) {
        nodes += hall(fmt::format("{}.halls[{}]", path, k), site.halls[k]);
        halls +=
            static_cast<std::size_t>(std::clamp<std::int64_t>(site.halls[k].count, 1, 100'000));
      }
    }
    at_most("sites", halls, limits::halls);
    if (nodes > limits::nodes) {
      say("sites", fmt::format("{} nodes in all, at most {} are supported", nodes, limits::nodes));
    }
  }

  void degrees(const std::string& path, std::int64_t microdegrees, std::int64_t most) {
    if (microdegrees >= -most * 1'000'000 && microdegrees <= most * 1'000'000) return;
    say(path, fmt::format("expected -{} to {} degrees, got {}", most, most,
                          to_text(Ratio::of(microdegrees))));
  }

  void site_itself(const std::string& path, const Site& site) {
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (!site.state.empty() &&
        (site.state.size() != 2 || !capital(site.state[0]) || !capital(site.state[1]))) {
      say(path + ".state", fmt::format("expected two letters such as 'TX', got '{}'", site.state));
    }
    if (site.pue < one || site.pue > Ratio::of(3'000'000)) {
      say(path + ".pue", fmt::format("a PUE is between 1.0 and 3.0, got {}", to_text(site.pue)));
    }
    if (site.carbon < Carbon() || site.carbon > Carbon::of(2'000)) {
      say(path + ".carbon", "expected 0 to 2000 g/kWh");
    }
    constexpr auto most = EnergyPrice::of(10'000'000'000);  // grids cap theirs at 5,000 or 9,000
    if (site.energy_price > most || site.energy_price < EnergyPrice::of(-most.count())) {
      say(path + ".energy_price", "expected -10,000 to 10,000 USD/MWh");
    }
    if (site.energy_price_by_hour) {
      series(path + ".energy_price", *site.energy_price_by_hour, -limits::series_price,
             limits::series_price);
      if (site.energy_price != EnergyPrice()) say(path + ".energy_price", one_of_both);
    }
    if (site.carbon_by_hour) {
      series(path + ".carbon", *site.carbon_by_hour, 0, limits::series_carbon);
      if (site.carbon != Carbon()) say(path + ".carbon", one_of_both);
    }
    steps(path + ".interconnection", site.interconnection);
    oversubscribed(path + ".oversubscription", site.oversubscription);
    rises(path, site);
    if (site.latitude_microdegrees) {
      degrees(path + ".latitude", *site.latitude_microdegrees, 90);
    }
    if (site.longitude_microdegrees) {
      degrees(path + ".longitude", *site.longitude_microdegrees, 180);
    }
  }

  void rises(const std::string& path, const Site& site) {
    if (site.ramp_limit) {
      const auto a_minute = Power::of(site.ramp_limit->count());
      positive(path + ".ramp_limit", a_minute, "a ramp limit");
      at_most_power(path + ".ramp_limit", a_minute, limits::power);
    }
    if (site.swing_limit) {
      positive(path + ".swing_limit", *site.swing_limit, "a swing limit");
      at_most_power(path + ".swing_limit", *site.swing_limit, limits::power);
    }
  }

  // `least` and `most`: in thousandths of what people read (mg/kWh) or millionths (micro-USD/MWh).
  void series(const std::string& path, const HourlySeries& series, std::int64_t least,
              std::int64_t most) {
    const auto hours = series.values.size();
    if (hours < limits::series_least || hours > limits::series_hours) {
      return say(path, fmt::format("a series of {} hours; expected {} (a day) to {} (ten years)",
                                   hours, limits::series_least, limits::series_hours));
    }
    if (series.from < from_ms(946'684'800'000) || series.from > from_ms(7'258'118'400'000)) {
      return say(path, "a series begins in the years 2000 to 2199");
    }
    if (series.repaired < 0 || series.repaired >= static_cast<std::int64_t>(hours)) {
      say(path, fmt::format("{} of {} hours cannot be repairs", series.repaired, hours));
    }
    for (std::size_t i = 0; i < hours; ++i) {
      const auto value = series.values[i];
      if (value >= least && value <= most) continue;
      return say(path, fmt::format(
                           "the hour from {} has {}; expected {} to {}",
                           to_text(series.from + HourlySeries::hour * static_cast<std::int64_t>(i)),
                           value, least, most));
    }
  }

  // Three halls called "b" are b1, b2 and b3: no other hall may be called so.
  void distinct_when_counted(const std::string& path, const std::vector<Hall>& halls) {
    std::map<std::string, std::size_t> taken;
    for (std::size_t k = 0; k < halls.size(); ++k) {
      const auto& hall = halls[k];
      for (std::int64_t n = 1; n <= std::min<std::int64_t>(hall.count, 1'000); ++n) {
        const auto name = hall.count > 1 ? fmt::format("{}{}", hall.name, n) : hall.name;
        const auto [other, fresh] = taken.try_emplace(name, k);
        if (fresh || halls[other->second].name == hall.name) continue;
        say(fmt::format("{}[{}].name", path, k),
            fmt::format("makes a hall '{}', which {}[{}] has already", name, path, other->second));
        break;
      }
    }
  }

  std::int64_t hall(const std::string& path, const Hall& hall) {
    auto names = names_of(portfolio_.accelerators);
    for (const auto& a : built_in_accelerators()) names.push_back(a.name);
    if (portfolio_.find_accelerator(hall.accelerator) == nullptr) {
      say(path + ".accelerator", unknown_name("accelerator", hall.accelerator, names));
      return 0;
    }
    const auto before = problems_.size();
    within(path + ".count", hall.count, 1, 1'000);
    within(path + ".pods", hall.pods, 1, 10'000);
    within(path + ".racks_per_pod", hall.racks_per_pod, 1, 10'000);
    if (hall.nodes_per_rack) within(path + ".nodes_per_rack", *hall.nodes_per_rack, 1, 1'024);
    if (hall.gpus_per_node) {
      within(path + ".gpus_per_node", *hall.gpus_per_node, 1, limits::gpus_per_node);
    }
    positive(path + ".power", hall.power, "the power of a hall");
    at_most_power(path + ".power", hall.power, limits::power);
    oversubscribed(path + ".oversubscription", hall.oversubscription);
    oversubscribed(path + ".rack_oversubscription", hall.rack_oversubscription);
    if (hall.rack_power) {
      positive(path + ".rack_power", *hall.rack_power, "the power of a rack");
      at_most_power(path + ".rack_power", *hall.rack_power, Power::of(100'000'000));
    }
    return problems_.size() == before ? shape_of(portfolio_, hall).nodes(hall) : 0;
  }

  void teams() {
    distinct("teams", portfolio_.teams);
    for (std::size_t i = 0; i < portfolio_.teams.size(); ++i) {
      const auto& team = portfolio_.teams[i];
      const auto path = fmt::format("teams[{}]", i);
      within(path + ".weight", team.weight, 1, 1'000'000);
      group(path + ".group", team);
      if (team.quota) quota(path + ".quota", team);
      if (team.budget) budget(path + ".budget", *team.budget);
    }
  }

  void budget(const std::string& path, const TeamBudget& budget) {
    positive(path + ".amount", budget.amount, "a budget");
    if (budget.warn_at <= Ratio() || budget.warn_at > one) {
      say(path + ".warn_at", "expected a share of more than 0 % and up to 100 %");
    }
  }

  void group(const std::string& path, const Team& team) {
    std::size_t depth = 1;
    for (const auto* t = &team; !t->group.empty(); ++depth) {
      const auto* above = portfolio_.find_team(t->group);
      if (above == nullptr) {
        if (t == &team) {
          say(path, unknown_name("team", t->group, names_of(portfolio_.teams)));
        }
        return;
      }
      constexpr std::size_t far_too_deep = 32;
      if (above == &team || depth > far_too_deep) {
        return say(path, fmt::format("'{}' would be a part of itself", team.name));
      }
      t = above;
    }
    if (depth > limits::team_depth) {
      say(path, fmt::format("{} teams inside each other; {} at most", depth, limits::team_depth));
    }
  }

  void quota(const std::string& path, const Team& team) {
    const auto most = limits::nodes * limits::gpus_per_node;
    const auto& q = *team.quota;
    within(path + ".guaranteed", q.guaranteed.count(), 0, most);
    if (q.borrow) within(path + ".borrow", q.borrow->count(), 0, most);
    if (q.lend) within(path + ".lend", q.lend->count(), 0, q.guaranteed.count());
    std::int64_t members = 0;
    for (const auto& other : portfolio_.teams) {
      if (other.group != team.name || !other.quota) continue;
      members += std::min(other.quota->guaranteed.count(), most);
    }
    if (members > q.guaranteed.count()) {
      say(path + ".guaranteed",
          fmt::format("{} GPUs for all of '{}', but its members are guaranteed {}",
                      q.guaranteed.count(), team.name, members));
    }
  }

  void classes() {
    distinct("priority_classes", portfolio_.priority_classes);
    for (std::size_t i = 0; i < portfolio_.priority_classes.size(); ++i) {
      within(fmt::format("priority_classes[{}].value", i), portfolio_.priority_classes[i].value,
             -1'000'000, 1'000'000);
    }
  }

  void programmes() {
    distinct("programmes", portfolio_.programmes);
    for (std::size_t i = 0; i < portfolio_.programmes.size(); ++i) {
      const auto& programme = portfolio_.programmes[i];
      const auto path = fmt::format("programmes[{}]", i);
      ordered(path + ".until", programme.from, programme.until);
      positive(path + ".total", programme.total, "the total");
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < programme.budgets.size(); ++k) {
        ordered(fmt::format("{}.budgets[{}].until", path, k), programme.budgets[k].from,
                programme.budgets[k].until);
        const auto amount = programme.budgets[k].amount.count();
        if (amount < 0) {
          say(fmt::format("{}.budgets[{}].amount", path, k), "a budget cannot be negative");
        } else if (__builtin_add_overflow(sum, amount, &sum)) {
          sum = std::numeric_limits<std::int64_t>::max();
        }
      }
      if (sum > programme.total.count()) {
        say(path + ".budgets", fmt::format("the budgets come to {}, more than the total of {}",
                                           to_text(Money::of(sum)), to_text(programme.total)));
      }
    }
  }

  void share(const std::string& path, Ratio value) {
    if (value >= Ratio::of(10'000) && value <= one) return;
    say(path, fmt::format("expected 1 % to 100 %, got {} %", value.count() / 10'000));
  }

  void policy() {
    const auto& p = portfolio_.policy;
    within("policy.requeue_limit", p.requeue_limit, 0, 1'000);
    within("policy.max_waiting", p.max_waiting, 1, 10'000'000);
    within("policy.reservations", p.reservations, 1, 1'000);
    between("policy.fair_share_half_life", p.fair_share_half_life, Duration(0), 365 * day);
    between("policy.fair_share_interval", p.fair_share_interval, Duration(1'000), day);
    between("policy.requeue_backoff", p.requeue_backoff, Duration(0), 30 * day);
    between("policy.requeue_backoff_max", p.requeue_backoff_max, Duration(0), 30 * day);
    between("policy.grace", p.grace, Duration(0), day);
    within("policy.lemon_failures", p.lemon_failures, 0, 100);
    between("policy.lemon_window", p.lemon_window, Duration(1'000), 365 * day);
    between("policy.min_runtime", p.min_runtime, Duration(0), 30 * day);
    between("policy.resize_interval", p.resize_interval, Duration(0), 30 * day);
    within("policy.killer_attempts", p.killer_attempts, 0, 100);
    between("policy.killer_window", p.killer_window, Duration(1'000), 30 * day);
    if (p.delay_price < GpuPrice() || p.delay_price > GpuPrice::of(1'000'000'000'000)) {
      say("policy.delay_price", "expected 0 to 1,000,000 USD/GPU-hour");
    }
    between("policy.reading_max_age", p.reading_max_age, Duration(1'000), day);
    share("policy.capping_target", p.capping_target);
    share("policy.capping_slowest", p.capping_slowest);
    between("policy.capping_patience", p.capping_patience, Duration(0), 365 * day);
    between("policy.max_walltime", p.max_walltime, Duration(1), 365 * day);
    if (p.requeue_backoff_max < p.requeue_backoff) {
      say("policy.requeue_backoff_max",
          fmt::format("{} is less than the first back-off of {}", to_text(p.requeue_backoff_max),
                      to_text(p.requeue_backoff)));
    }
    if (p.default_walltime > p.max_walltime) {
      say("policy.default_walltime", "is more than max_walltime");
    }
    if (p.default_walltime <= Duration(0)) say("policy.default_walltime", "must be more than 0");
  }

  const Portfolio& portfolio_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(const Portfolio& portfolio) {
  return PortfolioChecker(portfolio).run();
}

}  // namespace ampacity
