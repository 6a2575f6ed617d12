// SPDX-License-Identifier: Apache-2.0
// Shares as people say them: "80 %", "99.95 %". For the texts of invoices and exports.
#pragma once

#include <string>

#include "units/text.hpp"

namespace ampacity {

inline std::string percent(Ratio share) {
  return to_text(Ratio::of(share.count() * 100)) + " %";
}

}  // namespace ampacity
