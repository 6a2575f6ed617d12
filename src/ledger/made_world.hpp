// SPDX-License-Identifier: Apache-2.0
// Leases with random terms, amendments, use and zones, for the tests of the books and of what is
// made of them. The seed makes the world.
#pragma once

#include "base/random.hpp"
#include "ledger/books.hpp"
#include "model/small_portfolio.hpp"

namespace ampacity::test {

inline constexpr Duration hour(3'600'000);

// One run of a gang, whose draw changes on the way.
struct MadeAttempt {
  Reading whole;  // with its first draw
  std::vector<DrawChange> changes;

  // As the meter has it at an instant: the engine counts use up to each change.
  std::vector<Reading> known_at(Instant now) const {
    auto known = whole;
    known.until = std::min(whole.until, now);
    if (known.from >= known.until) return {};
    auto seen = changes;
    std::erase_if(seen, [&](const DrawChange& c) { return c.at >= known.until; });
    Usage usage;
    usage.gpu_time = gpu_time_of(whole.gpus, known.until - known.from);
    auto from = known.from;
    auto draws = whole.draws;
    for (const auto& c : seen) {
      usage.it_energy += energy_of(draws, c.at - from);
      from = c.at;
      draws = c.draws;
    }
    usage.it_energy += energy_of(draws, known.until - from);
    return readings_of(known, usage, seen);
  }
};

struct World {
  Portfolio portfolio;
  Calendar calendar;
  LeaseFacts facts;
  std::vector<MadeAttempt> attempts;  // behind the readings
  Instant now;
  std::vector<Reading> readings_at(Instant at) const {
    std::vector<Reading> all;
    for (const auto& attempt : attempts) {
      for (auto& reading : attempt.known_at(at)) all.push_back(std::move(reading));
    }
    return all;
  }
  const Lease& lease() const { return portfolio.leases[0]; }
  std::vector<Invoice> invoices() const {
    return invoices_of(portfolio, lease(), calendar, facts, {2199, 12}, now);
  }
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  World world() {
    World w;
    w.portfolio = small_portfolio({{"north", 3, 4, "azure"}, {"south", 2, 8, "azure"}});
    auto& lease = w.portfolio.leases[0];
    lease.sites = {"north", "south"};
    w.calendar = calendar();
    terms(lease);
    const auto term = (lease.ends - lease.starts).count();
    if (one_in(3)) w.portfolio.sites[0].halls[0].energised = lease.starts + upto(term / 3);
    w.portfolio.sites[0].halls[0].power = Power::of(one_in(3) ? 300'001 : 10'000'000);
    w.portfolio.sites[1].halls[0].power = Power::of(200'003);
    for (std::int64_t n = number(0, 4); n > 0; --n) amend(lease);
    for (std::int64_t n = number(0, 30); n > 0; --n) w.attempts.push_back(attempt(lease));
    w.facts.readings = w.readings_at(Instant::max());
    for (std::int64_t n = number(0, 3); n > 0; --n) {
      const auto from = lease.starts + upto(term);
      w.facts.outages.push_back({from, from + upto(40 * 24 * hour.count()), number(1, 28)});
    }
    w.now = lease.starts + upto(term);
    if (one_in(2)) watch(w);
    return w;
  }

 private:
  bool one_in(std::int64_t n) { return number(1, n) == 1; }
  std::int64_t number(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(most - least + 1));
  }
  Duration upto(std::int64_t ms) { return Duration(number(0, std::max<std::int64_t>(ms, 1))); }

  // Who was seen at its sites: its own gangs and others', and what was out of service.
  void watch(World& w) {
    const auto& lease = w.lease();
    const auto term = (lease.ends - lease.starts).count();
    w.facts.watched_since = lease.starts + upto(term / 4);
    for (const auto& site : lease.sites) {
      SiteWatch seen;
      for (const auto& r : w.facts.readings) {
        if (r.site == site) seen.held.push_back({r.from, r.until, r.gpus.count()});
      }
      for (std::int64_t n = number(0, 10); n > 0; --n) {
        const auto from = lease.starts + upto(term);
        seen.held.push_back({from, from + upto(50 * 24 * hour.count()), number(1, 6)});
      }
      for (std::int64_t n = number(0, 5); n > 0; --n) {
        const auto from = lease.starts + upto(term);
        seen.out_of_service.push_back({from, from + upto(20 * 24 * hour.count()), number(1, 6)});
      }
      w.facts.sites[site] = std::make_shared<SiteWatch>(std::move(seen));
    }
    auto& second = w.portfolio.leases[1];  // of south, too
    second.starts = lease.starts + upto(term / 2);
    second.ends = second.starts + Duration(1) + upto(term);
    second.power = Power::of(number(1, 2'000'000));
    second.ramp.clear();
  }

  // UTC, or a zone whose clocks jump an hour twice a year on days of its own.
  Calendar calendar() {
    Calendar c;
    if (one_in(3)) return c;
    c.zone = "Made/Up";
    const auto winter = number(-11, 12) * hour;
    for (std::int64_t year = 2000; year < 2060; ++year) {
      const auto start = years_after(day("2000-01-01"), year - 2000);
      c.steps.push_back(
          {start + number(60, 120) * 24 * hour + number(0, 30) * hour, winter + hour});
      c.steps.push_back({start + number(240, 330) * 24 * hour + number(0, 30) * hour, winter});
    }
    return c;
  }

  LeasePrice price() {
    switch (number(0, 2)) {
      case 0:
        return {PriceBasis::Year, Money::of(number(1, 30'000'000'000'000))};
      case 1:
        return {PriceBasis::MwMonth, Money::of(number(1, 900'000'000'000))};
      default:
        return {PriceBasis::GpuHour, Money::of(number(1, 12'000'000))};
    }
  }

  void terms(Lease& lease) {
    lease.power = Power::of(one_in(3) ? number(1'000, 20'000) : number(100'000, 2'000'000));
    lease.price = price();
    lease.starts = day("2026-01-01") + upto(400 * 24 * hour.count());
    lease.ends = lease.starts + number(20, 1'500) * 24 * hour + upto(24 * hour.count());
    lease.take_or_pay = Ratio::of(number(0, 1'000'000));
    lease.minimum_bill = one_in(3) ? Ratio::of(number(0, 1'000'000)) : Ratio();
    lease.escalator = one_in(2) ? Ratio::of(number(0, 90'000)) : Ratio();
    lease.energy_pass_through = one_in(2);
    if (one_in(2))
      lease.sla = {{Ratio::of(999'900), Ratio::of(33'333)},
                   {Ratio::of(980'000), Ratio::of(250'001)}};
    if (one_in(4)) lease.gpu_hours = number(1, 200'000);
    if (one_in(2)) lease.delay_damages = DelayDamages{Money::of(number(0, 9'999'999'999))};
    if (one_in(3)) {
      lease.prepayment = Prepayment{Money::of(number(1, 40'000'000'000'000)), lease.starts};
    }
    if (one_in(2)) {
      lease.ramp = {{lease.starts, Power::of(lease.power.count() / 3)},
                    {lease.starts + (lease.ends - lease.starts) / 2, lease.power}};
    }
  }

  void amend(Lease& lease) {
    Amendment a;
    const auto term = (lease.ends - lease.starts).count();
    a.from = lease.starts + upto(term - 1);
    a.agreed = a.from + Duration(number(-60, 120) * 24 * hour.count());
    if (one_in(2)) a.power = Power::of(number(100'000, 3'000'000));
    if (!a.power) a.take_or_pay = Ratio::of(number(0, 1'000'000));
    if (one_in(2)) a.price = price();
    if (one_in(4)) a.minimum_bill = Ratio::of(number(0, 1'000'000));
    if (one_in(4)) a.ends = std::max(*a.agreed, a.from) + upto(term);
    lease.amendments.push_back(a);
  }

  MadeAttempt attempt(const Lease& lease) {
    MadeAttempt made{reading(lease), {}};
    const auto& whole = made.whole;
    for (std::int64_t n = one_in(2) ? number(1, 4) : 0; n > 0; --n) {
      const auto at = whole.from + upto((whole.until - whole.from).count());
      made.changes.push_back({at, Power::of(number(1, 400'000))});
    }
    std::sort(made.changes.begin(), made.changes.end(),
              [](const DrawChange& a, const DrawChange& b) { return a.at < b.at; });
    return made;
  }

  Reading reading(const Lease& lease) {
    const auto from = lease.starts + upto((lease.ends - lease.starts).count());
    const char* teams[] = {"", "vision", "audio"};
    const bool north = one_in(2);
    return {north ? "north" : "south",
            teams[number(0, 2)],
            one_in(2) ? "p" : "",
            from,
            from + upto(90 * 24 * hour.count()),
            GpuCount::of(number(1, 12)),
            Power::of(number(1, 400'000))};
  }

  Random random_;
};

inline World world_of(std::uint64_t seed) {
  return Maker(seed).world();
}

}  // namespace ampacity::test
