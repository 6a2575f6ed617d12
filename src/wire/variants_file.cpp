// SPDX-License-Identifier: Apache-2.0
#include "wire/variants_file.hpp"

#include <fmt/format.h>

#include <set>

#include "wire/document.hpp"

namespace ampacity {
namespace {

enum class VariantsKind { Variants };
BOOST_DESCRIBE_ENUM(VariantsKind, Variants)
constexpr std::size_t most_variants = 100;

}  // namespace

template <>
struct Words<VariantsKind> {
  static std::vector<std::string> all() { return {"Variants"}; }
  static std::vector<std::string> later() { return {}; }
};

void describe(Fields& f, Variant& variant) {
  f.required("name", variant.name, "What results call it.");
  f.optional("policy", variant.policy, "Settings that differ from the portfolio's policy.");
}

void describe(Fields& f, VariantList& list) {
  VariantsKind kind{};
  f.required("kind", kind, "Variants.");
  f.required("variants", list.variants,
             "Each is played; the first is what others are compared with.");
}

std::vector<Problem> check(const VariantList& list) {
  std::vector<Problem> problems;
  std::set<std::string> names;
  if (list.variants.empty() || list.variants.size() > most_variants) {
    problems.push_back({"variants", fmt::format("expected 1 to {} variants, got {}", most_variants,
                                                list.variants.size())});
  }
  for (std::size_t i = 0; i < list.variants.size(); ++i) {
    const auto& name = list.variants[i].name;
    const auto at = fmt::format("variants[{}].name", i);
    if (!is_name(name)) problems.push_back({at, "expected lower-case letters, digits and '-'"});
    if (!names.insert(name).second)
      problems.push_back({at, fmt::format("'{}' is there twice", name)});
  }
  return problems;
}

Loaded<VariantList> parse_variants(std::string_view text, const std::string& file) {
  return parse_document<VariantList>(text, file, [](const std::string& path) { return path; });
}

Loaded<VariantList> load_variants(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_variants(*text, path);
}

std::string variants_schema() {
  return schema_text(Form<VariantList>::schema(), "Ampacity variants",
                     "Policies to compare. Written by `ampacity schema variants`; do not edit.");
}

}  // namespace ampacity
