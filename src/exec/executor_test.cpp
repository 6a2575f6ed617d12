// SPDX-License-Identifier: Apache-2.0
// One conformance suite over every executor, then what only real processes can show.
#include "exec/executor.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "exec/attempt_folder.hpp"
#include "wire/json.hpp"

namespace ampacity {
namespace {

namespace fs = std::filesystem;

std::string program() {
  return (fs::read_symlink("/proc/self/exe").parent_path() / "tests" / "exec_program").string();
}

Instant wall() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

std::string slurp(const fs::path& file) {
  return exec::read_whole(file).value_or("");
}

// A world with one executor in a folder of its own; restart() is what a new server process does.
class World {
 public:
  explicit World(bool local) : local_(local) {
    std::string pattern = (fs::temp_directory_path() / "ampacity-exec-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    restart();
  }
  ~World() {
    executor.reset();
    std::error_code busy;  // a shim may be writing its last words: look again
    for (int i = 0; i < 50; ++i) {
      fs::remove_all(folder, busy);
      if (!busy && !fs::exists(folder)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void restart() {
    if (!local_) {
      executor = make_simulated_executor();
      return;
    }
    auto made = make_local_executor({(folder / "site").string(), program(), "here"});
    REQUIRE(made);
    executor = std::move(*made);
  }

  StartGang order(std::int64_t job, const std::string& shell, std::int64_t tasks = 1) {
    JobSpec spec;
    spec.name = "test";
    spec.gpus = GpuCount::of(tasks);
    spec.tasks = tasks;
    spec.command = {"/bin/sh", "-c", shell};
    spec.simulated_runtime = Duration(shell.find("sleep 30") != std::string::npos ? 30'000 : 50);
    spec.environment["MARKS"] = folder.string();
    return with(job, spec);
  }

  StartGang with(std::int64_t job, const JobSpec& spec) {
    StartGang gang;
    gang.attempt = {JobId(job), 1};
    gang.site = "here";
    gang.spec = std::make_shared<const JobSpec>(spec);
    gang.nodes = {{"here/h/p1/r1/n1", 1, spec.gpus.count()}};
    gang.walltime = Duration(60'000);
    gang.placed = wall();
    return gang;
  }

  // Polls until the attempt has ended; nothing if that takes longer than 20 s.
  std::optional<Ending> end_of(AttemptId attempt) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      for (const auto& report : executor->poll(wall())) {
        if (const auto* started = std::get_if<ReportStarted>(&report))
          started_reports += started->attempt == attempt;
        const auto* ended = std::get_if<ReportEnded>(&report);
        if (ended != nullptr && ended->attempt == attempt) return ended->ending;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return std::nullopt;
  }

  bool wait_started(AttemptId attempt) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      for (const auto& report : executor->poll(wall())) {
        const auto* started = std::get_if<ReportStarted>(&report);
        if (started != nullptr && started->attempt == attempt) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  bool wait_file(const fs::path& file) {
    for (int i = 0; i < 2'000 && slurp(file).empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !slurp(file).empty();
  }

  fs::path attempt_folder(AttemptId attempt) const { return folder / "site" / to_text(attempt); }

  fs::path folder;
  std::unique_ptr<Executor> executor;
  int started_reports = 0;

 private:
  bool local_;
};

// Whether anything with this text in its command line runs (the marker is unique to a test).
bool anything_runs(const std::string& marker) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || std::stoi(name) == ::getpid())
      continue;
    if (slurp(entry.path() / "cmdline").find(marker) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("conformance: every executor") {
  for (const bool local : {false, true}) {
    CAPTURE(local);
    SUBCASE("an attempt starts, ends, and is reported until it is forgotten") {
      World w(local);
      const auto order = w.order(1, "exit 0");
      w.executor->start(order, wall());
      const auto ending = w.end_of(order.attempt);
      REQUIRE(ending);
      CHECK(ending->kind == EndKind::Exited);
      CHECK(ending->code == 0);
      CHECK(w.started_reports == 1);
      CHECK(w.end_of(order.attempt).has_value());  // again, as nobody has said that it is on record
      w.executor->forget({order.attempt, "here"});
      CHECK(w.executor->poll(wall()).empty());
      w.executor->forget({order.attempt, "here"});
      w.executor->start(order, wall());  // a repeated order of long ago
      if (local) CHECK(w.executor->poll(wall()).empty());
    }
    SUBCASE("repeating a start is harmless") {
      World w(local);
      const auto order = w.order(1, "echo x >> $MARKS/ran");
      for (int i = 0; i < 5; ++i) w.executor->start(order, wall());
      REQUIRE(w.end_of(order.attempt));
      if (local) CHECK(slurp(w.folder / "ran") == "x\n");
    }
    SUBCASE("stop ends it, and says by which signal") {
      World w(local);
      const auto order = w.order(1, "exec sleep 30");
      w.executor->start(order, wall());
      REQUIRE(w.wait_started(order.attempt));
      w.executor->stop({order.attempt, "here", Duration(2'000)}, wall());
      w.executor->stop({order.attempt, "here", Duration(2'000)}, wall());
      const auto ending = w.end_of(order.attempt);
      REQUIRE(ending);
      CHECK(ending->kind == EndKind::Signalled);
      CHECK(ending->signal == SIGTERM);
    }
    SUBCASE("what nobody knows can be stopped, signalled and forgotten") {
      World w(local);
      w.executor->stop({{JobId(9), 1}, "here", Duration(1)}, wall());
      w.executor->signal({{JobId(9), 1}, "here", 10, false}, wall());
      w.executor->forget({{JobId(9), 1}, "here"});
      CHECK(w.executor->poll(wall()).empty());
    }
    SUBCASE("a new executor adopts what runs, and learns what ended meanwhile") {
      World w(local);
      const auto runs = w.order(1, "sleep 0.4; echo lived > $MARKS/lived");
      const auto ends = w.order(2, "exit 0");
      w.executor->start(runs, wall());
      w.executor->start(ends, wall());
      REQUIRE(w.wait_started(runs.attempt));
      REQUIRE(w.end_of(ends.attempt));
      w.restart();
      w.executor->adopt({{runs, true, wall()}, {ends, false, std::nullopt}}, wall());
      const auto second = w.end_of(ends.attempt);
      REQUIRE(second);
      CHECK(second->code == 0);
      const auto first = w.end_of(runs.attempt);
      REQUIRE(first);
      CHECK(first->code == 0);
      if (local) CHECK(slurp(w.folder / "lived") == "lived\n");
    }
    SUBCASE("adopting what was never started starts it, once") {
      World w(local);
      const auto order = w.order(1, "echo x >> $MARKS/ran");
      w.executor->adopt({{order, false, std::nullopt}}, wall());
      REQUIRE(w.end_of(order.attempt));
      if (local) CHECK(slurp(w.folder / "ran") == "x\n");
    }
  }
}

TEST_CASE("local: exit codes, signals and their ranks") {
  World w(true);
  const auto code = w.order(1, "exit 7");
  const auto killed = w.order(2, "kill -9 $$");
  const auto rank = w.order(3, "[ $AMPACITY_RANK = 2 ] && exit 5; exec sleep 30", 4);
  for (const auto* order : {&code, &killed, &rank}) w.executor->start(*order, wall());
  CHECK(w.end_of(code.attempt)->code == 7);
  CHECK(w.end_of(killed.attempt)->signal == SIGKILL);
  const auto ending = w.end_of(rank.attempt);
  REQUIRE(ending);
  CHECK(ending->code == 5);
  CHECK(ending->rank == 2);  // the one that failed, not the three that were then stopped
}

TEST_CASE("local: what cannot be started says why") {
  World w(true);
  JobSpec spec;
  spec.command = {"/no/such/program"};
  auto order = w.with(1, spec);
  w.executor->start(order, wall());
  auto ending = w.end_of(order.attempt);
  REQUIRE(ending);
  CHECK(ending->code == 127);
  CHECK(ending->detail == "cannot run /no/such/program: No such file or directory");
  spec.command = {"true"};
  spec.directory = "/no/such/folder";
  order = w.with(2, spec);
  w.executor->start(order, wall());
  ending = w.end_of(order.attempt);
  REQUIRE(ending);
  CHECK(ending->code == 126);
  CHECK(ending->detail ==
        "cannot enter the working directory /no/such/folder: No such file or directory");
}

TEST_CASE("local: TERM first, KILL after the grace") {
  World w(true);
  const auto order = w.order(
      1, "trap 'echo term >> $MARKS/seen' TERM; echo up > $MARKS/up; while :; do sleep 0.1; done");
  w.executor->start(order, wall());
  REQUIRE(w.wait_file(w.folder / "up"));
  w.executor->stop({order.attempt, "here", Duration(300)}, wall());
  const auto ending = w.end_of(order.attempt);
  REQUIRE(ending);
  CHECK(ending->signal == SIGKILL);
  CHECK(slurp(w.folder / "seen") == "term\n");
}

TEST_CASE("local: ranks have their own process groups and their own environment") {
  World w(true);
  auto spec =
      *w.order(1,
               "echo $AMPACITY_RANK $SLURM_PROCID $RANK $SLURM_LOCALID $SLURM_NODEID $WORLD_SIZE "
               "$SLURM_NTASKS $SLURM_JOB_ID $AMPACITY_SLOT_IDS $(ps -o pgid= $$ | tr -d ' ') $$ "
               "> $MARKS/rank.$AMPACITY_RANK",
               3)
           .spec;
  auto order = w.with(41, spec);
  order.nodes = {{"here/h/p1/r1/n1", 1, 2}, {"here/h/p1/r1/n2", 1, 1}};
  w.executor->start(order, wall());
  REQUIRE(w.end_of(order.attempt)->code == 0);
  const char* expected[] = {"0 0 0 0 0 3 3 41 0 ", "1 1 1 1 0 3 3 41 1 ", "2 2 2 0 1 3 3 41 0 "};
  for (int rank = 0; rank < 3; ++rank) {
    const auto text = slurp(w.folder / fmt::format("rank.{}", rank));
    CHECK(text.rfind(expected[rank], 0) == 0);
    std::istringstream in(text.substr(std::string(expected[rank]).size()));
    std::string group;
    std::string pid;
    in >> group >> pid;
    CHECK(group == pid);
  }
}

TEST_CASE("local: an elastic job has ranks in proportion to the GPUs that it got") {
  World w(true);
  auto spec = *w.order(1, "echo $WORLD_SIZE $SLURM_NTASKS > $MARKS/rank.$RANK", 8).spec;
  spec.gpus = GpuCount::of(8);
  spec.gpus_min = GpuCount::of(2);
  auto order = w.with(42, spec);
  order.nodes = {{"here/h/p1/r1/n1", 1, 2}, {"here/h/p1/r1/n2", 1, 1}};
  w.executor->start(order, wall());
  REQUIRE(w.end_of(order.attempt)->code == 0);
  CHECK(slurp(w.folder / "rank.2") == "3 3\n");
  CHECK_FALSE(fs::exists(w.folder / "rank.3"));
}

TEST_CASE(
    "local: a batch script starts its ranks with srun; output goes where the job says and "
    "survives") {
  World w(true);
  JobSpec spec;
  spec.name = "lm";
  spec.launch = Launch::Script;
  spec.gpus = GpuCount::of(2);
  spec.tasks = 2;
  spec.directory = w.folder.string();
  spec.output = "%x-%j.out";
  spec.script =
      "#!/bin/sh\necho script $1\nsrun sh -c 'echo rank $SLURM_PROCID of $SLURM_NTASKS step "
      "$SLURM_STEP_ID'\n"
      "srun -n 1 sh -c 'echo second $SLURM_STEP_ID'\n";
  spec.command = {"argument"};
  const auto order = w.with(5, spec);
  w.executor->start(order, wall());
  REQUIRE(w.end_of(order.attempt)->code == 0);
  const auto text = slurp(w.folder / "lm-5.out");
  CHECK(text.rfind("script argument\n", 0) == 0);
  CHECK(text.find("rank 0 of 2 step 0\n") != std::string::npos);
  CHECK(text.find("rank 1 of 2 step 0\n") != std::string::npos);
  CHECK(text.find("second 1\n") != std::string::npos);
  CHECK(slurp(*w.executor->output_file(order.attempt)) == text);
  w.executor->forget({order.attempt, "here"});
  CHECK(slurp(*w.executor->output_file(order.attempt)) == text);
}

TEST_CASE("local: srun refuses what it does not know, and passes a rank's end on") {
  World w(true);
  JobSpec spec;
  spec.launch = Launch::Script;
  spec.gpus = GpuCount::of(2);
  spec.tasks = 2;
  spec.script =
      "#!/bin/sh\nsrun --label true\necho $?\nsrun sh -c '[ $SLURM_PROCID = 1 ] && kill -9 $$; "
      "exec sleep 30'\n";
  const auto order = w.with(1, spec);
  w.executor->start(order, wall());
  CHECK(w.end_of(order.attempt)->code == 137);
  const auto text = slurp(*w.executor->output_file(order.attempt));
  CHECK(text.find("unknown option '--label'") != std::string::npos);
  CHECK(text.find("rank 1 was killed by signal 9") != std::string::npos);
}

TEST_CASE("local: a signal goes to every rank, or to the batch script alone") {
  World w(true);
  const auto order = w.order(1,
                             "trap 'echo usr1 > $MARKS/got.$AMPACITY_RANK; exit 0' USR1; echo up > "
                             "$MARKS/up.$AMPACITY_RANK; "
                             "while :; do sleep 0.1; done",
                             2);
  w.executor->start(order, wall());
  REQUIRE(w.wait_file(w.folder / "up.0"));
  REQUIRE(w.wait_file(w.folder / "up.1"));
  w.executor->signal({order.attempt, "here", SIGUSR1, false}, wall());
  CHECK(w.end_of(order.attempt)->code == 0);
  CHECK(slurp(w.folder / "got.0") == "usr1\n");
  CHECK(slurp(w.folder / "got.1") == "usr1\n");
}

TEST_CASE("local: nothing survives a job, whoever is killed") {
  World w(true);
  const auto marker = fmt::format("marker{}", ::getpid());
  const std::string stray = "setsid sh -c 'sleep 30; : " + marker + "' & ";
  SUBCASE("grandchildren in sessions of their own, after a clean end") {
    const auto order = w.order(1, stray + "sleep 0.2");
    w.executor->start(order, wall());
    CHECK(w.end_of(order.attempt)->code == 0);
  }
  SUBCASE("the shim is killed: the attempt is lost, and says so") {
    const auto order = w.order(1, "echo up > $MARKS/up; sleep 30; : " + marker, 2);
    w.executor->start(order, wall());
    REQUIRE(w.wait_file(w.folder / "up"));
    const auto shim = exec::AttemptFolder{w.attempt_folder(order.attempt)}.shim();
    REQUIRE(shim);
    ::kill(shim->pid, SIGKILL);
    const auto ending = w.end_of(order.attempt);
    REQUIRE(ending);
    CHECK(ending->kind == EndKind::Lost);
    CHECK(w.end_of(order.attempt)->kind == EndKind::Lost);
  }
  SUBCASE("an attempt that nobody expects is ended by the next server") {
    const auto order = w.order(1, "echo up > $MARKS/up; sleep 30; : " + marker);
    w.executor->start(order, wall());
    REQUIRE(w.wait_file(w.folder / "up"));
    w.restart();
    w.executor->adopt({}, wall());
  }
  for (int i = 0; i < 500 && anything_runs(marker); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(anything_runs(marker));
}

TEST_CASE("local: an attempt whose folder is gone is lost") {
  World w(true);
  const auto order = w.order(1, "true");
  w.executor->adopt({{order, true, wall()}}, wall());
  CHECK(w.end_of(order.attempt)->kind == EndKind::Lost);
}

TEST_CASE("local: a job that was told to stop before it began never begins") {
  World w(true);
  const auto order = w.order(1, "echo ran > $MARKS/ran");
  fs::create_directories(w.attempt_folder(order.attempt));
  w.executor->stop({order.attempt, "here", Duration(100)}, wall());
  w.executor->start(order, wall());
  CHECK(w.end_of(order.attempt)->kind == EndKind::Signalled);
  CHECK_FALSE(fs::exists(w.folder / "ran"));
}

// Servers that die in the middle of starting a job, again and again, many at once: it runs exactly
// once.
TEST_CASE("local: started once, however many servers are killed while they start it") {
  World w(true);
  for (std::int64_t job = 1; job <= 40; ++job) {
    const auto order = w.order(job, fmt::format("echo x >> $MARKS/ran.{}", job));
    const auto text = json::to_json(order);
    for (int attempt = 0; attempt < 4; ++attempt) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::execl(program().c_str(), "ampacity", "hammer", (w.folder / "site").c_str(), text.c_str(),
                static_cast<char*>(nullptr));
        ::_exit(127);
      }
      std::this_thread::sleep_for(std::chrono::microseconds((job * 997 + attempt * 331) % 9'000));
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    w.executor->adopt({{order, false, std::nullopt}}, wall());
    REQUIRE(w.end_of(order.attempt));
    CHECK(slurp(w.folder / fmt::format("ran.{}", job)) == "x\n");
    w.executor->forget({order.attempt, "here"});
  }
}

}  // namespace ampacity
