// SPDX-License-Identifier: Apache-2.0
// One YAML document as a tree that keeps the position of every node. Called by wire/fields.hpp,
// which turns it into values; nothing else of Ampacity sees YAML. Bounds: limits::file_bytes of
// text, limits::yaml_depth levels, limits::yaml_nodes nodes counted with every alias expanded (so
// an "alias bomb" is refused, at no cost: an alias is a pointer, not a copy). How it says no:
// problems with line and column. Refused by name: several documents, tags (!!str), merge keys (<<),
// keys that are not plain text, what yaml-cpp refuses. Cost: linear in the text.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "wire/file_problem.hpp"

namespace ampacity {

namespace limits {
inline constexpr int yaml_depth = 32;
inline constexpr std::int64_t yaml_nodes = 2'000'000;
}  // namespace limits

struct YamlNode {
  enum class Kind { Null, Scalar, List, Mapping };
  Kind kind = Kind::Null;
  bool quoted = false;  // or a block scalar: text whatever it looks like
  std::string text;     // of a scalar
  Position at;
  // List: the items. Mapping: key, value, key, value, …; keys are scalars.
  std::vector<const YamlNode*> children;
  std::int64_t weight = 1;  // nodes from here down, aliases expanded
  int height = 1;           // levels from here down
};

// What a plain scalar is in YAML 1.2's core schema.
enum class ScalarType { Text, Integer, Number, Boolean };
ScalarType type_of(const YamlNode& scalar);

// "'1.2'", "a list", "a mapping" or "nothing", for "expected …, got …".
std::string found(const YamlNode& node);

class YamlTree {
 public:
  // Null after a problem. `text` must be the whole file.
  static const YamlNode* parse(YamlTree& into, std::string_view text, ProblemList& problems);

  // Where "sites[2].pue" stands, or the nearest of its ancestors that exists.
  Position locate(std::string_view path) const;

 private:
  friend class YamlBuilder;
  std::deque<YamlNode> nodes_;  // a deque: nodes point to each other
  const YamlNode* root_ = nullptr;
};

}  // namespace ampacity
