// SPDX-License-Identifier: Apache-2.0
// Small text helpers for messages. Used by loaders and the CLI.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ampacity {

// The candidate nearest to `word` (Damerau-Levenshtein distance), if near enough to be what was
// meant: at most a third of its letters differ. Cost: candidates x length squared; words over 64
// letters: none.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// " (did you mean 'pue'?)" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// The `name` of each item, to compare with or to list.
template <class Items>
std::vector<std::string> names_of(const Items& items) {
  std::vector<std::string> names;
  names.reserve(items.size());
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

// The keys of a map, likewise.
template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

// "no site is called 'abilen' (did you mean 'abilene'?)"
std::string unknown_name(std::string_view kind, std::string_view name,
                         const std::vector<std::string>& known);

// "a, b and c".
std::string listed(const std::vector<std::string>& words);

}  // namespace ampacity
