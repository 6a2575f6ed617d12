// SPDX-License-Identifier: Apache-2.0
// What the readers of records share: logs of jobs, traces, outages. Called by swf, sbatch,
// workload_builder, workload_file, faults_file and fault_records.
#pragma once

#include <string_view>

#include "units/text.hpp"

namespace ampacity {

inline bool is_space(char c) {
  return c == ' ' || c == '\t';
}

inline bool is_csv(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".csv.gz");
}

// The years of records: nobody has written down what was before, or will be after.
inline bool in_years_of_records(Instant at) {
  static const auto first = *parse_instant("2000-01-01");
  static const auto last = *parse_instant("2200-01-01");
  return first <= at && at < last;
}

}  // namespace ampacity
