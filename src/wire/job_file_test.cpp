// SPDX-License-Identifier: Apache-2.0
#include "wire/job_file.hpp"

#include <doctest/doctest.h>

#include "wire/signals.hpp"

using namespace ampacity;

namespace {

std::string job_problem(const std::string& text) {
  const auto job = parse_job(text, "j.yaml");
  return job ? "loaded" : to_text(job.error());
}

}  // namespace

TEST_CASE("a job with everything in it") {
  const auto job = parse_job(R"(job: pretrain
team: research
project: char-lm
priority_class: urgent
gpus: 16
gpus_min: 8
gpus_per_node: 8
accelerators: [H200, {name: H100, speed: 40 %}]
booking: spring-run
sites: [attic]
draw: 90 %
power_cap: 700 W/GPU
walltime: 10 min
retries: 2
requeue: false
early_signal: {number: USR1, lead: 90 s, batch_only: true}
command: [python3, train.py, --epochs, 10]
tasks: 16
tasks_per_node: 8
environment: {EPOCHS: 10, DEBUG: true, NAME: x}
directory: /work
output: "%x-%j.out"
error: "%j.err"
simulated: {runtime: 2 h, exit_code: 3}
)",
                             "j.yaml");
  if (!job) FAIL(to_text(job.error()));
  CHECK(job->name == "pretrain");
  CHECK(job->gpus == GpuCount::of(16));
  CHECK(job->gpus_min == GpuCount::of(8));
  CHECK(job->power_cap == PowerCap{Power::of(700), Ratio()});
  CHECK(job->gpus_per_node == 8);
  CHECK(job->accelerators == std::vector<Accepted>{{"H200", one}, {"H100", Ratio::of(400'000)}});
  CHECK(job->booking == "spring-run");
  CHECK_FALSE(job->mixed);
  CHECK(job->draw == Ratio::of(900'000));
  CHECK(job->walltime == Duration(600'000));
  CHECK_FALSE(job->requeue);
  CHECK(job->early_signal == EarlySignal{10, Duration(90'000), true});
  CHECK(job->launch == Launch::Tasks);
  CHECK(job->command == std::vector<std::string>{"python3", "train.py", "--epochs", "10"});
  CHECK(job->environment.at("EPOCHS") == "10");
  CHECK(job->environment.at("DEBUG") == "true");
  CHECK(job->simulated_runtime == Duration(7'200'000));
  CHECK(job->simulated_exit == 3);
}

TEST_CASE("a power cap in watts or as a share") {
  CHECK(parse_power_cap("0.7 kW/GPU").value() == PowerCap{Power::of(700), Ratio()});
  CHECK(parse_power_cap("70 %").value() == PowerCap{Power(), Ratio::of(700'000)});
  CHECK(parse_power_cap("0.7").value() == PowerCap{Power(), Ratio::of(700'000)});
  for (const auto* text : {"700", "700 W", "W/GPU", "70 %/GPU", "", "much"}) {
    CAPTURE(text);
    const auto cap = parse_power_cap(text);
    if (cap) {  // a share that no GPU has
      CHECK(cap->of_tdp > one);
    } else {
      CHECK(cap.error().message.find("expected a power cap such as") == 0);
    }
  }
}

TEST_CASE("a command as text goes through a shell; a script is kept as it is") {
  const auto shell = parse_job("job: a\ncommand: echo $HOME | wc\n", "j");
  REQUIRE(shell.has_value());
  CHECK(shell->command == std::vector<std::string>{"/bin/sh", "-c", "echo $HOME | wc"});
  const auto script =
      parse_job("job: a\nscript: |\n  #!/bin/sh\n  srun x\narguments: [1, two]\n", "j");
  REQUIRE(script.has_value());
  CHECK(script->launch == Launch::Script);
  CHECK(script->script == "#!/bin/sh\nsrun x\n");
  CHECK(script->command == std::vector<std::string>{"1", "two"});
}

TEST_CASE("mistakes have their place") {
  CHECK(job_problem("job: a\n") ==
        "j.yaml:1:1: expected exactly one of 'command' and 'script', got none\n");
  CHECK(job_problem("job: a\ncommand: x\nscript: y\n") ==
        "j.yaml:1:1: expected exactly one of 'command' and 'script', got more\n");
  CHECK(job_problem("job: a\ncommand: x\narguments: [y]\n") ==
        "j.yaml:3:12: arguments: is only allowed with 'script'\n");
  CHECK(job_problem("job: a/b\ncommand: x\n") ==
        "j.yaml:1:6: job: expected 1 to 128 printable characters without '/'\n");
  CHECK(job_problem("job: a\ncommand: x\ngpu: 2\n") ==
        "j.yaml:3:1: unknown key 'gpu' (did you mean 'gpus'?)\n");
  CHECK(job_problem("job: a\ncommand: x\nwalltime: 10\n") ==
        "j.yaml:3:11: walltime: expected a duration such as '72 h', got '10'\n");
  CHECK(job_problem("job: a\ncommand: x\nearly_signal: {number: USR3}\n") ==
        "j.yaml:3:24: early_signal.number: expected a signal such as 'USR1' or 10, got 'USR3'\n");
  CHECK(job_problem("job: a\ncommand: x\nsimulated: {exit_code: 256}\n") ==
        "j.yaml:3:24: simulated.exit_code: expected 0 to 255, got 256\n");
  CHECK(job_problem("job: a\ncommand: [x, [y]]\n") ==
        "j.yaml:2:14: command[1]: expected a word, got a list\n");
  CHECK(job_problem("job: a\ncommand: x\naccelerators: [{name: H100, speed: fast}]\n") ==
        "j.yaml:3:36: accelerators[0].speed: expected a ratio such as '1.10', got 'fast'\n");
  CHECK(job_problem("job: a\ncommand: x\naccelerators: [{name: H100, speed: 0}]\n") ==
        "j.yaml:3:36: accelerators[0].speed: expected 1 % to 10000 %, got 0\n");
  CHECK(job_problem("job: a\ncommand: x\ngpus: 8\ngpus_min: 9\n") ==
        "j.yaml:4:11: gpus_min: expected 1 to 8, got 9\n");
  CHECK(job_problem("job: a\ncommand: x\nenvironment: {A: 1, A: 2}\n") ==
        "j.yaml:3:21: environment: key 'A' is given twice\n");
  CHECK(job_problem("job: a\ncommand: x\nenvironment: {A: [1]}\n") ==
        "j.yaml:3:18: environment.A: expected text or a number, got a list\n");
  CHECK(job_problem("job: a\ncommand: x\nrequeue: yes\n") ==
        "j.yaml:3:10: requeue: expected true or false, got 'yes'\n");
  CHECK(job_problem("- job: a\n") == "j.yaml:1:1: expected a mapping (key: value), got a list\n");
  CHECK(job_problem("jobs: [a]\n").find("unknown key 'jobs' (did you mean 'job'?)") !=
        std::string::npos);
}

TEST_CASE("a job file is bounded") {
  const std::string head = "job: a\ncommand: x\n#";
  CHECK(job_problem(head + std::string(limits::job_file_bytes - head.size(), 'x')) == "loaded");
  CHECK(job_problem(head + std::string(limits::job_file_bytes - head.size() + 1, 'x')) ==
        "j.yaml: 2097153 bytes; a job file has at most 2097152\n");
}

TEST_CASE("signals") {
  CHECK(parse_signal("USR1") == 10);
  CHECK(parse_signal("sigterm") == 15);
  CHECK(parse_signal("64") == 64);
  CHECK_FALSE(parse_signal("65").has_value());
  CHECK_FALSE(parse_signal("0").has_value());
  CHECK_FALSE(parse_signal("").has_value());
  CHECK_FALSE(parse_signal("SIG").has_value());
}
