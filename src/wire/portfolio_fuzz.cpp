// SPDX-License-Identifier: Apache-2.0
// Any bytes as a portfolio file: refused line by line, or sound and the same after its JSON form.
#include "base/assert.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ampacity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto portfolio = parse_portfolio(text, "f");
  if (!portfolio) {
    AMPACITY_ASSERT(!portfolio.error().empty(), "refused without a reason");
    for (const auto& problem : portfolio.error()) {
      const auto line = to_text(problem);
      AMPACITY_ASSERT(line.find('\n') == std::string::npos, "two lines: {}", line);
    }
    return 0;
  }
  AMPACITY_ASSERT(check(*portfolio).empty(), "loaded, but not sound");
  const auto back = json::from_json<Portfolio>(json::to_json(*portfolio));
  AMPACITY_ASSERT(back && *back == *portfolio, "the JSON form lost something");
  return 0;
}
