// SPDX-License-Identifier: Apache-2.0
// What is wrong with a file that a person wrote, and where; and the result type of every loader.
// Called by the loaders of this room, printed by the CLI and by serve at start. Promises: one
// problem is one line of printable UTF-8, `file:line:column: path: message`; lines and columns
// count from 1, columns in characters; line 0 means the file as a whole. At most
// limits::file_problems are kept; one more line then says that there were more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ampacity {

namespace limits {
inline constexpr std::size_t file_bytes = 16U << 20U;
inline constexpr std::size_t file_problems = 100;
inline constexpr std::size_t problem_message_bytes = 400;
}  // namespace limits

struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

struct FileProblem {
  std::string file;
  Position at;
  std::string path;  // "sites[2].pue"; empty where the file has no such structure
  std::string message;
  bool operator==(const FileProblem&) const = default;
};

// "portfolio.yaml:12:9: sites[2].interconnection: expected a power such as '1.2 GW', got '1.2'"
std::string to_text(const FileProblem& problem);
std::string to_text(
    const std::vector<FileProblem>& problems);  // one a line, the last with its '\n'

template <class T>
class [[nodiscard]] Loaded : public tl::expected<T, std::vector<FileProblem>> {
  using Base = tl::expected<T, std::vector<FileProblem>>;

 public:
  using Base::Base;
  Loaded(std::vector<FileProblem> problems) : Base(tl::unexpect, std::move(problems)) {}
};

// Collects problems in the order in which they are found.
class ProblemList {
 public:
  explicit ProblemList(std::string file) : file_(std::move(file)) {}
  void say(Position at, std::string_view path, std::string_view message);
  // Of another file, as they are.
  void add(std::vector<FileProblem> problems);
  bool empty() const { return problems_.empty(); }
  std::size_t size() const { return problems_.size(); }
  std::vector<FileProblem> take() { return std::move(problems_); }

 private:
  std::string file_;
  std::vector<FileProblem> problems_;
};

// The bytes of a file of at most limits::file_bytes. Refuses folders, absent and unreadable files
// by name.
Loaded<std::string> read_text_file(const std::string& path);

// Refuses what is not text: too long, invalid UTF-8, NUL and other control characters. Says where.
// Returns whether nothing was wrong. Cost: one pass.
bool check_text(std::string_view text, ProblemList& problems);

}  // namespace ampacity
