// SPDX-License-Identifier: Apache-2.0
#include "ledger/month_account.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "ledger/idle_energy.hpp"
#include "ledger/percent.hpp"
#include "ledger/price_edges.hpp"
#include "ledger/undelivered.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

struct Span {
  Instant from;
  Instant until;
};

// The part of f, a sum that grows from `origin` on, that falls into the span: parts that meet add
// up.
template <class F>
auto part_of(F f, Instant origin, Span span) {
  return f(span.until - origin) - f(span.from - origin);
}

class Reckoning {
 public:
  Reckoning(const Portfolio& portfolio, const Lease& lease, const MonthMeter& meter)
      : portfolio_(portfolio),
        lease_(lease),
        meter_(meter),
        leased_(leased_gpus(portfolio, lease)) {}

  MonthAccount run() {
    const Span month{std::max(meter_.from, lease_.starts),
                     std::min(meter_.until, lease_.term_ends())};
    if (month.from < month.until) {
      commitment(month);
      availability(month);
    }
    use();
    account_.taken = std::max(account_.taken, used_time_);
    idle();
    owe();
    return std::move(account_);
  }

 private:
  // Part of a month in which the terms hold that began at `edge`.
  struct Piece {
    LeaseTerms terms;
    Instant edge;
    Span cut;
  };

  // Contracted, energised and least power, piece by piece of constant terms.
  void commitment(Span month) {
    GpuHoursLeft left(meter_.left);
    GpuHoursLeft whole_left(meter_.left);
    const auto edges = lease_.edges(lease_.starts, lease_.term_ends());
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      const Span cut{std::max(month.from, edges[i]), std::min(month.until, edges[i + 1])};
      if (cut.from >= cut.until) continue;
      const Piece piece{lease_.terms_at(edges[i]), edges[i], cut};
      commit(piece, left);
      const auto whole =
          charge(piece, piece.terms.power, take(whole_left, piece, piece.terms.power));
      least_bill_ += times(whole, piece.terms.minimum_bill);
    }
  }

  GpuHoursLeft::Part take(GpuHoursLeft& left, const Piece& piece, Power power) const {
    return left.take(piece.terms, leased_.carried_by(power), piece.cut.until - piece.cut.from);
  }

  Money charge(const Piece& piece, Power power, const GpuHoursLeft::Part& part) const {
    const auto gpus = leased_.carried_by(power);
    const auto charged = part_of([&](Duration t) { return charge_of(piece.terms, gpus, power, t); },
                                 piece.edge, piece.cut);
    return Money::of(part.of(charged.count()));
  }

  void commit(const Piece& piece, GpuHoursLeft& left) {
    const auto& terms = piece.terms;
    const auto part = take(left, piece, terms.contracted);
    const auto charged = charge(piece, terms.contracted, part);
    const auto energy =
        part_of([&](Duration t) { return energy_of(terms.contracted, t); }, piece.edge, piece.cut);
    const auto missing =
        undelivered(portfolio_, lease_, leased_, terms, piece.cut.from, piece.cut.until);
    const auto late = std::min(Money::of(part.of(missing.cost.count())), charged);
    late_watt_ms_ += missing.watt_ms;
    account_.committed += charged;
    account_.not_delivered += late;
    account_.committed_energy += Energy::of(part.of(energy.count()));
    account_.taken += part.given - left.give_back(part, late, charged);
    owed_share_ += times(charged - late, terms.take_or_pay);
  }

  void availability(Span month) {
    const auto all = Wide{leased_.all} * (month.until - month.from).count();
    if (all == 0) return;
    Wide down = 0;
    for (const auto& outage : meter_.outages) {
      const auto from = std::max(outage.from, month.from);
      const auto until = std::min(outage.until, month.until);
      if (from < until) down += Wide{outage.gpus} * (until - from).count();
    }
    const auto lost = std::min<Wide>(down, all) * one.count() / all;
    account_.available = Ratio::of(one.count() - static_cast<std::int64_t>(lost));
  }

  // What the readings of the month come to, team by team.
  void use() {
    using Key = std::tuple<std::string, std::string, std::string>;
    std::map<Key, Charge> charges;
    for (const auto* reading : meter_.readings) {
      const Span cut{std::max(meter_.from, reading->from), std::min(meter_.until, reading->until)};
      if (cut.from >= cut.until) continue;
      auto& charge = charges[{reading->team, reading->project, reading->site}];
      charge.team = reading->team;
      charge.project = reading->project;
      charge.site = reading->site;
      meter(*reading, cut, charge);
    }
    for (auto& [key, charge] : charges) account_.charges.push_back(std::move(charge));
  }

  void meter(const Reading& r, Span cut, Charge& charge) {
    const auto& site = site_or_gone(portfolio_, r.site);
    const auto it = [&](Duration t) { return r.energy(t); };
    const auto facility = [&](Duration t) { return times(it(t), site.pue); };
    const auto energy = part_of(it, r.from, cut);
    account_.used_energy += energy;
    charge.it_j += energy.count();
    charge.facility_j += part_of(facility, r.from, cut).count();
    charge.gpu_ms += gpu_time_of(r.gpus, cut.until - cut.from).count();
    used_time_ += gpu_time_of(r.gpus, cut.until - cut.from);
    if (lease_.energy_pass_through) {
      const auto cost = part_of(
          [&](Duration t) { return energy_cost(site, facility(t), r.from, t); }, r.from, cut);
      charge.energy_micro_usd += cost.count();
      energy_[r.site] += cost;
    }
    const auto edges = price_edges(lease_, r.from, r.until);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      const Span piece{std::max(cut.from, edges[i]), std::min(cut.until, edges[i + 1])};
      if (piece.from >= piece.until) continue;
      const auto terms = lease_.terms_at(edges[i]);
      const auto drawn = [&](Duration t) {
        return r.watt_ms(edges[i] - r.from + t) - r.watt_ms(edges[i] - r.from);
      };
      const auto cost = part_of([&](Duration t) { return charge_of(terms, r.gpus, drawn(t), t); },
                                edges[i], piece);
      charge.lease_micro_usd += cost.count();
      account_.used += cost;
      const auto end = std::clamp(lease_.term_ends(), piece.from, piece.until);
      if (end < piece.until) {
        after_ += part_of([&](Duration t) { return charge_of(terms, r.gpus, drawn(t), t); },
                          edges[i], Span{end, piece.until});
      }
    }
  }

  void idle() {
    if (!lease_.energy_pass_through) return;
    for (const auto& watched : meter_.sites) {
      const auto& site = site_or_gone(portfolio_, watched.site);
      auto idle = idle_energy(portfolio_, lease_, site, meter_, watched);
      idle.site = watched.site;
      if (idle.facility_j > 0) account_.idle_energy.push_back(std::move(idle));
    }
  }

  void line(LineKind kind, Money amount, std::string text, const std::string& site = "") {
    if (amount == Money()) return;
    account_.amounts.push_back({kind, site, amount, std::move(text)});
  }

  void owe() {
    const auto delivered = account_.committed - account_.not_delivered;
    const auto used = account_.used - after_;  // in its term
    const auto within = std::min(used, delivered);
    const auto owed = std::max(used, owed_share_);
    account_.unused = delivered - within;
    const auto billed = std::max(Money(), owed_share_ - used);
    account_.waived = account_.unused - billed;
    line(LineKind::CommitmentUsed, within,
         fmt::format("{} of {} used", to_text(account_.used_energy),
                     to_text(account_.committed_energy)));
    line(LineKind::Overuse, account_.used - within, "used beyond the commitment");
    line(LineKind::CommitmentUnused, billed, "committed and not used");
    line(LineKind::MinimumBill, std::max(Money(), least_bill_ - owed), "up to the minimum bill");
    const auto charge = std::max(owed, least_bill_);
    for (const auto& [site, cost] : energy_) {
      line(LineKind::EnergyUsed, cost, "energy at the meter of " + site, site);
    }
    for (const auto& idle : account_.idle_energy) {
      line(LineKind::EnergyIdle, Money::of(idle.energy_micro_usd),
           "free GPUs at the meter of " + idle.site, idle.site);
    }
    credit(charge);
    damages();
  }

  void credit(Money charge) {
    const SlaTier* reached = nullptr;
    for (const auto& tier : lease_.sla) {
      if (account_.available < tier.below) reached = &tier;
    }
    if (reached == nullptr) return;
    line(
        LineKind::SlaCredit, Money() - times(charge, reached->credit),
        fmt::format("{} was available, less than {}: {} of the charge", percent(account_.available),
                    percent(reached->below), percent(reached->credit)));
  }

  void damages() {
    if (!lease_.delay_damages || late_watt_ms_ == 0) return;
    constexpr Wide mw_day = Wide{1'000'000} * 86'400'000;
    const auto micro = late_watt_ms_ * lease_.delay_damages->per_mw_day.count() / mw_day;
    line(LineKind::DelayDamages, Money::of(-static_cast<std::int64_t>(micro)),
         fmt::format("{}.{:02} MW-days contracted and not energised",
                     static_cast<std::int64_t>(late_watt_ms_ / mw_day),
                     static_cast<std::int64_t>(late_watt_ms_ % mw_day * 100 / mw_day)));
  }

  const Portfolio& portfolio_;
  const Lease& lease_;
  const MonthMeter& meter_;
  LeasedGpus leased_;
  MonthAccount account_;
  Money owed_share_;  // take-or-pay
  Money least_bill_;
  GpuTime used_time_;
  Money after_;  // used after the lease's end: beyond all that it commits
  Wide late_watt_ms_ = 0;
  std::map<std::string, Money> energy_;
};

}  // namespace

MonthAccount reckon(const Portfolio& portfolio, const Lease& lease, const MonthMeter& meter) {
  return Reckoning(portfolio, lease, meter).run();
}

}  // namespace ampacity
