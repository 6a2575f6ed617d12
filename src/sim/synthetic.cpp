// SPDX-License-Identifier: Apache-2.0
#include "sim/synthetic.hpp"

#include <algorithm>
#include <array>

#include "base/random.hpp"
#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::uint64_t million = 1'000'000;
constexpr std::int64_t most_growth = 100'000'000;  // a hundred-fold, as a rate

// When jobs come: each hour of the span has a weight, and a job falls anywhere in its hour.
class Arrivals {
 public:
  explicit Arrivals(const SyntheticSpec& spec) : spec_(spec), begin_(to_ms(spec.from)) {
    const auto span = to_ms(end_of(spec)) - begin_;
    std::int64_t year_start = 0;
    auto rate = static_cast<std::int64_t>(million);  // at year_start; compounds from year to year
    for (std::int64_t at = 0; at < span;) {
      const auto next = std::min(span, at + hour_ms - (begin_ + at) % hour_ms);
      if (at - year_start >= ms_per_year) {
        rate = std::clamp<std::int64_t>(grown(rate, ms_per_year), 1, most_growth);
        year_start += ms_per_year;
      }
      slots_.push_back({sum_, at, next - at});
      // At most 10^6 of the pattern * 10^8 * 175,680 hours: below 2^64.
      const auto weight = static_cast<Wide>(pattern(begin_ + at)) *
                          std::min(grown(rate, at - year_start), most_growth) * (next - at) /
                          hour_ms;
      sum_ += static_cast<std::uint64_t>(weight);
      at = next;
    }
  }

  // By time: `count` instants.
  std::vector<Instant> draw(std::int64_t count, Random& random) const {
    std::vector<std::uint64_t> marks(static_cast<std::size_t>(count));
    for (auto& mark : marks) mark = random.below(sum_);
    std::sort(marks.begin(), marks.end());
    std::vector<Instant> instants;
    instants.reserve(marks.size());
    std::size_t slot = 0;
    for (const auto mark : marks) {
      while (slot + 1 < slots_.size() && slots_[slot + 1].sum <= mark) ++slot;
      const auto& s = slots_[slot];
      const auto weight = (slot + 1 < slots_.size() ? slots_[slot + 1].sum : sum_) - s.sum;
      const auto into = static_cast<UWide>(mark - s.sum) * static_cast<std::uint64_t>(s.length);
      instants.push_back(from_ms(begin_ + s.at + static_cast<std::int64_t>(into / weight)));
    }
    return instants;
  }

 private:
  struct Slot {
    std::uint64_t sum;    // of the weights before it
    std::int64_t at;      // ms after the beginning
    std::int64_t length;  // ms
  };

  std::int64_t grown(std::int64_t rate, std::int64_t time) const {
    return rate + scaled(scaled(rate, spec_.growth.count(), million), time, ms_per_year);
  }

  std::int64_t pattern(std::int64_t ms) const {
    const auto day = ms / day_ms;  // 1970-01-01 was a Thursday
    const auto hour = static_cast<std::size_t>(ms % day_ms / hour_ms);
    const auto weekday = static_cast<std::size_t>((day + 3) % 7);
    return (spec_.hours.empty() ? 1 : spec_.hours[hour]) *
           (spec_.weekdays.empty() ? 1 : spec_.weekdays[weekday]);
  }

  const SyntheticSpec& spec_;
  std::int64_t begin_;
  std::vector<Slot> slots_;
  std::uint64_t sum_ = 0;
};

// One of several by weight.
class Choice {
 public:
  template <class Items>
  explicit Choice(const Items& items) {
    std::uint64_t sum = 0;
    for (const auto& item : items) {
      sum += static_cast<std::uint64_t>(item.weight);
      sums_.push_back(sum);
    }
  }
  bool empty() const { return sums_.empty(); }
  std::size_t draw(Random& random) const {
    const auto mark = random.below(sums_.back());
    const auto it = std::upper_bound(sums_.begin(), sums_.end(), mark);
    return static_cast<std::size_t>(it - sums_.begin());
  }

 private:
  std::vector<std::uint64_t> sums_;
};

std::uint64_t root_of(UWide square) {
  std::uint64_t root = 0;
  for (auto bit = std::uint64_t{1} << 63U; bit != 0; bit >>= 1U) {
    const auto next = root | bit;
    if (static_cast<UWide>(next) * next <= square) root = next;
  }
  return root;
}

// Run times of a band by their rank. Between two given quantiles the logarithm is even: halving an
// interval at its geometric mean, eight times, needs roots and no logarithm.
class RunTimes {
 public:
  explicit RunTimes(const SyntheticBand& band) {
    const Duration given[] = {band.shortest, band.p50, band.p90, band.p99, band.longest};
    for (std::size_t i = 0; i < parts; ++i) {
      auto& part = table_[i];
      part[0] = fine(given[i]);
      part[steps] = fine(given[i + 1]);
      for (std::size_t step = steps / 2; step > 0; step /= 2) {
        for (std::size_t at = step; at < steps; at += 2 * step) {
          part[at] = root_of(static_cast<UWide>(part[at - step]) * part[at + step]);
        }
      }
    }
  }

  // `rank` is out of 2^32.
  Duration at(std::uint64_t rank) const {
    std::size_t part = 0;
    while (part + 1 < parts && rank >= bounds[part + 1]) ++part;
    const auto width = bounds[part + 1] - bounds[part];
    const auto scaled_rank = (rank - bounds[part]) * steps;  // below 2^40
    const auto index = static_cast<std::size_t>(scaled_rank / width);
    const auto& values = table_[part];
    const auto rise = values[index + 1] - values[index];
    const auto more = static_cast<UWide>(rise) * (scaled_rank % width) / width;
    const auto ms = (values[index] + static_cast<std::uint64_t>(more)) >> fraction;
    return Duration(std::max<std::int64_t>(static_cast<std::int64_t>(ms), 1));
  }

 private:
  static constexpr std::size_t parts = 4;
  static constexpr std::size_t steps = 256;
  static constexpr unsigned fraction = 20;  // bits of a millisecond; a year takes 55 in all
  static constexpr std::uint64_t whole = std::uint64_t{1} << 32U;
  static constexpr std::uint64_t bounds[parts + 1] = {0, whole / 2, whole / 10 * 9,
                                                      whole / 100 * 99, whole};

  static std::uint64_t fine(Duration duration) {
    return static_cast<std::uint64_t>(duration.count()) << fraction;
  }

  std::array<std::array<std::uint64_t, steps + 1>, parts> table_{};
};

struct Band {
  RunTimes runs;
  std::uint64_t failed;  // out of a million
  std::uint64_t ended_early;
};

class Synthesis {
 public:
  Synthesis(const SyntheticSpec& spec, std::uint64_t seed)
      : spec_(spec),
        random_(seed),
        sizes_(spec.sizes),
        walltimes_(spec.walltimes),
        teams_(spec.teams) {
    for (const auto& band : spec.durations) {
      const auto failed = static_cast<std::uint64_t>(band.failed.value_or(spec.failed).count());
      const auto cancelled = band.cancelled.value_or(spec.cancelled).count();
      bands_.push_back({RunTimes(band), failed, failed + static_cast<std::uint64_t>(cancelled)});
    }
    for (const auto& size : spec.sizes) {
      std::size_t band = 0;
      while (band + 1 < bands_.size() && size.gpus > spec.durations[band].up_to) ++band;
      band_of_.push_back(band);
    }
    const auto teams = std::max<std::size_t>(spec.teams.size(), 1);
    kinds_.assign(teams * (spec.sizes.size() + 1) * 2, none);
  }

  Workload run() {
    workload_.name = spec_.name;
    const auto instants = Arrivals(spec_).draw(jobs_of(spec_), random_);
    workload_.jobs.reserve(instants.size());
    for (const auto submit : instants) workload_.jobs.push_back(job(submit));
    workload_.repairs.read = static_cast<std::int64_t>(instants.size());
    return std::move(workload_);
  }

 private:
  // One draw a line: the order in which arguments are evaluated differs between compilers.
  WorkloadJob job(Instant submit) {
    WorkloadJob job;
    job.submit = submit;
    job.source = static_cast<std::int64_t>(workload_.jobs.size()) + 1;
    const auto size = sizes_.draw(random_);
    job.gpus = static_cast<std::uint32_t>(spec_.sizes[size].gpus);
    const auto& band = bands_[band_of_[size]];
    job.runtime = band.runs.at(random_.next() >> 32U);
    const auto factor = walltimes_.empty() ? one : spec_.walltimes[walltimes_.draw(random_)].factor;
    const auto asked = scaled(job.runtime.count(), factor.count(), million);
    job.walltime = std::min(Duration(asked), Duration(365 * day_ms));
    const auto ending = random_.below(million);
    if (ending < band.ended_early) job.exit_code = cancelled_exit;
    if (ending < band.failed) job.exit_code = 1;
    job.kind = kind(size);
    return job;
  }

  bool drawn(Ratio share) {
    return random_.below(million) < static_cast<std::uint64_t>(share.count());
  }

  std::uint32_t kind(std::size_t size) {
    const auto gpus = spec_.sizes[size].gpus;
    const auto team = teams_.empty() ? 0 : teams_.draw(random_);
    const bool elastic = drawn(spec_.elastic.share) && gpus >= spec_.elastic.from_gpus;
    const bool saves = drawn(spec_.checkpoints.share) && gpus >= spec_.checkpoints.from_gpus;
    const auto row = elastic ? size + 1 : 0;  // an elastic kind knows its size
    auto& index = kinds_[(team * (spec_.sizes.size() + 1) + row) * 2 + (saves ? 1 : 0)];
    if (index != none) return index;
    index = static_cast<std::uint32_t>(workload_.kinds.size());
    auto& spec = workload_.kinds.emplace_back();
    spec.name = spec_.name;
    spec.command = {"true"};
    if (!spec_.teams.empty()) belongs_to(spec_.teams[team], spec);
    if (saves) spec.checkpoint_interval = spec_.checkpoints.interval;
    if (elastic) {
      const auto least = scaled(gpus, spec_.elastic.least.count(), million);
      spec.gpus_min = GpuCount::of(std::clamp<std::int64_t>(least, 1, gpus));
    }
    return index;
  }

  static void belongs_to(const SyntheticTeam& team, JobSpec& spec) {
    spec.team = team.name;
    spec.priority_class = team.priority_class;
    spec.slowest = team.slowest;
    spec.pausable = team.pausable;
    spec.requeue = team.requeue;
  }

  static constexpr std::uint32_t none = UINT32_MAX;

  const SyntheticSpec& spec_;
  Random random_;
  Choice sizes_, walltimes_, teams_;
  std::vector<Band> bands_;
  std::vector<std::size_t> band_of_;  // by size
  std::vector<std::uint32_t> kinds_;  // by team, size if elastic, and whether it saves itself
  Workload workload_;
};

}  // namespace

Workload synthesize(const SyntheticSpec& spec, std::uint64_t seed) {
  return Synthesis(spec, seed).run();
}

}  // namespace ampacity
