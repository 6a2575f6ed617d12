// SPDX-License-Identifier: Apache-2.0
// The bearer token that protects writes: 32 random bytes in <data>/token, mode 0600, made at the
// first start. Whoever can read the file may change things; reads on loopback need no token.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace ampacity {

// Reads the token, or makes one. Refuses a file that others can read.
Result<std::string> load_or_make_token(const std::filesystem::path& folder);

// Compares in constant time.
bool same_token(const std::string& given, const std::string& wanted);

}  // namespace ampacity
