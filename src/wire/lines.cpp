// SPDX-License-Identifier: Apache-2.0
#include "wire/lines.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace ampacity {
namespace {

constexpr std::size_t chunk = 1U << 18U;

}  // namespace

void LineReader::Close::operator()(gzFile_s* file) const {
  gzclose_r(file);
}

Loaded<LineReader> LineReader::open(const std::string& path) {
  LineReader reader(path);
  const auto no = [&](const std::string& why) {
    return std::vector<FileProblem>{{path, {}, "", why}};
  };
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    return no(fmt::format("cannot be opened: {}", std::strerror(errno)));
  }
  if (S_ISDIR(about.st_mode)) return no("is a folder; expected a file");
  reader.source_.reset(gzopen(path.c_str(), "rbe"));
  if (!reader.source_) return no(fmt::format("cannot be opened: {}", std::strerror(errno)));
  gzbuffer(reader.source_.get(), chunk);
  return reader;
}

LineReader LineReader::over(std::string text, std::string file) {
  LineReader reader(std::move(file));
  reader.buffer_ = std::move(text);
  return reader;
}

void LineReader::fail(std::string why) {
  problem_ = FileProblem{file_, {line_ + 1, 1}, "", std::move(why)};
}

// More of the file behind what is left of the buffer; whether there was more.
bool LineReader::fill() {
  if (!source_) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const auto had = buffer_.size();
  buffer_.resize(had + chunk);
  const int got = gzread(source_.get(), buffer_.data() + had, chunk);
  buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
  int code = Z_OK;
  const auto* what = gzerror(source_.get(), &code);
  if (got < 0 || code == Z_BUF_ERROR) {  // the latter: a .gz that is cut off
    fail(code == Z_ERRNO ? fmt::format("cannot be read: {}", std::strerror(errno))
                         : fmt::format("the .gz is damaged or cut off ({})", what));
    return false;
  }
  if (got == 0) source_.reset();
  return got > 0;
}

std::string_view LineReader::take(std::size_t length, std::size_t skip) {
  auto line = std::string_view(buffer_).substr(begin_, length);
  begin_ += length + skip;
  ++line_;
  if (line_ == 1 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::optional<std::string_view> LineReader::next() {
  if (problem_) return std::nullopt;
  if (line_ >= limits::trace_lines) {
    fail(fmt::format("more than {} lines", limits::trace_lines));
    return std::nullopt;
  }
  std::size_t looked = 0;
  while (true) {
    const auto rest = std::string_view(buffer_).substr(begin_);
    const auto end = rest.find('\n', looked);
    if (std::min(end, rest.size()) > limits::trace_line_bytes) {
      fail(fmt::format("a line of more than {} MiB; is it the right file?",
                       limits::trace_line_bytes >> 20U));
      return std::nullopt;
    }
    if (end != std::string_view::npos) return take(end, 1);
    looked = rest.size();
    if (fill()) continue;
    if (problem_ || buffer_.size() == begin_) return std::nullopt;
    return take(buffer_.size() - begin_, 0);
  }
}

std::string shown_cell(std::string_view cell) {
  constexpr std::size_t most = 40;
  ProblemList ignored("");
  const bool one_line = cell.find_first_of("\n\r\t") == std::string_view::npos;
  if (one_line && check_text(cell, ignored)) {
    if (cell.size() <= most) return fmt::format("'{}'", cell);
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(cell[end]) & 0xC0U) == 0x80U) --end;
    return fmt::format("'{}...'", cell.substr(0, end));
  }
  std::string out;
  for (const char c : cell.substr(0, most)) {
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
    if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return fmt::format("'{}'", out);
}

}  // namespace ampacity
