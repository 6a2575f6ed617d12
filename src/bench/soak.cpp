// SPDX-License-Identifier: Apache-2.0
#include "bench/soak.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "sim/conversation.hpp"

namespace ampacity::bench {
namespace {

// One conversation; the digest of what it came to.
Digest run(std::uint64_t seed, const SoakCall& call, std::int64_t& commands) {
  on_assertion_say(fmt::format("to repeat it: ampacity soak --seed {} --seeds 1 --steps {}{}", seed,
                               call.steps, call.canary ? " --canary" : ""));
  Conversation conversation(seed);
  Random random(seed);
  for (std::int64_t i = 0; i < call.steps; ++i) {
    conversation.step(random.next());
    AMPACITY_ASSERT(!call.canary || i < call.steps / 2, "the canary: a soak that must fail");
  }
  AMPACITY_ASSERT(conversation.started_twice() == 0, "{} attempts were started twice",
                  conversation.started_twice());
  commands += conversation.commands();
  return conversation.engine().digest();
}

}  // namespace

client::Exit soak(const SoakCall& call) {
  const auto begin = std::chrono::steady_clock::now();
  const bool progress = ::isatty(STDERR_FILENO) != 0 && !call.json;
  std::int64_t commands = 0;
  DigestSink sink;
  for (std::int64_t i = 0; i < call.seeds; ++i) {
    const auto seed = call.seed + static_cast<std::uint64_t>(i);
    const auto digest = run(seed, call, commands);
    sink.bytes(&digest.high, sizeof digest.high);
    sink.bytes(&digest.low, sizeof digest.low);
    if (progress)
      fmt::print(stderr, "\rseed {} ({} of {}), {} commands", seed, i + 1, call.seeds, commands);
  }
  if (progress) fmt::print(stderr, "\n");
  const auto seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto digest = sink.finish().text();
  if (call.json) {
    fmt::print(
        R"({{"soak":"engine","first_seed":{},"seeds":{},"steps":{},"commands":{},"seconds":{:.2f},"digest":"{}"}})"
        "\n",
        call.seed, call.seeds, call.steps, commands, seconds, digest);
  } else {
    fmt::print("{} seeds from {}, {} commands, every one checked, in {:.1f} s; digest {}\n",
               call.seeds, call.seed, commands, seconds, digest);
  }
  return client::Exit::Ok;
}

}  // namespace ampacity::bench
