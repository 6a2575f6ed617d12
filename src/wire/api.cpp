// SPDX-License-Identifier: Apache-2.0
#include "wire/api.hpp"

namespace ampacity::api {

UsageView view(const Usage& usage) {
  return {usage.gpu_time.count(), usage.it_energy.count(), usage.facility_energy.count(),
          usage.lease_cost.count(), usage.energy_cost.count()};
}

}  // namespace ampacity::api
