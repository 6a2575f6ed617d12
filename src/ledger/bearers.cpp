// SPDX-License-Identifier: Apache-2.0
#include "ledger/bearers.hpp"

#include <algorithm>

namespace ampacity {
namespace {

bool is_at(const Lease& lease, const std::string& site) {
  return std::find(lease.sites.begin(), lease.sites.end(), site) != lease.sites.end();
}

}  // namespace

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

Bearers::Bearers(const Portfolio& portfolio, const std::map<std::string, Instant>& held) {
  for (const auto& lease : portfolio.leases) {
    if (lease.proposed) continue;
    const auto since = held.find(lease.name);
    const auto begin = since == held.end() ? Instant::max() : std::max(since->second, lease.starts);
    by_name_[lease.name] = terms_.size();
    terms_.push_back({&lease, begin, lease.term_ends()});
  }
}

const Bearers::Term* Bearers::successor(const std::string& site, Instant at) const {
  const auto it = std::find_if(terms_.begin(), terms_.end(), [&](const Term& term) {
    return term.begin <= at && at < term.end && is_at(*term.lease, site);
  });
  return it == terms_.end() ? nullptr : &*it;
}

Instant Bearers::next_begin(const std::string& site, Instant after) const {
  auto next = Instant::max();
  for (const auto& term : terms_) {
    if (term.begin > after && term.begin < term.end && is_at(*term.lease, site)) {
      next = std::min(next, term.begin);
    }
  }
  return next;
}

std::vector<std::pair<std::string, Reading>> Bearers::of(const std::string& lease,
                                                         Reading reading) const {
  std::vector<std::pair<std::string, Reading>> parts;
  auto name = lease;
  auto from = reading.from;
  const auto known = by_name_.find(name);
  auto end = known == by_name_.end() ? Instant::max() : terms_[known->second].end;
  while (end < reading.until) {
    const auto at = std::max(end, from);
    if (from < at) parts.emplace_back(name, part_of(reading, from, at));
    from = at;
    if (const auto* next = successor(reading.site, at)) {
      name = next->lease->name;
      end = next->end;
    } else {
      end = next_begin(reading.site, at);
    }
  }
  if (from < reading.until) parts.emplace_back(name, part_of(reading, from, reading.until));
  return parts;
}

}  // namespace ampacity
