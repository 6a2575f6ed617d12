// SPDX-License-Identifier: Apache-2.0
#include "terminal/figures.hpp"

namespace ampacity::terminal {

std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (auto at = text.size(); at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

}  // namespace ampacity::terminal
