// SPDX-License-Identifier: Apache-2.0
// sbatch scripts: what is honoured, what is noted, what is refused; and the table in docs/.
#include "wire/sbatch.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "wire/sbatch_options.hpp"
#include "wire/sbatch_shape.hpp"
#include "wire/sbatch_values.hpp"

using namespace ampacity;

namespace {

std::string script(const std::string& options) {
  return "#!/bin/bash\n" + options + "\nsrun true\n";
}

SbatchScript parsed(const std::string& options) {
  auto result = parse_sbatch(script(options), "dir/train.sh");
  if (!result) FAIL(to_text(result.error()));
  return *result;
}

JobSpec spec(const std::string& options) {
  return parsed(options).spec;
}

std::string script_problem(const std::string& options) {
  const auto result = parse_sbatch(script(options), "train.sh");
  return result ? "accepted" : to_text(result.error());
}

std::string notes(const std::string& options) {
  return to_text(parsed(options).notes);
}

struct Gang {
  std::int64_t gpus, gpus_per_node, tasks;  // gpus_per_node: 0 if left to the engine
  bool operator==(const Gang&) const = default;
};

Gang gang(const std::string& options) {
  const auto s = spec(options);
  return {s.gpus.count(), s.gpus_per_node.value_or(0), s.tasks};
}

std::string time_text(const char* text) {
  const auto time = sbatch::parse_time(text);
  return time ? std::to_string(time->count() / 1'000) : "refused";
}

}  // namespace

TEST_CASE("an ordinary training script is understood, and kept unchanged") {
  const std::string text =
      "#!/bin/bash\n"
      "#SBATCH --job-name=char-lm\n"
      "#SBATCH --ntasks=2 --gpus=2   # two ranks\n"
      "#SBATCH --time=00:10:00\n"
      "#SBATCH --requeue\n"
      "#SBATCH --output=%x-%j.out\n"
      "\n"
      "srun python3 train.py\n";
  const auto result = parse_sbatch(text, "train.sh");
  REQUIRE(result.has_value());
  const auto& s = result->spec;
  CHECK(s.launch == Launch::Script);
  CHECK(s.script == text);
  CHECK(s.command.empty());
  CHECK(s.name == "char-lm");
  CHECK(s.gpus == GpuCount::of(2));
  CHECK_FALSE(s.gpus_per_node.has_value());
  CHECK(s.tasks == 2);
  CHECK(s.walltime == Duration(600'000));
  CHECK(s.requeue);
  CHECK(s.retries == 3);
  CHECK(s.output == "%x-%j.out");
  CHECK(result->notes.empty());
  CHECK(result->export_all);
}

TEST_CASE("the same option in every spelling") {
  for (const auto* text :
       {"#SBATCH -n4", "#SBATCH -n 4", "#SBATCH --ntasks=4", "#SBATCH --ntasks 4",
        "#SBATCH   --ntasks='4'", "#SBATCH --nt\"asks\"=4", "#SBATCH\t-n\t4", "#SBATCH--ntasks=4",
        "#SBATCH -Qvn4", "#SBATCH -n 4 # four"}) {
    CAPTURE(text);
    CHECK(spec(text).tasks == 4);
  }
  CHECK(spec("#SBATCH -J 'my job'").name == "my job");
  CHECK(spec("#SBATCH -J my\\ job").name == "my job");
  CHECK(spec("#SBATCH -A team-a -q urgent -D /work").team == "team-a");
  CHECK(spec("#SBATCH -A team-a -q urgent -D /work").priority_class == "urgent");
  CHECK(spec("#SBATCH -A team-a -q urgent -D /work").directory == "/work");
}

TEST_CASE("without a name the script's own is the job's") {
  CHECK(spec("").name == "train.sh");
}

TEST_CASE("only the lines before the first command count, and later ones are noted") {
  const auto late = parsed("# a comment\n\n  # another\n#SBATCH -n 2\nexport A=1\n#SBATCH -n 8");
  CHECK(late.spec.tasks == 2);
  REQUIRE(late.notes.size() == 2);
  CHECK(to_text(late.notes[0]) ==
        "dir/train.sh:7:1: an #SBATCH line after the first command is not read, as in sbatch");
  CHECK(spec("##SBATCH -n 8\n# SBATCH -n 8").tasks == 1);
}

TEST_CASE("what is not a batch script") {
  const auto refusal = [](const std::string& text) {
    const auto result = parse_sbatch(text, "t.sh");
    return result ? "accepted" : to_text(result.error());
  };
  CHECK(refusal("echo hi\n") ==
        "t.sh:1:1: a batch script starts with '#!' and its interpreter, such as #!/bin/bash\n");
  CHECK(refusal("#!/bin/sh\necho\r\n") ==
        "t.sh:2:1: DOS line breaks; convert the script (dos2unix), sbatch refuses them too\n");
  CHECK(refusal(std::string("#!/bin/sh\n\0", 11)) ==
        "t.sh:2:1: a NUL byte; this is not a text file\n");
  CHECK(refusal("#!/bin/sh\n" + std::string(limits::script_bytes, '#')) ==
        "t.sh: 1048586 bytes; a script has at most 1048576\n");
  CHECK_FALSE(load_sbatch("/nonexistent").has_value());
}

TEST_CASE("unknown options are refused with their place and a suggestion") {
  CHECK(script_problem("#SBATCH -N 2 --gpus-per-nod=4") ==
        "train.sh:2:14: unknown option '--gpus-per-nod' (did you mean '--gpus-per-node'?)\n");
  CHECK(script_problem("#SBATCH -Y") == "train.sh:2:9: unknown option '-Y'\n");
  CHECK(script_problem("#SBATCH ntasks=2") == "train.sh:2:9: 'ntasks=2' is not an option\n");
  CHECK(script_problem("#SBATCH -J \"open") == "train.sh:2:1: a quote is not closed\n");
  CHECK(script_problem("#SBATCH --ntasks") == "train.sh:2:9: --ntasks: needs a value\n");
  CHECK(script_problem("#SBATCH --requeue=yes") == "train.sh:2:9: --requeue: takes no value\n");
}

TEST_CASE("options that cannot be honoured are refused by name, all at once") {
  CHECK(script_problem("#SBATCH --array=1-10") ==
        "train.sh:2:9: --array: is not built yet; submit one job for each task\n");
  CHECK(script_problem("#SBATCH -a 1-10\n#SBATCH -d afterok:1\n") ==
        "train.sh:2:9: --array: is not built yet; submit one job for each task\n"
        "train.sh:3:9: --dependency: is not built yet; submit the next job at the end\n");
  CHECK(script_problem("#SBATCH -C ib") ==
        "train.sh:2:9: --constraint: 'ib' is not an accelerator of the catalogue; node features "
        "are not "
        "known here: ask for GPUs by type with --gpus=TYPE:N\n");
}

TEST_CASE("ignored options leave a note") {
  CHECK(notes("#SBATCH -p gpu -n 1 -G 1") ==
        "dir/train.sh:2:9: --partition: ignored: there are no partitions; every allowed site is "
        "tried\n");
  CHECK(notes("#SBATCH --exclusive -G1").find("may be shared") != std::string::npos);
  CHECK(notes("#SBATCH -n1 -n2 -G2") ==
        "dir/train.sh:2:13: --ntasks: given twice; the last one counts\n");
}

TEST_CASE("cpus-per-task is passed on, and said not to be reserved") {
  const auto s = parsed("#SBATCH -c 6 -G 1");
  CHECK(s.spec.environment.at("SLURM_CPUS_PER_TASK") == "6");
  CHECK(
      to_text(s.notes) ==
      "dir/train.sh:2:9: --cpus-per-task: SLURM_CPUS_PER_TASK is set, but no CPUs are reserved\n");
}

TEST_CASE("nodes, tasks and GPUs complete each other") {
  CHECK(gang("") == Gang{1, 0, 1});
  CHECK(gang("#SBATCH -n 4") == Gang{4, 0, 4});
  CHECK(gang("#SBATCH -N 2 --ntasks-per-node=4") == Gang{8, 4, 8});
  CHECK(gang("#SBATCH -N 2 -n 4") == Gang{4, 2, 4});
  CHECK(gang("#SBATCH -N 2 --gpus-per-node=8") == Gang{16, 8, 2});
  CHECK(gang("#SBATCH -N 2 --gres=gpu:8 --ntasks-per-node=8") == Gang{16, 8, 16});
  CHECK(gang("#SBATCH --gres=gpu") == Gang{1, 1, 1});
  CHECK(gang("#SBATCH -G 16 --gpus-per-node=8") == Gang{16, 8, 2});
  CHECK(gang("#SBATCH -N 4 -G 16") == Gang{16, 4, 4});
  CHECK(gang("#SBATCH -n 4 --gpus-per-task=2") == Gang{8, 0, 4});
  CHECK(gang("#SBATCH -G 8 --gpus-per-task=2") == Gang{8, 0, 4});
  CHECK(gang("#SBATCH -n 8 --ntasks-per-node=4 -G 8") == Gang{8, 4, 8});
  CHECK(gang("#SBATCH -N 2-2 -G 4") == Gang{4, 2, 2});
}

TEST_CASE("a script without a GPU option gets one a task, and is told so") {
  CHECK(notes("#SBATCH -n 4") ==
        "dir/train.sh:1:1: no GPU option: taken as one GPU a task (4 in all)\n");
  CHECK(notes("#SBATCH -n 4 -G 4") == "");
}

TEST_CASE("contradictions are refused with their figures, at the last option that makes them") {
  CHECK(script_problem("#SBATCH -G 7 --gpus-per-node=4") ==
        "train.sh:2:14: --gpus=7 does not divide into nodes of --gpus-per-node=4\n");
  CHECK(script_problem("#SBATCH -N 2 -G 6\n#SBATCH --gpus-per-node=4") ==
        "train.sh:3:9: --gpus=6 contradicts 2 nodes x 4 GPUs a node (8)\n");
  CHECK(script_problem("#SBATCH -N 2 -n 9 --ntasks-per-node=4") ==
        "train.sh:2:19: --ntasks=9 is more than 2 nodes x --ntasks-per-node=4 (8)\n");
  CHECK(script_problem("#SBATCH -n 4 -G 4 --gpus-per-task=2") ==
        "train.sh:2:19: 4 GPUs contradict 4 tasks x --gpus-per-task=2 (8)\n");
  CHECK(script_problem("#SBATCH -G 5 --gpus-per-task=2") ==
        "train.sh:2:14: 5 GPUs do not divide into tasks of --gpus-per-task=2\n");
  CHECK(script_problem("#SBATCH -N 2 -G 7") ==
        "train.sh:2:14: 7 GPUs do not divide evenly over 2 nodes\n");
  CHECK(script_problem("#SBATCH --gres=gpu:4 --gpus-per-node=8") ==
        "train.sh:2:9: --gres: 4 GPUs a node contradict --gpus-per-node=8\n");
}

TEST_CASE("a reservation of Slurm is a booking") {
  CHECK(spec("#SBATCH --reservation=spring-run").booking == "spring-run");
  CHECK(spec("#SBATCH -G 8").booking.empty());
}

TEST_CASE("types of GPUs become accelerators") {
  using All = std::vector<Accepted>;
  CHECK(spec("#SBATCH --gres=gpu:h100:8").accelerators == All{{"H100", one}});
  CHECK(spec("#SBATCH --gpus=gb200:8").accelerators == All{{"GB200", one}});
  CHECK(spec("#SBATCH --gpus=cpu-slot:8").accelerators == All{{"cpu-slot", one}});
  CHECK(spec("#SBATCH -G 8 -C 'h100|h200'").accelerators == All{{"H100", one}, {"H200", one}});
  CHECK(script_problem("#SBATCH --gpus=h100:8 --gpus-per-task=h200:1") ==
        "train.sh:2:23: --gpus-per-task: asks for H200 after H100; a gang has one kind of GPU\n");
  for (const auto* bad : {"", "0", "-1", "h100", "h100:", ":4", "a:b:4", "h100:4,h200:4", "4x"}) {
    CAPTURE(bad);
    CHECK_FALSE(sbatch::parse_gpus(bad));
  }
  for (const auto* bad :
       {"", "nvme:1", "gpu:4,shard:2", "gpu:0", "gpu:h100:", "gpu:a:b:4", "gpu:4(S:0)"}) {
    CAPTURE(bad);
    CHECK_FALSE(sbatch::parse_gres(bad));
  }
  CHECK(sbatch::parse_gpus("4000000"));
  CHECK_FALSE(sbatch::parse_gpus("4000001"));
}

TEST_CASE("times in all of sbatch's formats") {
  CHECK(time_text("30") == "1800");
  CHECK(time_text("30:15") == "1815");
  CHECK(time_text("01:30:00") == "5400");
  CHECK(time_text("2-12") == "216000");
  CHECK(time_text("2-12:30") == "217800");
  CHECK(time_text("2-12:30:05") == "217805");
  CHECK(time_text("0-0:0:1") == "1");
  for (const auto* bad : {"", "0", "00:00", "UNLIMITED", "infinite", "1:2:3:4", "1-", "-1",
                          "1-1:1:1:1", "x", "1:x", "1.5", "1 2", "99999999999"}) {
    CAPTURE(bad);
    CHECK(time_text(bad) == "refused");
  }
  CHECK(script_problem("#SBATCH -t UNLIMITED") ==
        "train.sh:2:9: --time: 'UNLIMITED': a job needs an end; give a time such as '2-00:00'\n");
  CHECK(script_problem("#SBATCH -t 400-0") ==
        "train.sh:2:9: --time: 400 d 0 h is more than a year\n");
}

TEST_CASE("signals by name and number") {
  CHECK(spec("#SBATCH --signal=B:USR1@120").early_signal ==
        EarlySignal{10, Duration(120'000), true});
  CHECK(spec("#SBATCH --signal=SIGTERM").early_signal == EarlySignal{15, Duration(60'000), false});
  CHECK(spec("#SBATCH --signal=12@0").early_signal == EarlySignal{12, Duration(0), false});
  CHECK(script_problem("#SBATCH --signal=R:USR1") ==
        "train.sh:2:9: --signal: expected a signal such as 'USR1@60' or 'B:TERM@120', got "
        "'R:USR1'\n");
  for (const auto* bad : {"", "USR3", "0", "65", "USR1@", "USR1@65536", "B:", "USR1@x"}) {
    CAPTURE(bad);
    CHECK_FALSE(sbatch::parse_early_signal(bad));
  }
}

TEST_CASE("requeue means a failed gang restarts, too; the last word counts") {
  CHECK(spec("").requeue);
  CHECK(spec("").retries == 0);
  CHECK(spec("#SBATCH --requeue").retries == 3);
  CHECK_FALSE(spec("#SBATCH --no-requeue").requeue);
  CHECK_FALSE(spec("#SBATCH --requeue --no-requeue").requeue);
  CHECK(spec("#SBATCH --requeue --no-requeue").retries == 0);
}

TEST_CASE("file patterns") {
  CHECK(spec("#SBATCH -o logs/%x-%j.out -e %A-%N.err").error == "%A-%N.err");
  CHECK(spec("#SBATCH -o 100%%").output == "100%%");
  CHECK(spec("#SBATCH -o %4j-%u-%t.out").output == "%4j-%u-%t.out");
  CHECK(
      script_problem("#SBATCH -o %a.out") ==
      "train.sh:2:9: --output: '%a' is not known in '%a.out'; %j, %x, %A, %N, %t, %u and %% are\n");
  CHECK(script_problem("#SBATCH -o %444j").find("'%444' is not known") != std::string::npos);
  CHECK(script_problem("#SBATCH -o %4").find("'%4' is not known") != std::string::npos);
  CHECK(script_problem("#SBATCH -o x%").find("'%' is not known") != std::string::npos);
}

TEST_CASE("export: what goes along from the submitter") {
  const std::map<std::string, std::string> submitter = {{"HOME", "/home/me"},
                                                        {"SECRET", "s"},
                                                        {"SLURM_JOB_ID", "7"},
                                                        {"AMPACITY_URL", "u"},
                                                        {"A", "mine"}};
  const auto environment = [&](const std::string& options) {
    auto result = parsed(options);
    export_environment(result, submitter);
    return result.spec.environment;
  };
  using Map = std::map<std::string, std::string>;
  CHECK(environment("") == Map{{"HOME", "/home/me"}, {"SECRET", "s"}, {"A", "mine"}});
  CHECK(environment("#SBATCH --export=NONE") == Map{});
  CHECK(environment("#SBATCH --export=A=B,HOME") == Map{{"A", "B"}, {"HOME", "/home/me"}});
  CHECK(environment("#SBATCH --export=ALL,A=1") ==
        Map{{"HOME", "/home/me"}, {"SECRET", "s"}, {"A", "1"}});
  for (const auto* bad : {"", "1A", "A B", "A,,B", "=x"}) {
    CAPTURE(bad);
    CHECK_FALSE(sbatch::parse_export(bad));
  }
}

TEST_CASE("what check(JobSpec) finds is put at its option") {
  CHECK(script_problem("#SBATCH -J a/b") ==
        "train.sh:2:9: --job-name: expected 1 to 128 printable characters without '/'\n");
  CHECK(script_problem("#SBATCH --gpus-per-node=65") ==
        "train.sh:2:9: --gpus-per-node: expected 1 to 64, got 65\n");
}

TEST_CASE("letters and names of the table are distinct") {
  for (const auto& option : sbatch_options()) {
    CAPTURE(option.name);
    CHECK(find_sbatch_option(option.name) == &option);
    if (option.letter != 0) CHECK(find_sbatch_option(option.letter) == &option);
    CHECK(option.why.empty() == (option.treatment == Treatment::Honoured));
  }
}

TEST_CASE("docs/reference/sbatch.md says of every option what the table says") {
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  const auto text = read_text_file(std::string(root) + "/docs/reference/sbatch.md");
  REQUIRE(text.has_value());
  const auto ignored = text->find("## Ignored with a note");
  const auto refused = text->find("## Refused by name");
  REQUIRE(ignored < refused);
  REQUIRE(refused != std::string::npos);
  for (const auto& option : sbatch_options()) {
    CAPTURE(option.name);
    const auto at = text->find("`--" + std::string(option.name) + "`");
    REQUIRE(at != std::string::npos);
    const auto section = at < ignored   ? Treatment::Honoured
                         : at < refused ? Treatment::Ignored
                                        : Treatment::Refused;
    CHECK(static_cast<int>(section) == static_cast<int>(option.treatment));
    CHECK(text->find(option.why, at) != std::string::npos);
  }
}
