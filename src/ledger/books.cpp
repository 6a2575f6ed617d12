// SPDX-License-Identifier: Apache-2.0
#include "ledger/books.hpp"

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>
#include <map>
#include <numeric>

#include "ledger/month_account.hpp"
#include "ledger/usage.hpp"
#include "protocol/vocabulary.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t micro_per_cent = 10'000;

template <class Number>
Number floor_cents(Number micro) {
  const Number cents = micro / micro_per_cent;
  return micro % micro_per_cent < 0 ? cents - 1 : cents;
}

// Half up, also below 0: a sum and the sum a dollar later are rounded alike.
template <class Number>
Number half_up(Number micro) {
  return floor_cents(micro + micro_per_cent / 2);
}

Account account_of(LineKind kind) {
  switch (kind) {
    case LineKind::CommitmentUsed:
    case LineKind::Overuse:
    case LineKind::Adjustment:
      return Account::CommitmentUsed;
    case LineKind::CommitmentUnused:
    case LineKind::MinimumBill:
      return Account::CommitmentUnused;
    case LineKind::EnergyUsed:
    case LineKind::EnergyIdle:
      return Account::EnergyCost;
    case LineKind::SlaCredit:
      return Account::SlaCredits;
    case LineKind::DelayDamages:
      return Account::DelayDamages;
    case LineKind::Prepayment:
    case LineKind::PrepaymentApplied:
      return Account::Prepaid;
  }
  return Account::CommitmentUsed;
}

Account account_of(const InvoiceLine& line) {
  return account_of(line.corrects.value_or(line.kind));
}

std::string name_of(const Charge& charge) {
  const auto team = charge.team.empty() ? std::string("(none)") : charge.team;
  return charge.project.empty() ? team : team + "/" + charge.project;
}

// Both sides of everything that the invoice says.
std::vector<Posting> postings_of(const Invoice& invoice) {
  std::vector<Posting> all;
  const auto post = [&](Account account, const std::string& holder, std::int64_t micro,
                        const std::string& text) {
    if (micro != 0) all.push_back({account, holder, micro, text});
  };
  std::int64_t idle = 0;
  std::int64_t idle_energy = 0;
  for (const auto& line : invoice.lines) {
    const auto account = account_of(line);
    post(account, invoice.lease, line.micro_usd, line.text);
    if (account == Account::CommitmentUnused) idle += line.micro_usd;
    if (line.corrects.value_or(line.kind) == LineKind::EnergyIdle) idle_energy += line.micro_usd;
  }
  const auto payable = invoice.total_cents * micro_per_cent;
  post(Account::Rounding, invoice.lease, payable - invoice.total_micro_usd, "to whole cents");
  post(Account::Payable, invoice.provider, -payable, "invoice " + invoice.number);
  for (const auto& charge : invoice.charges) {
    const auto name = name_of(charge);
    post(Account::Team, name, charge.lease_micro_usd, "lease " + invoice.lease);
    post(Account::CommitmentUsed, invoice.lease, -charge.lease_micro_usd, "charged to " + name);
    post(Account::Team, name, charge.energy_micro_usd, "energy at " + charge.site);
    post(Account::EnergyCost, invoice.lease, -charge.energy_micro_usd, "charged to " + name);
  }
  post(Account::Idle, invoice.lease, idle, "paid for and not used");
  post(Account::CommitmentUnused, invoice.lease, -idle, "not used by anybody");
  post(Account::Idle, invoice.lease, idle_energy, "drawn by free GPUs");
  post(Account::EnergyCost, invoice.lease, -idle_energy, "drawn for nobody");
  return all;
}

// Folds the months in order, as their closes come.
class Books {
 public:
  Books(const Portfolio& portfolio, const Lease& lease, const Calendar& calendar,
        const LeaseFacts& facts, Instant now)
      : portfolio_(portfolio),
        lease_(lease),
        calendar_(calendar),
        facts_(facts),
        now_(now),
        left_(gpu_hours_of(lease)) {}

  std::vector<Invoice> until(Month last) {
    std::vector<Invoice> all;
    if (lease_.proposed || lease_.term_ends() <= lease_.starts) return all;
    const auto final_month = calendar_.month_of(last_instant());
    sort_readings(std::min(last, final_month));
    sort_held(std::min(last, final_month));
    for (auto m = calendar_.month_of(lease_.starts); m <= std::min(last, final_month);
         m = next(m)) {
      all.push_back(close(m));
    }
    return all;
  }

 private:
  // What was billed of a month so far: by its own invoice and by adjustments.
  struct Billed {
    Month month;
    std::vector<Amount> amounts;
  };

  // Of the term, or of what was used after it: nobody else bears that (ledger/bearers.hpp).
  Instant last_instant() const {
    auto end = lease_.term_ends();
    for (const auto& reading : facts_.readings) end = std::max(end, reading.until);
    return end - Duration(1);
  }

  // Which readings touch which month.
  void sort_readings(Month last) {
    for (const auto& reading : facts_.readings) {
      if (reading.from >= reading.until) continue;
      for (auto m = calendar_.month_of(reading.from); m <= last; m = next(m)) {
        if (calendar_.start_of(m) >= reading.until) break;
        readings_[m].push_back(&reading);
      }
    }
  }

  void sort_held(Month last) {
    if (!lease_.energy_pass_through) return;
    for (const auto& [site, watch] : facts_.sites) {
      for (const auto& held : watch->held) {
        const auto from = std::max({held.from, lease_.starts, facts_.watched_since});
        if (from >= held.until) continue;
        for (auto m = calendar_.month_of(from); m <= last; m = next(m)) {
          if (calendar_.start_of(m) >= held.until) break;
          held_[{m, site}].push_back(&held);
        }
      }
    }
  }

  // `left`: of its gpu_hours when the month begins; what the month takes is gone.
  MonthAccount account(const Lease& known, Month month, std::optional<GpuTime>& left) const {
    static const std::vector<const Reading*> none;
    const auto it = readings_.find(month);
    const auto& readings = it == readings_.end() ? none : it->second;
    MonthMeter meter{calendar_.start_of(month),
                     calendar_.start_of(next(month)),
                     readings,
                     facts_.outages,
                     {},
                     now_,
                     left,
                     facts_.held.get()};
    for (const auto& [site, watch] : facts_.sites) {
      const auto held = held_.find({month, site});
      meter.sites.push_back({site, facts_.watched_since, {}, watch});
      if (held != held_.end()) meter.sites.back().held = held->second;
    }
    auto account = reckon(sites_at(std::max(meter.until, edits_end(lease_))), known, meter);
    if (left) *left = std::max(*left - account.taken, GpuTime());
    return account;
  }

  const Portfolio& sites_at(Instant end) const {
    if (facts_.portfolios == nullptr || facts_.portfolios->empty()) return portfolio_;
    return *in_force_at(*facts_.portfolios, end).portfolio;
  }

  Invoice close(Month month) {
    const auto begin = calendar_.start_of(month);
    const auto end = calendar_.start_of(next(month));
    const auto known = lease_.known_at(end);
    Invoice invoice = head(month, begin, end);
    std::vector<InvoiceLine> corrections;
    if (reaches_back(begin)) adjust(corrections, known);
    const auto account = this->account(known, month, left_);
    take(invoice, account);
    for (auto& line : corrections) invoice.lines.push_back(std::move(line));
    last_close_ = end;
    billed_.push_back({month, account.amounts});
    prepay(invoice, begin, end);
    total(invoice);
    invoice.postings = postings_of(invoice);
    return invoice;
  }

  Invoice head(Month month, Instant begin, Instant end) const {
    Invoice invoice;
    invoice.month = to_text(month);
    invoice.number = lease_.name + "/" + invoice.month;
    invoice.lease = lease_.name;
    invoice.provider = lease_.provider;
    invoice.time_zone = calendar_.zone;
    invoice.from_ms = to_ms(begin);
    invoice.until_ms = to_ms(end);
    invoice.closed = std::max({end, edits_end(lease_), others_edits_end(end)}) <= now_;
    return invoice;
  }

  // Until then a portfolio that is put in force may say other terms: by UTC, as the engine asks
  // (engine/contracts.cpp), and by the contract's clocks.
  Instant edits_end(const Lease& lease) const {
    const auto since = facts_.held_since(lease.name);
    if (!since || *since == Instant::max()) return Instant::min();
    const Calendar utc;
    const auto end = [&](const Calendar& c) { return c.start_of(next(c.month_of(*since))); };
    return std::max(end(utc), end(calendar_));
  }

  // Of all leases that are held in a month: while their files may be mended they may come to share
  // its sites, what idles there and what outlives this one.
  Instant others_edits_end(Instant end) const {
    auto last = Instant::min();
    for (const auto& other : portfolio_.leases) {
      const auto since = facts_.held_since(other.name);
      if (since && *since < end) last = std::max(last, edits_end(other));
    }
    return last;
  }

  static void take(Invoice& invoice, const MonthAccount& account) {
    invoice.committed_micro_usd = account.committed.count();
    invoice.not_delivered_micro_usd = account.not_delivered.count();
    invoice.used_micro_usd = account.used.count();
    invoice.unused_micro_usd = account.unused.count();
    invoice.waived_micro_usd = account.waived.count();
    invoice.committed_j = account.committed_energy.count();
    invoice.used_j = account.used_energy.count();
    invoice.idle_energy = account.idle_energy;
    invoice.available_ppm = account.available.count();
    invoice.charges = account.charges;
    for (const auto& a : account.amounts) {
      invoice.lines.push_back({a.kind, a.text, a.site, "", {}, a.amount.count(), 0});
    }
  }

  // Something was agreed since the last close that holds from before this month on.
  bool reaches_back(Instant begin) const {
    if (billed_.empty()) return false;
    return std::any_of(lease_.amendments.begin(), lease_.amendments.end(), [&](const Amendment& a) {
      const auto agreed = a.agreed.value_or(a.from);
      const auto end = calendar_.start_of(next(calendar_.month_of(begin)));
      return a.from < begin && agreed > last_close_ && agreed <= end;
    });
  }

  // All months so far, as they are known now.
  void adjust(std::vector<InvoiceLine>& corrections, const Lease& known) {
    left_ = gpu_hours_of(lease_);
    for (auto& [month, before] : billed_) {
      auto after = account(known, month, left_).amounts;
      for (const auto& [key, difference] : differences(before, after)) {
        const auto& [kind, site] = key;
        if (difference == 0) continue;
        corrections.push_back(
            {LineKind::Adjustment,
             fmt::format("{} of {}: the terms were amended",
                         boost::describe::enum_to_string(kind, "?"), to_text(month)),
             site, to_text(month), kind, difference, 0});
      }
      before = std::move(after);
    }
  }

  using Key = std::pair<LineKind, std::string>;
  static std::map<Key, std::int64_t> differences(const std::vector<Amount>& before,
                                                 const std::vector<Amount>& after) {
    std::map<Key, std::int64_t> all;
    for (const auto& a : after) all[{a.kind, a.site}] += a.amount.count();
    for (const auto& a : before) all[{a.kind, a.site}] -= a.amount.count();
    return all;
  }

  void prepay(Invoice& invoice, Instant begin, Instant end) {
    if (!lease_.prepayment) return;
    const auto& p = *lease_.prepayment;
    std::int64_t charged = 0;
    for (const auto& line : invoice.lines) charged += line.micro_usd;
    if (p.due >= begin && p.due < end) {
      prepaid_ += p.amount.count();
      invoice.lines.push_back(
          {LineKind::Prepayment, "billed ahead", "", "", {}, p.amount.count(), 0});
    }
    const auto applied = std::min(prepaid_, std::max<std::int64_t>(charged, 0));
    if (applied == 0) return;
    prepaid_ -= applied;
    invoice.lines.push_back({LineKind::PrepaymentApplied,
                             fmt::format("{} remain", to_text(Money::of(prepaid_))),
                             "",
                             "",
                             {},
                             -applied,
                             0});
  }

  // Cents are rounded on the sum of all invoices so far: no month drifts from it by a cent.
  void total(Invoice& invoice) {
    std::vector<std::int64_t> parts;
    for (const auto& line : invoice.lines) {
      parts.push_back(line.micro_usd);
      invoice.total_micro_usd += line.micro_usd;
    }
    const auto before = half_up(sum_);
    sum_ += invoice.total_micro_usd;
    invoice.total_cents = static_cast<std::int64_t>(half_up(sum_) - before);
    const auto cents = cents_of(parts, invoice.total_cents);
    for (std::size_t i = 0; i < cents.size(); ++i) invoice.lines[i].cents = cents[i];
  }

  const Portfolio& portfolio_;
  const Lease& lease_;
  const Calendar& calendar_;
  const LeaseFacts& facts_;
  Instant now_;
  std::map<Month, std::vector<const Reading*>> readings_;
  std::map<std::pair<Month, std::string>, std::vector<const Held*>> held_;  // by site
  std::vector<Billed> billed_;
  Instant last_close_ = Instant::min();
  std::int64_t prepaid_ = 0;
  std::optional<GpuTime> left_;  // of its gpu_hours, after the months so far
  Wide sum_ = 0;                 // micro-dollars of all invoices so far
};

}  // namespace

std::int64_t rounded_cents(std::int64_t micro_usd) {
  return half_up(micro_usd);
}

std::vector<std::int64_t> cents_of(const std::vector<std::int64_t>& micro_usd, std::int64_t total) {
  std::vector<std::int64_t> cents;
  cents.reserve(micro_usd.size());
  std::int64_t given = 0;
  for (const auto micro : micro_usd) {
    cents.push_back(floor_cents(micro));
    given += cents.back();
  }
  const auto remainder = [&](std::size_t i) { return micro_usd[i] - cents[i] * micro_per_cent; };
  std::vector<std::size_t> order(cents.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder(a) > remainder(b); });
  const auto left = total - given;
  AMPACITY_ASSERT(left >= 0 && left <= static_cast<std::int64_t>(order.size()),
                  "{} cents are no rounding of these parts", total);
  for (std::int64_t i = 0; i < left; ++i) ++cents[order[static_cast<std::size_t>(i)]];
  return cents;
}

const InForce& in_force_at(const std::vector<InForce>& all, Instant at) {
  AMPACITY_ASSERT(!all.empty(), "nothing was in force");
  const auto after = std::upper_bound(all.begin(), all.end(), at,
                                      [](Instant t, const InForce& p) { return t < p.from; });
  return after == all.begin() ? all.front() : *std::prev(after);
}

std::vector<Invoice> invoices_of(const Portfolio& portfolio, const Lease& lease,
                                 const Calendar& calendar, const LeaseFacts& facts, Month last,
                                 Instant now) {
  return Books(portfolio, lease, calendar, facts, now).until(last);
}

}  // namespace ampacity
