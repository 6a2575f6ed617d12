// SPDX-License-Identifier: Apache-2.0
// check(Lease): the terms of a contract among themselves.
#include <algorithm>

#include "model/portfolio.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

// The bounds keep a month of the largest lease, at its last price, inside 64 bits of micro-dollars.
Money most_of(PriceBasis basis) {
  const auto usd = [](std::int64_t n) { return Money::of(n * 1'000'000); };
  if (basis == PriceBasis::MwMonth) return usd(5'000'000);
  if (basis == PriceBasis::GpuHour) return usd(100);
  return usd(1'000'000'000'000);
}

class LeaseChecker {
 public:
  explicit LeaseChecker(const Lease& lease) : lease_(lease) {}

  std::vector<Problem> run() {
    power("power", lease_.power);
    price("price", lease_.price);
    ordered("ends", lease_.starts, lease_.ends);
    share("take_or_pay", lease_.take_or_pay);
    share("minimum_bill", lease_.minimum_bill);
    ramp();
    escalator();
    sla();
    money("delay_damages", lease_.delay_damages ? lease_.delay_damages->per_mw_day : Money(),
          Money::of(10'000'000'000'000));
    prepayment();
    gpu_hours();
    renewal();
    if (lease_.canceled && *lease_.canceled < lease_.starts) {
      say("canceled", fmt::format("{} is before the start on {}", to_date(*lease_.canceled),
                                  to_date(lease_.starts)));
    }
    amendments();
    return std::move(problems_);
  }

 private:
  void say(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  void power(const std::string& path, Power power) {
    if (power <= Power()) say(path, "the contracted power must be more than 0");
    if (power > limits::power) {
      say(path, fmt::format("{} is more than {}", to_text(power), to_text(limits::power)));
    }
  }

  void price(const std::string& path, const LeasePrice& price) {
    const auto most = most_of(price.basis);
    if (price.amount < Money()) say(path, "a price cannot be negative");
    if (price.amount > most) {
      say(path,
          fmt::format("{} is more than {}, which is absurd", to_text(price.amount), to_text(most)));
    }
  }

  void money(const std::string& path, Money amount, Money most) {
    if (amount < Money()) say(path, fmt::format("{} is negative", to_text(amount)));
    if (amount > most) {
      say(path, fmt::format("{} is more than {}, which is absurd", to_text(amount), to_text(most)));
    }
  }

  void ordered(const std::string& path, Instant from, Instant until) {
    if (from < until) return;
    say(path, fmt::format("ends on {}, which is not after its start on {}", to_date(until),
                          to_date(from)));
  }

  void share(const std::string& path, Ratio ratio) {
    if (ratio < Ratio() || ratio > one) say(path, "expected a share from 0 % to 100 %");
  }

  void inside_term(const std::string& path, Instant t) {
    if (t >= lease_.starts && t < lease_.ends) return;
    say(path, fmt::format("{} is outside the term of the lease", to_date(t)));
  }

  void ramp() {
    const auto& steps = lease_.ramp;
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto at = fmt::format("ramp[{}]", k);
      if (steps[k].power < Power()) say(at + ".power", "a power cannot be negative here");
      if (k > 0 && steps[k].from <= steps[k - 1].from) {
        say(at + ".from", fmt::format("{} is not after the step before it on {}",
                                      to_date(steps[k].from), to_date(steps[k - 1].from)));
      }
      if (steps[k].power > lease_.power) {
        say(at + ".power", fmt::format("{} is more than the contracted {}", to_text(steps[k].power),
                                       to_text(lease_.power)));
      }
      inside_term(at + ".from", steps[k].from);
    }
  }

  void escalator() {
    if (lease_.escalator < Ratio() || lease_.escalator > Ratio::of(500'000)) {
      return say("escalator",
                 fmt::format("expected 0 % to 50 % a year, got {}", to_text(lease_.escalator)));
    }
    if (!problems_.empty() || lease_.escalator == Ratio()) return;
    auto amount = lease_.price.amount;  // year by year, so that it stays inside 64 bits
    for (std::int64_t y = 1; years_after(lease_.starts, y) < lease_.ends; ++y) {
      amount =
          Money::of(scaled(amount.count(), one.count() + lease_.escalator.count(), one.count()));
      if (amount <= most_of(lease_.price.basis)) continue;
      return say("escalator", fmt::format("after {} years the price is {}, which is absurd", y,
                                          to_text(amount)));
    }
  }

  void sla() {
    if (lease_.sla.size() > limits::sla_tiers) {
      say("sla",
          fmt::format("{} tiers, at most {} are supported", lease_.sla.size(), limits::sla_tiers));
    }
    for (std::size_t k = 0; k < lease_.sla.size(); ++k) {
      const auto at = fmt::format("sla[{}]", k);
      share(at + ".below", lease_.sla[k].below);
      share(at + ".credit", lease_.sla[k].credit);
      if (k == 0) continue;
      if (lease_.sla[k].below >= lease_.sla[k - 1].below) {
        say(at + ".below", "tiers go down: each is below the one before it");
      }
      if (lease_.sla[k].credit <= lease_.sla[k - 1].credit) {
        say(at + ".credit", "a lower tier credits more than the one before it");
      }
    }
  }

  void prepayment() {
    if (!lease_.prepayment) return;
    money("prepayment.amount", lease_.prepayment->amount, most_of(PriceBasis::Year));
    inside_term("prepayment.due", lease_.prepayment->due);
  }

  void gpu_hours() {
    if (!lease_.gpu_hours) return;
    // In GPU*ms they stay inside 64 bits.
    if (*lease_.gpu_hours >= 1 && *lease_.gpu_hours <= 1'000'000'000'000) return;
    say("gpu_hours", fmt::format("expected 1 to 1,000,000,000,000, got {}", *lease_.gpu_hours));
  }

  void renewal() {
    if (!lease_.renewal) return;
    const auto& r = *lease_.renewal;
    if (r.years < 1 || r.years > 100) {
      say("renewal.years", fmt::format("expected 1 to 100, got {}", r.years));
    }
    if (r.times < 1 || r.times > 100) {
      say("renewal.times", fmt::format("expected 1 to 100, got {}", r.times));
    }
    if (r.notice < Duration(0) || r.notice > lease_.ends - lease_.starts) {
      say("renewal.notice", "is longer than the term, or negative");
    }
  }

  void amendments() {
    if (lease_.amendments.size() > limits::amendments) {
      say("amendments", fmt::format("{} amendments, at most {} are supported",
                                    lease_.amendments.size(), limits::amendments));
    }
    for (std::size_t k = 0; k < lease_.amendments.size(); ++k) {
      amendment(fmt::format("amendments[{}]", k), lease_.amendments[k]);
    }
  }

  void amendment(const std::string& at, const Amendment& a) {
    if (!a.power && !a.price && !a.ends && !a.take_or_pay && !a.minimum_bill) {
      say(at, "changes nothing: give a power, price, ends, take_or_pay or minimum_bill");
    }
    if (a.from < lease_.starts) {
      say(at + ".from", fmt::format("{} is before the start of the lease on {}", to_text(a.from),
                                    to_date(lease_.starts)));
    }
    if (a.power) power(at + ".power", *a.power);
    if (a.price) price(at + ".price", *a.price);
    if (a.ends) ordered(at + ".ends", std::max(lease_.starts, a.from - Duration(1)), *a.ends);
    if (a.ends && *a.ends > years_after(lease_.starts, 100)) {
      say(at + ".ends", "is more than 100 years after the start");
    }
    if (a.take_or_pay) share(at + ".take_or_pay", *a.take_or_pay);
    if (a.minimum_bill) share(at + ".minimum_bill", *a.minimum_bill);
    if (a.why.size() > limits::note_length || a.by.size() > limits::note_length) {
      say(at + ".why", fmt::format("longer than {} bytes", limits::note_length));
    }
  }

  const Lease& lease_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(const Lease& lease) {
  return LeaseChecker(lease).run();
}

}  // namespace ampacity
