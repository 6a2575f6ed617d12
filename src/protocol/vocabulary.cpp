// SPDX-License-Identifier: Apache-2.0
#include "protocol/vocabulary.hpp"

namespace ampacity {

Usage& Usage::operator+=(const Usage& other) {
  gpu_time += other.gpu_time;
  it_energy += other.it_energy;
  facility_energy += other.facility_energy;
  lease_cost += other.lease_cost;
  energy_cost += other.energy_cost;
  return *this;
}

}  // namespace ampacity
