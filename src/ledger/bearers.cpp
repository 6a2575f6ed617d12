// SPDX-License-Identifier: Apache-2.0
#include "ledger/bearers.hpp"

#include <algorithm>
#include <tuple>

namespace ampacity {
namespace {

// Its part in [from, until), which lies inside of it.
Reading part_of(const Reading& reading, Instant from, Instant until) {
  auto part = reading;
  part.from = from;
  part.until = until;
  if (reading.rest != 0) {
    const auto drawn = reading.watt_ms(until - reading.from) - reading.watt_ms(from - reading.from);
    part.rest =
        static_cast<std::int64_t>(drawn - Wide{reading.draws.count()} * (until - from).count());
  }
  return part;
}

}  // namespace

Instant begin_of(const Lease& lease, const HeldSince& held) {
  const auto since = held.find(lease.name);
  return since == held.end() ? Instant::max() : std::max(since->second, lease.starts);
}

Bearers::Bearers(const Portfolio& portfolio, const HeldSince& held) {
  for (const auto& lease : portfolio.leases) {
    if (lease.proposed) continue;
    terms_.push_back({&lease, begin_of(lease, held), lease.term_ends()});
  }
  std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) {
    return std::tie(a.begin, a.lease->name) < std::tie(b.begin, b.lease->name);
  });
  for (std::size_t i = 0; i < terms_.size(); ++i) by_name_[terms_[i].lease->name] = i;
}

const Bearers::Term* Bearers::successor(const std::string& site, Instant at) const {
  const auto it = std::find_if(terms_.begin(), terms_.end(), [&](const Term& term) {
    return term.begin <= at && at < term.end && term.lease->is_at(site);
  });
  return it == terms_.end() ? nullptr : &*it;
}

Instant Bearers::next_begin(const std::string& site, Instant after) const {
  auto next = Instant::max();
  for (const auto& term : terms_) {
    if (term.begin > after && term.begin < term.end && term.lease->is_at(site)) {
      next = std::min(next, term.begin);
    }
  }
  return next;
}

std::vector<std::pair<std::string, Reading>> Bearers::of(const std::string& lease,
                                                         const Reading& reading) const {
  std::vector<std::pair<std::string, Reading>> parts;
  auto name = lease;
  auto begin = Instant::min();  // since when it bears
  const auto known = by_name_.find(name);
  auto end = known == by_name_.end() ? Instant::max() : terms_[known->second].end;
  while (true) {
    const auto from = std::max(begin, reading.from);
    const auto until = std::min(end, reading.until);
    if (from < until) parts.emplace_back(name, part_of(reading, from, until));
    if (end >= reading.until) return parts;
    begin = end;
    if (const auto* next = successor(reading.site, begin)) {
      name = next->lease->name;
      end = next->end;
    } else {
      end = next_begin(reading.site, begin);
    }
  }
}

}  // namespace ampacity
