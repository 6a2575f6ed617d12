// SPDX-License-Identifier: Apache-2.0
#include "finance/article.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "ledger/usage.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity::finance {
namespace {

constexpr Duration contract_year(ms_per_year);
constexpr std::int64_t reactor_w = 920'000'000;  // 1 GW at 92 %
constexpr std::int64_t home_kwh = 10'500;        // a year

// "3.75" from hundredths.
std::string hundredths(std::int64_t value) {
  return fmt::format("{}.{:02}", value / 100, value % 100);
}

std::string thousands(std::int64_t value) {
  auto text = fmt::format("{}", value);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), ",");
  }
  return text;
}

const Lease& largest_lease(const Portfolio& portfolio) {
  return *std::max_element(portfolio.leases.begin(), portfolio.leases.end(),
                           [](const Lease& a, const Lease& b) { return a.power < b.power; });
}

const Site& site_of(const Portfolio& portfolio, const std::string& name) {
  return *std::find_if(portfolio.sites.begin(), portfolio.sites.end(),
                       [&](const Site& site) { return site.name == name; });
}

// The first site to run under one accelerator, and how many of it there are.
struct FirstSite {
  const Site* site = nullptr;
  std::string accelerator;
  std::int64_t gpus = 0;
};

std::int64_t gpus_of(const Portfolio& portfolio, const Hall& hall) {
  const auto shape = shape_of(portfolio, hall);
  return shape.nodes(hall) * shape.gpus_per_node;
}

Instant first_energised(const Site& site) {
  auto first = Instant::max();
  for (const auto& hall : site.halls) first = std::min(first, hall.energised.value_or(Instant()));
  return first;
}

// Of the largest lease's provider: the report speaks of what is built for it.
FirstSite first_site(const Portfolio& portfolio, const std::string& provider) {
  FirstSite found;
  for (const auto& lease : portfolio.leases) {
    if (lease.provider != provider) continue;
    for (const auto& name : lease.sites) {
      const auto& site = site_of(portfolio, name);
      if (found.site == nullptr || first_energised(site) < first_energised(*found.site)) {
        found.site = &site;
      }
    }
  }
  found.accelerator = found.site->halls.front().accelerator;
  for (const auto& hall : found.site->halls) {
    if (hall.accelerator == found.accelerator) found.gpus += gpus_of(portfolio, hall);
  }
  return found;
}

class Writer {
 public:
  explicit Writer(const Portfolio& portfolio)
      : portfolio_(portfolio), lease_(largest_lease(portfolio)) {}

  Article write() {
    article_.portfolio = portfolio_.name;
    rent();
    programme();
    states();
    refusal();
    first();
    power();
    training();
    return std::move(article_);
  }

 private:
  void add(std::int64_t fact, const char* said, std::string computed, std::string formula) {
    article_.rows.push_back({fact, said, std::move(computed), std::move(formula)});
  }

  LeaseTerms whole() const {
    auto terms = lease_.terms_at(lease_.starts);
    terms.contracted = terms.power;
    return terms;
  }

  void rent() {
    const auto terms = whole();
    const auto gpus = leased_gpus(portfolio_, lease_).carried_by(terms.power);
    const auto year = charge_of(terms, gpus, terms.power, contract_year);
    add(1, "4.5 GW rented from Oracle",
        fmt::format("{} from {}", to_text(terms.power), lease_.provider),
        fmt::format("power of the largest lease, {}", lease_.name));
    add(1, "$30 billion a year", fmt::format("{} a year", to_text(year)),
        "charge of its whole power for a contract year of 8,760 h");
    const auto watts = std::max<std::int64_t>(terms.power.count(), 1);
    add(1, "(6.67 M$ a MW-year)",
        fmt::format("{} M$ a MW-year", hundredths(scaled(year.count(), 1, watts * 10'000))),
        fmt::format("{} / {}", to_text(year), to_text(terms.power)));
    add(1, "from 2028", to_date(lease_.starts), "first day of its term");
  }

  void programme() {
    if (portfolio_.programmes.empty()) return;
    const auto& p =
        *std::max_element(portfolio_.programmes.begin(), portfolio_.programmes.end(),
                          [](const Programme& a, const Programme& b) { return a.total < b.total; });
    std::int64_t years = 0;
    while (years_after(p.from, years + 1) <= p.until) ++years;
    add(2, "$500 billion over four years", fmt::format("{} over {} years", to_text(p.total), years),
        fmt::format("total and term of the programme {}", p.name));
    if (p.budgets.empty()) return;
    add(2, "$100 billion at first",
        fmt::format("{} until {}", to_text(p.budgets.front().amount),
                    to_date(p.budgets.front().until)),
        "its first budget");
  }

  void states() {
    std::vector<std::string> names;
    for (const auto& name : lease_.sites) {
      const auto& state = site_of(portfolio_, name).state;
      if (!state.empty() && std::find(names.begin(), names.end(), state) == names.end()) {
        names.push_back(state);
      }
    }
    add(3, "Texas, Michigan, Wisconsin, Wyoming, New Mexico, Georgia, Ohio, Pennsylvania",
        fmt::format("{} states: {}", names.size(), listed(names)),
        fmt::format("states of the sites of {}", lease_.name));
  }

  void refusal() {
    std::set<std::string> lessors;
    for (const auto& lease : portfolio_.leases) lessors.insert(lease.provider);
    std::string text = fmt::format("{} providers lease", lessors.size());
    for (const auto& p : portfolio_.providers) {
      if (!p.right_of_first_refusal) continue;
      text += fmt::format("; {} is asked first, since {}, and has {}", p.name,
                          to_date(p.right_of_first_refusal->from),
                          to_text(p.right_of_first_refusal->response_window));
    }
    add(4, "Microsoft not the exclusive provider, but asked first", text,
        "providers of the leases; the rights of first refusal");
  }

  void first() {
    const auto found = first_site(portfolio_, lease_.provider);
    const auto place = found.site->title.empty() ? found.site->name : found.site->title;
    std::string sum;
    for (const auto& hall : found.site->halls) {
      if (hall.accelerator != found.accelerator) continue;
      const auto shape = shape_of(portfolio_, hall);
      sum +=
          fmt::format("{}{} x {} pods x {} racks x {} GPUs", sum.empty() ? "" : " + ", hall.count,
                      hall.pods, hall.racks_per_pod, shape.nodes_per_rack * shape.gpus_per_node);
    }
    add(5, "400,000 GB200 for the first site, Abilene, Texas",
        fmt::format("{} {} at {}", thousands(found.gpus), found.accelerator, place), sum);
  }

  void power() {
    const auto w = lease_.power.count();
    add(6, "about four nuclear reactors", hundredths(scaled(w, 100, reactor_w)),
        fmt::format("{} / (1 GW x 92 %)", to_text(lease_.power)));
    const auto kwh = energy_of(lease_.power, contract_year).count() / 3'600'000;
    add(6, "three million homes",
        fmt::format("{} million", hundredths(scaled(kwh, 100, home_kwh * 1'000'000))),
        fmt::format("{} x 8,760 h = {} TWh a year; / 10,500 kWh a home", to_text(lease_.power),
                    hundredths(scaled(kwh, 100, 1'000'000'000))));
  }

  void training() {
    const Site* largest = nullptr;
    std::int64_t most = 0;
    for (const auto& site : portfolio_.sites) {
      std::int64_t gpus = 0;
      for (const auto& hall : site.halls) {
        if (hall.accelerator == site.halls.front().accelerator) gpus += gpus_of(portfolio_, hall);
      }
      if (gpus > most) largest = &site;
      most = std::max(most, gpus);
    }
    add(7, "the capacity is there to train AI models",
        fmt::format("gangs of up to {} GPUs, at {}", thousands(most), largest->name),
        "all GPUs of one accelerator at the largest site");
  }

  const Portfolio& portfolio_;
  const Lease& lease_;
  Article article_;
};

}  // namespace

Result<Article> article_of(const Portfolio& portfolio) {
  if (portfolio.leases.empty()) {
    return Error{ErrorCode::NotFound, "the portfolio has no leases to set beside the report"};
  }
  return Writer(portfolio).write();
}

}  // namespace ampacity::finance
