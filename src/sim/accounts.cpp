// SPDX-License-Identifier: Apache-2.0
#include "sim/accounts.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

namespace ampacity {
namespace {

constexpr std::size_t most_samples = 2'000;
constexpr std::size_t most_bars = 200;

void add(GpuTimeSplit& to, const GpuTimeSplit& more) {
  to.useful_gpu_ms += more.useful_gpu_ms;
  to.lost_gpu_ms += more.lost_gpu_ms;
  to.checkpoint_gpu_ms += more.checkpoint_gpu_ms;
  to.restart_gpu_ms += more.restart_gpu_ms;
  to.draining_gpu_ms += more.draining_gpu_ms;
  to.idle_gpu_ms += more.idle_gpu_ms;
  to.out_gpu_ms += more.out_gpu_ms;
}

// The members that a result of anything has in common.
template <class Result>
void take(Result& result, const EnergyUse& energy) {
  result.it_j = energy.it_j;
  result.facility_j = energy.facility_j;
  result.energy_micro_usd = energy.energy_micro_usd;
  result.carbon_g = energy.carbon_g;
}

// When the price or the carbon of any site changes next.
Instant next_change(const Portfolio& portfolio, Instant now) {
  auto next = Instant::max();
  for (const auto& site : portfolio.sites) {
    for (const auto* series : {&site.energy_price_by_hour, &site.carbon_by_hour}) {
      if (*series) next = std::min(next, (*series)->next_change(now));
    }
  }
  return next;
}

std::string in_words(const SeriesFile& file) {
  return fmt::format("{}{}{}, {} in {}", file.series, file.zone.empty() ? "" : ", ", file.zone,
                     file.value, file.unit);
}

template <class E>
std::string name_of(E value) {
  return boost::describe::enum_to_string(value, "?");
}

}  // namespace

bool Accounts::Larger::operator()(const Bar& a, const Bar& b) const {
  const auto key = [](const Bar& bar) {
    return std::tuple(-bar.gpus, bar.from_ms - bar.until_ms, bar.job, bar.attempt);
  };
  return key(a) < key(b);
}

const std::vector<std::pair<std::int64_t, std::string>>& Accounts::size_classes() {
  static const std::vector<std::pair<std::int64_t, std::string>> classes = {
      {1, "1"},
      {8, "2-8"},
      {64, "9-64"},
      {512, "65-512"},
      {4'096, "513-4096"},
      {32'768, "4097-32768"},
      {INT64_MAX, "32769 and more"}};
  return classes;
}

std::size_t Accounts::class_of(std::int64_t gpus) {
  const auto& classes = size_classes();
  std::size_t i = 0;
  while (gpus > classes[i].first) ++i;
  return i;
}

Accounts::Accounts(const Engine& engine, Instant from)
    : from_(from), now_(from), classes_(size_classes().size()) {
  const auto& fleet = engine.fleet();
  sites_.resize(fleet.sites().size());
  free_.resize(sites_.size());
  for (const auto& pool : fleet.pools()) {
    const auto site = pool.site.value();
    sites_[site].gpus += pool.nodes * pool.gpus_per_node;
    const auto idle = it_power(*pool.accelerator, GpuCount::of(1), Ratio());
    pools_.push_back({site, idle.count(), 0, 0});
  }
  portfolio_ = engine.state().portfolio;
  for (const auto& lease : portfolio_->leases) {
    leases_.push_back({engine.lease_usage(lease, from), {}});
  }
  priced_from_ = from;
  next_price_ = next_change(*portfolio_, from);
}

// Without a series there is no next price, and this is one step.
void Accounts::advance(const Engine& engine, Instant now) {
  while (next_price_ < now) {
    count(engine, next_price_);
    settle(next_price_);
  }
  count(engine, now);
}

void Accounts::count(const Engine& engine, Instant until) {
  const auto time = (until - now_).count();
  now_ = until;
  if (time == 0) return;
  std::fill(free_.begin(), free_.end(), 0);
  const auto& pools = engine.fleet().pools();
  for (std::size_t i = 0; i < pools.size(); ++i) {
    free_[pools_[i].site] += pools[i].gpus_free;
    pools_[i].idle_gpu_ms += pools[i].gpus_free * time;
  }
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    auto& site = sites_[i];
    const auto out = site.gpus - site.held - free_[i];
    AMPACITY_ASSERT(out >= 0, "site {}: {} GPUs, {} held, {} free", i, site.gpus, site.held,
                    free_[i]);
    site.time.idle_gpu_ms += free_[i] * time;
    site.time.out_gpu_ms += out * time;
  }
}

// What idled since the last time, at the price and carbon that held meanwhile. `hour`: the next
// begins.
void Accounts::settle(Instant hour) {
  for (auto& pool : pools_) {
    const auto& priced = portfolio_->sites[pool.site];
    auto& site = sites_[pool.site];
    const auto drawn = Wide{pool.idle_gpu_ms - pool.settled} * pool.idle_watts;
    pool.settled = pool.idle_gpu_ms;
    site.idle += drawn;
    site.idle_price += drawn * energy_price_at(priced, priced_from_).count();
    site.idle_carbon += drawn * carbon_mg_at(priced, priced_from_);
  }
  priced_from_ = hour;
  next_price_ = next_change(*portfolio_, hour);
}

// Whole grams; what is left over is charged with whatever comes next at the site, so that the parts
// add up and nothing is lost.
std::int64_t Accounts::grams(Site& site, Wide carbon) {
  site.carbon_rest += carbon;
  const auto whole = site.carbon_rest / carbon_unit;
  site.carbon_rest -= whole * carbon_unit;
  return static_cast<std::int64_t>(whole);
}

EnergyUse Accounts::idle_of(Site& site, const ampacity::Site& priced) {
  EnergyUse use;
  if (site.idle == 0) return use;
  use.it_j = static_cast<std::int64_t>((site.idle + 500) / 1'000);  // W x ms
  const auto facility = times(Energy::of(use.it_j), priced.pue);
  use.facility_j = facility.count();
  use.energy_micro_usd = cost_of(facility, site.idle_price, site.idle).count();
  use.carbon_g = grams(site, by_mean(facility.count(), site.idle_carbon, site.idle));
  return use;
}

void Accounts::waits(std::int64_t gpus, std::int64_t by) {
  classes_[class_of(gpus)].waiting += by;
  waiting_gpus_ += gpus * by;
}

void Accounts::placed(const Placed& attempt, const std::string& team) {
  ++attempts_;
  ++sites_[attempt.site].attempts;
  sites_[attempt.site].held += attempt.gpus;
  waits(attempt.wanted, -1);
  auto& of_class = classes_[class_of(attempt.wanted)];
  if (!attempt.first_wait) {
    if (!attempt.copied) --of_class.again;
    return;
  }
  const auto wait = *attempt.first_wait;
  of_class.waits.push_back(wait.count());
  if (attempt.runtime >= Duration(10'000)) {
    const auto run = attempt.runtime;
    of_class.slowdown_ppm += Wide{(wait + run).count()} * 1'000'000 / run.count();
    ++of_class.slowdowns;
  }
  auto& of_team = teams_[team];
  ++of_team.jobs;
  of_team.waits.push_back(wait.count());
}

void Accounts::split(std::size_t site, std::int64_t gpus, const AttemptTime& time) {
  auto& to = sites_[site].time;
  to.restart_gpu_ms += time.starting.count() * gpus;
  to.checkpoint_gpu_ms += time.saving.count() * gpus;
  to.draining_gpu_ms += time.draining.count() * gpus;
}

// The same figures to all who hold a part of it.
void Accounts::paid(AttemptId attempt, const Holder& holder, Usage usage) {
  if (const auto before = copied_.find(attempt); before != copied_.end()) usage -= before->second;
  auto& site = sites_[holder.site];
  const Duration time(usage.gpu_time.count() / holder.gpus);
  const auto carbon =
      carbon_of(portfolio_->sites[holder.site], usage.facility_energy, now_ - time, time);
  const EnergyUse use{usage.it_energy.count(), usage.facility_energy.count(),
                      usage.energy_cost.count(), grams(site, carbon)};
  site.energy += use;
  site.lease_cost += usage.lease_cost;
  auto& team = teams_[holder.spec.team];
  team.gpu_time += usage.gpu_time;
  const auto* lease = holder.lease == no_lease ? nullptr : &portfolio_->leases[holder.lease];
  team.cost += billed(lease, usage);
  team.energy += use;
  classes_[class_of(holder.spec.gpus.count())].energy += use;
  if (lease == nullptr) {
    energy_billed_ += use.energy_micro_usd;
  } else {
    leases_[holder.lease].energy += use;
  }
}

void Accounts::ended(const AttemptEnded& event, const Holder& holder, const AttemptTime& time) {
  const auto site = holder.site;
  const auto gpus = holder.gpus;
  sites_[site].held -= gpus;
  split(site, gpus, time);
  paid(event.attempt, holder, event.usage);
  kept_[event.attempt.job].emplace_back(site, time.kept.count() * gpus);
  const auto unkept = time.unkept.count() * gpus;
  sites_[site].time.lost_gpu_ms += unkept;
  if (unkept > 0) lost_[name_of(event.result)] += unkept;
  preempted_ += event.result == AttemptResult::Preempted ? 1 : 0;
  resized_ += event.result == AttemptResult::Resized ? 1 : 0;
  interrupted_ += event.result == AttemptResult::InfrastructureFailed ? 1 : 0;
}

// What it kept counted if it completed; else all of it was for nothing.
void Accounts::job_ended(const JobEnded& event) {
  ++ended_[event.state];
  last_end_ = now_;
  const auto* kept = kept_.find(event.job);
  if (kept == nullptr) return;
  for (const auto& [site, amount] : *kept) {
    if (event.state == JobState::Completed) {
      sites_[site].time.useful_gpu_ms += amount;
    } else {
      sites_[site].time.lost_gpu_ms += amount;
      if (amount > 0) lost_[name_of(event.state)] += amount;
    }
  }
  kept_.erase(event.job);
}

bool Accounts::is_large(std::int64_t gpus) const {
  return bars_.size() < most_bars || gpus > std::prev(bars_.end())->gpus;
}

void Accounts::bar(Bar bar) {
  bars_.insert(std::move(bar));
  if (bars_.size() > most_bars) bars_.erase(std::prev(bars_.end()));
}

void Accounts::runs_on(AttemptId attempt, const Holder& holder, const AttemptTime& time,
                       Usage usage) {
  split(holder.site, holder.gpus, time);
  paid(attempt, holder, usage);
  sites_[holder.site].time.useful_gpu_ms += (time.kept + time.unkept).count() * holder.gpus;
}

// As many as fit: when there are too many, every other one goes.
void Accounts::sample(const Engine& engine, Instant now) {
  if (next_sample_ && now < *next_sample_) return;
  if (samples_.size() >= most_samples) {
    for (std::size_t i = 1; i < most_samples / 2; ++i) samples_[i] = std::move(samples_[2 * i]);
    samples_.resize(most_samples / 2);
    sample_every_ *= 2;
  }
  if (sample_every_ == Duration(0)) sample_every_ = Duration(60'000);
  next_sample_ = now + sample_every_;
  const auto& fleet = engine.fleet();
  const auto& portfolio = *engine.state().portfolio;
  Sample s;
  s.at_ms = to_ms(now);
  for (const auto& c : classes_) s.waiting_by_class.push_back(c.waiting);
  for (const auto n : s.waiting_by_class) s.waiting_jobs += n;
  s.waiting_gpus = waiting_gpus_;
  s.sites.resize(sites_.size());
  for (std::uint32_t i = 0; i < fleet.pools().size(); ++i) {
    const PoolIndex index(i);
    const auto& pool = fleet.pool(index);
    auto& of_site = s.sites[pool.site.value()];
    of_site.in_service_gpus += pool.nodes_in_service * pool.gpus_per_node;
    of_site.it_w += pool.gpus_free * pools_[i].idle_watts;
    s.largest_free_rack =
        std::max(s.largest_free_rack, fleet.most_free_in(index, Level::Rack) * pool.gpus_per_node);
    s.largest_free_site =
        std::max(s.largest_free_site, fleet.nodes_free(index) * pool.gpus_per_node);
  }
  for (std::uint32_t i = 0; i < sites_.size(); ++i) {
    auto& of_site = s.sites[i];
    of_site.used_gpus = sites_[i].held;
    of_site.it_w += fleet.power_drawn(SiteIndex(i)).count();
    of_site.price_micro_usd_mwh = energy_price_at(portfolio.sites[i], now).count();
    of_site.carbon_mg_kwh = carbon_mg_at(portfolio.sites[i], now);
    of_site.energised_w = energised_at(portfolio.sites[i], now).count();
    of_site.interconnection_w =
        interconnection_at(portfolio.sites[i], now).value_or(Power()).count();
    for (const auto& lease : portfolio.leases) {
      if (!lease.is_at(portfolio.sites[i].name)) continue;
      // A lease of several sites is shown in equal parts.
      of_site.contracted_w +=
          lease.contracted_at(now).count() / static_cast<std::int64_t>(lease.sites.size());
    }
  }
  samples_.push_back(std::move(s));
}

Spread Accounts::spread_of(std::vector<std::int64_t>& values) {
  Spread spread;
  if (values.empty()) return spread;
  Wide sum = 0;
  for (const auto v : values) sum += v;
  std::sort(values.begin(), values.end());
  const auto n = values.size();
  const auto at = [&](std::size_t percent) { return values[(n * percent + 99) / 100 - 1]; };
  spread.count = static_cast<std::int64_t>(n);
  spread.mean_ms =
      static_cast<std::int64_t>((sum + static_cast<Wide>(n / 2)) / static_cast<Wide>(n));
  spread.p50_ms = at(50);
  spread.p90_ms = at(90);
  spread.p99_ms = at(99);
  spread.max_ms = values.back();
  return spread;
}

void Accounts::finish(const Engine& engine, Instant now, SimulationResult& r) {
  const auto& portfolio = *engine.state().portfolio;
  for (const auto job : kept_.keys()) {
    for (const auto& [site, amount] : kept_.at(job)) sites_[site].time.useful_gpu_ms += amount;
  }
  kept_.clear();
  r.attempts = attempts_;
  r.preempted = preempted_;
  r.resized = resized_;
  r.interrupted = interrupted_;
  for (const auto& [state, jobs] : ended_) r.ended[name_of(state)] = jobs;
  r.lost_by_cause_gpu_ms = lost_;
  r.samples = samples_;
  r.largest.assign(bars_.begin(), bars_.end());
  std::vector<std::int64_t> all;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    auto& c = classes_[i];
    all.insert(all.end(), c.waits.begin(), c.waits.end());
    SizeClassResult out;
    out.name = size_classes()[i].second;
    out.least_gpus = i == 0 ? 1 : size_classes()[i - 1].first + 1;
    out.most_gpus = size_classes()[i].first;
    out.jobs = static_cast<std::int64_t>(c.waits.size());
    out.unstarted = c.waiting - c.again;
    out.wait = spread_of(c.waits);
    take(out, c.energy);
    if (c.slowdowns > 0) out.slowdown_ppm = static_cast<std::int64_t>(c.slowdown_ppm / c.slowdowns);
    r.size_classes.push_back(std::move(out));
  }
  r.wait = spread_of(all);
  settle(now);
  energy_results(portfolio, r);
  for (auto& [name, team] : teams_) {
    TeamResult out;
    out.name = name;
    out.jobs = team.jobs;
    out.wait = spread_of(team.waits);
    out.gpu_ms = team.gpu_time.count();
    take(out, team.energy);
    out.cost_micro_usd = team.cost.count();
    r.teams.push_back(std::move(out));
  }
  lease_results(engine, now, r);
  bill_idle(portfolio, r);
  describe_series(portfolio, r);
  if (last_end_) r.makespan_ms = (*last_end_ - from_).count();
}

// Of the time of the simulation.
void Accounts::lease_results(const Engine& engine, Instant now, SimulationResult& r) const {
  const auto& portfolio = *engine.state().portfolio;
  r.bill.energy_micro_usd = energy_billed_;
  for (std::size_t i = 0; i < portfolio.leases.size(); ++i) {
    const auto& lease = portfolio.leases[i];
    auto used = engine.lease_usage(lease, now);
    used -= leases_[i].before;
    const auto s = statement(portfolio, lease, used, from_, now);
    LeaseResult out{lease.name,
                    lease.provider,
                    s.committed_energy.count(),
                    s.used_energy.count(),
                    s.unused_energy.count(),
                    s.committed_cost.count(),
                    s.used_cost.count(),
                    s.unused_cost.count(),
                    s.owed.count()};
    take(out, leases_[i].energy);
    if (lease.energy_pass_through) out.energy_billed_micro_usd = out.energy_micro_usd;
    r.bill.energy_micro_usd += out.energy_billed_micro_usd;
    r.unused_micro_usd += s.unused_cost.count();
    r.bill.owed_micro_usd += s.owed.count();
    r.leases.push_back(std::move(out));
  }
}

// What free GPUs of a site draw is borne by its leases, by the power that they contract over the
// simulation, and billed by those that pass energy through; without a lease it is paid for.
void Accounts::bill_idle(const Portfolio& portfolio, SimulationResult& r) const {
  for (const auto& site : r.sites) {
    std::vector<std::pair<std::size_t, std::int64_t>> bearers;  // a lease, and its part
    Wide all = 0;
    for (std::size_t i = 0; i < portfolio.leases.size(); ++i) {
      if (r.leases[i].committed_j == 0 || !portfolio.leases[i].is_at(site.name)) continue;
      bearers.emplace_back(i, r.leases[i].committed_j);
      all += r.leases[i].committed_j;
    }
    if (bearers.empty()) r.bill.energy_micro_usd += site.idle.energy_micro_usd;
    Wide before = 0;
    for (const auto& [i, part] : bearers) {  // the parts add up
      const auto upto = [&](Wide sum) { return sum * site.idle.energy_micro_usd / all; };
      const auto borne = static_cast<std::int64_t>(upto(before + part) - upto(before));
      before += part;
      if (!portfolio.leases[i].energy_pass_through) continue;
      r.leases[i].energy_billed_micro_usd += borne;
      r.bill.energy_micro_usd += borne;
    }
  }
}

// A site's own: what its attempts drew, and what idled.
void Accounts::energy_results(const Portfolio& portfolio, SimulationResult& r) {
  EnergyUse all;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    auto& s = sites_[i];
    SiteResult out;
    out.name = portfolio.sites[i].name;
    out.gpus = s.gpus;
    out.attempts = s.attempts;
    out.time = s.time;
    out.idle = idle_of(s, portfolio.sites[i]);
    out.outages = s.outages;
    auto of_site = s.energy;
    of_site += out.idle;
    take(out, of_site);
    r.idle += out.idle;
    all += of_site;
    add(r.time, s.time);
    r.gpus += s.gpus;
    r.lease_micro_usd += s.lease_cost.count();
    r.sites.push_back(std::move(out));
  }
  take(r, all);
}

void Accounts::describe_series(const Portfolio& portfolio, SimulationResult& r) const {
  const auto describe = [&](const std::string& site, const char* what,
                            const std::optional<HourlySeries>& series) {
    if (!series) return;
    const auto begin = std::clamp(series->from, from_, now_);
    const auto end = std::clamp(series->until(), from_, now_);
    r.series.push_back({site, what, in_words(series->file), to_ms(series->from),
                        to_ms(series->until()), series->repaired,
                        ((now_ - from_) - (end - begin)).count()});
  };
  for (const auto& site : portfolio.sites) {
    describe(site.name, "energy_price", site.energy_price_by_hour);
    describe(site.name, "carbon", site.carbon_by_hour);
  }
}

}  // namespace ampacity
