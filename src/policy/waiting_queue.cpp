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

void WaitingQueue::insert(const Order& order, ShapeIndex shape) {
  auto& jobs = jobs_[shape.value()];
  const auto [it, fresh] = jobs.insert(order);
  AMPACITY_ASSERT(fresh, "job {} waits twice", order.job.value());
  ++size_;
  if (it != jobs.begin()) return;
  if (jobs.size() > 1) heads_.erase({*std::next(it), shape});
  heads_.insert({order, shape});
}

void WaitingQueue::erase(const Order& order, ShapeIndex shape) {
  auto& jobs = jobs_[shape.value()];
  const auto it = jobs.find(order);
  AMPACITY_ASSERT(it != jobs.end(), "job {} does not wait", order.job.value());
  if (it == jobs.begin()) {
    heads_.erase({order, shape});
    if (jobs.size() > 1) heads_.insert({*std::next(it), shape});
  }
  jobs.erase(it);
  --size_;
}

std::int64_t WaitingQueue::ahead_of(const Order& order) const {
  std::int64_t count = 0;
  for (const auto& jobs : jobs_) {
    count += std::distance(jobs.begin(), jobs.lower_bound(order));
  }
  return count;
}

}  // namespace ampacity
