// SPDX-License-Identifier: Apache-2.0
// Trace maps: every key, what is refused and where, and CSV as RFC 4180 has it.
#include "wire/trace_map.hpp"

#include <doctest/doctest.h>

#include "units/text.hpp"
#include "wire/workload_file.hpp"

using namespace ampacity;

namespace {

constexpr const char* head = "kind: TraceMap\ntrace: t\nfile: t.csv\nformat: csv\n";
constexpr const char* plain = "submit: at\nruntime: run\ngpus: n\n";

TraceMap map_of(const std::string& keys) {
  auto map = parse_trace_map(head + keys, "m.yaml");
  if (!map) FAIL(to_text(map.error()));
  return *map;
}

std::string refused(const std::string& text) {
  const auto map = parse_trace_map(text, "m.yaml");
  return map ? "read" : to_text(map.error());
}

Workload read(const std::string& keys, const std::string& rows) {
  auto workload = read_trace(map_of(keys), LineReader::over(rows, "t.csv"));
  if (!workload) FAIL(to_text(workload.error()));
  return *workload;
}

std::string map_problems(const std::string& keys, const std::string& rows) {
  const auto workload = read_trace(map_of(keys), LineReader::over(rows, "t.csv"));
  return workload ? "read" : to_text(workload.error());
}

using Counts = std::map<std::string, std::int64_t>;

}  // namespace

TEST_CASE("columns, units and the instant that times count from") {
  const auto w = read(
      "start: 2020-07-01\nsubmit: {column: at, unit: hours}\nruntime: {column: run, unit: "
      "minutes}\ngpus: n\nwalltime: {column: limit, unit: milliseconds}\njob: id\n",
      "id,at,run,n,limit\n12,0.5,1.5,3,100000\n");
  REQUIRE(w.jobs.size() == 1);
  CHECK(to_text(w.jobs[0].submit) == "2020-07-01T00:30:00.000Z");
  CHECK(w.jobs[0].runtime == Duration(90'000));
  CHECK(w.jobs[0].walltime == Duration(100'000));
  CHECK(w.jobs[0].gpus == 3);
  CHECK(w.jobs[0].source == 12);
}

TEST_CASE("a run from begin to end; instants as text and as Unix time") {
  const auto text = read(
      "submit: {column: a, unit: text}\nbegin: {column: b, unit: text}\nend: {column: c, unit: "
      "text}\ngpus: n\n",
      "a,b,c,n\n2017-10-09 07:01:55,2017-10-09 08:00:00,2017-10-09T08:00:30.25Z,1\n");
  CHECK(to_text(text.jobs[0].submit) == "2017-10-09T07:01:55.000Z");
  CHECK(text.jobs[0].runtime == Duration(30'000));
  const auto unix_ms =
      read("submit: {column: a, unit: unix_ms}\nend: {column: b, unit: unix}\ngpus: n\n",
           "a,b,n\n1656604920000,1656604921,1\n");
  CHECK(to_text(unix_ms.jobs[0].submit) == "2022-06-30T16:02:00.000Z");
  CHECK(unix_ms.jobs[0].runtime == Duration(1'000));
}

TEST_CASE("sizes: CPUs, shares of a GPU, a scale; walltime by a factor") {
  const auto cpus =
      read("submit: at\nruntime: run\ncpus: n\ncpus_per_gpu: 8\nwalltime_factor: 1.5\n",
           "at,run,n\n0,10,16\n1,10,17\n");
  CHECK(cpus.jobs[0].gpus == 2);
  CHECK(cpus.jobs[1].gpus == 3);
  CHECK(cpus.jobs[0].walltime == Duration(15'000));
  CHECK(cpus.repairs.repaired == Counts{{"part of a GPU: rounded up", 1}});
  const auto shares =
      read(std::string(plain) + "gpu_share: milli\n", "at,run,n,milli\n0,1,1,460\n0,1,2,1000\n");
  CHECK(shares.jobs[0].gpus == 1);
  CHECK(shares.jobs[1].gpus == 2);
  CHECK(shares.repairs.repaired == Counts{{"part of a GPU: rounded up", 1}});
  const auto scaled = read(std::string(plain) + "scale_gpus: 0.25\n", "at,run,n\n0,1,1\n0,1,16\n");
  CHECK(scaled.jobs[0].gpus == 1);
  CHECK(scaled.jobs[1].gpus == 4);
}

TEST_CASE("kinds: teams, classes, sites and accelerators, with other names") {
  const auto w = read(std::string(plain) +
                          "team: who\nteams: {A: vision}\npriority_class: qos\npriority_classes: "
                          "{LS: high}\naccelerator: type\naccelerators: {V100M32: V100, x: ''}\n"
                          "site: where\nsites: {}\n",
                      "at,run,n,who,qos,type,where\n0,1,1,A,LS,V100M32,north\n0,1,1,B,,x,\n"
                      "0,1,1,A,LS,V100M32,north\n");
  REQUIRE(w.kinds.size() == 2);
  CHECK(w.kinds[0].team == "vision");
  CHECK(w.kinds[0].priority_class == "high");
  CHECK(w.kinds[0].accelerators == std::vector<Accepted>{{"V100", one}});
  CHECK(w.kinds[0].sites == std::vector<std::string>{"north"});
  CHECK(w.kinds[1].team == "B");
  CHECK(w.kinds[1].accelerators.empty());
  CHECK(w.kinds[1].sites.empty());
  CHECK(w.jobs[2].kind == 0);
}

TEST_CASE("rows are left out by filters, by what they lack and by what there is") {
  const auto w =
      read(std::string(plain) +
               "accelerator: type\nmost_gpus: 64\ncapacity: {A100: 16}\nwhere:\n"
               "  - {column: kind, not: test}\n  - {column: n, at_least: 0}\n",
           "at,run,n,type,kind\n0,1,16,A100,job\n0,1,17,A100,job\n0,1,65,V100,job\n"
           "0,1,1,V100,test\n,1,1,V100,job\n0,,1,V100,job\n0,-3,1,V100,job\n0,1,0,,job\n");
  CHECK(w.jobs.size() == 1);
  CHECK(w.repairs.read == 8);
  CHECK(w.repairs.refused == Counts{{"above the capacity of 16 A100", 1},
                                    {"more than 64 GPUs of V100", 1},
                                    {"negative run time", 1},
                                    {"not chosen by 'where'", 1},
                                    {"without processors", 1},
                                    {"without run time", 1},
                                    {"without submit time", 1}});
}

TEST_CASE("how a job ended") {
  const auto w = read(std::string(plain) + "state: s\nstates: {Pass: completed, Gone: cancelled}\n",
                      "at,run,n,s\n0,1,1,COMPLETED\n1,1,1,FAILED\n2,1,1,CANCELLED by 5\n"
                      "3,1,1,Gone\n4,1,1,Odd\n5,1,1,TIMEOUT\n");
  std::vector<int> codes;
  for (const auto& job : w.jobs) codes.push_back(job.exit_code);
  CHECK(codes == std::vector<int>{0, 1, cancelled_exit, cancelled_exit, 0, 1});
  CHECK(w.repairs.repaired == Counts{{"state 'Odd': taken as completed", 1}});
}

TEST_CASE("an unknown column is refused with a suggestion and the list") {
  CHECK(map_problems(std::string(plain) + "team: claster\n", "at,run,n,cluster\n0,1,1,x\n") ==
        "t.csv:1:1: no column 'claster' for 'team' (did you mean 'cluster'?); the file has at, "
        "run, n "
        "and cluster\n");
}

TEST_CASE("a cell that is no number is refused at its place") {
  CHECK(map_problems(plain, "at,run,n\n0,1,1\n5,soon,1\n") ==
        "t.csv:3:3: run: expected a number, got 'soon'\n");
  CHECK(map_problems(plain, "at,run,n\n0,1e300,1\n") ==
        "t.csv:2:3: run: expected a time, got '1e300'\n");
  CHECK(map_problems("submit: {column: at, unit: text}\nruntime: run\ngpus: n\n",
                     "at,run,n\n2017-13-09 07:01:55,1,1\n") ==
        "t.csv:2:1: at: expected a time such as '2017-10-09 07:01:55', from 2000 on, got "
        "'2017-13-09 07:01:55'\n");
}

TEST_CASE("CSV: quotes, line breaks in cells, blank lines, lengths") {
  const auto w = read(std::string(plain) + "team: who\n",
                      "\xEF\xBB\xBF"
                      "at,run,n,who\r\n0,1,1,\"a, \"\"b\"\"\nc\"\r\n\r\n1,1,1,x");
  REQUIRE(w.kinds.size() == 2);
  CHECK(w.kinds[0].team == "a, \"b\"\nc");
  CHECK(w.kinds[1].team == "x");
  CHECK(map_problems(plain, "at,run,n\n0,1\n") == "t.csv:2:3: 2 cells; the header has 3\n");
  CHECK(map_problems(plain, "at,run,n\n0,\"1\n") == "t.csv:2:3: a quote that is never closed\n");
  CHECK(map_problems(plain, "at,run,n\n0,\"1\"x,1\n") ==
        "t.csv:2:6: text behind a closing quote; expected ','\n");
  CHECK(map_problems(plain, "at,run,at\n") == "t.csv:1:8: column 'at' is given twice\n");
  CHECK(map_problems(plain, "") ==
        "t.csv: is empty; expected a line with the names of the columns\n");
}

TEST_CASE("the mapping file: what is wrong, and where") {
  CHECK(refused(std::string(head) + "submit: at\nruntme: run\ngpus: n\n")
            .find("m.yaml:6:1: unknown key 'runtme' (did you mean 'runtime'?)") == 0);
  CHECK(refused(std::string(head) + "submit: at\ngpus: n\n") ==
        "m.yaml:1:1: expected exactly one of 'runtime' and 'end', got none\n");
  CHECK(refused(std::string(head) + "submit: at\nruntime: run\ncpus: n\n") ==
        "m.yaml:7:7: cpus: needs 'cpus_per_gpu': how many CPUs stand for a GPU\n");
  CHECK(refused(std::string(head) + plain + "where: [{column: x}]\n")
            .find("expected exactly one of 'equals', 'not' and 'at_least', got none") !=
        std::string::npos);
  CHECK(refused(std::string(head) + "submit: {column: at, unit: hour}\nruntime: r\ngpus: n\n")
            .find("(did you mean 'hours'?)") != std::string::npos);
  CHECK(refused("kind: TraceMap\ntrace: t\nfile: t.swf\nformat: swf\nteam: usr\n") ==
        "m.yaml:5:7: team: expected user, group, queue, partition or none, got 'usr' (did you mean "
        "'user'?)\n");
  CHECK(refused("kind: TraceMap\ntrace: t\nfile: t.swf\nformat: swf\ngpus: n\n") ==
        "m.yaml:5:7: gpus: is for csv: the fields of an SWF log are fixed\n");
  CHECK(refused(std::string(head) + plain + "states: {Odd: maybe}\nstate: s\n") ==
        "m.yaml:8:15: states.Odd: expected completed, failed or cancelled, got 'maybe'\n");
}

TEST_CASE("the file is found from the folder of its map") {
  const auto map = map_of(plain);
  CHECK(trace_path(map, "a/b/m.yaml") == "a/b/t.csv");
  CHECK(trace_path(map, "m.yaml") == "t.csv");
}

TEST_CASE("files are told apart by their name and kind") {
  CHECK(recognise_workload("x.swf.gz", "") == WorkloadFile::Swf);
  CHECK(recognise_workload("x.yaml", "kind: TraceMap\n") == WorkloadFile::TraceMap);
  CHECK(recognise_workload("x.yaml", "seed: 1\nkind: Synthetic\n") == WorkloadFile::Synthetic);
  CHECK(recognise_workload("x.yaml", "portfolio: x\n") == WorkloadFile::Unknown);
  CHECK(to_text(load_workload("t.csv").error()).find("needs a mapping file") != std::string::npos);
}
