// SPDX-License-Identifier: Apache-2.0
// What the terminal can do, and tables that fit it. Used by everything that prints for people: the
// client, the report. Colours only on a terminal, and not with NO_COLOR; in a pipe nothing is cut.
#pragma once

#include <string>
#include <vector>

namespace ampacity::terminal {

bool on_terminal();    // stdout
int terminal_width();  // 0: unlimited (a pipe)

enum class Colour { None, Red, Green, Yellow, Blue, Grey, Bold };
std::string coloured(const std::string& text, Colour colour);

struct Column {
  std::string title;
  bool right = false;    // numbers
  bool shrinks = false;  // gives way when the table is too wide
};

struct Cell {
  std::string text;
  Colour colour = Colour::None;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;  // each line ends in a line break
  void print() const;        // to stdout

 private:
  std::vector<std::size_t> widths() const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace ampacity::terminal
