// SPDX-License-Identifier: Apache-2.0
// The values of sbatch's options: times, counts, GPU requests, file patterns, exports. Called by
// sbatch.cpp. Each parser returns the value or a message "expected …, got '…'". Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/job.hpp"

namespace ampacity::sbatch {

// min, min:s, h:m:s, d-h, d-h:m, d-h:m:s. Refuses 0 and UNLIMITED: a job here has an end.
Result<Duration> parse_time(std::string_view text);

Result<std::int64_t> parse_count(std::string_view text, std::int64_t most);  // from 1
Result<std::int64_t> parse_nodes(std::string_view text);                     // "4" or "4-4"

struct GpuRequest {
  std::string type;  // as the accelerator catalogue spells it where it has one; empty: any
  std::int64_t count = 1;
};
Result<GpuRequest> parse_gpus(std::string_view text);  // [type:]n
Result<GpuRequest> parse_gres(std::string_view text);  // gpu[:type][:n]

// "h100|h200": accelerators by name. Other features are unknown here.
Result<std::vector<std::string>> parse_constraint(std::string_view text);

Result<EarlySignal> parse_early_signal(std::string_view text);  // [B:]SIG[@seconds]

Result<std::string> parse_pattern(std::string_view text);  // %j %x %A %N %t %u %%, "%4j"

struct Export {
  bool all = false;
  std::vector<std::string> names;
  std::map<std::string, std::string> values;
};
Result<Export> parse_export(std::string_view text);  // NONE, ALL, A,B=C

}  // namespace ampacity::sbatch
