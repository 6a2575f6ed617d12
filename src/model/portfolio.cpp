// SPDX-License-Identifier: Apache-2.0
#include "model/portfolio.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

template <class T>
const T* find_named(const std::vector<T>& items, const std::string& name) {
  const auto it =
      std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return it == items.end() ? nullptr : &*it;
}

}  // namespace

EnergyPrice energy_price_at(const Site& site, Instant at) {
  const auto& series = site.energy_price_by_hour;
  return series ? EnergyPrice::of(series->at(at)) : site.energy_price;
}

std::int64_t carbon_mg_at(const Site& site, Instant at) {
  return site.carbon_by_hour ? site.carbon_by_hour->at(at) : site.carbon.count() * 1'000;
}

std::optional<Power> interconnection_at(const Site& site, Instant at) {
  if (site.interconnection.empty()) return std::nullopt;
  Power power;
  for (const auto& step : site.interconnection) {
    if (step.from <= at) power = step.power;
  }
  return power;
}

RightTerms RefusalRight::terms_at(Instant t) const {
  RightTerms terms{scope, response_window, from, until};
  auto sorted = amendments;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.from < b.from; });
  for (const auto& a : sorted) {
    if (a.from > t) break;
    if (a.scope) terms.scope = *a.scope;
    if (a.response_window) terms.response_window = *a.response_window;
    if (a.ends) terms.until = a.ends;
  }
  return terms;
}

bool RefusalRight::in_force_at(Instant t) const {
  const auto terms = terms_at(t);
  return terms.from <= t && (!terms.until || t < *terms.until);
}

Power it_limit(Power interconnection, Ratio pue) {
  const auto rounded = scaled(interconnection.count(), one.count(), pue.count());
  const bool above = times(Power::of(rounded), pue) > interconnection;
  return Power::of(above ? rounded - 1 : rounded);
}

std::optional<Power> admitted_at(const Site& site, Instant at) {
  const auto power = interconnection_at(site, at);
  if (!power) return std::nullopt;
  return times(it_limit(*power, site.pue), site.oversubscription);
}

const Accelerator* Portfolio::find_accelerator(const std::string& wanted) const {
  const auto* own = find_named(accelerators, wanted);
  return own != nullptr ? own : find_named(built_in_accelerators(), wanted);
}

const PriorityClass* Portfolio::find_priority_class(const std::string& wanted) const {
  return find_named(priority_classes, wanted);
}

const Team* Portfolio::find_team(const std::string& wanted) const {
  return find_named(teams, wanted);
}

HallShape shape_of(const Portfolio& portfolio, const Hall& hall) {
  const auto* accelerator = portfolio.find_accelerator(hall.accelerator);
  AMPACITY_ASSERT(accelerator != nullptr, "hall {} names no accelerator", hall.name);
  return {accelerator, hall.nodes_per_rack.value_or(accelerator->nodes_per_rack),
          hall.gpus_per_node.value_or(accelerator->gpus_per_node)};
}

namespace {

template <class Each>
void each_site(const Portfolio& portfolio, const Lease& lease, Each each) {
  for (const auto& name : lease.sites) {
    const auto* site = find_named(portfolio.sites, name);
    AMPACITY_ASSERT(site != nullptr, "lease {} names no site {}", lease.name, name);
    each(*site);
  }
}

}  // namespace

Power energised_at(const Site& site, Instant t) {
  Power sum;
  for (const auto& hall : site.halls) {
    if (!hall.energised || *hall.energised <= t) sum += hall.power * hall.count;
  }
  return sum;
}

Power energised_at(const Portfolio& portfolio, const Lease& lease, Instant t) {
  Power sum;
  each_site(portfolio, lease, [&](const Site& site) { sum += energised_at(site, t); });
  return sum;
}

LeasedGpus leased_gpus(const Portfolio& portfolio, const Lease& lease) {
  LeasedGpus leased;
  each_site(portfolio, lease, [&](const Site& site) {
    for (const auto& hall : site.halls) {
      const auto shape = shape_of(portfolio, hall);
      const auto gpus = shape.nodes(hall) * shape.gpus_per_node;
      leased.all += gpus;
      leased.draw += full_power(*shape.accelerator, GpuCount::of(gpus));
    }
  });
  return leased;
}

GpuCount LeasedGpus::carried_by(Power contracted) const {
  if (contracted >= draw) return GpuCount::of(all);
  return GpuCount::of(static_cast<std::int64_t>(Wide{all} * contracted.count() / draw.count()));
}

bool is_name(const std::string& text) {
  if (text.empty() || text.size() > limits::name_length) return false;
  const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return word(text.front()) && word(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return word(c) || c == '-'; });
}

}  // namespace ampacity
