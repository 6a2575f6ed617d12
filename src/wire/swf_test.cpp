// SPDX-License-Identifier: Apache-2.0
// SWF logs and the lines below them: what is kept, what is left out, and where a file is wrong.
#include "wire/swf.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>

#include "units/text.hpp"

using namespace ampacity;

namespace {

Loaded<Workload> read_log(const std::string& text, const SwfOptions& options = {}) {
  return read_swf(LineReader::over(text, "f.swf"), options);
}

Workload sound_log(const std::string& text, const SwfOptions& options = {}) {
  auto workload = read_log(text, options);
  if (!workload) FAIL(to_text(workload.error()));
  return *workload;
}

std::string swf_problems(const std::string& text) {
  const auto workload = read_log(text);
  return workload ? "read" : to_text(workload.error());
}

// number, submit, run, used, asked, estimate, status, user
std::string job(const std::string& start, const std::string& rest) {
  return start + " -1 " + rest + "\n";
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "-" + name)) {}
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  void write_gz(const std::string& text) const {
    auto* file = gzopen(path().c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
  }

 private:
  std::filesystem::path path_;
};

constexpr const char* log_head = "; UnixStartTime: 1132444805\n; Partition:  3 Grid.Kiae.RU\n";

}  // namespace

TEST_CASE("a job of a log: times, size, walltime, ending") {
  const auto w =
      sound_log(std::string(log_head) + job("7 60", "100 4 -1 -1 8 200 -1 1 5 6 1 2 3 -1 -1"));
  REQUIRE(w.jobs.size() == 1);
  CHECK(to_text(w.jobs[0].submit) == "2005-11-20T00:01:05.000Z");
  CHECK(w.jobs[0].runtime == Duration(100'000));
  CHECK(w.jobs[0].walltime == Duration(200'000));
  CHECK(w.jobs[0].gpus == 8);
  CHECK(w.jobs[0].source == 7);
  CHECK(w.jobs[0].exit_code == 0);
  CHECK(w.name == "f");
}

TEST_CASE("what the log leaves open: used processors, the run as walltime, status 0 and 5") {
  const auto w = sound_log(job("1 0", "100 4 -1 -1 -1 -1 -1 0 5 6 1 2 3 -1 -1") +
                           job("2 1", "100 4 -1 -1 0 50 -1 5 5 6 1 2 3 -1 -1"));
  REQUIRE(w.jobs.size() == 2);
  CHECK(to_text(w.jobs[0].submit) == "2000-01-01T00:00:00.000Z");
  CHECK(w.jobs[0].gpus == 4);
  CHECK(w.jobs[0].walltime == Duration(100'000));
  CHECK(w.jobs[0].exit_code == 1);
  CHECK(w.jobs[1].exit_code == cancelled_exit);
  CHECK(w.jobs[1].walltime == Duration(100'000));
  CHECK(w.repairs.repaired.at("walltime shorter than the run: taken as the run") == 1);
}

TEST_CASE("options: used processors first, runs cut at their walltime") {
  const auto log = job("1 0", "100 4 -1 -1 8 50 -1 1 5 6 1 2 3 -1 -1");
  SwfOptions options;
  options.processors = SwfProcessors::Used;
  options.overrun = Overrun::Cut;
  const auto w = sound_log(log, options);
  CHECK(w.jobs[0].gpus == 4);
  CHECK(w.jobs[0].runtime == Duration(50'000));
  CHECK(w.repairs.repaired.at("ran for longer than its walltime: cut to it") == 1);
}

TEST_CASE("what is left out is counted by its reason, and what is out of order is sorted") {
  const auto rest = " 4 -1 -1 8 200 -1 1 5 6 1 2 3 -1 -1";
  const auto w =
      sound_log(job("1 90", std::string("100") + rest) + job("2 10", "50" + std::string(rest)) +
                job("3 20", "-1" + std::string(rest)) + job("4 20", "0" + std::string(rest)) +
                job("5 20", "-5" + std::string(rest)) + job("6 -1", "5" + std::string(rest)) +
                job("7 20", "5 0 -1 -1 -1 200 -1 1 5 6 1 2 3 -1 -1"));
  REQUIRE(w.jobs.size() == 2);
  CHECK(w.jobs[0].source == 2);
  CHECK(w.jobs[1].source == 1);
  CHECK(w.repairs.read == 7);
  CHECK(w.repairs.refused == std::map<std::string, std::int64_t>{{"negative run time", 1},
                                                                 {"without processors", 1},
                                                                 {"without run time", 2},
                                                                 {"without submit time", 1}});
  CHECK(w.repairs.repaired.at("submitted before the job in front of it: sorted") == 1);
}

TEST_CASE("a log from before 2000 keeps its weekdays, 28 years later") {
  // 893466664 is Saturday, 1998-04-25 01:11:04; 2026-04-25 is a Saturday too.
  const std::string log =
      "; UnixStartTime: 893466664\n" + job("1 0", "9 4 -1 -1 8 9 -1 1 5 6 1 2 3 -1 -1");
  CHECK(to_text(sound_log(log).jobs[0].submit) == "2026-04-25T01:11:04.000Z");
  SwfOptions options;
  options.start = *parse_instant("2028-02-01");
  CHECK(to_text(sound_log(log, options).jobs[0].submit) == "2028-02-01T00:00:00.000Z");
}

TEST_CASE("without a header, large submit times are Unix time") {
  const auto w = sound_log(job("1 1356996147", "9 4 -1 -1 8 9 -1 1 5 6 1 2 3 -1 -1"));
  CHECK(to_text(w.jobs[0].submit) == "2012-12-31T23:22:27.000Z");
}

TEST_CASE("teams and sites by number, by the header and by a map") {
  SwfOptions options;
  options.team = SwfTeam::Group;
  options.partition_is_site = true;
  options.sites = {{"4", "north"}};
  const auto text = std::string(log_head) + job("1 0", "9 4 -1 -1 8 9 -1 1 5 6 1 2 3 -1 -1") +
                    job("2 0", "9 4 -1 -1 8 9 -1 1 5 6 1 2 4 -1 -1") +
                    job("3 0", "9 4 -1 -1 8 9 -1 1 5 -1 1 2 5 -1 -1");
  const auto w = sound_log(text, options);
  REQUIRE(w.kinds.size() == 3);
  CHECK(w.kinds[0].team == "group-6");
  CHECK(w.kinds[0].sites == std::vector<std::string>{"grid-kiae-ru"});
  CHECK(w.kinds[1].sites == std::vector<std::string>{"north"});
  CHECK(w.kinds[2].team == "");
  CHECK(w.kinds[2].sites == std::vector<std::string>{"partition-5"});
  for (const auto& kind : w.kinds) CHECK(check(kind).empty());
}

TEST_CASE("a malformed line is refused at its place") {
  CHECK(swf_problems("; a comment\n1 0 -1 ten 4\n") ==
        "f.swf:2:8: run time: expected a number, got 'ten'\n");
  CHECK(swf_problems("1 0 -1 9 4\n\n 1 2 \n") ==
        "f.swf:1:11: 5 fields; a job has 18\nf.swf:3:6: 2 fields; a job has 18\n");
  CHECK(swf_problems("1 99999999999999 -1 9 4 -1 -1 8 9 -1 1 5 6 1 2 3 -1 -1") ==
        "f.swf:1:1: submit time: 99999999999999 s is no time\n");
  CHECK(swf_problems("1 9223372036854775808 -1\n").find("expected a number") != std::string::npos);
  CHECK(swf_problems("\x1B[31m\xFF 1\n") ==
        "f.swf:1:1: job number: expected a number, got '\\x1b[31m\\xff'\n");
  CHECK(swf_problems(std::string(limits::trace_line_bytes + 1, '1')).find("more than 4 MiB") !=
        std::string::npos);
}

TEST_CASE("compressed or not is seen from the file; one that is cut off is refused") {
  const TemporaryFile file("log.swf.gz");
  std::string text = log_head;
  for (int i = 0; i < 20'000; ++i) {
    text += job(std::to_string(i) + " " + std::to_string(i), "9 4 -1 -1 8 9 -1 1 5 6 1 2 3 -1 -1");
  }
  file.write_gz(text);
  const auto whole = load_swf(file.path(), {});
  REQUIRE(whole.has_value());
  CHECK(whole->jobs.size() == 20'000);
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  const auto half = load_swf(file.path(), {});
  REQUIRE_FALSE(half.has_value());
  CHECK(to_text(half.error()).find("the .gz is damaged or cut off") != std::string::npos);
  CHECK(to_text(load_swf("/nowhere.swf", {}).error()) ==
        "/nowhere.swf: cannot be opened: No such file or directory\n");
}
