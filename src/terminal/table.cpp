// SPDX-License-Identifier: Apache-2.0
#include "terminal/table.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ampacity::terminal {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string cut_to(const std::string& text, std::size_t width) {
  if (columns_of(text) <= width || width == 0) return text;
  std::string out;
  std::size_t used = 0;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (starts && ++used == width) break;
    out += c;
  }
  return out + "…";
}

}  // namespace

bool on_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

int terminal_width() {
  if (!on_terminal()) return 0;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string coloured(const std::string& text, Colour colour) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (colour == Colour::None || !on_terminal() || (no_colour != nullptr && *no_colour != '\0'))
    return text;
  const char* code = "0";
  switch (colour) {
    case Colour::None:
      break;
    case Colour::Red:
      code = "31";
      break;
    case Colour::Green:
      code = "32";
      break;
    case Colour::Yellow:
      code = "33";
      break;
    case Colour::Blue:
      code = "34";
      break;
    case Colour::Grey:
      code = "90";
      break;
    case Colour::Bold:
      code = "1";
      break;
  }
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (const auto& column : columns_) widths.push_back(columns_of(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i].text));
  }
  const auto most = static_cast<std::size_t>(terminal_width());
  if (most == 0) return widths;
  std::size_t total = 2 * (widths.size() - 1);
  for (const auto width : widths) total += width;
  for (std::size_t i = 0; i < widths.size() && total > most; ++i) {
    if (!columns_[i].shrinks) continue;
    const auto give = std::min(total - most, widths[i] > 12 ? widths[i] - 12 : 0);
    widths[i] -= give;
    total -= give;
  }
  return widths;
}

std::string Table::text() const {
  std::string all;
  const auto width = widths();
  const auto line = [&](const std::vector<Cell>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto text = cut_to(cells[i].text, width[i]);
      const std::string pad(width[i] - std::min(width[i], columns_of(text)), ' ');
      const auto shown = coloured(text, cells[i].colour);
      out += columns_[i].right ? pad + shown : shown + (i + 1 == cells.size() ? "" : pad);
      if (i + 1 < cells.size()) out += "  ";
    }
    all += out + "\n";
  };
  std::vector<Cell> titles;
  for (const auto& column : columns_) titles.push_back({column.title, Colour::Bold});
  line(titles);
  for (const auto& row : rows_) line(row);
  return all;
}

void Table::print() const {
  fmt::print("{}", text());
}

}  // namespace ampacity::terminal
