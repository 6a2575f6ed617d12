// SPDX-License-Identifier: Apache-2.0
#include "policy/wasted.hpp"

#include <algorithm>

#include "policy/demand.hpp"
#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

std::int64_t share_of(std::int64_t amount, Ratio share) {
  return scaled(amount, share.count(), one.count());
}

// GPUs that gangs hold at the lease's sites.
std::int64_t held_at(const Fleet& fleet, const Lease& lease) {
  std::int64_t held = 0;
  for (const auto& pool : fleet.pools()) {
    if (!lease.is_at(fleet.sites()[pool.site.value()].name)) continue;
    held += pool.nodes_in_service * pool.gpus_per_node - pool.gpus_free;
  }
  return held;
}

Power drawn_at(const Fleet& fleet, const Lease& lease) {
  Power drawn;
  for (std::uint32_t i = 0; i < fleet.sites().size(); ++i) {
    if (lease.is_at(fleet.sites()[i].name)) drawn += fleet.power_drawn(SiteIndex(i));
  }
  return drawn;
}

}  // namespace

std::string OwedUse::text() const {
  if (in_gpus) return fmt::format("{} of the {} GPUs that it owes are used", used, owed);
  return fmt::format("{} of the {} that it owes are used", to_text(Power::of(used)),
                     to_text(Power::of(owed)));
}

Owed owed_at(const Portfolio& portfolio, const Lease& lease, Instant now) {
  const auto terms = lease.terms_at(now);
  if (terms.price.basis == PriceBasis::GpuHour) {
    const auto gpus = leased_gpus(portfolio, lease);
    return {std::max(share_of(gpus.carried_by(terms.contracted).count(), terms.take_or_pay),
                     share_of(gpus.carried_by(terms.power).count(), terms.minimum_bill)),
            true};
  }
  const auto owed = std::max(share_of(terms.contracted.count(), terms.take_or_pay),
                             share_of(terms.power.count(), terms.minimum_bill));
  return {std::min(owed, energised_at(portfolio, lease, now).count()), false};
}

OwedUse use_of(const Owed& owed, const Fleet& fleet, const Lease& lease) {
  if (!owed.in_gpus) return {owed.amount, drawn_at(fleet, lease).count(), false};
  return {owed.amount, held_at(fleet, lease), true};
}

}  // namespace ampacity
