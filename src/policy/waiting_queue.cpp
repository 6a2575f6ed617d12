// SPDX-License-Identifier: Apache-2.0
#include "policy/waiting_queue.hpp"

#include <algorithm>

namespace ampacity {
namespace {

template <class Key, class Index, class Make>
Index interned(std::map<Key, Index>& index, const Key& key, const Make& make) {
  const auto it = index.find(key);
  if (it != index.end()) return it->second;
  const Index made(static_cast<std::uint32_t>(index.size()));
  make(made);
  index.emplace(key, made);
  return made;
}

}  // namespace

AccountIndex WaitingQueue::account(const std::string& team, const std::string& project) {
  return interned(account_index_, {team, project}, [&](AccountIndex) { accounts_.emplace_back(); });
}

LaneIndex WaitingQueue::lane(const Shape& shape, AccountIndex account, std::int64_t priority,
                             const Claim& claim) {
  const auto of_shape = interned(shape_index_, shape, [&](ShapeIndex) {
    shapes_.emplace_back();
    shapes_.back().shape = shape;
  });
  const auto index = interned(lane_index_, {of_shape, account, priority}, [&](LaneIndex) {
    lanes_.emplace_back();
    lanes_.back().rank.minus_priority = -priority;
    lanes_.back().shape = of_shape;
    lanes_.back().account = account;
  });
  stand_ready(index, claim);
  return index;
}

void WaitingQueue::stand_ready(LaneIndex index, const Claim& claim) {
  auto& lane = lanes_[index.value()];
  if (!lane.jobs.empty()) return;
  lane.rank = {lane.rank.minus_priority, claim.borrows, accounts_[lane.account.value()].share};
  lane.lacks = claim.lacks;
}

namespace {

template <class Index>
void put(std::vector<Index>& set, Index member, bool in) {
  const auto place = std::lower_bound(set.begin(), set.end(), member);
  const bool known = place != set.end() && *place == member;
  if (in && !known) set.insert(place, member);
  if (!in && known) set.erase(place);
}

}  // namespace

template <class Change>
void WaitingQueue::moved(LaneIndex index, const Change& change) {
  auto& lane = lanes_[index.value()];
  auto& order = shapes_[lane.shape.value()].lanes;
  const auto before = lane.rank;
  const bool was = !lane.jobs.empty();
  const auto least = least_of(lane);
  change(lane);
  const bool is = !lane.jobs.empty();
  if (was && is && least == least_of(lane) && before == lane.rank) return;
  if (was) order.erase({before, index});
  if (is) order.insert({lane.rank, index}, least_of(lane));
  put(waiting_, lane.shape, !order.empty());
  if (was != is) put(accounts_[lane.account.value()].lanes, index, is);
}

void WaitingQueue::insert(LaneIndex lane, JobId job, Duration walltime) {
  moved(lane, [&](Lane& l) {
    l.jobs.insert(job, walltime);
    if (!l.oldest || job < l.oldest->first) l.oldest = {job, walltime};
  });
  ++size_;
}

void WaitingQueue::erase(LaneIndex lane, JobId job) {
  moved(lane, [&](Lane& l) {
    l.jobs.erase(job);
    if (l.oldest->first == job) l.oldest = l.jobs.first_where(job, [](Duration) { return true; });
  });
  --size_;
}

void WaitingQueue::stand(LaneIndex lane, const Rank& rank, std::int64_t lacks) {
  moved(lane, [&](Lane& l) {
    l.rank = rank;
    l.lacks = lacks;
  });
}

std::optional<std::pair<JobId, Duration>> WaitingQueue::first_in(
    const Lane& lane, Duration longest, std::optional<JobId> behind) const {
  if (!behind && lane.oldest && lane.oldest->second <= longest) return lane.oldest;
  return lane.jobs.first_where(behind, [&](Duration walltime) { return walltime <= longest; });
}

std::optional<WaitingQueue::Candidate> WaitingQueue::best(ShapeIndex shape, Duration longest,
                                                          std::int64_t free,
                                                          const Seen& seen) const {
  const auto could = [&](const Least& least) {
    return least.walltime <= longest && least.lacks <= free;
  };
  const auto& order = shapes_[shape.value()].lanes;
  std::optional<Candidate> best;
  std::optional<LaneKey> after;
  while (const auto next = order.first_where(after, could)) {
    after = next->first;
    if (best && best->rank < after->rank) break;
    const auto last = seen.find(after->lane);
    const auto behind = last == seen.end() ? std::nullopt : std::optional(last->second);
    const auto job = first_in(lanes_[after->lane.value()], longest, behind);
    if (!job || (best && best->job < job->first)) continue;
    best = Candidate{after->rank, job->first, shape, after->lane, job->second};
    if (order.size() == 1) break;
  }
  return best;
}

std::int64_t WaitingQueue::ahead_of(LaneIndex index, JobId job) const {
  const auto& rank = lanes_[index.value()].rank;
  std::size_t count = 0;
  for (const auto& lane : lanes_) {
    if (lane.rank < rank) count += lane.jobs.size();
    if (lane.rank == rank) count += lane.jobs.rank(job);
  }
  return static_cast<std::int64_t>(count);
}

}  // namespace ampacity
