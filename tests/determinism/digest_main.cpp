// SPDX-License-Identifier: Apache-2.0
// Prints the digest after a fixed set of random conversations and a made workload. same_digest.sh
// builds it four ways.
#include <cstdio>

#include "sim/conversation.hpp"
#include "sim/synthetic.hpp"

namespace {

using namespace ampacity;

void add_workload(DigestSink& sink) {
  SyntheticSpec spec;
  spec.name = "w";
  spec.from = test::day("2028-01-01");
  spec.until = test::day("2031-01-01");
  spec.jobs = 100'000;
  spec.growth = Ratio::of(333'333);
  spec.hours.assign(24, 3);
  spec.hours[7] = 50;
  spec.sizes = {{1, 5}, {8, 3}, {400'000, 1}};
  SyntheticBand band;
  band.p50 = Duration(61'000);
  band.p90 = Duration(1'234'567);
  band.p99 = Duration(98'765'432);
  band.longest = Duration(2'000'000'000);
  spec.durations = {band};
  spec.walltimes = {{Ratio::of(1'300'000), 1}, {Ratio::of(2'700'001), 1}};
  for (const auto& job : synthesize(spec, 11).jobs) {
    const std::int64_t values[] = {to_ms(job.submit), job.runtime.count(), job.walltime.count(),
                                   job.gpus};
    sink.bytes(values, sizeof values);
  }
}

}  // namespace

int main() {
  DigestSink sink;
  add_workload(sink);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    Conversation driver;
    for (int i = 0; i < 60; ++i) driver.step(random.next());
    const auto digest = driver.engine().digest();
    sink.bytes(&digest.high, sizeof digest.high);
    sink.bytes(&digest.low, sizeof digest.low);
  }
  std::puts(sink.finish().text().c_str());
}
