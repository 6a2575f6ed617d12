// SPDX-License-Identifier: Apache-2.0
#include "wire/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

namespace ampacity {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (at + n < text.size() && is_digit(text[at + n])) ++n;
  return n;
}

// [-+]?(digits)(.digits?)? | .digits, then an exponent; .inf and .nan.
ScalarType number_type(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto sign = i;
  const auto whole = digits_at(text, i);
  i += whole;
  if (whole > 0 && i == text.size()) return ScalarType::Integer;
  std::size_t decimals = 0;
  if (i < text.size() && text[i] == '.') {
    const auto rest = text.substr(i);
    if (whole == 0 && (rest == ".inf" || rest == ".Inf" || rest == ".INF"))
      return ScalarType::Number;
    if (sign == 0 && whole == 0 && (rest == ".nan" || rest == ".NaN" || rest == ".NAN")) {
      return ScalarType::Number;
    }
    decimals = digits_at(text, i + 1);
    i += 1 + decimals;
  }
  if (whole + decimals == 0) return ScalarType::Text;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const auto exponent = digits_at(text, i);
    if (exponent == 0) return ScalarType::Text;
    i += exponent;
  }
  return i == text.size() ? ScalarType::Number : ScalarType::Text;
}

bool is_based_integer(std::string_view text) {  // 0x1F, 0o17
  if (text.size() < 3 || text[0] != '0') return false;
  const auto digits = text.substr(2);
  if (text[1] == 'x') {
    return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }
  return text[1] == 'o' && digits.find_first_not_of("01234567") == std::string_view::npos;
}

}  // namespace

// yaml-cpp counts bytes; people and editors count characters. Marks come nearly in order, so the
// count goes on from the last one and the whole file costs one pass.
class YamlColumns {
 public:
  explicit YamlColumns(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  Position at(const YAML::Mark& mark) {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return {};
    const auto bytes = static_cast<std::size_t>(std::max(mark.column, 0));
    if (mark.line != line_ || bytes < bytes_) {
      line_ = mark.line;
      bytes_ = 0;
      characters_ = 0;
    }
    const auto start = starts_[static_cast<std::size_t>(line_)];
    for (; bytes_ < bytes && start + bytes_ < text_.size(); ++bytes_) {
      if ((static_cast<unsigned char>(text_[start + bytes_]) & 0xC0U) != 0x80U) ++characters_;
    }
    return {mark.line + 1, characters_ + 1};
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  int line_ = -1;
  std::size_t bytes_ = 0;
  int characters_ = 0;
};

// Builds the tree from yaml-cpp's events; after the first problem it ignores what still comes.
// Events rather than YAML::Node: those drop the position of keys and expand aliases without a
// limit.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(YamlTree& tree, std::string_view text, ProblemList& problems)
      : tree_(tree), columns_(text), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) fail(mark, "a second document starts here; one document a file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, YamlNode::Kind::Null);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (failed_ || !untagged(mark, tag)) return;
    if (auto* node = add(mark, anchor, YamlNode::Kind::Scalar)) {
      node->text = value;
      node->quoted = tag == "!";
    }
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    if (anchor >= anchors_.size() || anchors_[anchor] == nullptr) {
      fail(mark, "an alias that contains itself");
      return;
    }
    attach(mark, *anchors_[anchor]);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::List);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::Mapping);
  }
  void OnMapEnd() override { close(); }

  void fail(const YAML::Mark& mark, std::string message) {
    if (!failed_) problems_.say(columns_.at(mark), "", std::move(message));
    failed_ = true;
  }
  bool failed() const { return failed_; }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
  };

  bool untagged(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return true;
    fail(mark, fmt::format("a tag ({}) has no meaning here; leave it out", tag));
    return false;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (failed_ || !untagged(mark, tag)) return;
    if (stack_.size() >= static_cast<std::size_t>(limits::yaml_depth)) return too_deep(mark);
    auto& node = new_node(mark, kind);
    stack_.push_back({&node, anchor});
    last_ = mark;
  }

  void close() {
    if (failed_) return;
    const auto closed = stack_.back();
    stack_.pop_back();
    if (closed.anchor != 0) remember(closed.anchor, closed.node);
    attach(last_, *closed.node);
  }

  YamlNode* add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (failed_) return nullptr;
    auto& node = new_node(mark, kind);
    // The mark of `key:` with nothing behind it is wherever the next thing stands.
    if (kind == YamlNode::Kind::Null && !stack_.empty() && is_value_due()) {
      node.at = stack_.back().node->children.back()->at;
    }
    if (anchor != 0) remember(anchor, &node);
    attach(mark, node);
    return failed_ ? nullptr : &node;
  }

  YamlNode& new_node(const YAML::Mark& mark, YamlNode::Kind kind) {
    auto& node = tree_.nodes_.emplace_back();
    node.kind = kind;
    node.at = columns_.at(mark);
    if (tree_.nodes_.size() > static_cast<std::size_t>(limits::yaml_nodes)) too_many(mark);
    return node;
  }

  bool is_value_due() const {
    const auto& parent = *stack_.back().node;
    return parent.kind == YamlNode::Kind::Mapping && parent.children.size() % 2 == 1;
  }

  void remember(YAML::anchor_t anchor, const YamlNode* node) {
    if (anchor >= anchors_.size()) anchors_.resize(anchor + 1);
    anchors_[anchor] = node;
  }

  void attach(const YAML::Mark& mark, const YamlNode& child) {
    last_ = mark;
    if (stack_.empty()) {
      tree_.root_ = &child;
      return;
    }
    auto& parent = *stack_.back().node;
    const bool is_key = parent.kind == YamlNode::Kind::Mapping && !is_value_due();
    if (is_key && child.kind != YamlNode::Kind::Scalar) {
      return fail(mark, "a key must be plain text");
    }
    parent.children.push_back(&child);
    parent.weight += child.weight;
    parent.height = std::max(parent.height, child.height + 1);
    if (stack_.size() + static_cast<std::size_t>(child.height) > limits::yaml_depth + 1U) {
      return too_deep(mark);
    }
    // Every open node is part of the document, and so is what its aliases stand for.
    if (parent.weight > limits::yaml_nodes) too_many(mark);
  }

  void too_many(const YAML::Mark& mark) {
    fail(mark, fmt::format("more than {} values, aliases expanded", limits::yaml_nodes));
  }

  void too_deep(const YAML::Mark& mark) {
    fail(mark, fmt::format("nested deeper than {} levels", limits::yaml_depth));
  }

  YamlTree& tree_;
  YamlColumns columns_;
  ProblemList& problems_;
  std::vector<Open> stack_;
  std::vector<const YamlNode*> anchors_;
  YAML::Mark last_;
  int documents_ = 0;
  bool failed_ = false;
};

namespace {

// yaml-cpp guards its own recursion (500 levels, a few hundred bytes each), so the stack is safe
// before the builder's limit is known to be broken.
void run_parser(std::string_view text, YamlBuilder& builder) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    builder.fail(e.mark, "not YAML: " + e.msg);
  } catch (const std::exception& e) {
    builder.fail(YAML::Mark(), fmt::format("not YAML: {}", e.what()));
  }
}

const YamlNode* member(const YamlNode& node, std::string_view key) {
  if (node.kind != YamlNode::Kind::Mapping) return nullptr;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    if (node.children[i]->text == key) return node.children[i + 1];
  }
  return nullptr;
}

const YamlNode* item(const YamlNode& node, std::string_view index) {
  std::size_t i = 0;
  for (const char c : index) i = i * 10 + static_cast<std::size_t>(c - '0');
  if (node.kind != YamlNode::Kind::List || i >= node.children.size()) return nullptr;
  return node.children[i];
}

}  // namespace

ScalarType type_of(const YamlNode& scalar) {
  if (scalar.quoted) return ScalarType::Text;
  for (const auto* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (scalar.text == word) return ScalarType::Boolean;
  }
  return is_based_integer(scalar.text) ? ScalarType::Integer : number_type(scalar.text);
}

std::string found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return "'" + node.text + "'";
    case YamlNode::Kind::List:
      return "a list";
    case YamlNode::Kind::Mapping:
      return "a mapping";
  }
  return "?";
}

const YamlNode* YamlTree::parse(YamlTree& into, std::string_view text, ProblemList& problems) {
  if (!check_text(text, problems)) return nullptr;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, 3) == byte_order_mark) text.remove_prefix(3);
  YamlBuilder builder(into, text, problems);
  run_parser(text, builder);
  if (builder.failed()) return nullptr;
  if (into.root_ == nullptr || into.root_->kind == YamlNode::Kind::Null) {
    problems.say({1, 1}, "", "the file is empty");
    return nullptr;
  }
  return into.root_;
}

Position YamlTree::locate(std::string_view path) const {
  const auto* node = root_;
  Position at = node != nullptr ? node->at : Position{};
  while (node != nullptr && !path.empty()) {
    const bool indexed = path.front() == '[';
    if (indexed || path.front() == '.') path.remove_prefix(1);
    const auto end = std::min(path.find_first_of(indexed ? "]" : ".["), path.size());
    node = indexed ? item(*node, path.substr(0, end)) : member(*node, path.substr(0, end));
    path.remove_prefix(std::min(end + (indexed ? 1U : 0U), path.size()));
    if (node != nullptr) at = node->at;
  }
  return at;
}

}  // namespace ampacity
