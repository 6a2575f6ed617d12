// SPDX-License-Identifier: Apache-2.0
#include "wire/openadr.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "units/text.hpp"
#include "wire/json.hpp"

namespace ampacity::openadr {
namespace {

constexpr auto longest = Duration(366LL * 86'400'000);  // of a curtailment
constexpr std::string_view endless = "P9999Y";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

const json::Value* member(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> text_of(const json::Value& value, const std::string& path) {
  if (!value.is_string()) return json::unexpected(path, "a text", value);
  return std::string(value.get_string());
}

Result<std::string> text_at(const json::Object& object, std::string_view key) {
  const auto* value = member(object, key);
  if (value == nullptr) return std::string();
  return text_of(*value, std::string(key));
}

// The array of this name, empty if it is missing.
Result<json::Array> array_at(const json::Object& object, std::string_view key,
                             const std::string& path) {
  const auto* value = member(object, key);
  if (value == nullptr) return json::Array();
  if (!value->is_array()) return json::unexpected(path, "an array", *value);
  return value->get_array();
}

Result<json::Object> object_of(const json::Value& value, const std::string& path) {
  if (!value.is_object()) return json::unexpected(path, "an object", value);
  return value.get_object();
}

struct Period {
  std::optional<Instant> start;  // none: not said
  bool now = false;
  std::optional<Duration> duration;  // 0: without an end
};

Result<Period> read_period(const json::Object& owner, const std::string& path) {
  Period period;
  const auto* value = member(owner, "intervalPeriod");
  if (value == nullptr) return period;
  const auto object = object_of(*value, path);
  if (!object) return object.error();
  const auto start = text_at(*object, "start");
  if (!start) return start.error().within(path);
  if (start->rfind("0001-01-01", 0) == 0) {
    period.now = true;
  } else if (!start->empty()) {
    const auto at = read_instant(*start);
    if (!at) return at.error().within(path + ".start");
    period.start = *at;
  }
  for (const auto* key : {"duration", "randomizeStart"}) {
    const auto text = text_at(*object, key);
    if (!text) return text.error().within(path);
    if (text->empty()) continue;
    const auto lasts = read_duration(*text);
    if (!lasts) return lasts.error().within(path + "." + key);
    if (key == std::string_view("duration")) period.duration = *lasts;
  }
  return period;
}

// What a payload asks of each target: a limit, or so much less.
struct Ask {
  std::optional<Power> limit;
  Power less;
};

class Reader {
 public:
  Reader(const json::Object& event, const std::vector<std::string>& sites, Instant now)
      : event_(event), sites_(sites), now_(now) {}

  Result<GridEvent> read() {
    if (auto status = read_name(); !status) return status.error();
    if (auto status = read_units(); !status) return status.error();
    if (auto status = read_targets(); !status) return status.error();
    if (auto status = read_intervals(); !status) return status.error();
    if (auto status = check_length(); !status) return status.error();
    add_remarks();
    return std::move(out_);
  }

 private:
  Status read_name() {
    const auto kind = text_at(event_, "objectType");
    if (!kind) return kind.error();
    if (!kind->empty() && *kind != "EVENT") {
      return invalid(fmt::format("objectType: expected EVENT, got '{}'", *kind));
    }
    for (const auto* key : {"programID", "eventName", "id"}) {
      const auto text = text_at(event_, key);
      if (!text) return text.error();
      if (key == std::string_view("programID"))
        programme_ = *text;
      else if (out_.name.empty())
        out_.name = *text;
    }
    if (programme_.empty()) return invalid("programID: is missing");
    if (out_.name.empty()) return invalid("eventName: neither it nor an id is given");
    for (const auto* text : {&programme_, &out_.name}) {
      if (text->size() > 200) return invalid("programID, eventName: longer than 200 bytes");
      if (std::any_of(text->begin(), text->end(), is_control)) {
        return invalid("programID, eventName: a control character");
      }
    }
    return {};
  }

  Status read_units() {
    const auto list = array_at(event_, "payloadDescriptors", "payloadDescriptors");
    if (!list) return list.error();
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto path = fmt::format("payloadDescriptors[{}]", i);
      const auto descriptor = object_of((*list)[i], path);
      if (!descriptor) return descriptor.error();
      const auto type = text_at(*descriptor, "payloadType");
      if (!type) return type.error().within(path);
      const auto units = text_at(*descriptor, "units");
      if (!units) return units.error().within(path);
      if (!units->empty()) units_[*type] = *units;
    }
    return {};
  }

  Status take_target(const std::string& name, const std::string& path) {
    if (std::find(sites_.begin(), sites_.end(), name) == sites_.end()) {
      return invalid(path + ": " + unknown_name("site", name, sites_));
    }
    if (std::find(targets_.begin(), targets_.end(), name) == targets_.end()) {
      targets_.push_back(name);
    }
    return {};
  }

  // 3.0: {type, values}; 3.1: names.
  Status read_targets() {
    const auto list = array_at(event_, "targets", "targets");
    if (!list) return list.error();
    std::map<std::string, std::vector<std::string>> by_type;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto status = read_target((*list)[i], fmt::format("targets[{}]", i), by_type); !status) {
        return status;
      }
    }
    const auto& named =
        by_type["RESOURCE_NAME"].empty() ? by_type["VEN_NAME"] : by_type["RESOURCE_NAME"];
    for (const auto& name : named) {
      if (auto status = take_target(name, "targets"); !status) return status;
    }
    if (!targets_.empty()) return {};
    if (sites_.size() != 1) {
      return invalid(fmt::format("targets: which of the {} sites? Name one as a RESOURCE_NAME",
                                 sites_.size()));
    }
    targets_ = sites_;
    return {};
  }

  static Status read_target(const json::Value& value, const std::string& path,
                            std::map<std::string, std::vector<std::string>>& by_type) {
    if (value.is_string()) {
      by_type["RESOURCE_NAME"].emplace_back(value.get_string());
      return {};
    }
    const auto target = object_of(value, path);
    if (!target) return target.error();
    const auto type = text_at(*target, "type");
    if (!type) return type.error().within(path);
    if (*type != "RESOURCE_NAME" && *type != "VEN_NAME") {
      return invalid(fmt::format(
          "{}: targets of type '{}' are not understood: RESOURCE_NAME or VEN_NAME, the name of a "
          "site",
          path, *type));
    }
    const auto values = array_at(*target, "values", path + ".values");
    if (!values) return values.error();
    for (const auto& name : *values) {
      auto text = text_of(name, path + ".values");
      if (!text) return text.error();
      by_type[*type].push_back(std::move(*text));
    }
    return {};
  }

  Status read_intervals() {
    const auto whole = read_period(event_, "intervalPeriod");
    if (!whole) return whole.error();
    const auto list = array_at(event_, "intervals", "intervals");
    if (!list) return list.error();
    if (list->empty()) return invalid("intervals: there is none");
    begins_ = whole->start.value_or(now_);
    next_ = begins_;
    out_.at_once = !whole->start;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto status = read_interval((*list)[i], fmt::format("intervals[{}]", i), *whole);
          !status) {
        return status;
      }
    }
    return {};
  }

  Status read_interval(const json::Value& value, const std::string& path, const Period& whole) {
    const auto interval = object_of(value, path);
    if (!interval) return interval.error();
    const auto own = read_period(*interval, path + ".intervalPeriod");
    if (!own) return own.error();
    if (own->start) out_.at_once = false;
    const auto start = own->start ? own->start : own->now ? std::optional(now_) : next_;
    if (!start) return invalid(path + ": it follows one that has no end");
    const auto lasts = own->duration.value_or(whole.duration.value_or(Duration(0)));
    const bool has_end = lasts > Duration(0);
    const auto end = *start + (has_end ? lasts : longest);
    next_ = has_end ? std::optional(end) : std::nullopt;
    if (!has_end) {
      out_.remarks.push_back(path + ": without an end: it is called off, or ends after a year");
    }
    return read_payloads(*interval, path, *start, end);
  }

  Status read_payloads(const json::Object& interval, const std::string& path, Instant start,
                       Instant end) {
    const auto list = array_at(interval, "payloads", path + ".payloads");
    if (!list) return list.error();
    if (list->empty()) return invalid(path + ".payloads: there is none");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto at = fmt::format("{}.payloads[{}]", path, i);
      const auto payload = object_of((*list)[i], at);
      if (!payload) return payload.error();
      const auto ask = read_ask(*payload, at);
      if (!ask) return ask.error();
      for (const auto& site : targets_) {
        if (auto status = call(site, *ask, at, start, end); !status) return status;
      }
    }
    return {};
  }

  Result<Ask> read_ask(const json::Object& payload, const std::string& path) {
    const auto type = text_at(payload, "type");
    if (!type) return type.error().within(path);
    const bool limiting = *type == "DISPATCH_SETPOINT" || *type == "IMPORT_CAPACITY_LIMIT";
    if (!limiting && *type != "DISPATCH_SETPOINT_RELATIVE") {
      return invalid(
          fmt::format("{}: payloads of type '{}' are not understood: DISPATCH_SETPOINT, "
                      "DISPATCH_SETPOINT_RELATIVE or IMPORT_CAPACITY_LIMIT",
                      path, *type));
    }
    const auto values = array_at(payload, "values", path + ".values");
    if (!values) return values.error();
    if (values->size() != 1) {
      return invalid(fmt::format("{}.values: expected one number, got {}", path, values->size()));
    }
    const auto power = read_power(values->front(), *type, path + ".values[0]");
    if (!power) return power.error();
    if (limiting && *power < Power()) {
      return invalid(
          fmt::format("{}.values[0]: {} to draw is less than nothing: a site feeds "
                      "nothing back",
                      path, to_text(*power)));
    }
    if (!limiting && *power > Power()) {
      return invalid(fmt::format("{}.values[0]: {} more: a site cannot be made to draw more", path,
                                 to_text(*power)));
    }
    return limiting ? Ask{*power, Power()} : Ask{std::nullopt, Power() - *power};
  }

  Result<Power> read_power(const json::Value& value, const std::string& type,
                           const std::string& path) {
    if (!value.is_number()) return json::unexpected(path, "a number", value);
    const auto known = units_.find(type);
    const auto units = known == units_.end() ? std::string("KW") : known->second;
    const double scale = units == "W" ? 1 : units == "KW" ? 1e3 : units == "MW" ? 1e6 : 0;
    if (scale == 0) {
      return invalid(fmt::format("{}: '{}' in units of '{}' is not understood: W, KW or MW", path,
                                 type, units));
    }
    const double watts = value.to_number<double>() * scale;
    constexpr double most = 1e12;
    if (!(std::abs(watts) <= most)) return json::unexpected(path, "at most 1 TW", value);
    if (known == units_.end()) missing_units_ = true;
    return Power::of(std::llround(watts));
  }

  Status call(const std::string& site, const Ask& ask, const std::string& path, Instant start,
              Instant end) {
    last_ = std::max(last_.value_or(end), end);
    const auto number = ++numbered_;
    if (number > limits::curtailments) {
      return invalid(fmt::format("{}: more than {} curtailments, the limit of an event", path,
                                 limits::curtailments));
    }
    if (!ask.limit && ask.less == Power()) return {};  // as it is
    Curtailment c;
    c.name = fmt::format("{}-{}", stem(), number);
    c.site = site;
    c.power = ask.less;
    c.limit = ask.limit;
    c.from = start;
    c.until = end;
    c.event = out_.name;
    c.note = fmt::format("OpenADR programme {}, {}", programme_, path);
    if (const auto problems = check(c); !problems.empty()) {
      return invalid(path + ": " + problems.front().message);
    }
    out_.curtailments.push_back(std::move(c));
    return {};
  }

  // A name that is one of ours: the event's letters and digits, and what tells it from another.
  std::string stem() const {
    std::string slug;
    for (const char c : out_.name) {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const bool fits = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
      if (fits) slug += lower;
      if (!fits && !slug.empty() && slug.back() != '-') slug += '-';
      if (slug.size() == 30) break;
    }
    while (!slug.empty() && slug.back() == '-') slug.pop_back();
    const auto mark = digest_of(out_.name + '\n' + programme_).text().substr(0, 6);
    return slug.empty() ? "event-" + mark : slug + "-" + mark;
  }

  // 3.1: an event that lasts longer than its intervals repeats them.
  Status check_length() {
    const auto text = text_at(event_, "duration");
    if (!text || text->empty()) return text ? Status() : Status(text.error());
    const auto lasts = read_duration(*text);
    if (!lasts) return lasts.error().within("duration");
    if (last_ && begins_ + *lasts == *last_) return {};
    return invalid(fmt::format(
        "duration: {}: an event that repeats or cuts its intervals is not understood", *text));
  }

  void add_remarks() {
    const auto say = [&](const char* key, const char* what) {
      if (const auto* value = member(event_, key);
          value != nullptr && !(value->is_array() && value->get_array().empty())) {
        out_.remarks.push_back(fmt::format("{}: {}", key, what));
      }
    };
    say("reportDescriptors", "no reports are sent; GET /v1/curtailments has asked and shed");
    say("priority", "of calls at one site the strictest holds, whatever their priority");
    if (missing_units_) out_.remarks.emplace_back("payloadDescriptors: no units: read as KW");
  }

  const json::Object& event_;
  const std::vector<std::string>& sites_;
  Instant now_;
  GridEvent out_;
  std::string programme_;
  std::map<std::string, std::string> units_;  // by payload type
  std::vector<std::string> targets_;
  Instant begins_;
  std::optional<Instant> next_;  // where the interval before ends
  std::optional<Instant> last_;
  std::size_t numbered_ = 0;
  bool missing_units_ = false;
};

// The number before a letter of ISO 8601, or none.
std::optional<std::int64_t> digits(std::string_view& rest) {
  std::int64_t value = 0;
  std::size_t i = 0;
  for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i) {
    if (i == 9) return std::nullopt;
    value = value * 10 + (rest[i] - '0');
  }
  if (i == 0) return std::nullopt;
  rest.remove_prefix(i);
  return value;
}

}  // namespace

Result<Duration> read_duration(std::string_view text) {
  const auto wrong =
      invalid(fmt::format("expected a duration of ISO 8601 such as 'PT3H', got '{}'", text));
  if (text == endless) return Duration(0);
  if (text.size() < 3 || text.front() != 'P') return wrong;
  auto rest = text.substr(1);
  std::string_view units = "WD";
  Duration sum{};
  while (!rest.empty()) {
    if (rest.front() == 'T' && units != "HMS" && rest.size() > 1) {
      units = "HMS";
      rest.remove_prefix(1);
    }
    const auto value = digits(rest);
    if (!value || rest.empty() || units.find(rest.front()) == std::string_view::npos) return wrong;
    const auto ms = rest.front() == 'W'   ? 604'800'000LL
                    : rest.front() == 'D' ? 86'400'000LL
                    : rest.front() == 'H' ? 3'600'000LL
                    : rest.front() == 'M' ? 60'000LL
                                          : 1'000LL;
    sum += Duration(*value * ms);
    rest.remove_prefix(1);
  }
  constexpr auto most = Duration(36'600LL * 86'400'000);
  return sum <= most ? Result<Duration>(sum) : wrong;
}

Result<Instant> read_instant(std::string_view text) {
  const auto wrong = invalid(fmt::format(
      "expected an instant of RFC 3339 such as '2028-07-01T16:00:00-07:00', got '{}'", text));
  if (text.size() < 20 || text[10] != 'T') return wrong;
  auto rest = text.substr(19);
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    if (!digits(rest)) return wrong;
  }
  Duration offset{};
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    auto hours = rest.substr(1, 2);
    auto minutes = rest.substr(4);
    const auto h = digits(hours);
    const auto m = digits(minutes);
    if (!h || !m || !hours.empty() || !minutes.empty() || *h > 23 || *m > 59) return wrong;
    offset = Duration((*h * 60 + *m) * 60'000) * (rest[0] == '-' ? -1 : 1);
  } else if (rest != "Z") {
    return wrong;
  }
  std::string plain(text.substr(0, 19));
  if (text[19] == '.') {
    auto fraction = std::string(text.substr(20, text.find_first_not_of("0123456789", 20) - 20));
    fraction.resize(3, '0');
    plain += "." + fraction;
  }
  const auto at = parse_instant(plain + "Z");
  if (!at) return wrong;
  return *at - offset;
}

namespace {

Result<GridEvent> event_of(std::string_view text, const std::vector<std::string>& sites,
                           Instant now) {
  const auto value = json::parse(text, limits::bytes);
  if (!value) return value.error();
  auto event = object_of(*value, "");
  if (!event) return event.error();
  const auto operation = text_at(*event, "operation");
  if (!operation) return operation.error();
  if (operation->empty()) return Reader(*event, sites, now).read();
  // A notification of its server.
  const auto* within = member(*event, "object");
  if (within == nullptr) return invalid("object: is missing from a notification");
  const auto object = object_of(*within, "object");
  if (!object) return object.error();
  if (*operation == "DELETE") {
    GridEvent end;
    end.operation = Operation::End;
    const auto name =
        text_at(*object, member(*object, "eventName") != nullptr ? "eventName" : "id");
    if (!name) return name.error().within("object");
    if (name->empty()) return invalid("object.eventName: neither it nor an id is given");
    end.name = *name;
    return end;
  }
  if (*operation != "POST" && *operation != "CREATE") {
    return invalid(
        fmt::format("operation: '{}' is not understood: POST, CREATE or DELETE", *operation));
  }
  return Reader(*object, sites, now).read();
}

}  // namespace

// What it quotes may hold anything; it is read on terminals.
Result<GridEvent> read_event(std::string_view text, const std::vector<std::string>& sites,
                             Instant now) {
  auto event = event_of(text, sites, now);
  if (event) return event;
  auto error = event.error();
  for (auto& c : error.message) c = is_control(c) ? '?' : c;
  return error;
}

}  // namespace ampacity::openadr
