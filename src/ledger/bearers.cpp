// SPDX-License-Identifier: Apache-2.0
#include "ledger/bearers.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ampacity {
namespace {

class Succession {
 public:
  Succession(const Portfolio& portfolio, const HeldSince& held, const std::string& site)
      : portfolio_(portfolio), held_(held), site_(site) {}

  Instant end_of(const std::string& name) const {
    for (const auto& lease : portfolio_.leases) {
      if (lease.name == name && !lease.proposed) return lease.term_ends();
    }
    return Instant::max();
  }

  const Lease* at(Instant at) const {
    const Lease* first = nullptr;
    for (const auto& lease : portfolio_.leases) {
      if (!bears(lease) || begin_of(lease, held_) > at || lease.term_ends() <= at) continue;
      if (first == nullptr || turn_of(lease) < turn_of(*first)) first = &lease;
    }
    return first;
  }

  Instant next_begin(Instant after) const {
    auto next = Instant::max();
    for (const auto& lease : portfolio_.leases) {
      const auto begin = begin_of(lease, held_);
      if (bears(lease) && begin > after && begin < lease.term_ends()) next = std::min(next, begin);
    }
    return next;
  }

 private:
  std::pair<Instant, std::string_view> turn_of(const Lease& lease) const {
    return {begin_of(lease, held_), lease.name};
  }
  bool bears(const Lease& lease) const { return !lease.proposed && lease.is_at(site_); }

  const Portfolio& portfolio_;
  const HeldSince& held_;
  const std::string& site_;
};

}  // namespace

Instant begin_of(const Lease& lease, const HeldSince& held) {
  const auto since = held.find(lease.name);
  return since == held.end() ? Instant::max() : std::max(since->second, lease.starts);
}

std::vector<Bearing> bearers(const Portfolio& portfolio, const HeldSince& held,
                             const std::string& lease, const std::string& site, Instant from,
                             Instant until) {
  const Succession succession(portfolio, held, site);
  std::vector<Bearing> all{{lease, from}};
  auto end = succession.end_of(lease);
  while (end <= until) {
    const auto since = std::max(end, from);
    if (const auto* next = succession.at(end)) {
      if (all.back().from == since) all.pop_back();
      all.push_back({next->name, since});
      end = next->term_ends();
    } else {
      end = succession.next_begin(end);
    }
  }
  return all;
}

}  // namespace ampacity
