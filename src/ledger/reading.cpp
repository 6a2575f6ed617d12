// SPDX-License-Identifier: Apache-2.0
#include "ledger/reading.hpp"

#include <algorithm>

namespace ampacity {
namespace {

// What a stretch drew of which only the energy is known.
void set_draw(Reading& reading, Energy energy) {
  const auto ms = (reading.until - reading.from).count();
  reading.draws = Power::of(scaled(energy.count(), 1'000, ms));
  // Joules are rounded, so a draw of whole watts is up to half a joule beside it.
  const auto beyond = Wide{energy.count()} * 1'000 - Wide{reading.draws.count()} * ms;
  reading.rest = beyond < -500 || beyond > 500 ? static_cast<std::int64_t>(beyond) : 0;
}

}  // namespace

Wide Reading::watt_ms(Duration time) const {
  const auto even = Wide{draws.count()} * time.count();
  return rest == 0 ? even : even + Wide{rest} * time.count() / (until - from).count();
}

Energy Reading::energy(Duration time) const {
  if (rest == 0) return energy_of(draws, time);
  return Energy::of(static_cast<std::int64_t>((watt_ms(time) + 500) / 1'000));
}

std::vector<Reading> readings_of(const Reading& whole, const Usage& usage,
                                 const std::vector<DrawChange>& changes) {
  const auto ms = (whole.until - whole.from).count();
  if (ms <= 0) return {};
  auto stretch = whole;
  stretch.gpus = GpuCount::of(scaled(usage.gpu_time.count(), 1, ms));
  std::vector<Reading> all{stretch};
  for (const auto& change : changes) {
    const auto at = std::clamp(change.at, whole.from, whole.until);
    all.back().until = at;
    stretch.from = at;
    stretch.draws = change.draws;
    all.push_back(stretch);
  }
  auto left = usage.it_energy;
  for (std::size_t i = 1; i < all.size(); ++i) left -= all[i].energy(all[i].until - all[i].from);
  if (all[0].from < all[0].until) set_draw(all[0], left);
  std::erase_if(all, [](const Reading& r) { return r.from >= r.until; });
  return all;
}

}  // namespace ampacity
