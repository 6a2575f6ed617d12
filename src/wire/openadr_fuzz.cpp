// SPDX-License-Identifier: Apache-2.0
// Any bytes as an event of OpenADR: refused with a reason that can be printed, or curtailments that
// are sound, of sites that there are, and the same when it is read again.
#include "base/assert.hpp"
#include "wire/file_problem.hpp"
#include "wire/json.hpp"
#include "wire/openadr.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ampacity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> sites{"abilene", "north"};
  const auto now = from_ms(1'846'080'000'000);
  const auto event = openadr::read_event(text, sites, now);
  if (!event) {
    ProblemList ignored("f");
    AMPACITY_ASSERT(!event.error().message.empty() && check_text(event.error().message, ignored),
                    "refused without a reason that can be printed");
    return 0;
  }
  AMPACITY_ASSERT(!event->name.empty(), "an event without a name");
  for (const auto& c : event->curtailments) {
    const auto problems = check(c);
    AMPACITY_ASSERT(problems.empty(), "read, but not sound: {}", problems.front().message);
    AMPACITY_ASSERT(c.site == sites[0] || c.site == sites[1], "of no site: {}", c.site);
    const auto back = json::from_json<Curtailment>(json::to_json(c));
    AMPACITY_ASSERT(back && *back == c, "the JSON form lost something");
  }
  const auto again = openadr::read_event(text, sites, now);
  AMPACITY_ASSERT(again && again->curtailments == event->curtailments, "read otherwise again");
  return 0;
}
