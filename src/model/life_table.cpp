// SPDX-License-Identifier: Apache-2.0
#include "model/life_table.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {

std::int64_t LifeTable::failed() const {
  std::int64_t sum = 0;
  for (const auto& bin : bins) sum += bin.failed;
  return sum;
}

Duration LifeTable::mean_between() const {
  Duration watched{};
  for (const auto& bin : bins) watched += bin.watched;
  return Duration(std::max<std::int64_t>(watched.count() / failed(), 1));
}

void LifeTableBuilder::add(Duration from, Duration until, bool failed) {
  const auto width = width_.count();
  const auto first = static_cast<std::size_t>(from.count() / width);
  const auto last = static_cast<std::size_t>(until.count() / width);
  if (slices_.size() <= last) slices_.resize(last + 1);
  for (auto i = first; i <= last; ++i) {
    const auto begin = static_cast<std::int64_t>(i) * width;
    slices_[i].watched_ms += std::min(until.count(), begin + width) - std::max(from.count(), begin);
  }
  ++slices_[first].come;
  ++slices_[last].leave;
  slices_[last].failed += failed ? 1 : 0;
}

// A bin is closed when it has failures enough; what is left at the end joins the last one.
std::optional<LifeTable> LifeTableBuilder::table() const {
  LifeTable table;
  std::int64_t watched_units = 0;  // at the end of the slice
  std::int64_t came = 0;           // into watch since the bin was opened
  LifeBin open;
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    const auto& slice = slices_[i];
    open.at_risk += slice.come;
    came += slice.come;
    open.failed += slice.failed;
    open.watched += Duration(slice.watched_ms);
    watched_units += slice.come - slice.leave;
    if (open.failed < least_failures_ || open.watched <= Duration(0)) continue;
    table.bins.push_back(open);
    open = {width_ * static_cast<std::int64_t>(i + 1), watched_units, 0, {}};
    came = 0;
  }
  const bool fails = open.failed > 0 && open.watched > Duration(0);
  if (table.bins.empty()) return fails ? std::optional(LifeTable{{open}}) : std::nullopt;
  table.bins.back().failed += open.failed;
  table.bins.back().watched += open.watched;
  table.bins.back().at_risk += came;
  return table;
}

Duration time_to_failure(const LifeTable& table, Duration age, std::int64_t units, Random& random) {
  constexpr Wide unit = Wide{1} << 32U;  // of minus_log
  constexpr Wide longest = Wide{10'000} * 365 * 86'400'000;
  const auto x = random.next();
  Wide left = minus_log(x == 0 ? 1 : x);
  const auto& bins = table.bins;
  const auto after =
      std::find_if(bins.begin(), bins.end(), [&](const LifeBin& bin) { return bin.from > age; });
  Wide passed = 0;
  for (auto bin = std::prev(after);; ++bin) {
    const auto failures = Wide{units} * bin->failed;
    const auto needs = left * bin->watched.count() / (failures * unit);
    const auto next = std::next(bin);
    if (next == bins.end() || Wide{age.count()} + needs < next->from.count()) {
      return Duration(static_cast<std::int64_t>(std::min(passed + needs, longest)));
    }
    const auto here = (next->from - age).count();
    left -= std::min(left, failures * here * unit / bin->watched.count());
    passed += here;
    age = next->from;
  }
}

}  // namespace ampacity
