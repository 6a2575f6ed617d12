// SPDX-License-Identifier: Apache-2.0
// The books over random years: ramps, amendments that reach back, escalators, zones with summer
// time, prepayments, credits, use. The seed makes the world; rapidcheck makes the seeds.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/made_world.hpp"
#include "ledger/reports.hpp"
#include "ledger/usage.hpp"
#include "model/accelerator.hpp"
#include "protocol/vocabulary.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

using test::day;
using test::hour;
using test::World;
using test::world_of;

std::int64_t sum(const std::vector<InvoiceLine>& lines) {
  std::int64_t all = 0;
  for (const auto& line : lines) all += line.micro_usd;
  return all;
}

std::int64_t sum_of_cents(const Chargeback& c) {
  std::int64_t all = 0;
  for (const auto& row : c.rows) all += row.cents;
  return all;
}

}  // namespace

TEST_CASE("each invoice balances: postings, lines, cents, used and unused") {
  CHECK(rc::check("balance", [](std::uint64_t seed) {
    const auto w = world_of(seed);
    RC_ASSERT(check(w.lease()).empty());
    for (const auto& invoice : w.invoices()) {
      std::int64_t posted = 0;
      for (const auto& p : invoice.postings) posted += p.micro_usd;
      RC_ASSERT(posted == 0);
      RC_ASSERT(sum(invoice.lines) == invoice.total_micro_usd);
      std::int64_t cents = 0;
      for (const auto& line : invoice.lines) {
        cents += line.cents;
        RC_ASSERT(std::abs(line.cents * 10'000 - line.micro_usd) < 10'000);
      }
      RC_ASSERT(cents == invoice.total_cents);
      std::int64_t within = 0;
      for (const auto& line : invoice.lines) {
        if (line.kind == LineKind::CommitmentUsed) within += line.micro_usd;
      }
      RC_ASSERT(within + invoice.unused_micro_usd + invoice.not_delivered_micro_usd ==
                invoice.committed_micro_usd);
      std::int64_t charged = 0;
      for (const auto& c : invoice.charges) charged += c.lease_micro_usd;
      RC_ASSERT(charged == invoice.used_micro_usd);
    }
  }));
}

TEST_CASE("what cannot be negative is not") {
  CHECK(rc::check("signs", [](std::uint64_t seed) {
    const auto w = world_of(seed);
    std::int64_t prepaid = 0;
    for (const auto& invoice : w.invoices()) {
      RC_ASSERT(invoice.committed_micro_usd >= 0 && invoice.used_micro_usd >= 0);
      RC_ASSERT(invoice.unused_micro_usd >= 0 && invoice.waived_micro_usd >= 0);
      RC_ASSERT(invoice.not_delivered_micro_usd >= 0);
      RC_ASSERT(invoice.not_delivered_micro_usd <= invoice.committed_micro_usd);
      RC_ASSERT(invoice.available_ppm >= 0 && invoice.available_ppm <= 1'000'000);
      for (const auto& line : invoice.lines) {
        const bool credit = line.kind == LineKind::SlaCredit ||
                            line.kind == LineKind::DelayDamages ||
                            line.kind == LineKind::PrepaymentApplied;
        if (line.kind == LineKind::Adjustment) continue;  // of either sign
        RC_ASSERT(line.micro_usd != 0);
        RC_ASSERT((line.micro_usd < 0) == credit);
      }
      for (const auto& p : invoice.postings) {
        if (p.account == Account::Prepaid) prepaid += p.micro_usd;
      }
      RC_ASSERT(prepaid >= 0);
    }
  }));
}

TEST_CASE("the months add up to the integral: of the commitment, of use, of the cents") {
  CHECK(rc::check("integral", [](std::uint64_t seed) {
    auto w = world_of(seed);
    for (auto& a : w.portfolio.leases[0].amendments) a.agreed = day("2000-01-01");
    const auto& lease = w.lease();
    Money metered;
    for (const auto& r : w.facts.readings) {
      const auto& site = r.site == "north" ? w.portfolio.sites[0] : w.portfolio.sites[1];
      metered += usage_of(site, &lease, r.gpus, r.draws, r.from, r.until).lease_cost;
    }
    Money committed;
    Money use;
    std::int64_t total = 0;
    std::int64_t cents = 0;
    for (const auto& invoice : w.invoices()) {
      committed += Money::of(invoice.committed_micro_usd);
      use += Money::of(invoice.used_micro_usd);
      total += invoice.total_micro_usd;
      cents += invoice.total_cents;
    }
    const auto s = statement(w.portfolio, lease, {}, lease.starts, lease.term_ends());
    if (!lease.gpu_hours) RC_ASSERT(committed == s.committed_cost);
    RC_ASSERT(use == metered);
    RC_ASSERT(cents == rounded_cents(total));
  }));
}

TEST_CASE(
    "a closed invoice never changes: not by later months, nor by what is agreed or used later") {
  CHECK(rc::check("immutable", [](std::uint64_t seed) {
    const auto w = world_of(seed);
    const auto all = w.invoices();
    const auto month = w.calendar.month_of(w.now);
    const auto closed_at = w.calendar.start_of(month);
    auto then = w;
    then.now = closed_at;
    then.portfolio.leases[0] = w.lease().known_at(closed_at);
    then.facts.readings = w.readings_at(closed_at);
    for (auto& [site, watch] : then.facts.sites) {
      auto seen = *watch;
      std::erase_if(seen.held, [&](const Held& h) { return h.from >= closed_at; });
      for (auto& h : seen.held) h.until = std::min(h.until, closed_at);
      watch = std::make_shared<SiteWatch>(std::move(seen));
    }
    const auto before = then.invoices();
    RC_ASSERT(w.invoices() == all);  // closing again changes nothing
    for (std::size_t i = 0; i < std::min(all.size(), before.size()); ++i) {
      if (!before[i].closed || !all[i].closed) break;
      RC_ASSERT(before[i] == all[i]);
    }
  }));
}

namespace {

// Without what hangs on months before: how the whole is rounded, too.
std::vector<InvoiceLine> lines_of_its_month(const Invoice& invoice) {
  auto lines = invoice.lines;
  std::erase_if(lines, [](const InvoiceLine& l) {
    return l.kind == LineKind::Adjustment || l.kind == LineKind::Prepayment ||
           l.kind == LineKind::PrepaymentApplied;
  });
  for (auto& line : lines) line.cents = 0;
  return lines;
}

}  // namespace

TEST_CASE("an edit of sites moves no invoice closed before it, and counts for all later ones") {
  int closed = 0;
  int later = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const auto before = world_of(seed);
    const auto edited_at = before.lease().starts + (before.now - before.lease().starts) / 2;
    auto anew = before;
    for (auto& site : anew.portfolio.sites) {
      site.pue = site.pue + Ratio::of(250'000);
      site.energy_price = EnergyPrice::of(site.energy_price.count() + 10'000'000);
      site.halls[0].nodes_per_rack = *site.halls[0].nodes_per_rack + 1;
    }
    auto edited = anew;
    edited.facts.portfolios = std::make_shared<const std::vector<InForce>>(std::vector<InForce>{
        {before.lease().starts, std::make_shared<const Portfolio>(before.portfolio)},
        {edited_at, std::make_shared<const Portfolio>(anew.portfolio)}});
    const auto old = before.invoices();
    const auto fresh = anew.invoices();
    const auto all = edited.invoices();
    REQUIRE(all.size() == old.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (from_ms(all[i].until_ms) < edited_at) {
        CHECK(all[i] == old[i]);
        ++closed;
      } else if (!before.lease().gpu_hours) {  // of these earlier months have taken
        CHECK(lines_of_its_month(all[i]) == lines_of_its_month(fresh[i]));
        ++later;
      }
    }
  }
  CHECK(closed > 300);
  CHECK(later > 300);
}

namespace {

// The idle energy of a site that a lease bears, counted again from scratch, stretch by stretch.
class IdleFromScratch {
 public:
  IdleFromScratch(const World& w, const Site& site)
      : w_(w), site_(site), watch_(*w.facts.sites.at(site.name)) {}

  IdleEnergy sum() {
    const auto from = std::max(w_.lease().starts, w_.facts.watched_since);
    const auto until = std::min(w_.lease().term_ends(), w_.now);
    std::set<Instant> edges{from, until};
    const auto edge = [&](Instant t) {
      if (t > from && t < until) edges.insert(t);
    };
    for (const auto& h : watch_.held) {
      if (h.from < h.until && h.until > from && h.from < until) edge(h.from), edge(h.until);
    }
    for (const auto& o : watch_.out_of_service) {
      if (o.from < o.until && o.until > from && o.from < until) edge(o.from), edge(o.until);
    }
    for (const auto& hall : site_.halls) {
      if (hall.energised) edge(*hall.energised);
    }
    for (const auto& lease : w_.portfolio.leases) {
      const bool here = std::count(lease.sites.begin(), lease.sites.end(), site_.name) > 0;
      if (!here) continue;
      for (const auto t : lease.edges(lease.starts, lease.term_ends())) edge(t);
      edge(lease.term_ends());
    }
    for (auto m = w_.calendar.month_of(from); w_.calendar.start_of(m) < until; m = next(m)) {
      edge(w_.calendar.start_of(m));
    }
    IdleEnergy all{site_.name, 0, 0};
    if (from >= until) return all;
    for (auto it = edges.begin(); std::next(it) != edges.end(); ++it) add(*it, *std::next(it), all);
    return all;
  }

 private:
  template <class Spans>
  static std::int64_t at(const Spans& spans, Instant t) {
    std::int64_t gpus = 0;
    for (const auto& s : spans) gpus += s.from <= t && t < s.until ? s.gpus : 0;
    return gpus;
  }

  void add(Instant from, Instant until, IdleEnergy& all) const {
    std::int64_t energised = 0;
    std::int64_t gpus = 0;
    std::int64_t watts = 0;
    for (const auto& hall : site_.halls) {
      const auto shape = shape_of(w_.portfolio, hall);
      const auto here = shape.nodes(hall) * shape.gpus_per_node;
      gpus += here;
      watts += it_power(*shape.accelerator, GpuCount::of(here), Ratio()).count();
      if (!hall.energised || *hall.energised <= from) energised += here;
    }
    const auto free =
        std::max<std::int64_t>(std::max<std::int64_t>(energised - at(watch_.held, from), 0) -
                                   at(watch_.out_of_service, from),
                               0);
    std::int64_t own = 0;
    std::int64_t together = 0;
    for (const auto& lease : w_.portfolio.leases) {
      const bool here = std::count(lease.sites.begin(), lease.sites.end(), site_.name) > 0;
      if (!here || !lease.runs_at(from)) continue;
      together += lease.contracted_at(from).count();
      if (lease.name == w_.lease().name) own = lease.contracted_at(from).count();
    }
    if (together == 0) own = together = 1;  // it is the first that runs there
    const auto draws = Power::of(scaled(scaled(watts, free, gpus), own, together));
    const auto facility = times(energy_of(draws, until - from), site_.pue);
    all.facility_j += facility.count();
    all.energy_micro_usd += energy_cost(site_, facility, from, until - from).count();
  }

  const World& w_;
  const Site& site_;
  const SiteWatch& watch_;
};

}  // namespace

TEST_CASE(
    "what free GPUs drew adds up to a count from scratch, and is billed where it is watched") {
  int billed = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    auto w = world_of(seed);
    for (auto& a : w.portfolio.leases[0].amendments) a.agreed = day("2000-01-01");
    std::map<std::string, IdleEnergy> sums;
    std::int64_t lines = 0;
    for (const auto& invoice : w.invoices()) {
      std::int64_t held = 0;
      for (const auto& p : invoice.postings) held += p.account == Account::Idle ? p.micro_usd : 0;
      for (const auto& idle : invoice.idle_energy) {
        auto& sum = sums[idle.site];
        sum.site = idle.site;
        sum.facility_j += idle.facility_j;
        sum.energy_micro_usd += idle.energy_micro_usd;
        held -= idle.energy_micro_usd;
      }
      for (const auto& line : invoice.lines) {
        if (line.kind == LineKind::EnergyIdle) lines += line.micro_usd;
        const auto kind = line.corrects.value_or(line.kind);
        if (kind == LineKind::CommitmentUnused || kind == LineKind::MinimumBill) {
          held -= line.micro_usd;
        }
      }
      CHECK(held == 0);  // nobody bears it but "idle"
    }
    const bool passed = w.lease().energy_pass_through && !w.facts.sites.empty();
    CHECK((passed || sums.empty()));
    for (const auto& site : w.portfolio.sites) {
      if (!passed) break;
      const auto scratch = IdleFromScratch(w, site).sum();
      lines -= scratch.energy_micro_usd;
      billed += scratch.energy_micro_usd > 0 ? 1 : 0;
      CHECK(sums[site.name].facility_j == scratch.facility_j);
      CHECK(sums[site.name].energy_micro_usd == scratch.energy_micro_usd);
    }
    CHECK(lines == 0);
  }
  CHECK(billed > 50);
}

TEST_CASE("with its adjustments a lease comes to what its final terms say") {
  CHECK(rc::check("adjusted", [](std::uint64_t seed) {
    auto w = world_of(seed);
    auto& lease = w.portfolio.leases[0];
    lease.prepayment.reset();
    std::erase_if(lease.amendments, [](const Amendment& a) { return a.ends.has_value(); });
    // Everything is agreed well before the last month closes.
    const auto limit = lease.ends - 70 * 24 * hour;
    for (auto& a : lease.amendments) a.agreed = std::min(*a.agreed, std::max(limit, lease.starts));
    std::int64_t billed = 0;
    for (const auto& invoice : w.invoices()) billed += invoice.total_micro_usd;
    for (auto& a : lease.amendments) a.agreed = day("2000-01-01");
    std::int64_t final_terms = 0;
    for (const auto& invoice : w.invoices()) final_terms += invoice.total_micro_usd;
    RC_ASSERT(billed == final_terms);
  }));
}

TEST_CASE("a chargeback adds up to its invoice") {
  CHECK(rc::check("chargeback", [](std::uint64_t seed, bool by_project) {
    const auto w = world_of(seed);
    const AllInvoices all{w.invoices()};
    for (const auto& invoice : all[0]) {
      std::int64_t cost = 0;
      std::int64_t billed = 0;  // cents
      for (const auto& line : invoice.lines) {
        const bool money =
            line.kind == LineKind::Prepayment || line.kind == LineKind::PrepaymentApplied;
        if (money) continue;
        cost += line.micro_usd;
        billed += line.cents;
      }
      const auto c = chargeback(w.portfolio, all, parse_month(invoice.month).value(), by_project);
      std::int64_t cents = 0;
      for (const auto& row : c.rows) cents += row.cents;
      RC_ASSERT(c.total_micro_usd == cost);
      RC_ASSERT(cents == c.total_cents);
      RC_ASSERT(cents == billed);
    }
  }));
}

TEST_CASE("idle by cause adds up: to what is billed for nothing, and with use to all GPU time") {
  CHECK(rc::check("idle", [](std::uint64_t seed) {
    const auto w = world_of(seed);
    Random random(seed);
    const auto upto = [&](std::int64_t n) {
      return static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(n));
    };
    FleetWatch watched;
    watched.now = w.now;
    for (const auto& outage : w.facts.outages) watched.out_of_service["north"].push_back(outage);
    for (auto n = upto(20); n > 0; --n) {
      const auto from = w.lease().starts + upto(600) * 24 * hour;
      watched.waiting.push_back({from, from + upto(400) * hour, {1 + upto(20), {}, false, {}}, {}});
    }
    const AllFacts facts{{w.lease().name, w.facts}};
    const Observed observed{facts, watched};
    const AllInvoices all{w.invoices()};
    for (const auto& invoice : all[0]) {
      const auto month = parse_month(invoice.month).value();
      const auto plain = chargeback(w.portfolio, all, month, false);
      const auto c = chargeback(w.portfolio, all, month, false, &observed);
      RC_ASSERT(c.total_micro_usd == plain.total_micro_usd);
      RC_ASSERT(c.total_cents == plain.total_cents);
      RC_ASSERT(sum_of_cents(c) == c.total_cents);
      std::int64_t idle_ms = 0;
      for (const auto& row : c.rows) {
        if (row.cause) idle_ms += row.gpu_ms;
        if (row.cause) RC_ASSERT(row.gpu_ms >= 0 && row.lease_micro_usd >= 0);
      }
      const auto gpus = leased_gpus(w.portfolio, w.lease()).all;
      RC_ASSERT(idle_ms <= gpus * (invoice.until_ms - invoice.from_ms));
    }
  }));
}

}  // namespace ampacity
