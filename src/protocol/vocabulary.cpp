// SPDX-License-Identifier: Apache-2.0
#include "protocol/vocabulary.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ampacity {

std::vector<NodeShare> node_by_node(const std::vector<NodeShare>& shares) {
  std::vector<NodeShare> all;
  for (const auto& share : shares) {
    all.push_back({share.node, 1, share.gpus});
    const auto digits = share.node.find_last_not_of("0123456789") + 1;
    std::int64_t first = 0;
    std::from_chars(share.node.data() + digits, share.node.data() + share.node.size(), first);
    for (std::int64_t i = 1; i < share.nodes; ++i) {
      all.push_back({fmt::format("{}{}", share.node.substr(0, digits), first + i), 1, share.gpus});
    }
  }
  return all;
}

Usage& Usage::operator+=(const Usage& other) {
  gpu_time += other.gpu_time;
  it_energy += other.it_energy;
  facility_energy += other.facility_energy;
  lease_cost += other.lease_cost;
  energy_cost += other.energy_cost;
  return *this;
}

Usage& Usage::operator-=(const Usage& other) {
  gpu_time -= other.gpu_time;
  it_energy -= other.it_energy;
  facility_energy -= other.facility_energy;
  lease_cost -= other.lease_cost;
  energy_cost -= other.energy_cost;
  return *this;
}

}  // namespace ampacity
