// SPDX-License-Identifier: Apache-2.0
#include "report/csv.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "support/example_result.hpp"

using namespace ampacity;
using namespace ampacity::report;

TEST_CASE("CSV fields are quoted where RFC 4180 asks for it, and only there") {
  CHECK(csv_field("plain text") == "plain text");
  CHECK(csv_field("") == "");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"no\"") == "\"say \"\"no\"\"\"");
  CHECK(csv_field("two\nlines") == "\"two\nlines\"");
  CHECK(csv_field("ends in CR\r") == "\"ends in CR\r\"");
  CHECK(csv_field(" edge") == "\" edge\"");
}

TEST_CASE("tables: a title and a value for every member, each line ended by CR LF") {
  auto result = ampacity::testing::example_result({.samples = 3, .sites = 2});
  result.sites[1].name = "north, \"old\" hall";
  const auto tables = csv_tables(result);
  REQUIRE(tables.size() == 6);
  CHECK(tables[0].text.substr(0, tables[0].text.find('\r')) ==
        "name,gpus,attempts,useful_gpu_ms,lost_gpu_ms,checkpoint_gpu_ms,restart_gpu_ms,"
        "draining_gpu_ms,idle_gpu_ms,out_gpu_ms,it_j,facility_j,energy_micro_usd,carbon_g,"
        "idle_it_j,idle_facility_j,idle_energy_micro_usd,idle_carbon_g,outages");
  CHECK(tables[0].text.find("\r\n\"north, \"\"old\"\" hall\",18000,") != std::string::npos);
  CHECK(tables[3].text.find("wait_p99_ms") != std::string::npos);
  CHECK(tables[4].text.substr(0, tables[4].text.find('\r')) ==
        "site,what,source,from_ms,until_ms,repaired_hours,repeated_ms");
  CHECK(std::count(tables[4].text.begin(), tables[4].text.end(), '\n') == 4);
  const auto& samples = tables[5].text;
  CHECK(std::count(samples.begin(), samples.end(), '\n') == 4);
  CHECK(samples.find("waiting_jobs:2-8") != std::string::npos);
  CHECK(samples.find("\"used_gpus:north, \"\"old\"\" hall\"") != std::string::npos);
}

TEST_CASE("starts.csv: seconds since the trace's own start; what did not happen is empty") {
  std::ostringstream out;
  StartsWriter writer(out, 1'000);
  writer.add({.job = 1,
              .source = 17,
              .submit_ms = 61'000,
              .start_ms = 62'250,
              .end_ms = 3'661'000,
              .gpus = 8,
              .attempts = 2,
              .team = "a,b",
              .site = "north",
              .state = "Completed",
              .workload = "year"});
  writer.add({.job = 2, .source = 18, .submit_ms = 500, .gpus = 1, .state = "Waiting"});
  CHECK(out.str() ==
        "job,source,submit_s,start_s,end_s,wait_s,gpus,attempts,team,site,state,workload\r\n"
        "1,17,60,61.250,3660,1.250,8,2,\"a,b\",north,Completed,year\r\n"
        "2,18,-0.500,,,,1,0,,,Waiting,\r\n");
}
