// SPDX-License-Identifier: Apache-2.0
// Child processes for tests: one that is to be killed, and one whose answer is awaited.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ampacity::testing {

inline void say(int report, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::write(report, text.data(), text.size());
    if (sent <= 0) _exit(3);
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

class Child {
 public:
  // `body(descriptor)` runs in the child, which then ends without running destructors of the
  // parent's.
  template <class Body>
  explicit Child(Body body) {
    int ends[2] = {-1, -1};
    if (pipe(ends) != 0) std::abort();
    process_ = fork();
    if (process_ == 0) {
      close(ends[0]);
      body(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    report_ = ends[0];
  }
  ~Child() {
    kill();
    close(report_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t process() const { return process_; }

  // Exactly `size` bytes, or less if it ends before.
  std::string hear(std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const auto n = ::read(report_, text.data() + got, size - got);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    text.resize(got);
    return text;
  }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }
  void wait() {
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
  int report_ = -1;
};

// What `body` returns, computed in a child of its own; the child ends by itself.
template <class Body>
std::string in_child(Body body) {
  Child child([&](int report) { say(report, body()); });
  auto text = child.hear(1U << 20U);
  child.wait();
  return text;
}

}  // namespace ampacity::testing
