// SPDX-License-Identifier: Apache-2.0
#include "wire/signals.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace ampacity {
namespace {

struct Name {
  std::string_view text;
  std::int64_t number;
};

constexpr std::array names{Name{"HUP", 1},   Name{"INT", 2},   Name{"QUIT", 3},  Name{"ABRT", 6},
                           Name{"KILL", 9},  Name{"USR1", 10}, Name{"USR2", 12}, Name{"PIPE", 13},
                           Name{"ALRM", 14}, Name{"TERM", 15}, Name{"CHLD", 17}, Name{"CONT", 18},
                           Name{"STOP", 19}, Name{"TSTP", 20}, Name{"TTIN", 21}, Name{"TTOU", 22},
                           Name{"URG", 23},  Name{"XCPU", 24}, Name{"XFSZ", 25}};

}  // namespace

std::optional<std::int64_t> parse_signal(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    return number >= 1 && number <= 64 ? std::optional(number) : std::nullopt;
  }
  std::string word(text.substr(0, 16));
  for (auto& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  if (word.rfind("SIG", 0) == 0) word.erase(0, 3);
  const auto it = std::find_if(names.begin(), names.end(), [&](auto& n) { return n.text == word; });
  return it == names.end() ? std::nullopt : std::optional(it->number);
}

}  // namespace ampacity
