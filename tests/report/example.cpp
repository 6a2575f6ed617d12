// SPDX-License-Identifier: Apache-2.0
// Writes made-up results for report_test.py, and for whoever wants to look at the page:
//   report_example FILE [SEED [partial | hostile]]
#include <cstdlib>
#include <iostream>

#include "report/files.hpp"
#include "support/example_result.hpp"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: report_example FILE [SEED [partial | hostile]]\n";
    return 2;
  }
  const auto seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  auto result = ampacity::testing::example_result({.seed = seed});
  const std::string kind = argc > 3 ? argv[3] : "";
  if (kind != "") {
    result.partial = true;
    result.simulated_until_ms = result.until_ms - 86'400'000 * 3;
  }
  if (kind == "hostile") {
    const std::string bad = "</script><img src=x onerror=alert(1)>\"'&\u2028<!--<script>";
    result.portfolio = result.policy = result.digest = bad;
    result.workloads = {bad, "{{script}}"};
    result.repairs[bad] = {1, {{bad, 1}}, {{bad, 2}}};
    result.refusals[bad] = 3;
    result.ended[bad] = 4;
    result.lost_by_cause_gpu_ms[bad] = 1'000'000;
    for (auto& x : result.sites) x.name += bad;
    for (auto& x : result.series) {
      x.source = bad;
      x.site += x.what == "carbon" ? "of no site" : bad;
    }
    for (auto& x : result.faults.causes) x.name = x.unit = bad;
    for (auto& x : result.faults.outages) x.target = x.cause = bad;
    for (auto& x : result.teams) x.name += bad;
    for (auto& x : result.leases) x.name = x.provider = bad;
    for (auto& x : result.size_classes) x.name += bad;
    for (auto& x : result.largest) x.name = x.team = x.site = x.result = bad;
  }
  const auto status = ampacity::report::write_result(argv[1], result);
  if (!status) std::cerr << status.error().message << "\n";
  return status ? 0 : 1;
}
