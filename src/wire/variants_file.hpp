// SPDX-License-Identifier: Apache-2.0
// The file of `kind: Variants`: policies to be played against each other. Called by `ampacity
// simulate --vary`. Settings are written as in the portfolio's policy; they are checked when they
// are applied (with_settings() of portfolio_file.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/portfolio_file.hpp"

namespace ampacity {

struct Variant {
  std::string name;
  Settings policy;
};
struct VariantList {
  std::vector<Variant> variants;
};

std::vector<Problem> check(const VariantList& list);
Loaded<VariantList> parse_variants(std::string_view text, const std::string& file);
Loaded<VariantList> load_variants(const std::string& path);
std::string variants_schema();

}  // namespace ampacity
