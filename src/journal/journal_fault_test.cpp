// SPDX-License-Identifier: Apache-2.0
// Disks that are full, read-only or taken: provoked for real, in child processes where rights or
// limits change.
#include <doctest/doctest.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "journal/checking.hpp"
#include "journal/child.hpp"

namespace {

using namespace ampacity;
using namespace ampacity::testing;

std::string code_of(const Error& error) {
  return boost::describe::enum_to_string(error.code, "?");
}

std::vector<std::string> submitted(std::int64_t count) {
  std::vector<Entry> entries;
  for (std::int64_t n = 1; n <= count; ++n) entries.push_back(submission(n));
  return texts(entries);
}

// Commits ten jobs at a time until that fails. "NoSpace after 230, then NoSpace: <message>".
std::string fill_until_it_fails(const std::filesystem::path& folder) {
  auto journal = open_sqlite_journal(folder);
  if (!journal) return "cannot open: " + journal.error().message;
  for (std::int64_t acknowledged = 0; acknowledged < 100'000; acknowledged += 10) {
    std::vector<Entry> batch;
    for (auto n = acknowledged + 1; n <= acknowledged + 10; ++n) batch.push_back(submission(n));
    const auto last = (*journal)->commit(batch);
    if (last) continue;
    const auto again = (*journal)->commit({tick(1, {})});
    const auto restored = (*journal)->restore(
        "", [](const Snapshot&) { return Status(); }, [](const Event&) { return Status(); });
    if (again || restored) return "goes on after a failure";
    return fmt::format("{} {} {} {}", acknowledged, code_of(last.error()), code_of(again.error()),
                       last.error().message);
  }
  return "never full";
}

void check_full(const std::string& report, const Folder& folder) {
  INFO(report);
  const auto acknowledged = std::atoll(report.c_str());
  CHECK(acknowledged >= 10);
  CHECK(report.find(" NoSpace NoSpace ") != std::string::npos);
  CHECK(report.find(folder.file().string()) != std::string::npos);
  CHECK(report.find("no space left") != std::string::npos);
  auto journal = open(folder);
  CHECK(restore(*journal).events == submitted(acknowledged));
  CHECK(journal->commit({submission(acknowledged + 1)}).value() == acknowledged + 1);
}

TEST_CASE(
    "at the limit of a file's size the batch is refused whole, and what was acknowledged is "
    "there") {
  const Folder folder;
  open(folder);
  const auto report = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{500'000, 500'000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return std::string("setrlimit");
    return fill_until_it_fails(folder.path());
  });
  check_full(report, folder);
}

// A file system of its own, 2 MB large; none where this process may not mount.
class SmallDisk {
 public:
  explicit SmallDisk(const Folder& folder) : path_(folder.path()) {
    mounted_ = mount("none", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  bool remount(unsigned long flags, const char* options) {
    return mount("none", path_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0;
  }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

TEST_CASE("on a full disk the batch is refused whole; with more room it goes on") {
  const Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) {
    MESSAGE("not permitted to mount: skipped (the limit of a file's size is tested above)");
    return;
  }
  const auto report = fill_until_it_fails(folder.path());
  REQUIRE(disk.remount(0, "size=20m"));
  check_full(report, folder);
}

TEST_CASE("a journal on a disk without any room says so when it is opened") {
  const Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) return;
  write_file(folder.path() / "ballast", std::string(4U << 20U, 'x'));
  const auto journal = open_sqlite_journal(folder.path());
  REQUIRE_FALSE(journal);
  CHECK_MESSAGE(journal.error().code == ErrorCode::NoSpace, journal.error().message);
  std::filesystem::remove(folder.path() / "ballast");
  CHECK(open(folder)->commit({submission(1)}).value() == 1);
}

TEST_CASE("on a read-only file system writer and reader say so") {
  const Folder folder;
  SmallDisk disk(folder);
  if (!disk.mounted()) return;
  write(folder, two_lives());
  REQUIRE(disk.remount(MS_RDONLY, "size=2m"));
  const auto journal = open_sqlite_journal(folder.path());
  REQUIRE_FALSE(journal);
  CHECK_MESSAGE(journal.error().code == ErrorCode::ReadOnly, journal.error().message);
  const auto reader = open_sqlite_reader(folder.path());
  INFO((reader ? std::string() : reader.error().message));
  CHECK((!reader && reader.error().code == ErrorCode::ReadOnly));
}

TEST_CASE("a snapshot that does not fit is refused, and the journal goes on") {
  const Folder folder;
  open(folder);
  const auto report = in_child([&]() -> std::string {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{500'000, 500'000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return "setrlimit";
    auto journal = open_sqlite_journal(folder.path());
    if (!journal || !(*journal)->commit({submission(1)})) return "cannot write";
    const std::string bytes(2U << 20U, 's');
    const auto saved = (*journal)->save({1, "shape", digest_of(bytes), bytes});
    if (saved || saved.error().code != ErrorCode::NoSpace) return "saved";
    const auto last = (*journal)->commit({submission(2)});
    return last ? "goes on" : last.error().message;
  });
  CHECK(report == "goes on");
  auto journal = open(folder);
  CHECK(restore(*journal).events == submitted(2));
}

// As a user who owns nothing here: root may write anywhere.
std::string open_as_nobody(const std::filesystem::path& folder) {
  return in_child([&]() -> std::string {
    if (geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(65'534) != 0 || setuid(65'534) != 0)) {
      return "cannot drop rights";
    }
    const auto journal = open_sqlite_journal(folder);
    return journal ? "opened" : code_of(journal.error()) + ": " + journal.error().message;
  });
}

void give_to_nobody(const std::filesystem::path& path) {
  if (geteuid() == 0) REQUIRE(chown(path.c_str(), 65'534, 65'534) == 0);
}

TEST_CASE("a folder or a file without the right to write is refused as read-only, by name") {
  const Folder folder;
  write(folder, {submission(1)});
  for (const auto* name : {"", "journal.db", "journal.lock"}) give_to_nobody(folder.path() / name);
  const auto allow = [](const std::filesystem::path& path, unsigned mode) {
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
  };
  REQUIRE(open_as_nobody(folder.path()) == "opened");
  SUBCASE("the file") {
    allow(folder.file(), 0444);
    const auto report = open_as_nobody(folder.path());
    CHECK_MESSAGE(report.rfind("ReadOnly: ", 0) == 0, report);
    CHECK(report.find(folder.file().string()) != std::string::npos);
  }
  SUBCASE("the folder") {
    allow(folder.path(), 0555);
    const auto report = open_as_nobody(folder.path());
    CHECK_MESSAGE(report.rfind("ReadOnly: ", 0) == 0, report);
    CHECK(report.find(folder.path().string()) != std::string::npos);
  }
  SUBCASE("a new one in a folder of somebody else") {
    std::filesystem::create_directory(folder.path() / "new");
    allow(folder.path() / "new", 0555);
    const auto report = open_as_nobody(folder.path() / "new");
    CHECK_MESSAGE(report.rfind("ReadOnly: ", 0) == 0, report);
  }
  allow(folder.path(), 0700);
  allow(folder.file(), 0600);
  CHECK(open(folder)->commit({submission(2)}).value() == 2);
}

TEST_CASE(
    "a second writer is told who the first is; readers read; the lock ends with its process") {
  const Folder folder;
  Child writer([&](int report) {
    auto journal = open_sqlite_journal(folder.path());
    say(report, journal && (*journal)->commit({submission(1)}) ? "ready" : "failed");
    pause();
  });
  REQUIRE(writer.hear(5) == "ready");
  const auto second = open_sqlite_journal(folder.path());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::Locked);
  CHECK_MESSAGE(second.error().message.find(fmt::format("process {} ", writer.process())) !=
                    std::string::npos,
                second.error().message);
  CHECK(second.error().message.find(folder.file().string()) != std::string::npos);
  CHECK(read(folder)->job(JobId(1)).value()->name == "train-1");
  writer.kill();
  auto journal = open(folder);
  CHECK(restore(*journal).events == submitted(1));
  CHECK(open_sqlite_journal(folder.path()).error().code ==
        ErrorCode::Locked);  // in one process, too
}

TEST_CASE("a shell that holds a write transaction makes the commit fail as locked, after a wait") {
  const Folder folder;
  auto journal = open(folder);
  REQUIRE(journal->commit({submission(1)}));
  {
    auto other = sqlite::Database::open(folder.file(), sqlite::Access::Write).value();
    other->session() << "BEGIN IMMEDIATE";
    const auto last = journal->commit({submission(2)});
    REQUIRE_FALSE(last);
    CHECK_MESSAGE(last.error().code == ErrorCode::Locked, last.error().message);
    CHECK(journal->commit({submission(2)}).error().code == ErrorCode::Locked);
  }
  journal.reset();
  CHECK(restore(*open(folder)).events == submitted(1));
}

TEST_CASE("a batch that fails half-way leaves nothing behind") {
  const Folder folder;
  {
    auto journal = open(folder);
    REQUIRE(journal->commit({submission(1)}));
    const auto unknown = tick(3, {Event{at(3), AttemptStarted{{JobId(9), 1}}}});
    const auto last = journal->commit({submission(2), unknown, submission(3)});
    REQUIRE_FALSE(last);
    CHECK(last.error().code == ErrorCode::Corrupt);
    CHECK_MESSAGE(last.error().message.find("event 3 ") != std::string::npos, last.error().message);
    CHECK_FALSE(journal->commit({submission(2)}));
    CHECK_FALSE(journal->save({1, "shape", digest_of(""), ""}));
  }
  CHECK(restore(*open(folder)).events == submitted(1));
  CHECK(read(folder)->jobs({}).value().size() == 1);
  CHECK(open(folder)->commit({submission(2)}).value() == 2);
}

}  // namespace
