// SPDX-License-Identifier: Apache-2.0
#include "policy/waiting_queue.hpp"

#include <iterator>

namespace ampacity {

ShapeIndex WaitingQueue::intern(const Shape& shape) {
  const auto [it, fresh] =
      index_.try_emplace(shape, ShapeIndex(static_cast<std::uint32_t>(shapes_.size())));
  if (fresh) {
    shapes_.push_back(shape);
    jobs_.emplace_back();
  }
  return it->second;
}

std::optional<WaitingQueue::Candidate> WaitingQueue::first_of(ShapeIndex shape) const {
  const auto found = jobs_[shape.value()].first_where(std::nullopt, [](Duration) { return true; });
  if (!found) return std::nullopt;
  return Candidate{found->first, shape, found->second};
}

std::optional<WaitingQueue::Candidate> WaitingQueue::next(ShapeIndex shape, const Order& after,
                                                          Duration longest) const {
  const auto found = jobs_[shape.value()].first_where(
      after, [&](Duration walltime) { return walltime <= longest; });
  if (!found) return std::nullopt;
  return Candidate{found->first, shape, found->second};
}

void WaitingQueue::insert(const Order& order, ShapeIndex shape, Duration walltime) {
  const auto head = first_of(shape);
  jobs_[shape.value()].insert(order, walltime);
  ++size_;
  if (head && head->order < order) return;
  if (head) heads_.erase(*head);
  heads_.insert({order, shape, walltime});
}

void WaitingQueue::erase(const Order& order, ShapeIndex shape) {
  const auto head = first_of(shape);
  AMPACITY_ASSERT(head, "job {} does not wait", order.job.value());
  jobs_[shape.value()].erase(order);
  --size_;
  if (head->order != order) return;
  heads_.erase(*head);
  if (const auto next = first_of(shape)) heads_.insert(*next);
}

std::int64_t WaitingQueue::ahead_of(const Order& order) const {
  std::size_t count = 0;
  for (const auto& jobs : jobs_) count += jobs.rank(order);
  return static_cast<std::int64_t>(count);
}

}  // namespace ampacity
