// SPDX-License-Identifier: Apache-2.0
// What the YAML loaders share: text -> tree -> described value -> check() -> problems with
// positions. Used by portfolio_file.cpp and job_file.cpp only.
#pragma once

#include <functional>

#include "model/portfolio.hpp"
#include "wire/forms.hpp"

namespace ampacity {

// The path of a problem of check() as the file has it: a file may call things otherwise than the
// model.
using PathInFile = std::function<std::string(const std::string&)>;

// Where a path of the file stands in it.
using Locate = std::function<Position(const std::string&)>;

// `complete`: what else belongs to the value, when the text reads well and before it is checked.
template <class T>
Loaded<T> parse_document(
    std::string_view text, const std::string& file, const PathInFile& in_file,
    const std::function<void(T&, const Locate&, ProblemList&)>& complete = {}) {
  ProblemList problems(file);
  YamlTree tree;
  const auto* root = YamlTree::parse(tree, text, problems);
  if (root == nullptr) return problems.take();
  T value{};
  Form<T>::read({root, "", &problems}, value);
  if (problems.empty() && complete) {
    complete(
        value, [&](const std::string& path) { return tree.locate(path); }, problems);
  }
  if (problems.empty()) {
    for (const auto& problem : check(value)) {
      const auto path = in_file(problem.path);
      problems.say(tree.locate(path), path, problem.message);
    }
  }
  if (!problems.empty()) return problems.take();
  return value;
}

// The schema as a file: indented by two, ending in a line break. `title` and `about` head it.
std::string schema_text(const boost::json::object& schema, std::string_view title,
                        std::string_view about);

}  // namespace ampacity
