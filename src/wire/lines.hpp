// SPDX-License-Identifier: Apache-2.0
// The lines of a file, compressed (.gz) or not, or of a text, one after the other. Used by the
// readers of traces (swf.hpp, csv.hpp). Bounds: limits::trace_line_bytes a line; memory: one line
// and a buffer, however long the file. Lines end in '\n' or '\r\n', which are cut off; a byte-order
// mark at the front is skipped. How it says no: next() gives nothing more and problem() says why.
// Cost: 1 GB/s from memory, what zlib gives (300 MB/s) from a .gz.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/file_problem.hpp"

struct gzFile_s;

namespace ampacity {

namespace limits {
inline constexpr std::size_t trace_line_bytes = 4U << 20U;
inline constexpr int trace_lines = 500'000'000;
}  // namespace limits

class LineReader {
 public:
  static Loaded<LineReader> open(const std::string& path);
  // Of a text in memory; `file` is the name that problems carry.
  static LineReader over(std::string text, std::string file);

  // Valid until the next call. None: the end, or a problem.
  std::optional<std::string_view> next();
  int line() const { return line_; }  // of what next() gave, from 1
  const std::string& file() const { return file_; }
  const std::optional<FileProblem>& problem() const { return problem_; }

 private:
  explicit LineReader(std::string file) : file_(std::move(file)) {}
  bool fill();
  void fail(std::string why);
  std::string_view take(std::size_t length, std::size_t skip);

  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::string file_;
  std::unique_ptr<gzFile_s, Close> source_;  // null: all of it is in buffer_
  std::string buffer_;
  std::size_t begin_ = 0;  // of what has not been given yet
  int line_ = 0;
  std::optional<FileProblem> problem_;
};

// A cell of a trace for a message: in quotes, and printable whatever is in it.
std::string shown_cell(std::string_view cell);

}  // namespace ampacity
