// SPDX-License-Identifier: Apache-2.0
// Hostile and broken YAML: each kind is refused by name, at its place, in bounded time and memory.
#include "wire/yaml_reader.hpp"

#include <doctest/doctest.h>

using namespace ampacity;

namespace {

std::string yaml_problem(const std::string& text) {
  ProblemList problems("f");
  YamlTree tree;
  const auto* root = YamlTree::parse(tree, text, problems);
  CHECK((root == nullptr) == !problems.empty());
  auto list = problems.take();
  return list.empty() ? "read" : to_text(list.front());
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("text that is not text") {
  CHECK(yaml_problem("a: \xFF") == "f:1:4: invalid UTF-8 (byte 0xff); save it as UTF-8");
  CHECK(yaml_problem("a: \xC0\xAF") == "f:1:4: invalid UTF-8 (byte 0xc0); save it as UTF-8");
  CHECK(yaml_problem("a: \xED\xA0\x80") == "f:1:4: invalid UTF-8 (byte 0xed); save it as UTF-8");
  CHECK(yaml_problem("a: \xF4\x90\x80\x80") ==
        "f:1:4: invalid UTF-8 (byte 0xf4); save it as UTF-8");
  CHECK(yaml_problem("a: \xE2\x82") == "f:1:4: invalid UTF-8 (byte 0xe2); save it as UTF-8");
  CHECK(yaml_problem(std::string("a: 1\nb: \0", 9)) ==
        "f:2:4: a NUL byte; this is not a text file");
  CHECK(yaml_problem("a: \x04") == "f:1:4: a control character (0x04)");
  CHECK(yaml_problem("ä: \xF0\x9F\x98\x80") == "read");
}

TEST_CASE("a byte order mark is skipped, and columns count characters") {
  CHECK(yaml_problem("\xEF\xBB\xBF"
                     "a: 1") == "read");
  CHECK(yaml_problem("äöü: [").substr(0, 4) == "f:1:");
  ProblemList problems("f");
  YamlTree tree;
  REQUIRE(YamlTree::parse(tree, "{äöü: 1, b: 2}", problems) != nullptr);
  CHECK(tree.locate("b") == Position{1, 13});
}

TEST_CASE("size, depth and number of nodes, at the limit and over it") {
  CHECK(yaml_problem(nested(limits::yaml_depth)) == "read");
  CHECK(yaml_problem(nested(limits::yaml_depth + 1)).find("nested deeper than 32 levels") !=
        std::string::npos);
  CHECK(yaml_problem(nested(100'000)).find("nested deeper than 32 levels") != std::string::npos);
  CHECK(yaml_problem(std::string(limits::file_bytes + 1, ' ')) == "f: larger than 16 MiB");
  std::string many = "[";
  for (std::int64_t i = 0; i < limits::yaml_nodes + 1; ++i) many += "a,";
  CHECK(yaml_problem(many + "]").find("more than 2000000 values") != std::string::npos);
  std::string block;
  for (int i = 0; i < 600; ++i) block += "- ";
  CHECK(yaml_problem(block + "x").find("nested deeper than 32 levels") != std::string::npos);
}

TEST_CASE("aliases are shared, not copied, and bombs are refused at once") {
  CHECK(yaml_problem("a: &x {b: 1}\nc: *x\n") == "read");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += "*a" + std::to_string(i - 1) + ",";
    bomb += "]\n";
  }
  CHECK(yaml_problem(bomb).find("more than 2000000 values, aliases expanded") != std::string::npos);
  CHECK(yaml_problem("a: &a [*a]") == "f:1:8: an alias that contains itself");
  CHECK(yaml_problem("a: *nobody").find("not YAML: ") != std::string::npos);
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  CHECK(yaml_problem(deep).find("nested deeper than 32 levels") != std::string::npos);
}

TEST_CASE("what YAML allows and we do not") {
  CHECK(yaml_problem("a: 1\n---\nb: 2\n").find("a second document starts here") !=
        std::string::npos);
  CHECK(yaml_problem("a: !!str 1").find("a tag (tag:yaml.org,2002:str) has no meaning here") !=
        std::string::npos);
  CHECK(yaml_problem("? [a, b]\n: 1\n").find("a key must be plain text") != std::string::npos);
  CHECK(yaml_problem("") == "f:1:1: the file is empty");
  CHECK(yaml_problem("# only a comment\n") == "f:1:1: the file is empty");
  CHECK(yaml_problem("a: [1, 2\n").find("f:2:1: not YAML: ") == 0);
  CHECK(yaml_problem("a: b: c\n").find("f:1:5: not YAML: ") == 0);
}

TEST_CASE("scalars have the type that YAML 1.2's core schema gives them") {
  const auto type = [](const char* text, bool quoted = false) {
    YamlNode node;
    node.kind = YamlNode::Kind::Scalar;
    node.text = text;
    node.quoted = quoted;
    return type_of(node);
  };
  for (const auto* text : {"0", "-7", "+7", "0x1F", "0o17"})
    CHECK(type(text) == ScalarType::Integer);
  for (const auto* text : {"1.5", ".5", "1.", "1e3", "-1.5E-3", ".inf", "-.INF", ".nan"}) {
    CAPTURE(text);
    CHECK(type(text) == ScalarType::Number);
  }
  for (const auto* text : {"true", "False", "TRUE"}) CHECK(type(text) == ScalarType::Boolean);
  for (const auto* text :
       {"no", "NO", "on", "1_000", "2028-01-01", "1.2 GW", "-", ".", "1e", "0x", "tRue"}) {
    CAPTURE(text);
    CHECK(type(text) == ScalarType::Text);
  }
  CHECK(type("7", true) == ScalarType::Text);
}
