// SPDX-License-Identifier: Apache-2.0
#include "model/curtailment.hpp"

#include "units/arithmetic.hpp"
#include "units/text.hpp"

namespace ampacity {

std::vector<Problem> check(const Curtailment& curtailment) {
  std::vector<Problem> problems;
  const auto say = [&](std::string path, std::string message) {
    problems.push_back({std::move(path), std::move(message)});
  };
  if (!is_name(curtailment.name)) {
    say("name", fmt::format("'{}' is not a name: lower-case letters, digits and inner '-'",
                            curtailment.name));
  }
  if (curtailment.limit) {
    if (*curtailment.limit < Power()) {
      say("limit", fmt::format("expected 0 W or more, got {}", to_text(*curtailment.limit)));
    }
    if (curtailment.power != Power()) say("power", "either so much less, or a limit, not both");
  } else if (curtailment.power <= Power()) {
    say("power", fmt::format("expected more than 0 W, got {}", to_text(curtailment.power)));
  }
  if (curtailment.until <= curtailment.from) {
    say("until",
        fmt::format("{} is not after {}", to_text(curtailment.until), to_text(curtailment.from)));
  }
  constexpr auto longest = Duration(366LL * 86'400'000);
  if (curtailment.until - curtailment.from > longest) {
    say("until", "a curtailment lasts a year at most");
  }
  return problems;
}

Power asked_of(const Curtailment& curtailment, Power drawn) {
  return curtailment.limit ? std::max(drawn - *curtailment.limit, Power()) : curtailment.power;
}

Ratio dynamic_power_at(Ratio pace) {
  const auto p = pace.count();
  return Ratio::of(scaled(scaled(p, p, one.count()), p, one.count()));
}

}  // namespace ampacity
