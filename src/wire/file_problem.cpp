// SPDX-License-Identifier: Apache-2.0
#include "wire/file_problem.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace ampacity {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// A message quotes what was found; a value of a megabyte or with line breaks must not break the
// line.
std::string one_line(std::string_view text) {
  const bool cut = text.size() > limits::problem_message_bytes;
  auto end = cut ? limits::problem_message_bytes : text.size();
  while (cut && end > 0 && continues(text[end])) --end;
  std::string out;
  for (const char c : text.substr(0, end)) {
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return cut ? out + "..." : out;
}

// Length of the well-formed UTF-8 sequence at the start of `text`, or 0 (RFC 3629: no surrogates,
// no overlong forms, at most U+10FFFF).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const auto first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xC2U && first <= 0xDFU) return tail(1) ? 2 : 0;
  if (first >= 0xE0U && first <= 0xEFU) {
    if (first == 0xE0U && byte(1) < 0xA0U) return 0;
    if (first == 0xEDU && byte(1) > 0x9FU) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    if (first == 0xF0U && byte(1) < 0x90U) return 0;
    if (first == 0xF4U && byte(1) > 0x8FU) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

Loaded<std::string> unreadable(const std::string& path, std::string why) {
  return std::vector<FileProblem>{{path, {}, "", std::move(why)}};
}

Loaded<std::string> read_all(std::FILE* file, const std::string& path) {
  std::string text;
  char buffer[1U << 16U];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, got);
    if (text.size() > limits::file_bytes) {
      return unreadable(path, fmt::format("larger than {} MiB; is it the right file?",
                                          limits::file_bytes >> 20U));
    }
  }
  if (std::ferror(file) != 0) {
    return unreadable(path, fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  return text;
}

}  // namespace

std::string to_text(const FileProblem& problem) {
  auto text = problem.file;
  if (problem.at.line > 0) text += fmt::format(":{}:{}", problem.at.line, problem.at.column);
  text += ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  return text + problem.message;
}

std::string to_text(const std::vector<FileProblem>& problems) {
  std::string text;
  for (const auto& problem : problems) text += to_text(problem) + '\n';
  return text;
}

void ProblemList::say(Position at, std::string_view path, std::string_view message) {
  if (problems_.size() > limits::file_problems) return;
  if (problems_.size() == limits::file_problems) {
    problems_.push_back({file_, {}, "", "more problems follow; these are the first"});
    return;
  }
  problems_.push_back({file_, at, one_line(path), one_line(message)});
}

void ProblemList::add(std::vector<FileProblem> problems) {
  for (auto& problem : problems) {
    if (problems_.size() >= limits::file_problems) return say({}, "", "");
    problems_.push_back(std::move(problem));
  }
}

Loaded<std::string> read_text_file(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    return unreadable(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
  }
  if (S_ISDIR(about.st_mode)) return unreadable(path, "is a folder; expected a file");
  const auto close = [](std::FILE* f) { std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rbe"), close);
  if (!file) return unreadable(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
  return read_all(file.get(), path);
}

bool check_text(std::string_view text, ProblemList& problems) {
  if (text.size() > limits::file_bytes) {
    problems.say({}, "", fmt::format("larger than {} MiB", limits::file_bytes >> 20U));
    return false;
  }
  Position at{1, 1};
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(text.front()));
    if (length == 0) {
      problems.say(at, "", fmt::format("invalid UTF-8 (byte 0x{:02x}); save it as UTF-8", byte));
      return false;
    }
    if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F) {
      problems.say(at, "",
                   byte == 0 ? "a NUL byte; this is not a text file"
                             : fmt::format("a control character (0x{:02x})", byte));
      return false;
    }
    at = byte == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace ampacity
