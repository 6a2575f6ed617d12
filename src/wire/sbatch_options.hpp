// SPDX-License-Identifier: Apache-2.0
// The table of sbatch's options and what becomes of each: honoured, ignored with a note, or refused
// by name. Called by sbatch.cpp; docs/reference/sbatch.md is held against it by a test. Options
// that are not in the table are unknown, and refused too. Ignored is only what cannot make a job
// wrong: it may run beside others, or without a reservation of CPUs or memory. Everything that says
// where, when or whether a job may run is honoured or refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ampacity {

enum class Takes { Nothing, Value, MaybeValue };
enum class Treatment { Honoured, Ignored, Refused };

struct SbatchOption {
  std::string_view name;  // without its dashes
  char letter = 0;        // 0: has none
  Takes takes = Takes::Value;
  Treatment treatment = Treatment::Honoured;
  std::string_view why;  // Ignored, Refused: the rest of the sentence
};

const std::vector<SbatchOption>& sbatch_options();
const SbatchOption* find_sbatch_option(std::string_view name);
const SbatchOption* find_sbatch_option(char letter);

}  // namespace ampacity
