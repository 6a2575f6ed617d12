// SPDX-License-Identifier: Apache-2.0
#include "report/files.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/example_result.hpp"
#include "wire/json.hpp"

using namespace ampacity;
using namespace ampacity::report;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

// The section of the dictionary about T: from its heading to the next.
template <class T>
std::string section_about(const std::string& document) {
  const auto heading = "\n## `" + std::string(json::kind_name<T>()) + "`";
  const auto from = document.find(heading);
  REQUIRE_MESSAGE(from != std::string::npos, "no section" << heading);
  return document.substr(from + 1, document.find("\n## ", from + 1) - from - 1);
}

// Each member has one row there, and there is no row of anything else.
template <class T>
void check_described(const std::string& document) {
  const auto section = section_about<T>(document);
  std::size_t members = 0, rows = 0;
  boost::mp11::mp_for_each<json::detail::Members<T>>([&](auto member) {
    ++members;
    const auto row = "\n| `" + std::string(member.name) + "` |";
    CHECK_MESSAGE(section.find(row) != std::string::npos,
                  json::kind_name<T>() << "::" << member.name << " is not in the dictionary");
  });
  for (auto at = section.find("\n| `"); at != std::string::npos; at = section.find("\n| `", at + 1))
    ++rows;
  CHECK_MESSAGE(rows == members, json::kind_name<T>() << ": the dictionary has rows too many");
}

}  // namespace

TEST_CASE("a result comes back from its JSON as it was") {
  auto result = ampacity::testing::example_result({.samples = 20, .sites = 3});
  result.seed = 18'446'744'073'709'551'615U;
  result.largest.front().name = "quotes \" and \\ and \n and </script>";
  result.partial = true;
  const auto text = json::to_json(result);
  const auto again = parse_result(text);
  REQUIRE(again.has_value());
  CHECK(json::to_json(*again) == text);
  CHECK(again->seed == result.seed);
  CHECK(again->repairs.at("research.csv").refused.at("no run time") == 355);
  CHECK(again->samples.back().sites.back().it_w == result.samples.back().sites.back().it_w);
}

TEST_CASE("the example adds up as a real result does") {
  const auto r = ampacity::testing::example_result();
  const auto& t = r.time;
  CHECK(t.useful_gpu_ms + t.lost_gpu_ms + t.checkpoint_gpu_ms + t.restart_gpu_ms +
            t.draining_gpu_ms + t.idle_gpu_ms + t.out_gpu_ms ==
        r.gpus * (r.until_ms - r.from_ms));
  auto joules = r.idle.facility_j;
  for (const auto& team : r.teams) joules += team.facility_j;
  CHECK(joules == r.facility_j);
}

TEST_CASE("what is no result is refused, with the member that is wrong") {
  CHECK(parse_result("[]").error().message.find("no result of a simulation") != std::string::npos);
  CHECK(parse_result("{").error().code == ErrorCode::InvalidInput);
  CHECK(parse_result(R"({"portfolio":"p","samples":[],"gpus":"many"})").error().message ==
        "gpus: expected an integer, got \"many\"");
  CHECK(parse_result(R"({"portfolio":"p","samples":[],"seed":-1})").error().message.find("seed") ==
        0);
  CHECK(parse_result(R"({"portfolio":"p","samples":[{"at_ms":1}],"sites":[{"name":"a"}]})")
            .error()
            .message == "samples[0].sites: has 0 entries, and there are 1 sites");
  CHECK(parse_result(R"({"portfolio":"p","samples":[],"of a newer writer":1})").has_value());
}

TEST_CASE("files: written whole, read back, and the errors name them") {
  const auto folder = std::filesystem::temp_directory_path() / "ampacity-report-files-test";
  std::filesystem::remove_all(folder);
  const auto result = ampacity::testing::example_result({.samples = 5, .sites = 2});
  REQUIRE(write_tables(folder / "deep", result).has_value());
  CHECK(text_of(folder / "deep/teams.csv").substr(0, 25) == "name,jobs,wait_count,wait");
  REQUIRE(write_result(folder / "r.json", result).has_value());
  CHECK(json::to_json(*read_result(folder / "r.json")) == json::to_json(result));
  CHECK(!std::filesystem::exists(folder / "r.json.part"));
  const auto missing = read_result(folder / "none.json");
  CHECK(missing.error().code == ErrorCode::NotFound);
  CHECK(missing.error().message.find("none.json") != std::string::npos);
  CHECK(read_result(folder).error().code == ErrorCode::Io);
  CHECK(!write_file(folder / "no/such/folder/x", "x").has_value());
  std::filesystem::remove_all(folder);
}

TEST_CASE("docs/reference/simulation-results.md describes every member, and nothing else") {
  const auto* source = std::getenv("AMPACITY_SOURCE");
  REQUIRE_MESSAGE(source != nullptr, "AMPACITY_SOURCE is the folder of the sources");
  const auto document =
      text_of(std::filesystem::path(source) / "docs/reference/simulation-results.md");
  check_described<SimulationResult>(document);
  check_described<CheckpointResult>(document);
  check_described<Spread>(document);
  check_described<GpuTimeSplit>(document);
  check_described<EnergyUse>(document);
  check_described<SeriesUsed>(document);
  check_described<FaultsUsed>(document);
  check_described<CauseUsed>(document);
  check_described<OutageUsed>(document);
  check_described<SizeClassResult>(document);
  check_described<TeamResult>(document);
  check_described<SiteResult>(document);
  check_described<LeaseResult>(document);
  check_described<SiteSample>(document);
  check_described<Sample>(document);
  check_described<Bar>(document);
  check_described<CurtailmentResult>(document);
  check_described<DrawSample>(document);
  check_described<WorkloadRepairs>(document);
}
