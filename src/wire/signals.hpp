// SPDX-License-Identifier: Apache-2.0
// Signals by name or number, as job files and sbatch scripts write them: "USR1", "SIGUSR1", "usr1",
// "10". The numbers are Linux's on x86-64 and arm64, which is where jobs run.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ampacity {

std::optional<std::int64_t> parse_signal(std::string_view text);  // 1 to 64

}  // namespace ampacity
