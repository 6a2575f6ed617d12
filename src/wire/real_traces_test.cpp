// SPDX-License-Identifier: Apache-2.0
// Every real trace of ../shared/traces through the mapping files of examples/traces: how many jobs
// each has and how many are kept; and the jobs of the reference schedules, one by one. Skips with a
// message where the folder is absent (AMPACITY_SHARED says where else it may be).
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "wire/swf.hpp"
#include "wire/trace_map.hpp"
#include "wire/workload_file.hpp"

using namespace ampacity;
namespace fs = std::filesystem;

namespace {

fs::path source() {
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  return root;
}

// Empty where it is absent.
fs::path shared(const std::string& folder) {
  const auto* given = std::getenv("AMPACITY_SHARED");
  const auto path = (given != nullptr ? fs::path(given) : source() / "../shared") / folder;
  if (fs::exists(path)) return path;
  MESSAGE("skipped: no " << path.string());
  return {};
}

Workload loaded(const fs::path& path) {
  auto workload = load_workload(path.string());
  if (!workload) FAIL(to_text(workload.error()));
  REQUIRE(std::holds_alternative<Workload>(*workload));
  return std::get<Workload>(std::move(*workload));
}

// The example, with its file looked for in `shared`, wherever that is.
Workload example(const std::string& name, const fs::path& shared_folder) {
  const auto path = (source() / "examples/traces" / (name + ".yaml")).string();
  const auto map = load_trace_map(path);
  if (!map) FAIL(to_text(map.error()));
  const auto at = map->file.find("shared/");
  REQUIRE(at != std::string::npos);
  auto lines = LineReader::open((shared_folder.parent_path() / map->file.substr(at + 7)).string());
  if (!lines) FAIL(to_text(lines.error()));
  auto workload = read_trace(*map, std::move(*lines));
  if (!workload) FAIL(to_text(workload.error()));
  return std::move(*workload);
}

struct Expected {
  const char* name;
  std::int64_t read;
  std::size_t kept;
  std::size_t kinds;
};

void expect(const Workload& workload, const Expected& expected) {
  CAPTURE(std::string(expected.name));
  CHECK(workload.repairs.read == expected.read);
  CHECK(workload.jobs.size() == expected.kept);
  CHECK(workload.kinds.size() == expected.kinds);
  std::int64_t refused = 0;
  for (const auto& [reason, count] : workload.repairs.refused) refused += count;
  CHECK(refused == expected.read - static_cast<std::int64_t>(expected.kept));
  for (const auto& kind : workload.kinds) {
    const auto problems = check(kind);
    if (!problems.empty()) FAIL_CHECK(problems.front().path << ": " << problems.front().message);
  }
}

// Those of <name>.jobs.csv.gz are what independent simulators were given.
void equal_to_reference(const std::string& log, const std::string& name) {
  const auto traces = shared("traces");
  const auto schedules = shared("reference-schedules");
  if (traces.empty() || schedules.empty()) return;
  CAPTURE(name);
  TraceMap map;
  map.name = name;
  map.job = "src_job";
  map.submit.column = "submit";
  map.runtime.column = "runtime";
  map.walltime.column = "estimate";
  map.gpus = "procs";
  auto lines = LineReader::open((schedules / (name + ".jobs.csv.gz")).string());
  REQUIRE(lines.has_value());
  const auto reference = read_trace(map, std::move(*lines));
  REQUIRE(reference.has_value());
  SwfOptions options;  // as those simulators read it
  options.overrun = Overrun::Cut;
  options.processors = SwfProcessors::Used;
  const auto log_jobs = load_swf((traces / "jobs-hpc" / log).string(), options);
  REQUIRE(log_jobs.has_value());
  const auto& ours = *log_jobs;
  REQUIRE(ours.jobs.size() == reference->jobs.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < ours.jobs.size(); ++i) {
    const auto& a = ours.jobs[i];
    const auto& b = reference->jobs[i];
    const bool same = a.submit - ours.jobs[0].submit == b.submit - reference->jobs[0].submit &&
                      a.runtime == b.runtime && a.walltime == b.walltime && a.gpus == b.gpus &&
                      a.source == b.source;
    if (!same) ++different;
  }
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("real traces: every mapping file of examples/traces reads its trace") {
  const auto folder = shared("traces");
  if (folder.empty()) return;
  for (const auto& expected : std::initializer_list<Expected>{
           {"philly-2017-sia", 82'247, 82'247, 15},
           {"gaia-alibaba-pai-100k", 99'998, 99'998, 1},
           {"alibaba-openb-default", 8'152, 6'203, 3},
           {"elasticflow-philly", 876, 876, 1},
           {"surf-lisa", 194'917, 194'917, 1},
           {"gaia-azure-vm", 99'988, 99'988, 1},
           {"gaia-lanl-mustang", 100'000, 100'000, 1},
           {"nrel-eagle", 1'000, 1'000, 8},
           {"lcg-2005", 188'041, 187'520, 566},
           {"sdsc-sp2", 4'961, 4'606, 96},
           {"philly-82k", 82'247, 82'247, 15},
           {"synth-100k", 100'000, 100'000, 200},
       }) {
    expect(example(expected.name, folder), expected);
  }
}

TEST_CASE("real traces: SWF logs without a mapping file") {
  const auto folder = shared("traces");
  if (folder.empty()) return;
  for (const auto& expected : std::initializer_list<Expected>{
           {"SDSC-SP2-1998-first4961", 4'961, 4'606, 1},
           {"NASA-iPSC-1993-3.1-cln", 18'239, 18'066, 1},
           {"HPC2N-2002-first3171", 3'170, 3'145, 1},
           {"metacentrum-wagap-2013", 17'900, 17'898, 1},
           {"theta-cqgym-validate-5000", 5'000, 5'000, 1},
           {"lublin_256-model", 10'000, 10'000, 1},
       }) {
    expect(loaded(folder / "jobs-hpc" / (std::string(expected.name) + ".swf.gz")), expected);
  }
}

TEST_CASE("real traces: an SWF log gives the jobs that other simulators took from it") {
  equal_to_reference("SDSC-SP2-1998-first4961.swf.gz", "sdsc-sp2-5k");
  equal_to_reference("HPC2N-2002-first3171.swf.gz", "hpc2n-3k");
  equal_to_reference("NASA-iPSC-1993-3.1-cln.swf.gz", "nasa-ipsc");
  equal_to_reference("lublin_256-model.swf.gz", "lublin-256");
  equal_to_reference("metacentrum-wagap-2013.swf.gz", "wagap-2013");
}

TEST_CASE("real traces: what a log says of its grid is known") {
  const auto folder = shared("traces");
  if (folder.empty()) return;
  auto lines = LineReader::open((folder / "jobs-hpc/LCG-2005-1.swf.gz").string());
  REQUIRE(lines.has_value());
  SwfHeader header;
  REQUIRE(read_swf(std::move(*lines), {}, &header).has_value());
  CHECK(header.fields.at("MaxProcs") == "24515");
  CHECK(header.partitions.size() == 170);
  CHECK(header.partitions.at("9") == "grid-ce.desy.de");
}
