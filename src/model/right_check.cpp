// SPDX-License-Identifier: Apache-2.0
// check(RefusalRight): the clause and its amendments.
#include "model/portfolio.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

constexpr auto longest_window = Duration(3'650LL * 86'400'000);

class RightChecker {
 public:
  explicit RightChecker(const RefusalRight& right) : right_(right) {}

  std::vector<Problem> run() {
    window("response_window", right_.response_window);
    if (right_.until) after_start("until", *right_.until);
    if (right_.amendments.size() > limits::right_amendments) {
      say("amendments", fmt::format("{} amendments, at most {} are supported",
                                    right_.amendments.size(), limits::right_amendments));
    }
    for (std::size_t k = 0; k < right_.amendments.size(); ++k) {
      amendment(fmt::format("amendments[{}]", k), right_.amendments[k]);
    }
    return std::move(problems_);
  }

 private:
  void say(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  void window(const std::string& path, Duration window) {
    if (window >= Duration(1) && window <= longest_window) return;
    say(path, fmt::format("expected {} to {}, got {}", to_text(Duration(1)),
                          to_text(longest_window), to_text(window)));
  }

  void after_start(const std::string& path, Instant ends) {
    if (right_.from < ends) return;
    say(path, fmt::format("ends on {}, which is not after its start on {}", to_date(ends),
                          to_date(right_.from)));
  }

  void amendment(const std::string& at, const RightAmendment& a) {
    if (!a.scope && !a.response_window && !a.ends) {
      say(at, "changes nothing: give a scope, response_window or ends");
    }
    if (a.response_window) window(at + ".response_window", *a.response_window);
    if (a.ends) after_start(at + ".ends", *a.ends);
    if (a.why.size() > limits::note_length || a.by.size() > limits::note_length) {
      say(at + ".why", fmt::format("longer than {} bytes", limits::note_length));
    }
    if (a.scope && a.scope->size() > limits::note_length) {
      say(at + ".scope", fmt::format("longer than {} bytes", limits::note_length));
    }
  }

  const RefusalRight& right_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(const RefusalRight& right) {
  return RightChecker(right).run();
}

}  // namespace ampacity
