// SPDX-License-Identifier: Apache-2.0
#include "wire/forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

// A number as the units parser reads it, for the patterns below.
#define AMPACITY_NUMBER "[+-]?[0-9]+([_,][0-9]+)*(\\.[0-9]+)?"
#define AMPACITY_PART "[0-9]+([_,][0-9]+)*(\\.[0-9]+)?"
#define AMPACITY_DOLLARS "(USD|kUSD|MUSD|GUSD|\\$|k\\$|M\\$|G\\$|B\\$)"
#define AMPACITY_TIME_UNIT "(ms|s|min|h|d|day|days)"

namespace ampacity {

const Wording Written<Power>::words{"a power", "1.2 GW", "^" AMPACITY_NUMBER " ?(W|kW|MW|GW)$"};
const Wording Written<PowerRate>::words{"a ramp", "50 MW/min",
                                        "^" AMPACITY_NUMBER " ?(W|kW|MW)/min$"};
const Wording Written<Money>::words{"an amount", "12.50 USD",
                                    "^(" AMPACITY_NUMBER " ?" AMPACITY_DOLLARS
                                    "|\\$" AMPACITY_NUMBER ")$"};
const Wording Written<Duration>::words{"a duration", "72 h",
                                       "^" AMPACITY_PART " ?" AMPACITY_TIME_UNIT "( " AMPACITY_PART
                                       " ?" AMPACITY_TIME_UNIT ")*$"};
const Wording Written<Instant>::words{
    "a date", "2028-01-01",
    "^2[0-2][0-9]{2}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{3})?Z)?$"};
const Wording Written<EnergyPrice>::words{"an energy price", "55 USD/MWh",
                                          "^" AMPACITY_NUMBER " ?(USD/MWh|\\$/MWh|USD/kWh)$"};
const Wording Written<GpuPrice>::words{"a GPU price", "2.05 USD/GPU-hour",
                                       "^" AMPACITY_NUMBER " ?(USD|\\$)/GPU-hour$"};
const Wording Written<Carbon>::words{"a carbon intensity", "333 g/kWh",
                                     "^" AMPACITY_NUMBER " ?g/kWh$"};
const Wording Written<Ratio>::words{"a ratio", "1.10", "^" AMPACITY_NUMBER " ?%?$", true};

// to_text() is for reading and leaves the small units out.
boost::json::value Written<Duration>::shown(Duration value) {
  constexpr std::pair<std::int64_t, std::string_view> units[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}, {1, "ms"}};
  auto left = value.count();
  std::string text;
  for (const auto& [size, unit] : units) {
    if (left / size == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", left / size, unit);
    left %= size;
  }
  return boost::json::value(text.empty() ? "0 s" : text);
}

boost::json::value Written<GpuPrice>::shown(
    GpuPrice value) {  // micro-dollars, as parts per million
  return boost::json::value(to_text(Ratio::of(value.count())) + " USD/GPU-hour");
}

bool is_scalar(const Source& from, const Wording& wording) {
  if (from.node->kind == YamlNode::Kind::Scalar) return true;
  from.expected(fmt::format("{} such as '{}'", wording.noun, wording.example));
  return false;
}

boost::json::object schema_of(const Wording& wording) {
  boost::json::object out;
  if (wording.number_too) {
    out["type"] = boost::json::array{"string", "number"};
  } else {
    out["type"] = "string";
  }
  out["pattern"] = wording.pattern;
  out["examples"] = boost::json::array{wording.example};
  return out;
}

boost::json::value Form<std::string>::shown(const std::string& value) {
  if (value.empty()) return nullptr;
  return boost::json::value(value);
}

void Form<std::string>::read(const Source& from, std::string& value) {
  if (from.node->kind != YamlNode::Kind::Scalar) return from.expected("text");
  if (type_of(*from.node) == ScalarType::Text) {
    value = from.node->text;
  } else {
    from.say(fmt::format("expected text, got {}; put it in quotes", found(*from.node)));
  }
}

void Form<std::int64_t>::read(const Source& from, std::int64_t& value) {
  constexpr std::string_view what = "a whole number such as 8";
  if (from.node->kind != YamlNode::Kind::Scalar || from.node->quoted) return from.expected(what);
  std::string_view text = from.node->text;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
    return from.expected(what);
  }
  if (error == std::errc::result_out_of_range) {
    return from.say(fmt::format("{} is out of range", found(*from.node)));
  }
  value = number;
}

void Form<GpuCount>::read(const Source& from, GpuCount& value) {
  std::int64_t number = value.count();
  Form<std::int64_t>::read(from, number);
  value = GpuCount::of(number);
}

void Form<bool>::read(const Source& from, bool& value) {
  const auto& node = *from.node;
  if (node.kind != YamlNode::Kind::Scalar || type_of(node) != ScalarType::Boolean) {
    return from.expected("true or false");
  }
  value = node.text[0] == 't' || node.text[0] == 'T';
}

boost::json::object Form<std::map<std::string, std::string>>::schema() {
  return {{"type", "object"},
          {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
}

void Form<std::map<std::string, std::string>>::read(const Source& from,
                                                    std::map<std::string, std::string>& value) {
  if (from.node->kind != YamlNode::Kind::Mapping) return from.expected("a mapping (NAME: value)");
  const auto& children = from.node->children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    const auto& key = children[i]->text;
    const auto at = from.child(*children[i + 1], key);
    if (children[i + 1]->kind != YamlNode::Kind::Scalar) {
      at.expected("text or a number");
    } else if (!value.try_emplace(key, children[i + 1]->text).second) {
      from.problems->say(children[i]->at, from.path, fmt::format("key '{}' is given twice", key));
    }
  }
}

boost::json::object choice_schema(const std::vector<std::string>& words) {
  boost::json::array values;
  for (const auto& word : words) values.emplace_back(word);
  return {{"enum", std::move(values)}};
}

std::optional<std::size_t> read_choice(const Source& from, const std::vector<std::string>& words,
                                       const std::vector<std::string>& later) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const auto& word : words) quoted.push_back("'" + word + "'");
  const auto what = "one of " + listed(quoted);
  const auto& text = from.node->text;
  if (from.node->kind != YamlNode::Kind::Scalar) {
    from.expected(what);
    return std::nullopt;
  }
  const auto it = std::find(words.begin(), words.end(), text);
  if (it != words.end()) return static_cast<std::size_t>(it - words.begin());
  if (std::find(later.begin(), later.end(), text) != later.end()) {
    from.say(fmt::format("'{}' is not built yet; this version knows {}", text, listed(quoted)));
  } else {
    from.say(fmt::format("expected {}, got '{}'{}", what, text, did_you_mean(text, words)));
  }
  return std::nullopt;
}

}  // namespace ampacity
