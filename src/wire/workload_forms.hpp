// SPDX-License-Identifier: Apache-2.0
// The first line of a workload's file: `kind: TraceMap`. Used by trace_map.cpp and
// synthetic_file.cpp only.
#pragma once

#include "wire/forms.hpp"

namespace ampacity {

enum class KindTraceMap { TraceMap };
enum class KindSynthetic { Synthetic };

template <>
struct Words<KindTraceMap> {
  static std::vector<std::string> all() { return {"TraceMap"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Words<KindSynthetic> {
  static std::vector<std::string> all() { return {"Synthetic"}; }
  static std::vector<std::string> later() { return {}; }
};

}  // namespace ampacity
